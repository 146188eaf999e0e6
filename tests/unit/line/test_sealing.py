"""When batches end, and that a clock nobody can trust seals nothing, says so, and makes up for it by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lined.api.statuses import STATUS
from lined.journal.views import newest_entry
from lined.line.jobs import sealing
from lined.line.plant import BatchRules
from lined.vocabulary.errors import CommandError
from tests.harness.line import DAY, HOUR, MINUTE, NOON, Line, ident, oil

RULES = BatchRules(max_codes=5, max_age_ms=15 * MINUTE, first_ms=MINUTE)
LATER = BatchRules(max_codes=5, max_age_ms=15 * MINUTE, first_ms=0)


async def states(line: Line) -> list[tuple[int, str, str | None]]:
    return [(r.codes, r.state, r.seal_reason) for r in await line.reports()]


async def test_a_full_batch_is_sealed(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        await line.job()
        await line.words("cam-1", *[oil(n) for n in range(6)])
        assert await line.sealer.look() == 1
        assert await states(line) == [(5, "sealed", "full"), (1, "open", None)]
        assert line.nudges == 1


async def test_the_age_of_a_batch_is_that_of_its_oldest_code(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        await line.job()
        line.now += HOUR  # the job's own age does not matter
        await line.word("cam-1", oil(1))
        line.now += 15 * MINUTE - 1
        await line.word("cam-1", oil(2))
        assert await line.sealer.look() == 0
        line.now += 1
        await line.restart()
        assert await line.sealer.look() == 1
        assert await states(line) == [(2, "sealed", "age")]
        await line.word("cam-1", oil(3))
        assert len(await line.reports()) == 2


async def test_the_first_batch_of_a_job_and_only_it_is_sealed_after_a_minute(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db", batches=RULES) as line:
        for job in range(2):
            await line.job(replace=True)
            await line.word("cam-1", oil(10 * job))
            line.now += MINUTE - 1
            assert await line.sealer.look() == 0
            line.now += 1
            assert await line.sealer.look() == 1
            await line.word("cam-1", oil(10 * job + 1))
            line.now += 14 * MINUTE
            assert await line.sealer.look() == 0
            line.now += MINUTE
            assert await line.sealer.look() == 1
        assert {state for _, state, _ in await states(line)} == {"sealed"}


async def test_a_command_seals_what_has_codes(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        assert (await line.line.do("seal", {}))["sealed"] == []
        await line.job()
        assert (await line.line.do("seal", {}))["sealed"] == []
        await line.word("cam-1", oil(1))
        assert (await line.line.do("seal", {"kind": "validation"}))["sealed"] == []
        assert (await line.line.do("seal", {"kind": "utilisation"}))["sealed"] == ["1"]
        assert (await line.line.do("seal", {}))["sealed"] == []
        assert await states(line) == [(1, "sealed", "command")]


async def test_a_sealed_report_is_due_after_it_has_settled(tmp_path: Path) -> None:
    rules = BatchRules(max_codes=1, settle_ms=7_000)
    async with Line(tmp_path / "j.db", batches=rules) as line:
        await line.job()
        await line.words("cam-1", oil(1), oil(2))
        await line.sealer.look()
        assert (await line.reports())[0].due_ms == NOON + 7_000
        await line.line.do("job-stop", {})
        assert (await line.reports())[1].due_ms == NOON + 7_000


@pytest.mark.parametrize("how", ["age", "stop", "full"])
async def test_a_batch_without_codes_left_is_void(tmp_path: Path, how: str) -> None:
    async with Line(tmp_path / "j.db", batches=BatchRules(max_codes=2)) as line:
        await line.job()
        await line.words("cam-1", oil(1), oil(2))
        for number in (1, 2):
            await line.line.do("withdraw", {"code": ident(number), "reason": "damaged"})
        assert (await line.line.do("seal", {}))["sealed"] == []
        if how == "full":
            await line.word("cam-1", oil(3))
        elif how == "age":
            line.now += 15 * MINUTE
        else:
            await line.line.do("job-stop", {})
        await line.sealer.look()
        assert (await line.reports())[0].state == "void"
        sums = await line.sums()
        assert sums["code.withdrawn"] == 2


@pytest.mark.parametrize("skew_s", [301.0, -301.0, 1e6])
async def test_more_than_five_minutes_off_the_regulators_clock_seals_nothing_until_it_is_right(
    tmp_path: Path, skew_s: float
) -> None:
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        await line.job()
        await line.words("cam-1", *[oil(n) for n in range(6)])
        line.now += 16 * MINUTE
        line.skew_s = skew_s
        assert await line.sealer.look() == 0
        assert line.problems.has("clock")
        with pytest.raises(CommandError) as caught:
            await line.line.do("seal", {})
        assert (STATUS[type(caught.value)], caught.value.code) == (409, "clock")
        await line.line.do("job-stop", {})
        assert {r.state for r in await line.reports()} == {"open"}
        assert await line.sealer.look() == 0
        line.skew_s = -299.0
        assert await line.sealer.look() == 2
        assert not line.problems.has("clock")
        assert await states(line) == [(5, "sealed", "full"), (1, "sealed", "job ended")]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_before_the_newest_entry_seals_nothing_until_it_is_right(
    tmp_path: Path, *, restarted: bool
) -> None:
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        await line.job()
        await line.words("cam-1", *[oil(n) for n in range(6)])
        line.now -= DAY
        if restarted:
            await line.restart()
        assert await line.sealer.look() == 0
        assert line.problems.has("clock")
        assert await line.word("cam-1", oil(20)) == "accept"  # production goes on
        if restarted:  # and what was written with the wrong clock does not make it right
            await line.restart()
        assert await line.sealer.look() == 0
        assert line.problems.has("clock")
        assert {r.state for r in await line.reports()} == {"open"}
        line.now = NOON + 15 * MINUTE
        assert await line.sealer.look() >= 1
        assert not line.problems.has("clock")


@pytest.mark.parametrize("looked_at", [1, 1_000])
async def test_what_was_written_under_a_wrong_clock_does_not_make_it_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    monkeypatch.setattr(newest_entry, "LOOKED_AT", looked_at)
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        await line.job()
        await line.word("cam-1", oil(0))
        line.now += HOUR
        await line.word("cam-1", oil(1))
        line.now -= HOUR // 2
        if looked_at > 1:  # a new batch; else the old one goes on, and knows its newest moment whatever follows
            await line.job(replace=True)
        await line.words("cam-1", *[oil(n) for n in range(2, 5)], "x")
        await line.restart()
        assert await line.sealer.look() == 0
        assert line.problems.has("clock")


@pytest.mark.parametrize("restarted", [False, True])
async def test_entries_dated_by_a_clock_that_ran_ahead_stop_nothing_once_the_regulator_agrees_with_it(
    tmp_path: Path, *, restarted: bool
) -> None:
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        line.skew_s = 0.1
        line.now += 30 * DAY
        await line.job()
        await line.word("cam-1", oil(0))
        line.now = NOON
        line.skew_s = None  # it agreed before, which says nothing about now
        if restarted:
            await line.restart()
        await line.words("cam-1", *[oil(n) for n in range(1, 6)])
        assert await line.sealer.look() == 0
        assert line.problems.has("clock")
        line.skew_s = 0.2
        assert await line.sealer.look() == 1
        assert not line.problems.has("clock")
        assert (await line.line.do("seal", {}))["sealed"] == ["2"]


async def test_a_clock_that_was_set_back_stays_wrong_whatever_was_heard_before(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        line.skew_s = 0.1
        await line.job()
        await line.words("cam-1", *[oil(n) for n in range(6)])
        line.now -= DAY
        for skew_s in (None, -86_399.9, -86_399.8):
            line.skew_s = skew_s
            assert await line.sealer.look() == 0
            assert line.problems.has("clock")


async def test_a_small_step_of_time_synchronisation_is_no_problem(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        await line.job()
        await line.words("cam-1", *[oil(n) for n in range(6)])
        line.now -= 2_000
        assert await line.sealer.look() == 1
        assert not line.problems.has("clock")


async def test_a_disk_that_is_full_for_a_while_does_not_end_the_sealing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "TICK_S", 0.01)
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        await line.job()
        await line.words("cam-1", *[oil(n) for n in range(6)])
        line.fail_next = True
        task = asyncio.create_task(line.sealer.run())
        async with asyncio.timeout(60):
            while not line.nudges and not task.done():
                await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])
        assert not line.fail_next
        assert await states(line) == [(5, "sealed", "full"), (1, "open", None)]


async def test_a_sealing_that_was_rolled_back_is_done_again(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db", batches=LATER) as line:
        await line.job()
        await line.words("cam-1", oil(1), oil(2))
        line.fail_next = True
        with pytest.raises(Exception, match="full"):
            await line.line.do("seal", {})
        assert await line.word("cam-1", oil(3)) == "accept"
        assert await states(line) == [(3, "open", None)]
        assert (await line.line.do("seal", {}))["sealed"] == ["1"]
