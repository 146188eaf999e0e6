"""The record of a step of the clock: the setting from now on, and the end of what was dated before it.

The open batch takes no more codes, so that what is in it was dated under one setting. What is counted from moments of
the old setting moves with the clock: what delivery waits for, how long commands are remembered, what is a repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import clock_settings, commands, report_lists, reports
from lined.line.state import LineState
from lined.vocabulary.clocks import SYNCED_MS
from lined.vocabulary.facts import Fact, SealFact
from lined.vocabulary.reports import ReportKind

REASON = Fact(SealFact.CLOCK)


class Reading(NamedTuple):
    """How the clock was found to be set: the start of the machine, the time of day minus the uptime, the moment."""

    boot: str
    offset_ms: int
    at_ms: int


class ClockSteps:
    """A Work of the journal's writer."""

    intake = False
    barrier = True  # what is dated after it

    def __init__(self, state: LineState) -> None:
        self._state = state

    def run(self, connection: Connection, items: Sequence[Reading]) -> list[bool]:
        """True for each that is a setting of its own."""
        return [self._one(connection, reading) for reading in items]

    def rolled_back(self) -> None:
        self._state.stale = True

    def _one(self, connection: Connection, reading: Reading) -> bool:
        new = clock_settings.record(connection, reading.boot, reading.offset_ms, reading.at_ms)
        if new is None:
            return False
        step_ms = new.step_ms
        if step_ms is None or abs(step_ms) > SYNCED_MS:
            self._end_batch(connection)
        if step_ms is not None:
            reports.postpone(connection, step_ms)
            commands.postpone(connection, step_ms)
            self._state.postpone(step_ms)
        return True

    def _end_batch(self, connection: Connection) -> None:
        self._state.refresh(connection)
        for report in report_lists.with_room(connection, ReportKind.UTILISATION):
            reports.change(connection, report.id, full=1, last_code=self._state.next_code - 1, seal_reason=REASON)
        self._state.batch = None
