"""A line with its real rooms for a day of production in virtual time.

The floor (`belt`, `floor`) decides what happens and what has to be said to it; every answer of the line is compared at
once, so that a difference shows where it arises. The line's clock is the floor's; nothing waits for a real second.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lined.journal import Journal
from lined.journal.database import SqliteError
from lined.line.intake.intake import LineIntake
from lined.line.jobs.sealing import Sealer
from lined.line.plant import BatchRules, PackageRule, Plant, Product, Station
from lined.line.state import LineState
from lined.line.stations.read import typed_device
from lined.line.stations.verdicts import PublishedVerdict
from lined.line.watch.balance import BalanceWatch
from lined.line.watch.problems import Problems
from lined.reports.delivery.loops import Delivery
from lined.reports.delivery.ports import Ports
from lined.reports.delivery.rules import DeliveryRules
from tests.commands import line_commands, report_commands
from tests.harness.line import BINDING, OIL, Frame
from tests.harness.office import Clock
from tests.integration.day.office import Books
from tests.profiles import PROFILE


class BrokenError(SqliteError):
    """What SQLite raises where the disk fails."""

    sqlite_errorcode = 10


HOUR_MS = 3_600_000
BEGIN_MS = 1_795_402_800_000  # 2026-11-23T08:00:00+05:00
SHIFT_MS = 8 * HOUR_MS
CONFIRM_MS = 2_000
REPEAT_MS = 5_000
CAPACITY = 6
DEVICES = ("camera", "handheld", "grader", "packer", "bin")
STATIONS = ("marking", "quality", "boxing", "out")


def plant() -> Plant:
    demands = frozenset({"production_date", "expiration_date"})
    stations = {
        "marking": Station(
            "marking", "apply", ("camera", "handheld"), repeat_ms={"handheld": REPEAT_MS}, confirm_ms=CONFIRM_MS
        ),
        "quality": Station("quality", "verify", ("grader",), applies=False),
        "boxing": Station(
            "boxing",
            "pack",
            ("packer",),
            applies=False,
            repeat_ms={"packer": REPEAT_MS},
            level="BOX_LV_1",
            mode="children-then-parent",
        ),
        "out": Station("out", "reject", ("bin",), applies=False),
    }
    return Plant(
        "line-1",
        "Asia/Tashkent",
        27,
        {OIL: Product(OIL, "Oil", "vegetableoil", "PRODUCTION", "UZ", shelf_life_days=365, demands=demands)},
        stations,
        BatchRules(max_codes=40, max_age_ms=20 * 60_000, first_ms=60_000),
        packing={OIL: {"BOX_LV_1": PackageRule("BOX_LV_1", CAPACITY, "UNIT")}},
    )


class Line:
    """The program, life after life."""

    def __init__(self, path: Path, office: Books, clock: Clock) -> None:
        self.path, self.office, self.clock = path, office, clock
        self.plant = plant()
        self.fail_next: SqliteError | None = None
        self.verdicts: list[PublishedVerdict] = []
        self.earlier: deque[Any] = deque(maxlen=64)

    async def start(self) -> None:
        def wall_ms() -> int:
            return self.clock.ms

        self.journal = Journal(self.path, crash_point=self._crash_point)
        numbers = await self.journal.open(BINDING, [*DEVICES, *map(typed_device, STATIONS)])
        state = LineState(self.plant)
        self.problems = Problems(wall_ms)
        self.intake = LineIntake(self.plant, self.journal, state, self.problems, numbers, wall_ms)
        self.intake.listeners.append(self.verdicts.extend)
        self.does = line_commands(self.plant, self.journal, state, self.intake, wall_ms)
        ports = Ports(
            journal=self.journal,
            regulator=self.office,
            problems=self.problems,
            rules=DeliveryRules(),
            profile=PROFILE,
            timezone=self.plant.timezone,
            wall_ms=wall_ms,
            sleep=asyncio.sleep,
            chance=random.Random(1),
        )
        self.delivery = Delivery(ports)
        self.people = report_commands(self.journal, wall_ms, self.delivery.nudge)
        self.sealer = Sealer(self.journal, state, self.problems, wall_ms, lambda: None, self.delivery.nudge)
        self.watch = BalanceWatch(self.journal, self.problems, STATIONS, packs=True)
        self.watch._earlier = self.earlier
        await self.delivery.recover()

    async def restart(self) -> None:
        self.intake.settle_marks()
        await self.journal.close()
        await self.start()

    async def work(self) -> None:
        """One look of each loop."""
        self.intake.settle_marks()
        await self.does.context.line.confirming.look()
        await self.sealer.look()
        await self.delivery.send_next()
        await self.delivery.look_next()
        await self.delivery.follow_next()

    async def say(self, device: str, frames: Sequence[Frame], *, heard: bool = True) -> list[PublishedVerdict]:
        before = len(self.verdicts)
        judgement = await self.intake.judge(device, frames, asyncio.get_running_loop().time())
        if heard:
            self.intake.replied(device, judgement)
        else:
            self.intake.unsaid(device, judgement, 0, "the cable was out")
        return self.verdicts[before:]

    def _crash_point(self, where: str) -> None:
        if where == "before-commit" and self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
