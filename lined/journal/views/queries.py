"""Queries of people. Read only: functions of a connection, for `Journal.read` or where no daemon runs.

Nothing here looks at all codes or all reads: sums are rows already, counts come from the small table of reports, a
code is found by its unique index (`stories`). Identification codes only, never a check part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from lined.journal.care import archive
from lined.journal.database import Connection
from lined.journal.tables import counters, jobs, report_lists, reports, warnings
from lined.journal.tables.jobs import JobRow
from lined.journal.tables.reports import ReportRow
from lined.vocabulary.facts import from_column
from lined.vocabulary.reports import FINAL, UNSENT, WAITING, ReportKind, ReportState

PAGE_MAX = 1_000
STORY_MAX = 100  # reads of one code, events of one report, codes of a report with a state of their own
EVIDENCE_SHOWN = 4_000  # characters of each event; the newest evidence stands whole with the report


LAST_ONES = 20  # reports whose time from sending to the end is averaged


class ReportCounts(NamedTuple):
    """Reports by state, every state present. `event`: the newest event then; they hold as long as it is the newest."""

    event: int
    by_state: dict[str, int]


class Backlog(NamedTuple):
    """Codes that wait for an outcome, in how many reports, and when the oldest was applied. `unsent`: reports of any
    kind that have still to be sent; `outcome_ms`: from sending to the end, on the average of the last ones.
    """

    codes: int
    reports: int
    oldest_ms: int | None
    unsent: int = 0
    outcome_ms: int = 0


class Sums(NamedTuple):
    """Everything counted, as of one commit. `job` is None where none runs."""

    life: dict[str, int]
    job: JobRow | None
    of_job: dict[str, int]
    reports: ReportCounts
    backlog: Backlog
    unsaid: int


def sums(connection: Connection, known: ReportCounts | None = None) -> Sums:
    """One picture of the sums. `known`: the last counts, which are not counted again where nothing happened since."""
    with one_moment(connection):
        job = jobs.running(connection)
        return Sums(
            counters.of_job(connection),
            job,
            counters.of_job(connection, job.id) if job else {},
            report_counts(connection, known),
            backlog(connection),
            int(connection.execute("SELECT count(*) FROM unsaid").fetchone()[0]),
        )


def report_counts(connection: Connection, known: ReportCounts | None = None) -> ReportCounts:
    event = int(connection.execute("SELECT coalesce(max(id), 0) FROM report_event").fetchone()[0])
    if known is not None and known.event == event:
        return known
    found = dict(connection.execute("SELECT state, count(*) FROM report GROUP BY state").fetchall())
    return ReportCounts(event, {state: found.get(state, 0) for state in ReportState})


def backlog(connection: Connection) -> Backlog:
    row = connection.execute(
        f"SELECT coalesce(sum(codes), 0), count(*), min(first_ms) FROM report "
        f"WHERE state IN ({_marks(WAITING)}) AND kind = ? AND codes > 0",
        (*WAITING, ReportKind.UTILISATION),
    ).fetchone()
    unsent = connection.execute(
        f"SELECT count(*) FROM report WHERE state IN ({_marks(UNSENT)}) AND codes > 0", UNSENT
    ).fetchone()[0]
    took = connection.execute(
        "SELECT coalesce(avg(max(final_ms - submitted_ms, 0)), 0) FROM (SELECT final_ms, submitted_ms FROM report "
        "WHERE state = 'succeeded' ORDER BY id DESC LIMIT ?)",
        (LAST_ONES,),
    ).fetchone()[0]
    return Backlog(row[0], row[1], row[2], int(unsent), int(took))


# ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────────
class ReportPage(NamedTuple):
    """`changed_ms`: when each report last changed its state, by id. `next`: ask `after` this id for more."""

    items: list[ReportRow]
    changed_ms: dict[int, int]
    next: int | None


class Event(NamedTuple):
    """A report changed its state. `evidence`: what came back, redacted."""

    at_ms: int
    before: str | None
    after: str
    why: str | None
    evidence: str | None


class OwnState(NamedTuple):
    """A code whose state is its own, not its report's, and why."""

    code: str
    state: str
    why: str | None


