"""The time of day, watched against the machine's uptime: a step of the clock is noticed by the first who asks the time,
and is in the journal before anything that is dated after it.

The uptime goes on whatever is done to the clock, through restarts of the program and through suspension too.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from lined.journal import Journal
from lined.journal.tables import clock_settings
from lined.line.jobs.clock_steps import ClockSteps, Reading
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.clocks import NOTICED_MS, SYNCED_MS
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact, LineFact

log = structlog.get_logger()

HERE = "this computer"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_UPTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # counts while the machine sleeps too


def system_wall_ms() -> int:
    """The time of day in milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def system_uptime_ms() -> int:
    return time.clock_gettime_ns(_UPTIME) // 1_000_000


def system_boot() -> str:
    """Which start of the machine this is; where nothing tells, each start of the program is one."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return secrets.token_hex(16)


class WallClock:
    """Call it for the time of day in milliseconds since 1970, UTC. Any thread may; steps are looked for on the loop's,
    once `begin` was called, so that their place among what is written is certain.

    `listeners` are called at a step.
    """

    def __init__(
        self,
        wall_ms: Callable[[], int] = system_wall_ms,
        uptime_ms: Callable[[], int] = system_uptime_ms,
        boot: str | None = None,
    ) -> None:
        self.listeners: list[Callable[[], None]] = []
        self.step_ms: int | None = None  # the last one of this run
        self._wall_ms = wall_ms
        self._uptime_ms = uptime_ms
        self._boot = boot
        self._thread: int | None = None
        self._offset_ms = 0
        self._skew_ms: int | None = None  # as last written
        self._journal: Journal
        self._steps: ClockSteps
        self._unwritten = False  # how it is set now is not in the journal, nor on its way there

    def begin(self, journal: Journal, steps: ClockSteps) -> None:
        """From now on steps are noticed and written to the journal, on the loop that runs now."""
        self._journal, self._steps = journal, steps
        self._boot = self._boot or system_boot()
        self._thread = threading.get_ident()
        low_ms, now, high_ms = self._offsets()
        self._set(now, (low_ms + high_ms) // 2)

    def __call__(self) -> int:
        if threading.get_ident() != self._thread:
            return self._wall_ms()
        low_ms, now, high_ms = self._offsets()
        if low_ms > self._offset_ms + NOTICED_MS or high_ms < self._offset_ms - NOTICED_MS:
            self._stepped(now, (low_ms + high_ms) // 2)
        elif self._unwritten:
            self._write(now)
        return now

    def tell(self, problems: Problems) -> None:
        """Of a step that was none of time synchronisation's, until the regulator's clock was heard again."""
        step_s = (self.step_ms or 0) // 1000
        if self._skew_ms is not None or abs(step_s) * 1000 <= SYNCED_MS:
            problems.clear(AlarmKind.CLOCK_SET, HERE)
        elif step_s > 0:
            problems.set(AlarmKind.CLOCK_SET, HERE, Fact(LineFact.CLOCK_SET_AHEAD, n=step_s))
        else:
            problems.set(AlarmKind.CLOCK_SET, HERE, Fact(LineFact.CLOCK_SET_BACK, n=-step_s))

    def on_skew(self, skew_s: float | None) -> None:
        """What the regulator's clock says about the clock as it is set now; None: nothing yet."""
        skew_ms = None if skew_s is None else round(skew_s * 1000)
        known = self._skew_ms
        if skew_ms is None or self._unwritten or (known is not None and abs(known - skew_ms) < SYNCED_MS):
            return
        self._skew_ms = skew_ms
        self._journal.do(lambda connection: clock_settings.measure(connection, skew_ms)).add_done_callback(self._told)

    def _offsets(self) -> tuple[int, int, int]:
        """The time of day minus the uptime, at least and at most, and between them the time of day: whoever is kept
        waiting between two looks at clocks has seen no step.
        """
        before = self._uptime_ms()
        now = self._wall_ms()
        return now - self._uptime_ms(), now, now - before

    def _stepped(self, now: int, offset_ms: int) -> None:
        self.step_ms = offset_ms - self._offset_ms
        log.warning("clock_was_set", by_s=self.step_ms / 1000)
        self._set(now, offset_ms)
        for listener in self.listeners:
            listener()

    def _set(self, now: int, offset_ms: int) -> None:
        self._offset_ms, self._skew_ms = offset_ms, None
        self._write(now)

    def _write(self, now: int) -> None:
        """Into the writer's queue, ahead of whatever is dated from now on."""
        assert self._boot is not None
        self._unwritten = False
        reading = Reading(self._boot, self._offset_ms, now)
        self._journal.submit(self._steps, reading).add_done_callback(self._written)

    def _written(self, done: asyncio.Future[bool]) -> None:
        if not done.cancelled() and done.exception() is not None:
            self._unwritten = True  # a full disk, of which the writer tells; so were the reads that followed

    def _told(self, done: asyncio.Future[Any]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self._skew_ms = None
            if not isinstance(error, JournalError):
                log.error("skew_not_written", error=repr(error))
