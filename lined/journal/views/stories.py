"""Stories of codes and packages, what became of them: read only, by indexes, never a check part. See `queries`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lined.codes import masked
from lined.journal.care import archive
from lined.journal.database import Connection
from lined.journal.tables import jobs, package_lists, packages, report_lists, warnings
from lined.journal.tables.codes import KnownCode, bucket_of, find
from lined.journal.tables.jobs import JobRow
from lined.journal.tables.packages import PackageRow
from lined.journal.tables.reports import ReportRow
from lined.journal.views.eligible import waits_for
from lined.journal.views.queries import PAGE_MAX, STORY_MAX, one_moment
from lined.journal.views.work_items import Grading, Task, grades_of, of_code
from lined.vocabulary.codes import CodeEvent as Word
from lined.vocabulary.facts import Fact, from_column
from lined.vocabulary.packages import PackageState


class Read(NamedTuple):
    """A read of a known code that did not apply it."""

    at_ms: int
    device: str | None
    job_id: int
    verdict: str


class CodeEvent(NamedTuple):
    at_ms: int
    what: str
    detail: str | None
    report_id: int | None
    by: str | None


class Applied(NamedTuple):
    """The read that applied a code. `state`: its sum in /status. `unsaid`: since when and why its accept could not be
    said; None where it was said.
    """

    code: KnownCode
    device: str | None
    state: str
    unsaid: tuple[int, str] | None


class CodeStory(NamedTuple):
    """What became of one code. `applied` is None for a parent that is no code of an item (an SSCC).

    `reads` and `events`: oldest first, the newest STORY_MAX. `packages`: the one it is or lies in, and those around it,
    the innermost first. `reports`: of every kind that it stands in, or a package around it.
    """

    ident: str
    applied: Applied | None
    job: JobRow | None
    reads: list[Read]
    events: list[CodeEvent]
    packages: list[PackageRow]
    reports: list[ReportRow]
    grades: list[Grading]
    tasks: list[Task]


def code_story(connection: Connection, ident: str) -> CodeStory | None:
    """The story of an identification code; None where it was never applied on this line and is no package's."""
    with one_moment(connection):
        known = find(connection, [ident]).get(ident)
        containing = packages.containing(connection, ident)
        if known is None and not containing:
            return None
        job_id = known.job_id if known is not None else containing[0].job_id
        batches = [known.batch_id] if known is not None else []
        batches += [package.batch_id for package in containing if package.batch_id is not None]
        return CodeStory(
            ident,
            None if known is None else _applied(connection, known),
            jobs.get(connection, job_id),
            [] if known is None else _reads(connection, known),
            _events(connection, ident, None if known is None else known.id),
            containing,
            _reports(connection, ident, batches),
            _grades(connection, ident),
            of_code(connection, ident),
        )


def _applied(connection: Connection, known: KnownCode) -> Applied:
    device = connection.execute("SELECT id FROM device WHERE no = ?", (known.device_no,)).fetchone()
    row = connection.execute("SELECT at_ms, why FROM unsaid WHERE code_id = ?", (known.id,)).fetchone()
    unsaid = None if row is None else (row[0], from_column(row[1]))
    state = bucket_of(connection, known)
    return Applied(known, device[0] if device else None, state, unsaid)


def _reads(connection: Connection, known: KnownCode) -> list[Read]:
    """Archived ones too; one that is moving just now stands in both places."""
    rows = connection.execute(
        "SELECT at_ms, (SELECT id FROM device WHERE no = device_no), job_id, verdict FROM read "
        "WHERE code_id = ? ORDER BY id DESC LIMIT ?",
        (known.id, STORY_MAX),
    ).fetchall()
    old = archive.reads_of(connection, known.ident, STORY_MAX)
    return [Read(*row) for row in dict.fromkeys([*old, *rows[::-1]])][-STORY_MAX:]


def _grades(connection: Connection, ident: str) -> list[Grading]:
    """Archived ones too."""
    old = [Grading(*row) for row in archive.grades_of(connection, ident, STORY_MAX)]
    found = dict.fromkeys([*old, *grades_of(connection, ident, STORY_MAX)])
    return sorted(found, key=lambda grading: grading.at_ms)[-STORY_MAX:]


def _events(connection: Connection, ident: str, code_id: int | None) -> list[CodeEvent]:
    """What happened to a code, and what the regulator remarked about it: of a package without a code too."""
    rows = connection.execute(
        "SELECT at_ms, what, detail, report_id, by FROM code_event WHERE code_id = ? ORDER BY id DESC LIMIT ?",
        (code_id, STORY_MAX),
    ).fetchall()
    found = [CodeEvent(*row)._replace(detail=from_column(row[2])) for row in rows[::-1]]
    remarks = warnings.of_code(connection, ident, STORY_MAX)
    found += [CodeEvent(at_ms, Word.WARNING, result, report_id, None) for at_ms, result, report_id in remarks]
    return sorted(found, key=lambda event: event.at_ms)[-STORY_MAX:]


def _reports(connection: Connection, ident: str, batches: Sequence[int]) -> list[ReportRow]:
    """The newest reports of these batches, and of those in which the code was graded, disaggregated or corrected."""
    listed = connection.execute(
        "SELECT batch_id FROM grade WHERE ident = :ident AND batch_id IS NOT NULL "
        "UNION SELECT batch_id FROM member WHERE ident = :ident LIMIT :most",
        {"ident": ident, "most": STORY_MAX},
    ).fetchall()
    wanted = sorted({*batches, *(row[0] for row in listed)})
    return report_lists.of_batches(connection, wanted, STORY_MAX)[::-1]


# ── packages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class PackagePage(NamedTuple):
    """`inside`: the parent code of the package around each, by id, where it has one. `waits`: what a closed one that is
    in no report yet waits for. `next`: ask `after` this id.
    """

    items: list[PackageRow]
    inside: dict[int, str | None]
    waits: Mapping[int, Fact]
    next: int | None


def package_page(
    connection: Connection, *, state: str | None = None, limit: int = 100, after: int | None = None
) -> PackagePage:
    """Packages, newest first, from the one after `after` on; at most PAGE_MAX. `state`: a word of PAGES in
    `package_lists`.
    """
    limit = max(1, min(limit, PAGE_MAX))
    with one_moment(connection):
        found = package_lists.page(connection, state, after, limit + 1)
        items = found[:limit]
        inside = {
            item.id: outer.ident
            for item in items
            if item.package_id is not None and (outer := packages.get(connection, item.package_id)) is not None
        }
        waits = {
            item.id: waits_for(connection, item.id).what
            for item in items
            if item.state == PackageState.CLOSED and item.batch_id is None
        }
    return PackagePage(items, inside, waits, items[-1].id if len(found) > limit else None)


def shown_raw(raw: bytes) -> str:
    """What a device sent, for people: printable, check parts masked."""
    return masked(raw.decode("utf-8", "replace"))
