"""A line with its delivery under a computer's clock that can be set, while true time and the machine's uptime go on.

Everything between a device's frames and the regulator's office but sockets; its loops are not run, `settle` takes their
steps.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from lined.journal import Journal
from lined.journal.tables import clock_settings
from lined.journal.tables.clock_settings import Setting
from lined.journal.tables.reports import ReportRow
from lined.line.intake.intake import LineIntake
from lined.line.jobs.clock_steps import ClockSteps
from lined.line.jobs.sealing import Sealer
from lined.line.plant import BatchRules
from lined.line.state import LineState
from lined.line.stations.read import typed_device
from lined.line.watch.clock import WallClock
from lined.line.watch.problems import Problems
from lined.reports.delivery.loops import Delivery
from lined.reports.delivery.ports import Ports
from lined.vocabulary.errors import LookupFailed, Unavailable
from tests.commands import line_commands, report_commands
from tests.harness.line import BINDING, DEVICES, OIL, frame, oil, plant
from tests.harness.office import NOON_MS, Clock, Office
from tests.harness.reporting import RULES
from tests.profiles import PROFILE
from tests.rows import reports_where

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
YEAR = 365 * DAY
UP_MS = 12_345_678  # the machine has been up for hours
AWAY = Unavailable("no answer")


class Clocked:
    """`clock.true_ms` is true time; `clock.ms` what the computer shows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self.office = Office(self.clock)
        self.office.server_skew_s = self.office.server_time = None
        self.boots = 0
        self.uptime_ms = UP_MS
        self.read_at: dict[str, int] = {}  # by identification code, in true time
        self.plant = plant(batches=BatchRules(max_codes=100, max_age_ms=15 * MINUTE))
        self._codes = 0

    async def start(self) -> None:
        """The program starts."""
        self.office.server_skew_s = self.office.server_time = None
        self.journal = Journal(self.path)
        numbers = await self.journal.open(BINDING, [*DEVICES, *map(typed_device, self.plant.stations)])
        self.state = LineState(self.plant)
        self.now = WallClock(lambda: self.clock.ms, lambda: self.uptime_ms, f"boot {self.boots}")
        self.now.begin(self.journal, ClockSteps(self.state))
        self.problems = Problems(self.now)
        self.intake = LineIntake(self.plant, self.journal, self.state, self.problems, numbers, self.now)
        self.line = line_commands(self.plant, self.journal, self.state, self.intake, self.now)
        ports = Ports(
            journal=self.journal,
            regulator=self.office,
            problems=self.problems,
            rules=RULES,
            profile=PROFILE,
            timezone=self.plant.timezone,
            wall_ms=self.now,
            sleep=asyncio.sleep,
            chance=random.Random(1),
        )
        self.delivery = Delivery(ports)
        self.clock.was_set = lambda: None  # only what the program notices itself counts here
        self.now.listeners += [self.office.clock_was_set, self.delivery.clock_was_set]
        self.sealer = Sealer(self.journal, self.state, self.problems, self.now, self._skew_s, self.delivery.nudge)
        self.people = report_commands(self.journal, self.now, self.delivery.nudge)
        await self.delivery.recover()

    def _skew_s(self) -> float | None:
        self.now.on_skew(self.office.server_skew_s)
        return self.office.server_skew_s

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def passes(self, ms: int) -> None:
        """Time."""
        self.clock.pass_ms(ms)
        self.uptime_ms += ms

    def set_clock(self, by_ms: int) -> None:
        self.clock.jump_ms(by_ms)

    async def restart(self, *, reboot: bool = False, meanwhile: int = 0) -> None:
        """The program, or the machine, goes off and on again; the clock may be set by so much in between."""
        await self.journal.close()
        self.passes(20 * SECOND)
        self.set_clock(meanwhile)
        if reboot:
            self.boots += 1
            self.uptime_ms = UP_MS
        await self.start()

    # ── work ────────────────────────────────────────────────────────────────────────────────────────────────────────
    async def job(self, **attributes: Any) -> None:
        await self.line.do("job-start", {"gtin": OIL, "replace": True, **attributes})

    async def reads(self, count: int = 3) -> None:
        """So many items, a second each."""
        for _ in range(count):
            self.passes(SECOND)
            code = oil(self._codes)
            self._codes += 1
            judgement = await self.intake.judge("cam-1", [frame(code)], 0.0)
            assert judgement.accepts == [True]
            self.intake.replied("cam-1", judgement)
            self.read_at[code.partition("\x1d")[0]] = self.clock.true_ms

    async def hear(self) -> None:
        """The regulator is asked something, as it is now and then."""
        self.now()
        with contextlib.suppress(LookupFailed):
            await self.office.document("any")
        await self.journal.do(clock_settings.newest)  # a disk is slower than time here
        self._skew_s()

    async def settle(self, minutes: int = 40) -> None:
        """The loops go on for a while."""
        for _ in range(minutes * 2):
            await self.hear()
            await self.sealer.look()
            while await self.delivery.send_next():
                pass
            self.passes(30 * SECOND)

    # ── what came of it ─────────────────────────────────────────────────────────────────────────────────────────────
    async def reports(self) -> list[ReportRow]:
        return await self.journal.read(reports_where)

    async def settings(self) -> list[Setting]:
        found: list[Setting] = await self.journal.do(clock_settings.every)
        return found

    async def held(self) -> list[ReportRow]:
        return [report for report in await self.reports() if report.state == "held"]

    def sent(self) -> dict[str, datetime]:
        """By identification code: the production date it was reported with."""
        found = {}
        for body in self.office.submitted:
            told = json.loads(body)
            for code in told["sntins"]:
                ident = code.partition("\x1d")[0]
                assert ident not in found
                found[ident] = datetime.fromisoformat(told["productionDate"])
        return found

    async def is_right(self, *, off_ms: int = 0) -> int:
        """Whether each code was sent dated right, as the first of its batch was, or is held; nothing waits. Returns how
        many are held.
        """
        sent, rows = self.sent(), await self.reports()
        firsts: dict[int, int] = {}
        held = 0
        codes = await self.journal.read(lambda c: c.execute("SELECT ident, batch_id FROM code ORDER BY id").fetchall())
        states = {row.batch_id: row.state for row in rows}
        for ident, batch in codes:
            true_ms = firsts.setdefault(batch, self.read_at[ident])
            if ident in sent:
                assert abs(sent[ident].timestamp() * 1000 - true_ms) <= off_ms + 1_000, (ident, sent[ident], true_ms)
            else:
                assert states[batch] == "held", (ident, states[batch], [row.problem for row in rows])
                held += 1
        assert len(codes) == len(self.read_at)
        return held


@asynccontextmanager
async def clocked(path: Path) -> AsyncIterator[Clocked]:
    """A line whose clock is right, whose regulator was not heard yet."""
    line = Clocked(path)
    await line.start()
    try:
        yield line
    finally:
        await line.journal.close()


__all__ = ["AWAY", "DAY", "HOUR", "MINUTE", "NOON_MS", "SECOND", "YEAR", "Clocked", "clocked"]
