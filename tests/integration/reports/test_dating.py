"""No date goes out that is in the regulator's future or known to be wrong, however the computer's clock was set."""

from __future__ import annotations

from pathlib import Path

import pytest

from lined.i18n.catalogues import catalogue
from lined.i18n.facts import in_words
from lined.i18n.shown import Clock
from lined.vocabulary.errors import NotSent
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
        await line.line.do("seal", {})
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
        await line.line.do("seal", {})
        line.office.deaf = None
        await line.settle()
        if abs(step) > 5 * MINUTE:
            assert line.office.submitted == []
            assert line.problems.has("clock")
        line.set_clock(-step)
        await line.settle()
        assert await line.is_right(off_ms=0 if abs(step) > 5 * MINUTE else abs(step)) == 0


async def test_what_a_clock_of_which_nothing_is_known_has_dated_goes_out_once_a_person_says_it_is_right(
    tmp_path: Path,
) -> None:
    async with clocked(tmp_path / "line.db") as line:
        await line.job()
        await line.reads()
        await line.settle(1)
        await line.restart(reboot=True, meanwhile=-2 * DAY)
        line.office.deaf = AWAY
        await line.reads(4)
        shown = line.clock.ms
        await line.restart(reboot=True, meanwhile=2 * DAY)
        line.office.deaf = None
        await line.settle()
        (report,) = await line.held()
        assert report.problem is not None and report.problem.startswith("4 codes: this computer's clock was wrong")
        assert in_words(report.problem, catalogue("ru").gettext, Clock("Asia/Tashkent")).startswith(
            "Кодов: 4. Когда часы"
        )
        assert report.fingerprint is None  # what it will say is not decided yet
        await line.people.do("report-retry", {}, by="Aziza", subject=str(report.id))
        await line.settle()
        assert await line.held() == []
        dates = line.sent()
        assert sum(date.timestamp() * 1000 <= shown for date in dates.values()) == 4


@pytest.mark.parametrize("reads", [0, 3])
async def test_two_starts_that_contradict_each_other_are_both_for_a_person(tmp_path: Path, reads: int) -> None:
    """Nobody was heard under either, and the later one shows the earlier time."""
    async with clocked(tmp_path / "line.db") as line:
        line.office.deaf = AWAY
        await line.job()
        await line.reads(reads)
        await line.restart(reboot=True, meanwhile=-2 * DAY)
        await line.reads(4)
        await line.restart(reboot=True, meanwhile=2 * DAY)
        line.office.deaf = None
        await line.settle()
        assert line.office.submitted == []
        assert await line.is_right() == reads + 4


async def test_a_person_may_give_the_right_date_instead(tmp_path: Path) -> None:
    async with clocked(tmp_path / "line.db") as line:
        await line.job()
        await line.restart(reboot=True, meanwhile=-2 * DAY)
        line.office.deaf = AWAY
        await line.reads()
        line.set_clock(DAY)
        await line.reads()
        await line.restart(reboot=True, meanwhile=DAY)
        line.office.deaf = None
        await line.settle()
        held = await line.held()
        assert len(held) == 2
        await line.line.do("job-correct", {"production_date": "2026-11-22"})
        for report in held:
            await line.people.do(
                "report-release", {"codes": "unreported", "reason": "date given"}, subject=str(report.id)
            )
        await line.settle()
        assert await line.held() == []
        assert {date.date().isoformat() for date in line.sent().values()} == {"2026-11-22"}


async def test_codes_of_two_days_are_held_where_a_wrong_clock_took_them_for_one(tmp_path: Path) -> None:
    async with clocked(tmp_path / "line.db") as line:
        await line.job()
        line.passes(11 * HOUR + 59 * MINUTE)
        line.set_clock(-5 * HOUR)
        await line.reads(100)
        line.set_clock(5 * HOUR)
        await line.settle()
        (report,) = await line.held()
        assert "not all on the day of the first" in str(report.problem)
        await line.people.do("report-retry", {}, subject=str(report.id))
        await line.settle()
        assert len(line.sent()) == 100


@pytest.mark.parametrize("frozen", [False, True])
async def test_a_report_whose_expiry_passes_while_it_waits_is_held(tmp_path: Path, *, frozen: bool) -> None:
    async with clocked(tmp_path / "line.db") as line:
        await line.job(expiration_date="2026-11-23T13:00:00+05:00")
        await line.reads()
        await line.hear()
        if frozen:
            line.office.answers.append(NotSent("connection refused"))
            await line.line.do("seal", {})
            await line.delivery.send_next()
            assert (await line.reports())[0].frozen_ms is not None
        line.office.deaf, line.office.turn = AWAY, NotSent("no answer")
        await line.settle(60)
        line.office.deaf = line.office.turn = None
        before = len(line.office.submitted)
        await line.settle()
        (report,) = await line.held()
        assert str(report.problem).startswith("Its expiry, 2026-11-23T13:00:00+05:00, has passed")
        await line.people.do("report-retry", {}, subject=str(report.id))
        await line.settle()
        assert [one.id for one in await line.held()] == [report.id]
        assert len(line.office.submitted) == before == int(frozen)


async def test_a_step_voids_what_was_measured(tmp_path: Path) -> None:
    """An hour ahead all at once: what is sent waits for the regulator's clock, and then for ours to be right."""
    async with clocked(tmp_path / "line.db") as line:
        await line.restart(reboot=True, meanwhile=HOUR)
        await line.job()
        await line.reads()
        await line.hear()
        before = line.office.server_skew_s
        line.set_clock(DAY)
        await line.reads()
        assert (before, line.office.server_skew_s) == (3600.0, None)
        line.office.deaf = AWAY
        await line.settle(5)
        assert line.office.submitted == []
        assert not line.problems.has("held")


@pytest.mark.parametrize("by", [400, -400, 100])
async def test_time_synchronisation_ends_no_batch(tmp_path: Path, by: int) -> None:
    """Steps too small to be noticed, and steps of seconds: one batch, sent when its time has come."""
    async with clocked(tmp_path / "line.db") as line:
        await line.job()
        await line.hear()
        for step in (by, 3_000, -by, -3_000, by):
            await line.reads(2)
            line.set_clock(step)
        await line.settle()
        assert len(line.office.submitted) == 1
        assert await line.is_right() == 0


async def test_restarts_of_the_program_are_no_step(tmp_path: Path) -> None:
    async with clocked(tmp_path / "line.db") as line:
        await line.job()
        for _ in range(3):
            await line.reads()
            await line.restart()
        assert len(await line.settings()) == 1
        await line.settle()
        assert len(line.office.submitted) == 1
