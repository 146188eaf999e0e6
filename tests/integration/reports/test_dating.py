"""No date goes out that is in the regulator's future or known to be wrong, however the computer's clock was set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.reports.clocked import AWAY, DAY, HOUR, MINUTE, SECOND, YEAR, clocked

STEPS = [sign * ms for ms in (SECOND, MINUTE, HOUR, 2 * DAY, YEAR, 10 * YEAR) for sign in (1, -1)]
NAMES = [f"{step / 1000:+.0f}s" for step in STEPS]
steps = pytest.mark.parametrize("step", STEPS, ids=NAMES)
away = pytest.mark.parametrize("away", [False, True], ids=["heard", "away"])


@steps
@away
async def test_a_clock_that_is_wrong_for_a_while_in_the_run(tmp_path: Path, step: int, *, away: bool) -> None:
    """Right, wrong, right: what was read between is dated right, since the steps are known."""
    async with clocked(tmp_path / "line.db") as line:
        line.office.deaf = AWAY if away else None
        await line.job()
        await line.reads()
        if not away:
            await line.hear()
        line.set_clock(step)
        await line.reads(8)
        if not away:
            await line.hear()
        line.set_clock(-step)
        await line.reads()
        await line.settle(1)
        line.office.deaf = None
        await line.settle()
        assert await line.is_right() == 0


@steps
@away
async def test_a_clock_that_is_wrong_at_the_start_and_put_right(tmp_path: Path, step: int, *, away: bool) -> None:
    async with clocked(tmp_path / "line.db") as line:
        await line.restart(reboot=True, meanwhile=step)
        line.office.deaf = AWAY if away else None
        await line.job()
        await line.reads()
        if not away:
            await line.settle(1)
        line.set_clock(-step)
        await line.reads()
        line.office.deaf = None
        await line.settle()
        assert await line.is_right() == 0


@steps
@away
async def test_a_clock_that_is_put_right_while_the_program_is_off(tmp_path: Path, step: int, *, away: bool) -> None:
    async with clocked(tmp_path / "line.db") as line:
        await line.restart(reboot=True, meanwhile=step)
        line.office.deaf = AWAY if away else None
        await line.job()
        await line.reads()
        await line.line.seal({})
        await line.reads()
        await line.restart(meanwhile=-step)
        await line.reads()
        line.office.deaf = None
        await line.settle()
        assert await line.is_right() == 0


@steps
@away
async def test_a_clock_that_is_put_right_while_the_machine_is_off(tmp_path: Path, step: int, *, away: bool) -> None:
    """Where the regulator was never heard in between, nobody knows: held, if it cannot be true."""
    async with clocked(tmp_path / "line.db") as line:
        await line.job()
        await line.reads()
        await line.settle(1)
        await line.restart(reboot=True, meanwhile=step)
        line.office.deaf = AWAY if away else None
        await line.reads()
        if not away:
            await line.hear()
        await line.restart(reboot=True, meanwhile=-step)
        line.office.deaf = None
        await line.reads()
        await line.settle()
        small = abs(step) <= MINUTE
        held = await line.is_right(off_ms=MINUTE if small else 0)
        assert held == (3 if away and not small else 0)


@steps
async def test_while_the_clock_is_wrong_nothing_that_it_dated_goes_out(tmp_path: Path, step: int) -> None:
    async with clocked(tmp_path / "line.db") as line:
        await line.restart(reboot=True, meanwhile=step)
        await line.job()
        await line.reads()
        line.office.deaf = AWAY
        await line.line.seal({})
        line.office.deaf = None
        await line.settle()
        if abs(step) > 5 * MINUTE:
            assert line.office.submitted == []
            assert line.problems.has("clock")
        line.set_clock(-step)
        await line.settle()
        assert await line.is_right(off_ms=0 if abs(step) > 5 * MINUTE else abs(step)) == 0

