"""Reports in whose steps lined itself makes a mistake: tried again later and later, held for a person after TIMES.

The others go on meanwhile. One that was being sent may have been received: it is in doubt, as after a crash.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from lined.journal import outcomes
from lined.journal.database import Connection
from lined.journal.tables import reports
from lined.reports.delivery.ports import Ports
from lined.reports.delivery.rules import backed_off
from lined.reports.outcomes.held import HeldForDefect
from lined.reports.outcomes.sending import DefectWhileSending
from lined.vocabulary.errors import CommandError, JournalError, LookupFailed
from lined.vocabulary.reports import ReportState

TIMES = 3  # of one report, in one run of the program
WAIT_FIRST_MS, WAIT_MOST_MS = 1_000, 60_000
EXPECTED = (JournalError, LookupFailed, CommandError)  # what a step may raise; its loop knows what that means

R = TypeVar("R")


class Defective:
    """`attempt` each step of a report; `aside` are those whose next try has to wait; `settle` what is to be written."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._times: Counter[int] = Counter()
        self._until: dict[int, float] = {}
        self._unwritten: dict[int, str] = {}

    def aside(self) -> set[int]:
        """Reports that are left alone for now."""
        now = asyncio.get_running_loop().time()
        self._until = {report: until for report, until in self._until.items() if until > now}
        return {*self._until, *self._unwritten}

    async def attempt(self, report_id: int, where: str, work: Callable[[], Coroutine[Any, Any, R]], otherwise: R) -> R:
        """The work's result; `otherwise` after a defect, which is noted. Raises EXPECTED, and what `settle` raises."""
        try:
            found = await work()
        except EXPECTED:
            raise
        except Exception as error:  # noqa: BLE001  a defect of ours
            self._met(report_id, error)
            self._ports.note(where, error)
            await self.settle()
            return otherwise
        self._times.pop(report_id, None)
        return found

    def _met(self, report_id: int, error: Exception) -> None:
        self._times[report_id] += 1
        wait_ms = backed_off(WAIT_FIRST_MS, WAIT_MOST_MS, self._times[report_id] - 1, self._ports.chance)
        self._until[report_id] = asyncio.get_running_loop().time() + wait_ms / 1000
        self._unwritten[report_id] = type(error).__name__

    async def settle(self) -> None:
        """Write down what the defects mean for their reports. To be called again after it raised."""
        for report_id, error in list(self._unwritten.items()):
            held = self._times[report_id] >= TIMES
            step = partial(_settle, report_id=report_id, ports=self._ports, defect=error if held else None)
            await self._ports.journal.do(step)
            self._unwritten.pop(report_id, None)
            if held:
                del self._times[report_id]


def _settle(connection: Connection, report_id: int, ports: Ports, defect: str | None) -> None:
    """`defect`: what it met TIMES times; None: not that often yet."""
    rules, at_ms = ports.rules, ports.wall_ms()
    report = reports.get(connection, report_id)
    if report is not None and report.state == ReportState.SENDING:
        outcomes.write(connection, report_id, DefectWhileSending(wait_ms=rules.in_doubt_first_ms), at_ms)
        report = reports.get(connection, report_id)
    if report is not None and defect is not None and report.state in HeldForDefect.edges:
        held = HeldForDefect(defect=defect, times=TIMES, wait_ms=rules.held_poll_ms)
        outcomes.write(connection, report_id, held, at_ms)
