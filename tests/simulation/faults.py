"""What goes wrong, one thing after the other, drawn from the seed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.simulation.world import World

KINDS = ("kill", "cut", "stop", "clock", "full", "tight", "slow", "break", "outage", "blind")
ENDS = ("kill", "cut", "stop")  # ways in which a life ends: SIGKILL, a power cut with an old said-file, SIGTERM
DAY_MS = 86_400_000
OFF_MS = (1_000, 30_000, 400_000, 3_600_000, 2 * DAY_MS, 365 * DAY_MS, 3_650 * DAY_MS)
JUMPS_MS = (0,) * 5 + OFF_MS + tuple(-off_ms for off_ms in OFF_MS)  # what the clock is set off by, or right again


async def trouble(world: World, end: Callable[[str], None]) -> None:
    """Until it is cancelled. Each run has its own mixture of kinds and its own pace; `end` ends a life."""
    chance = world.chance
    every_s = chance.choice((15.0, 40.0, 100.0))
    kinds = chance.sample(KINDS, chance.randint(1, 5))
    while True:
        await asyncio.sleep(chance.expovariate(1 / every_s))
        kind = chance.choice(kinds)
        world.note(f"trouble: {kind}")
        if kind in ENDS:
            world.off_at_boot_ms = chance.choice(JUMPS_MS) if kind == "cut" and "clock" in kinds else None
            end(kind)
        elif kind == "clock":
            world.clock_off_ms = chance.choice(JUMPS_MS)
        elif kind == "break":
            world.disk.break_at = chance.choice(("before-commit", "after-commit"))
        else:
            await _for_a_while(world, kind)


async def _for_a_while(world: World, kind: str) -> None:
    owner = world.disk if kind in vars(world.disk) else world.weather
    name = "down" if kind == "outage" else kind
    setattr(owner, name, True)
    await asyncio.sleep(world.chance.choice((1.0, 20.0, 60.0)))
    setattr(owner, name, False)


def all_is_well(world: World) -> None:
    """No fault any more."""
    world.weather.calm = True
    world.mistakes.end()
    world.weather.down = world.weather.blind = world.disk.full = world.disk.tight = world.disk.slow = False
    world.disk.break_at = ""
    world.clock_off_ms = 0
    world.off_at_boot_ms = None
    world.cable_fault = 0.0
