"""A journal that has forgotten: a backup in the place of a damaged or lost journal.

What was written after the backup's moment is not in it. So its duplicates are unknown since then, and each report that
was not finished then may have been sent since: it is in doubt, looked for like any other, and after two misses it
waits for a person instead of being sent again; so is each order of codes that may have been placed since. After
`lined restore` nothing at all is sent until a person has confirmed. What the journal knows about its gap stands in
`gap` until then.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from sqlite_utils.db import Database

from lined.journal.age import ENDING as MARKS
from lined.journal.care.backup import integrity, moment_of
from lined.journal.database import Connection, SqliteError, open_untouched, open_writable
from lined.journal.files import COMPANIONS, private, sync_file, sync_folder
from lined.journal.outcomes import ReportOutcome, seal
from lined.journal.outcomes import write as write_outcome
from lined.journal.schema import migrations
from lined.journal.tables import age, code_orders, gaps, report_lists, serials
from lined.journal.tables.reports import ReportRow
from lined.vocabulary.errors import Conflict, JournalDamaged
from lined.vocabulary.facts import Fact, OrderFact, TakeoverFact, column_forms
from lined.vocabulary.orders import OrderState
from lined.vocabulary.reports import ReportState

_NEWEST = "SELECT max(coalesce((SELECT max(at_ms) FROM code), 0), coalesce((SELECT max(at_ms) FROM report_event), 0))"
PERSON = Fact(TakeoverFact.PERSON)  # `report.waits_for`: never sent again by itself
DAMAGE, RESTORE, LOST, OLDER = "damage", "restore", "lost", "older"
PERHAPS_ORDERED = (OrderState.QUEUED, OrderState.SENDING, OrderState.IN_DOUBT)  # since the backup, once more


@dataclass(frozen=True, slots=True)
class Gap:
    """What the journal cannot know. `since_ms`: the backup's moment (0: nothing before is known); `until_ms`: when it
    was put in place. `aside`: the file that was there before. `confirmed_ms`: when a person took note; None: not yet.
    `serials_known`: False where SSCCs issued since the backup may be issued again.
    """

    why: str
    since_ms: int
    until_ms: int
    backup: str | None
    aside: str | None
    confirmed_ms: int | None = None
    confirmed_by: str | None = None
    serials_known: bool = True

    @property
    def withholds(self) -> bool:
        """Nothing may be sent until a person has confirmed."""
        return self.why != DAMAGE and self.confirmed_ms is None


def take_over(
    journal: Path, backup: Path | None, *, why: str, aside: Path | None, at_ms: int, since_ms: int | None = None
) -> Gap:
    """Put a copy of the backup, or an empty journal, in the journal's place, which must be empty. Durable when it
    returns. `since_ms`: the moment it shows, where it does not say so itself.

    Raises JournalError for a file that is no backup, OSError, FileExistsError where there is a journal.
    """
    taken = [end for end in COMPANIONS if journal.with_name(journal.name + end).exists()]
    if taken:
        raise FileExistsError(f"{journal.name + taken[0]} is in the way")
    if since_ms is None:
        since_ms = moment_of(backup) if backup is not None else 0
    issued = _issued(aside)
    gap = Gap(
        why,
        since_ms,
        at_ms,
        backup.name if backup else None,
        aside.name if aside else None,
        serials_known=issued is not None,
    )
    part = journal.with_name(journal.name + ".new")
    for end in ("-wal", "-shm", ""):
        part.with_name(part.name + end).unlink(missing_ok=True)
    if backup is not None:
        private(part)
        shutil.copyfile(backup, part)
    _prepare(part, gap, issued or {})
    sync_file(part)
    part.rename(journal)
    sync_folder(journal.parent)
    return gap


def note_older(journal: Path, at_ms: int) -> Gap:
    """A sound journal stands here that is older than the one before it, or another's: it goes on as a backup would that
    was restored. May be repeated after a crash. Raises JournalDamaged where it is not sound.
    """
    with open_untouched(journal) as connection:
        found = integrity(connection)
        since_ms = newest_ms(connection) if not found else 0
    if found:
        raise JournalDamaged(f"{journal} is damaged: {'; '.join(found)}")
    gap = Gap(OLDER, since_ms, at_ms, None, None, serials_known=False)
    _prepare(journal, gap, {})
    journal.with_name(journal.name + MARKS).unlink(missing_ok=True)
    sync_folder(journal.parent)
    return gap


def newest_ms(connection: Connection) -> int:
    """The newest moment in a journal."""
    return int(connection.execute(_NEWEST).fetchone()[0])


def _issued(aside: Path | None) -> dict[str, int] | None:
    """The next serial of each range of SSCCs, as the old journal has them. None: it does not tell."""
    if aside is None:
        return None
    try:
        with open_untouched(aside) as old:
            return serials.all_of(old)
    except SqliteError:
        return None


def _prepare(part: Path, gap: Gap, issued: Mapping[str, int]) -> None:
    database = open_writable(part)
    connection = database.conn
    try:
        if migrations.pending(Database(connection)):
            migrations.apply(Database(connection))
        connection.execute("BEGIN IMMEDIATE")
        for report in report_lists.without_document(connection):
            _doubt(connection, report, gap)
        code_orders.doubt(connection, PERHAPS_ORDERED, gap.until_ms, Fact(OrderFact.RETURNED), gap.since_ms)
        serials.go_on_from(connection, issued)
        write(connection, gap)
        age.rename(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()


@dataclass(frozen=True, kw_only=True)
class Doubted(
    ReportOutcome,
    edges={
        ReportState.SEALED: ReportState.SEALED,
        ReportState.SENDING: ReportState.IN_DOUBT,
        ReportState.IN_DOUBT: ReportState.IN_DOUBT,
    },
):
    """A report of a backup: since that moment it may have grown, been sent, ended. What has no body yet stays sealed
    and is never due: delivery freezes it and puts it in doubt. `state`: what it was in then; `gap`: of the journal.
    """

    state: str
    gap: Gap

    @property
    def why(self) -> str:
        return Fact(TakeoverFact.UNFINISHED, why=self.gap.why)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        since_ms = self.gap.since_ms
        return {
            "waits_for": PERSON,
            "problem": Fact(TakeoverFact.LOOKED_FOR, report_state=self.state),
            "attempt_ms": at_ms,
            "attempt_server_ms": min(since_ms, report.attempt_server_ms or since_ms),
            "misses": 0,
            "missed_ms": None,
            "due_ms": None if report.state == ReportState.SEALED else at_ms,
        }


def _doubt(connection: Connection, report: ReportRow, gap: Gap) -> None:
    outcome = Doubted(state=report.state, gap=gap)
    if report.state == ReportState.OPEN and seal(connection, report, gap.until_ms, outcome.why) == ReportState.VOID:
        return
    write_outcome(connection, report.id, outcome, gap.until_ms)


def gap_of(connection: Connection) -> Gap | None:
    """What this journal cannot know; None: it has never been replaced."""
    found = gaps.get(connection)
    return Gap(*found) if found else None


def withholds(connection: Connection) -> bool:
    """True where nothing may be sent until a person has confirmed."""
    gap = gap_of(connection)
    return gap is not None and gap.withholds


def write(connection: Connection, gap: Gap) -> None:
    gaps.put(connection, astuple(gap))


def looked_for(connection: Connection) -> list[int]:
    """Reports that are still being looked for after the take-over."""
    rows = connection.execute(
        "SELECT id FROM report WHERE state IN ('sealed', 'in_doubt') AND waits_for IN (?, ?)", column_forms(PERSON)
    ).fetchall()
    return [int(row[0]) for row in rows]


def confirm(connection: Connection, by: str, at_ms: int) -> Gap:
    """A person has taken note. Raises CommandError 409: nothing to confirm, or reports are still looked for."""
    gap = gap_of(connection)
    if gap is None or gap.confirmed_ms is not None:
        raise Conflict("nothing-to-confirm", "This journal has no gap that is not confirmed.")
    looking = looked_for(connection)
    if looking and gap.withholds:
        shown = ", ".join(map(str, looking[:10]))
        raise Conflict("still-looking", f"Reports {shown} are still being looked for: wait until they are not.")
    confirmed = replace(gap, confirmed_ms=at_ms, confirmed_by=by or None)
    write(connection, confirmed)
    return confirmed
