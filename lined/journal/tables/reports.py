"""Rows of `report`: the states, the one table of transitions, and the sums that move with them.

    open → sealed → sending → submitted → succeeded | partial | refused
    (docs/contract.md, Reports; every other edge stands in TRANSITIONS with its reason)

Every change of state goes through `move`, which refuses an edge that is not in the table, keeps the history and moves
the codes' sums: the codes of a batch take their state from its newest report, so that one row says it for 30,000.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import counters, report_events
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Conflict, NotFound
from lined.vocabulary.facts import Fact, SealFact, from_column, to_column
from lined.vocabulary.reports import CODES_OF, FINAL, TRANSITIONS, ReportKind, ReportState


class ReportRow(NamedTuple):
    """One report as it stands in the journal; times in milliseconds since 1970, UTC."""

    id: int
    batch_id: int
    kind: str
    state: str
    job_id: int
    attributes: str
    day: str | None
    codes: int
    first_code: int | None
    last_code: int | None
    first_ms: int | None
    last_ms: int | None
    full: int
    early: int
    revision: int
    opened_ms: int
    sealed_ms: int | None
    seal_reason: str | None
    frozen_ms: int | None
    fingerprint: str | None
    document_id: str | None
    document_status: str | None
    attempts: int
    attempt_ms: int | None
    attempt_server_ms: int | None
    misses: int
    missed_ms: int | None
    looked_ms: int | None
    due_ms: int | None
    submitted_ms: int | None
    final_ms: int | None
    problem: str | None
    waits_for: str | None
    evidence: str | None
    released_as: str | None
    carried: int | None
    unread_status: int | None
    unread_times: int
    document_codes: int | None
    warnings: int | None

    @property
    def size(self) -> int:
        """How many codes its document has or will have, whatever became of single ones since it was frozen."""
        return self.codes if self.carried is None else self.carried

    @property
    def span(self) -> tuple[int | None, int | None, int]:
        """Between which rows its codes stand, and of which batch they are."""
        return self.first_code, self.last_code, self.batch_id

    @property
    def bucket(self) -> str:
        """What its codes count as, where they have no state of their own."""
        return self.released_as or CODES_OF[self.state]


COLUMNS = ", ".join(ReportRow._fields)
FACTS = ("problem", "waits_for", "seal_reason")
"""Columns that hold facts (`lined.vocabulary.facts`), or the sentences of an older journal."""
_FACTS = tuple(ReportRow._fields.index(name) for name in FACTS)


def row_of(values: Sequence[Any]) -> ReportRow:
    """A row of COLUMNS."""
    found = list(values)
    for at in _FACTS:
        found[at] = from_column(found[at])
    return ReportRow(*found)


def get(connection: Connection, report_id: int) -> ReportRow | None:
    """One report, whatever its state; None where there is no such report."""
    row = connection.execute(f"SELECT {COLUMNS} FROM report WHERE id = ?", (report_id,)).fetchone()
    return row_of(row) if row else None


def current_report(connection: Connection, batch_id: int) -> ReportRow | None:
    """The newest report of a batch: the one that says what its codes are."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM report WHERE batch_id = ? ORDER BY id DESC LIMIT 1", (batch_id,)
    ).fetchone()
    return row_of(row) if row else None


def open_batch(
    connection: Connection,
    *,
    kind: str,
    job_id: int,
    attributes: Mapping[str, Any],
    day: str | None,
    first_code: int,
    at_ms: int,
    early: bool,
) -> int:
    """A new open report with no codes yet. Returns its id, which is the id of its batch too."""
    row = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM report").fetchone()
    report_id = int(row[0])
    connection.execute(
        "INSERT INTO report (id, batch_id, kind, state, job_id, attributes, day, first_code, opened_ms, early) "
        "VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?)",
        (
            report_id,
            report_id,
            kind,
            job_id,
            json.dumps(attributes, sort_keys=True),
            day,
            first_code,
            at_ms,
            int(early),
        ),
    )
    report_events.add(connection, report_id, at_ms, None, ReportState.OPEN, Fact(SealFact.FIRST_CODE))
    return report_id


def has_any(connection: Connection, job_id: int, kind: str) -> bool:
    """Whether a job has had a report of that kind."""
    row = connection.execute("SELECT 1 FROM report WHERE job_id = ? AND kind = ? LIMIT 1", (job_id, kind))
    return row.fetchone() is not None


def grow(connection: Connection, report_id: int, codes: int, first_ms: int, last_ms: int) -> None:
    """So many more codes came into an open batch, read between those moments."""
    connection.execute(
        "UPDATE report SET codes = codes + ?, first_ms = coalesce(first_ms, ?), "
        "last_ms = max(coalesce(last_ms, 0), ?) WHERE id = ?",
        (codes, first_ms, last_ms, report_id),
    )


