"""A step of the clock is noticed at once, and is in the journal before what is dated after it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lined.journal.tables import clock_settings
from lined.journal.tables.clock_settings import Setting
from lined.line.jobs.clock_steps import ClockSteps
from lined.line.jobs.sealing import why_due
from lined.line.plant import BatchRules
from lined.line.watch.clock import WallClock, system_uptime_ms, system_wall_ms
from lined.line.watch.problems import Problems
from lined.regulator import Account, Regulator
from tests.commands import line_commands
from tests.harness.line import HOUR, MINUTE, NOON, OIL, Line, frame, oil
from tests.harness.raw_server import Peer, RawServer, answer
from tests.profiles import PROFILE


class Machine:
    """A clock on the wall and the uptime; `late_ms`: how long whoever looks is kept waiting in between."""

    def __init__(self) -> None:
        self.wall_ms, self.uptime_ms, self.late_ms = NOON, 5 * HOUR, 0

    def passes(self, ms: int) -> None:
        self.wall_ms += ms
        self.uptime_ms += ms

    def wall(self) -> int:
        self.passes(self.late_ms)
        return self.wall_ms


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[tuple[Machine, WallClock, Line]]:
    async with Line(path) as line:
        machine = Machine()
        clock = WallClock(machine.wall, lambda: machine.uptime_ms, "boot 1")
        clock.begin(line.journal, ClockSteps(line.state))
        yield machine, clock, line


async def settings(line: Line) -> list[Setting]:
    return list(await line.read(clock_settings.every))


async def test_time_that_passes_is_no_step_however_long_a_look_takes(tmp_path: Path) -> None:
    async with watched(tmp_path / "j.db") as (machine, clock, line):
        for ms in (1, 1_000, HOUR, 400 * 24 * HOUR):
            machine.passes(ms)
            assert clock() == machine.wall_ms
        machine.late_ms = 30_000  # kept waiting between two looks at clocks
        clock()
        machine.late_ms = 0
        clock()
        assert clock.step_ms is None
        assert len(await settings(line)) == 1


@pytest.mark.parametrize("step", [500, -500, 1_000, -1_000, MINUTE, -HOUR, 10 * 365 * 24 * HOUR])
async def test_a_step_is_noticed_by_the_first_who_asks_the_time(tmp_path: Path, step: int) -> None:
    async with watched(tmp_path / "j.db") as (machine, clock, line):
        heard: list[int] = []
        clock.listeners.append(lambda: heard.append(machine.wall_ms))
        machine.wall_ms += step + (1 if step > 0 else -1)
        assert clock() == machine.wall_ms
        assert heard == [machine.wall_ms]
        clock()
        assert len(heard) == 1
        first, second = await settings(line)
        assert (first.step_ms, second.step_ms) == (None, second.offset_ms - first.offset_ms)
        assert second.from_ms == machine.wall_ms


async def test_small_steps_add_up(tmp_path: Path) -> None:
    async with watched(tmp_path / "j.db") as (machine, clock, line):
        for _ in range(2):
            machine.wall_ms += 300
            clock()
        assert clock.step_ms == 600
        assert len(await settings(line)) == 2


async def test_codes_are_told_apart_by_their_numbers(tmp_path: Path) -> None:
    """The step is in the queue before the read that is dated after it."""
    async with watched(tmp_path / "j.db") as (machine, clock, line):
        line.intake._wall_ms = clock
        await line.job()
        await line.words("cam-1", oil(1), oil(2))
        under_way = []
        for number in (3, 4):  # both steps and both reads in one group of the writer's
            machine.wall_ms += HOUR if number == 4 else -HOUR
            under_way.append(line.submit("cam-1", frame(oil(number))))
        for judgement in await asyncio.gather(*under_way):
            line.intake.replied("cam-1", judgement)
        assert [setting.first_code for setting in await settings(line)] == [1, 3, 4]
        assert [report.codes for report in await line.reports()] == [2, 1, 1]


async def test_what_a_full_disk_refused_is_written_ahead_of_the_next_read(tmp_path: Path) -> None:
    async with watched(tmp_path / "j.db") as (machine, clock, line):
        line.intake._wall_ms = clock
        await line.job()
        machine.wall_ms += HOUR
        line.fail_next = True
        assert await line.word("cam-1", oil(1)) == "not-durable"
        assert await line.word("cam-1", oil(1)) == "accept"
        await asyncio.sleep(0)
        first, second = await settings(line)
        assert (first.step_ms, second.step_ms, second.first_code) == (None, HOUR, 1)


async def test_other_threads_read_the_time_and_look_for_no_step(tmp_path: Path) -> None:
    async with watched(tmp_path / "j.db") as (machine, clock, _line):
        machine.wall_ms += HOUR
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(clock()))
        thread.start()
        thread.join()
        assert found == [machine.wall_ms]
        assert clock.step_ms is None
        clock()
        assert clock.step_ms == HOUR


async def test_people_hear_of_a_step_until_the_regulator_is_heard(tmp_path: Path) -> None:
    async with watched(tmp_path / "j.db") as (machine, clock, line):
        problems = Problems(clock)
        clock.tell(problems)
        assert not problems.has("clock-set")
        machine.wall_ms += 3_000  # of time synchronisation
        clock()
        clock.tell(problems)
        assert not problems.has("clock-set")
        machine.wall_ms -= HOUR
        clock()
        clock.tell(problems)
        assert [problem.text for problem in problems.all()] == [
            "The clock of this computer was set 3600 s back. Nothing is sent before the regulator's clock was heard."
        ]
        clock.on_skew(-0.2)
        clock.tell(problems)
        assert not problems.has("clock-set")
        assert [setting.skew_ms for setting in await settings(line)] == [None, None, -200]


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_what_an_answer_measures_belongs_to_the_setting_that_it_meets(tmp_path: Path, step: int) -> None:
    """The answer comes after a step that nobody has noticed yet."""
    async with watched(tmp_path / "j.db") as (machine, clock, line):

        async def dated(peer: Peer) -> None:
            await peer.request()
            machine.wall_ms += step
            await peer.send(answer(200, {"reportId": "x"}, date=NOON / 1000))

        def wall() -> datetime:
            return datetime.fromtimestamp(clock() / 1000, UTC)

        async with RawServer(dated) as server:
            account = Account(
                url=server.url, tin="307797292", business_place_id=27, profile=PROFILE, api_key=lambda: "key"
            )
            async with Regulator(account, wall=wall) as regulator:
                clock.listeners.append(regulator.clock_was_set)
                await regulator.wait_for_permit("utilisation")
                await regulator.submit("utilisation", b"{}", product_group="water")
                clock.on_skew(regulator.server_skew_s)
        first, second = await settings(line)
        assert first.skew_ms is None
        assert second.skew_ms == pytest.approx(step, abs=5_000)


def test_the_clocks_of_this_machine_go_together() -> None:
    offset_ms = system_wall_ms() - system_uptime_ms()
    for _ in range(1_000):
        before = system_uptime_ms()
        now = system_wall_ms()
        assert now - system_uptime_ms() - 1 <= offset_ms + 500 and now - before + 1 >= offset_ms - 500


@pytest.mark.parametrize("step", [HOUR, -HOUR, 10 * 365 * 24 * HOUR])
async def test_what_is_counted_from_before_a_step_goes_on(tmp_path: Path, step: int) -> None:
    """A command's id is known as long as it would have been, a repeat is one, and a report waits no longer."""
    async with watched(tmp_path / "j.db") as (machine, clock, line):
        line.intake._wall_ms = clock
        commands = line_commands(line.plant, line.journal, line.state, line.intake, clock)
        first = await commands.do("job-start", {"gtin": OIL, "id": "plc-1"})
        assert await line.words("hand-1", oil(1)) == ["accept"]
        assert await line.words("hand-1", oil(1)) == ["repeat"]
        await line.read(lambda c: c.execute("UPDATE report SET due_ms = ?", (machine.wall_ms + MINUTE,)).rowcount)
        machine.wall_ms += step
        assert await line.words("hand-1", oil(1)) == ["repeat"]
        assert await commands.do("job-start", {"gtin": OIL, "id": "plc-1"}) == first
        assert (await line.reports())[0].due_ms == machine.wall_ms + MINUTE


@pytest.mark.parametrize(("begun", "due"), [(0, None), (-15 * MINUTE, "age"), (4 * MINUTE, None), (24 * HOUR, "age")])
async def test_a_batch_that_a_clock_which_ran_ahead_has_begun_waits_for_nothing(
    tmp_path: Path, begun: int, due: str | None
) -> None:
    async with watched(tmp_path / "j.db") as (_machine, _clock, line):
        await line.job()
        await line.word("cam-1", oil(1))
        report = (await line.reports())[0]._replace(first_ms=NOON + begun, early=0)
        assert why_due(report, BatchRules(max_age_ms=15 * MINUTE), NOON) == due
