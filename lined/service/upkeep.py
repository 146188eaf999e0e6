"""The timetable of the journal's upkeep: a backup a day, a check a week, the archive bit by bit.

APScheduler 3 swallows what a job raises and drops a job that is a second late, so a job here only wakes a task, and
grace, coalescing and time zone are written out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from lined.config import Config
from lined.journal import Journal
from lined.journal.care.keeping import Keeping, KeepingRules
from lined.journal.journal import CHECKED_AT_START_BYTES
from lined.line.watch.defects import Defects
from lined.line.watch.problems import Problems
from lined.service.opening import backup_folder
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import JournalError

log = structlog.get_logger()

GRACE_S = 6 * 3600  # a computer that slept at the time does it when it wakes
CHECK_DAY = "sun"
ARCHIVE_MINUTE = 17
OVERDUE_MS = 26 * 3600 * 1000  # the computer was off at the time, perhaps every day
SETTLE_S = 60.0  # after the start, before a missed backup is made up for
TELL_S = 1.0
KINDS = ("backup", AlarmKind.JOURNAL_DAMAGED, AlarmKind.JOURNAL_GAP)


class Upkeep:
    """`start` its tasks in a group that is cancelled at the end."""

    def __init__(
        self, config: Config, journal: Journal, problems: Problems, wall_ms: Callable[[], int], defects: Defects
    ) -> None:
        settings = config.journal
        self.keeping = Keeping(
            journal,
            KeepingRules(
                folder=backup_folder(config),
                kept=settings.backups_kept,
                floor_bytes=settings.floor_bytes,
                archive_after_ms=settings.archive_after_days * 24 * 3600 * 1000,
            ),
            wall_ms,
        )
        self._config = config
        self._journal = journal
        self._problems = problems
        self._wall_ms = wall_ms
        self._defects = defects
        self._where = str(journal.path)
        self._settled = False
        self._started = False
        self._backup_due = asyncio.Event()
        self._check_due = asyncio.Event()
        self._archive_due = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        scheduler = self._scheduler()
        async with self.keeping, asyncio.TaskGroup() as group:
            scheduler.start()
            try:
                for work, name in (
                    (self._backups, "backups"),
                    (self._checks, "checks"),
                    (self._archiving, "archiving"),
                    (self._publishing, "upkeep"),
                ):
                    group.create_task(self._defects.keep_going(name, work), name=name)
                await asyncio.Event().wait()
            finally:
                scheduler.shutdown(wait=False)

    def _scheduler(self) -> AsyncIOScheduler:
        zone = self._config.line.zone
        scheduler = AsyncIOScheduler(timezone=zone)
        hour, minute = self._config.journal.backup_at.split(":")
        usual = {"misfire_grace_time": GRACE_S, "coalesce": True, "max_instances": 1}
        daily = CronTrigger(hour=int(hour), minute=int(minute), timezone=zone)
        weekly = CronTrigger(day_of_week=CHECK_DAY, hour=(int(hour) + 1) % 24, minute=int(minute), timezone=zone)
        scheduler.add_job(self._backup_due.set, daily, id="backup", **usual)
        hourly = CronTrigger(minute=ARCHIVE_MINUTE, timezone=zone)
        scheduler.add_job(self._check_due.set, weekly, id="check", **usual)
        scheduler.add_job(self._archive_due.set, hourly, id="archive", **usual)
        return scheduler

    async def _backups(self) -> None:
        if not self._settled:
            await asyncio.sleep(SETTLE_S)
            self._settled = True
        last_ms = self.keeping.last_backup_ms
        if last_ms is None or self._wall_ms() - last_ms > OVERDUE_MS:
            self._backup_due.set()
        while True:
            await self._backup_due.wait()
            self._backup_due.clear()
            try:
                await self.keeping.back_up()
            except JournalError as error:
                log.error("scheduled_backup_failed", error=str(error))

    async def _checks(self) -> None:
        """At the start too, where the journal was too large to be checked before the line could begin."""
        if not self._started:
            self._started = True
            if not self._journal.was_clean and self._journal.bytes() > CHECKED_AT_START_BYTES:
                self._check_due.set()
        while True:
            await self._check_due.wait()
            self._check_due.clear()
            try:
                await self.keeping.check()
            except JournalError as error:
                log.error("scheduled_check_failed", error=str(error))

    async def _archiving(self) -> None:
        while True:
            await self._archive_due.wait()
            self._archive_due.clear()
            try:
                await self.keeping.archive()
            except JournalError as error:
                log.error("archiving_failed", error=str(error))

    async def _publishing(self) -> None:
        while True:
            self._tell()
            await asyncio.sleep(TELL_S)

    def _tell(self) -> None:
        """What is wrong goes where people look."""
        for kind in KINDS:
            text = self.keeping.problems.get(kind)
            if text is None:
                self._problems.clear(kind, self._where)
            else:
                self._problems.set(kind, self._where, text)
