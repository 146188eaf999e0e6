"""Alarms on their way to where people look: what the alarm book tells, to each address of the configuration.

Imported with the half of the daemon that faces outwards, and only where an address is configured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from lined.config import Config, Notify
from lined.i18n.catalogues import catalogue
from lined.i18n.shown import Clock
from lined.journal import Journal
from lined.journal.tables import alarms, notified
from lined.journal.tables.alarms import AlarmRow
from lined.line.watch.problems import Problems
from lined.notify.message import Change, message
from lined.notify.notices import Alarm, Notices, Pending
from lined.notify.sending import Message, Notifier, sender
from lined.vocabulary.alarms import AlarmKind, Severity
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact


class Notifying:
    """All addresses. `on_alarm` is a listener of the alarm book; `run` until cancelled."""

    def __init__(self, config: Config, journal: Journal, problems: Problems, wall_ms: Callable[[], int]) -> None:
        self._config = config
        self._journal = journal
        self._problems = problems
        self._offset_ms = wall_ms() - int(time.monotonic() * 1000)  # its clock does not jump
        self._addresses: list[tuple[Notify, Notifier]] = []

    def on_alarm(self, row: AlarmRow) -> None:
        """A row changed, durably."""
        for entry, notifier in self._addresses:
            if wanted(entry, row):
                notifier.on_alarm(_alarm(row))

    async def run(self) -> None:
        """What stands already is told, unless the run before has told it."""
        found = [
            (entry, await self._notifier(entry, entry.secret(number).read))
            for number, entry in enumerate(self._config.notify)
        ]
        self._addresses = found
        with suppress(JournalError):
            for row in await self._journal.read(alarms.standing):
                self.on_alarm(row)
            for _entry, notifier in found:
                await self._look_back(notifier)
        async with asyncio.TaskGroup() as group:
            for entry, notifier in found:
                group.create_task(notifier.run(), name=f"notify: {entry.id}")

    async def _look_back(self, notifier: Notifier) -> None:
        """What people were told of and was over before they heard that, too."""
        for kind, place in notifier.believed():
            row = await self._journal.read(alarms.last, kind, place)
            if row is not None and row.cleared_ms is not None:
                notifier.on_alarm(_alarm(row))

    async def _notifier(self, entry: Notify, url: Callable[[], str]) -> Notifier:
        language = entry.language or self._config.line.language
        await asyncio.to_thread(catalogue, language)
        state = None
        with suppress(JournalError):
            state = await self._journal.read(notified.of, entry.id)
        now_ms = self._now_ms()
        return Notifier(
            Notices(entry.per_hour, int(entry.quiet_s * 1000), now_ms, state),
            sender(url),
            partial(self._compose, language),
            partial(self._tell, entry.id),
            partial(self._save, entry.id),
            self._now_ms,
        )

    def _compose(self, language: str, changes: list[Pending], left_out: int) -> Message:
        clock = Clock(self._config.line.timezone)
        told = [
            Change(one.alarm.about, one.raisings, one.told_before)
            for one in changes
            if isinstance(one.alarm.about, AlarmRow)
        ]
        return Message(*message(self._config.line.id, language, clock, told, left_out))

    def _tell(self, address: str, problem: Fact | None) -> None:
        if problem is None:
            self._problems.clear(AlarmKind.NOTIFY, address)
        else:
            self._problems.set(AlarmKind.NOTIFY, address, problem)

    async def _save(self, address: str, state: str) -> None:
        with suppress(JournalError):  # /status says so; something may be told twice after a restart
            await self._journal.do(partial(notified.keep, address=address, state=state))

    def _now_ms(self) -> int:
        return int(time.monotonic() * 1000) + self._offset_ms


def _alarm(row: AlarmRow) -> Alarm:
    return Alarm((row.kind, row.place), row.cleared_ms is None, (row.id, row.times), row)


def wanted(entry: Notify, row: AlarmRow) -> bool:
    """Whether that address hears of it. What is wrong with an address itself goes to the others."""
    if row.kind == AlarmKind.NOTIFY and row.place == entry.id:
        return False
    order: list[str] = list(Severity)
    heavy = order.index(row.severity) >= order.index(entry.min_severity)
    return heavy and (not entry.kinds or row.kind in entry.kinds)