def join(connection: Connection, batch_id: int, codes: int, at_ms: int) -> None:
    """A package with so many codes came into an open aggregation batch."""
    connection.execute(
        "UPDATE report SET codes = codes + ?, first_ms = coalesce(first_ms, ?), last_ms = ?, last_code = 0 "
        "WHERE id = ?",
        (codes, at_ms, at_ms, batch_id),
    )


def lose(connection: Connection, report_id: int, codes: int) -> None:
    """So many codes of a report have a state of their own from now on."""
    connection.execute("UPDATE report SET codes = codes - ?, revision = revision + 1 WHERE id = ?", (codes, report_id))


def leave(connection: Connection, batch_id: int, codes: int) -> None:
    """So many codes are no longer of a batch whose report has not been sent; another's report stays as it is."""
    connection.execute(
        "UPDATE report SET codes = codes - ?, revision = revision + 1 WHERE id = ("
        "SELECT max(id) FROM report WHERE batch_id = ?) AND state IN ('open', 'sealed')",
        (codes, batch_id),
    )


def move(
    connection: Connection,
    report_id: int,
    after: str,
    at_ms: int,
    why: str,
    *,
    evidence: str | None = None,
    **columns: Any,
) -> ReportRow:
    """Change a report's state and, with it, columns of its row. Returns the row as it was before.

    Raises CommandError 409 `wrong-state` where TRANSITIONS has no such edge.
    """
    report = get(connection, report_id)
    if report is None:
        raise NotFound("unknown-report", f"There is no report {report_id}.")
    if after not in TRANSITIONS.get(report.state, frozenset()):
        raise Conflict("wrong-state", f"Report {report_id} is {report.state}; it cannot become {after}.")
    values: dict[str, Any] = {"state": after, **columns}
    if evidence is not None:
        values["evidence"] = evidence
    if after in FINAL:
        values.setdefault("final_ms", at_ms)
        values.setdefault("due_ms", None)
    change(connection, report_id, **values)
    report_events.add(connection, report_id, at_ms, report.state, after, why, evidence)
    if report.kind == ReportKind.UTILISATION:
        bucket = columns.get("released_as") or CODES_OF[after]
        shift(connection, report.job_id, report.bucket, bucket, report.codes)
    return report


def shift(connection: Connection, job_id: int, before: str, after: str, codes: int) -> None:
    """Move a number of codes from one sum to another."""
    if before != after:
        counters.add(connection, job_id, {f"code.{before}": -codes, f"code.{after}": codes})


def change(connection: Connection, report_id: int, **columns: Any) -> None:
    """Set columns that are no change of state."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    values = (to_column(value) if name in FACTS else value for name, value in columns.items())
    connection.execute(f"UPDATE report SET {assignments} WHERE id = ?", (*values, report_id))


def postpone(connection: Connection, by_ms: int) -> None:
    """The clock was set by so much: what unfinished reports wait for comes as much later by it. Their history and what
    their documents are dated by stay as they were written.
    """
    connection.execute(
        "UPDATE report SET due_ms = due_ms + ?1, attempt_ms = attempt_ms + ?1, submitted_ms = submitted_ms + ?1 "
        "WHERE due_ms IS NOT NULL OR final_ms IS NULL",
        (by_ms,),
    )


def successor(
    connection: Connection, report: ReportRow, at_ms: int, why: str, *, left: int, attributes: str | None = None
) -> int:
    """A new sealed report over what is `left` of a batch whose report ended. Returns its id; the sums move with it."""
    row = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM report").fetchone()
    report_id = int(row[0])
    connection.execute(
        "INSERT INTO report (id, batch_id, kind, state, job_id, attributes, day, codes, first_code, last_code, "
        "first_ms, last_ms, full, opened_ms, sealed_ms, seal_reason, due_ms) "
        "VALUES (?, ?, ?, 'sealed', ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)",
        (
            report_id,
            report.batch_id,
            report.kind,
            report.job_id,
            attributes or report.attributes,
            report.day,
            left,
            report.first_code,
            report.last_code,
            report.first_ms,
            report.last_ms,
            at_ms,
            at_ms,
            to_column(why),
            at_ms,
        ),
    )
    report_events.add(connection, report_id, at_ms, None, ReportState.SEALED, why)
    if report.kind == ReportKind.UTILISATION:
        shift(connection, report.job_id, report.bucket, CodeState.UNREPORTED, left)
    return report_id
