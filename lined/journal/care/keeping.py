"""Looking after the journal while it is used: backups, checks, the archive. One task at a time; the line notices
nothing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import structlog

from lined.journal import Journal
from lined.journal.care import archive, damage, takeover
from lined.journal.care.backup import BACKUP, Backup, back_up, integrity, moment_of
from lined.journal.care.takeover import Gap
from lined.journal.database import SqliteError, open_readonly, translated
from lined.journal.files import found_beside
from lined.journal.tables import counters, pools
from lined.vocabulary.errors import JournalBroken, JournalDamaged, JournalError, clause
from lined.vocabulary.facts import CareFact, Fact

log = structlog.get_logger()

PAUSE_S = 0.05  # between two steps of archiving

R = TypeVar("R")


class KeepingRules(NamedTuple):
    """`folder`: where backups are made; `kept`: how many; `archive_after_ms`: the age at which reads are archived."""

    folder: Path
    kept: int = 3
    floor_bytes: int = 0
    archive_after_ms: int = 90 * 24 * 3600 * 1000


class Keeping:
    """`async with`. What it finds wrong stands in `problems` by kind, for people."""

    def __init__(self, journal: Journal, rules: KeepingRules, wall_ms: Callable[[], int]) -> None:
        self._journal = journal
        self._rules = rules
        self._wall_ms = wall_ms
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal-keeping")
        self._ending = threading.Event()
        self._backing_up: asyncio.Future[Backup] | None = None
        self.problems: dict[str, Fact] = {}
        self.last_backup: Backup | None = None
        self.last_backup_ms: int | None = None
        self.checked_ms: int | None = None
        self.gap: Gap | None = None

    async def __aenter__(self) -> Self:
        self.gap = await self._journal.read(takeover.gap_of)
        self.last_backup_ms = await asyncio.to_thread(self._newest_ms)
        self._tell_gap()
        return self

    async def __aexit__(self, *_: object) -> None:
        """What is under way is given up: a backup without its final name is none."""
        self._ending.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    # ── backups ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def backing_up(self) -> bool:
        return self._backing_up is not None and not self._backing_up.done()

    async def back_up(self) -> Backup:
        """One backup; whoever asks while one is made gets that one. Raises JournalError."""
        if self._backing_up is None or self._backing_up.done():
            self._backing_up = asyncio.ensure_future(self._back_up())
        return await asyncio.shield(self._backing_up)

    async def _back_up(self) -> Backup:
        rules, path = self._rules, self._journal.path
        try:
            made = await self._aside(
                lambda: back_up(
                    path,
                    rules.folder,
                    self._wall_ms(),
                    floor_bytes=rules.floor_bytes,
                    keep=rules.kept,
                    given_up=self._ending.is_set,
                )
            )
        except JournalDamaged as error:
            self._note_damage(str(error))
            raise
        except JournalError as error:
            self.problems["backup"] = Fact(CareFact.NO_BACKUP, more=clause(error))
            log.error("backup_failed", error=str(error))
            raise
        self.problems.pop("backup", None)
        self.last_backup, self.last_backup_ms = made, made.at_ms
        return made

    def _newest_ms(self) -> int | None:
        for path in found_beside(self._journal.path, self._rules.folder, BACKUP):
            try:
                return moment_of(path)
            except JournalError:
                continue
        return None

    # ── the archive ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def archive(self) -> int:
        """Move what is old enough, step by step with a pause after each, after what dropped pools leave was deleted.
        Sums by the minute of that age go. Returns how many rows were moved. Raises JournalError.
        """
        more = await self._journal.do(pools.sweep)
        while more:
            await asyncio.sleep(PAUSE_S)
            more = await self._journal.do(pools.sweep)
        cut_ms = self._wall_ms() - self._rules.archive_after_ms
        moved = 0
        for table in archive.TABLES:
            after = -1
            while (found := await self._journal.read(archive.old_rows, table, cut_ms, after)).rows:
                await self._aside(partial(_put, self._journal.path, found))
                await self._journal.do(partial(archive.drop, found=found))
                moved += len(found.rows)
                after = found.rows[-1][0]
                await asyncio.sleep(PAUSE_S)
        gone = 1
        while gone:
            gone = await self._journal.do(partial(counters.forget_minutes, before_ms=cut_ms, most=archive.STEP_ROWS))
            await asyncio.sleep(PAUSE_S)
        if moved:
            log.info("archived", rows=moved)
        return moved

    # ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def check(self) -> list[str]:
        """SQLite's integrity check of the journal in use, from one snapshot. What it finds is told to people.

        The daemon goes on: the next start sets the journal aside, and a person chooses the moment.
        """
        found = await self._aside(self._check)
        self.checked_ms = self._wall_ms()
        if found:
            self._note_damage("; ".join(found))
        log.info("journal_checked", found=found)
        return found

    def _check(self) -> list[str]:
        connection = open_readonly(self._journal.path)
        try:
            return integrity(connection, self._ending.is_set)
        except SqliteError as error:
            found = translated(error)
            if isinstance(found, JournalDamaged):
                return [str(found)]
            raise found or JournalError(f"the check could not be made: {error}") from error
        finally:
            connection.close()

    def _note_damage(self, text: str) -> None:
        damage.suspect(self._journal.path, text)
        self.problems["journal-damaged"] = Fact(CareFact.DAMAGED, more=text)

    # ── what it cannot know ─────────────────────────────────────────────────────────────────────────────────────────

    async def confirm(self, *, by: str) -> dict[str, Any]:
        """A person has taken note of the gap. Raises CommandError 409."""
        at_ms = self._wall_ms()
        self.gap = await self._journal.do(lambda connection: takeover.confirm(connection, by, at_ms))
        self._tell_gap()
        return {"confirmed_ms": at_ms, "by": by}

    def _tell_gap(self) -> None:
        if self.gap is None or self.gap.confirmed_ms is not None:
            self.problems.pop("journal-gap", None)
        else:
            self.problems["journal-gap"] = gap_fact(self.gap)

    async def _aside(self, work: Callable[[], R]) -> R:
        if self._journal.writer.broken is not None:
            raise JournalBroken(str(self._journal.writer.broken))
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _put(journal: Path, found: archive.Slice) -> None:
    try:
        archive.put(journal, found)
    except SqliteError as error:
        raise JournalError(f"the archive cannot be written: {error}") from error


def gap_fact(gap: Gap) -> Fact:
    """What people are told about a journal that has forgotten."""
    known = Fact(CareFact.NOTHING_KNOWN, until_at=gap.until_ms)
    if gap.since_ms:
        known = Fact(CareFact.KNOWN_SINCE, since_at=gap.since_ms, until_at=gap.until_ms)
    return Fact(CareFact.GAP if gap.serials_known else CareFact.GAP_SERIALS, happened=_happened(gap), known=known)


def _happened(gap: Gap) -> Fact:
    if gap.why == takeover.DAMAGE:
        return Fact(CareFact.WAS_DAMAGED, aside=str(gap.aside))
    if gap.why == takeover.RESTORE:
        return Fact(CareFact.RESTORED, backup=str(gap.backup))
    if gap.why == takeover.LOST:
        return Fact(CareFact.GONE)
    return Fact(CareFact.OTHER_ASIDE, aside=str(gap.aside)) if gap.aside else Fact(CareFact.OTHER)