class ReportStory(NamedTuple):
    """One report with its history, oldest first. `own`: how many of its codes have a state of their own, by state;
    `examples`: the first of those codes; `warnings`: the first that were processed with a remark, and what it says.
    """

    report: ReportRow
    job: JobRow | None
    events: list[Event]
    own: dict[str, int]
    examples: list[OwnState]
    warnings: list[tuple[str, str]]


def report_page(
    connection: Connection,
    *,
    kind: str | None = None,
    state: str | None = None,
    limit: int = 100,
    after: int | None = None,
) -> ReportPage:
    """Reports, newest first, from the one after `after` on; at most PAGE_MAX."""
    limit = max(1, min(limit, PAGE_MAX))
    with one_moment(connection):
        found = report_lists.page(connection, kind=kind, state=state, before=after, most=limit + 1)
        items = found[:limit]
        changed = {report.id: changed_ms(connection, report) for report in items}
    return ReportPage(items, changed, items[-1].id if len(found) > limit else None)


def changed_ms(connection: Connection, report: ReportRow) -> int:
    """When a report last changed its state."""
    row = connection.execute("SELECT max(at_ms) FROM report_event WHERE report_id = ?", (report.id,)).fetchone()
    return int(row[0] or report.final_ms or report.opened_ms)


def report_story(connection: Connection, report_id: int) -> ReportStory | None:
    """One report with everything known about it; None where there is no such report."""
    with one_moment(connection):
        report = reports.get(connection, report_id)
        if report is None:
            return None
        rows = connection.execute(
            "SELECT at_ms, before, after, why, substr(evidence, 1, ?) FROM report_event WHERE report_id = ? "
            "ORDER BY id DESC LIMIT ?",
            (EVIDENCE_SHOWN, report_id, STORY_MAX),
        ).fetchall()
        own, examples = _own_states(connection, report)
        old = archive.events_of(connection, report_id, STORY_MAX, EVIDENCE_SHOWN) if report.state in FINAL else []
        every = dict.fromkeys([*old, *rows[::-1]])
        events = [Event(*row)._replace(why=from_column(row[3])) for row in every][-STORY_MAX:]
        remarks = warnings.of_report(connection, report_id, STORY_MAX)
        return ReportStory(report, jobs.get(connection, report.job_id), events, own, examples, remarks)


_NEIGHBOURS = "id BETWEEN :first AND coalesce(:last, 9223372036854775807) AND batch_id = :batch"
_WHY = "(SELECT detail FROM code_event WHERE code_id = code.id ORDER BY what = own DESC, id DESC LIMIT 1)"
_MEMBERS: dict[str, tuple[str, str, str]] = {
    ReportKind.UTILISATION: ("code", _NEIGHBOURS, _WHY),
    ReportKind.VALIDATION: ("grade", _NEIGHBOURS, "NULL"),
    ReportKind.AGGREGATION: ("package", "batch_id = :batch", "NULL"),
    ReportKind.DISAGGREGATION: ("member", "batch_id = :batch", "NULL"),
    ReportKind.CORRECTION: ("member", "batch_id = :batch", "NULL"),
}
"""Where the codes of a kind of report stand, which of them are a batch's, and why one has a state of its own."""


def _own_states(connection: Connection, report: ReportRow) -> tuple[dict[str, int], list[OwnState]]:
    """At most the codes of one batch are looked at: 30,000 neighbours."""
    table, which, why = _MEMBERS[report.kind]
    batch = {"first": report.first_code, "last": report.last_code, "batch": report.batch_id, "most": STORY_MAX}
    members = f"FROM {table} WHERE {which} AND own IS NOT NULL"
    counts = dict(connection.execute(f"SELECT own, count(*) {members} GROUP BY own", batch).fetchall())
    rows = connection.execute(f"SELECT ident, own, {why} {members} LIMIT :most", batch).fetchall()
    return counts, [OwnState(ident, own, from_column(why)) for ident, own, why in rows]


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


@contextmanager
def one_moment(connection: Connection) -> Iterator[None]:
    """Everything asked inside sees the same commit."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
