"""Items that leave the line: confirmed rejects, rejects nobody confirmed, and readers at the bin and the bench."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from lined.api.statuses import STATUS
from lined.line.plant import Station
from lined.line.stations.verdicts import PublishedVerdict
from lined.line.watch.confirming import after_crash
from lined.vocabulary.errors import CommandError
from tests.harness.packing import APPLY, GTIN, PACK, VERIFY, Line, box_plant, ident, marks, plantwide, running, sscc

CONFIRMED = Station("marking", "apply", ("cam",), confirm_ms=1)
BIN = Station("bin", "reject", ("bin-reader",), applies=False)
BENCH = Station("bench", "rework", ("bench-reader",), applies=False)


async def confirm(line: Line, verdict: PublishedVerdict) -> str:
    answer = await line.operations.do("reject-confirm", {"session": verdict.session, "seq": verdict.seq})
    return str(answer["state"])


async def state_of(line: Line, code: str) -> object:
    return (await line.rows("SELECT own FROM code WHERE ident = ?", ident(code)))[0][0]


async def test_confirming_the_reject_of_a_duplicate_never_touches_the_good_item(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, PACK]), tmp_path) as line:
        unit = marks(1)[0]
        await line.say("cam", unit)
        assert await line.say("cam", unit) == "duplicate"
        assert await confirm(line, line.verdicts[-1]) == "none"
        await line.say("packer", unit)
        assert await line.say("packer", unit) == "already-packed"
        assert await confirm(line, line.verdicts[-1]) == "none"
        assert await state_of(line, unit) is None


async def test_an_item_ejected_after_it_was_accepted_is_withdrawn_from_everything(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, VERIFY, PACK]), tmp_path) as line:
        first, second = marks(2)
        await line.say_each("cam", [first, second])
        await line.say_each("grader", [first, second], "A")
        await line.say_each("packer", [first, second])
        assert await line.say("grader", first, grade="F") == "low-grade"
        assert await confirm(line, line.verdicts[-1]) == "withdrawn"
        assert await state_of(line, first) == "withdrawn"
        assert await line.rows("SELECT holds FROM package") == [(1,)]
        assert await line.rows("SELECT codes FROM report WHERE kind = 'validation'") == [(1,)]
        assert await line.say("packer", first) == "not-applied"
        assert await line.say("cam", first) == "accept", "it may come back"


async def test_what_is_reported_already_becomes_a_task(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, VERIFY]), tmp_path) as both:
        line = both.line
        await line.operations.do("job-start", {"gtin": GTIN})
        code = (await both.issue(1))[0]
        await line.say("cam", code)
        await both.deliver()
        assert await line.say("grader", code, grade="F") == "low-grade"
        assert await confirm(line, line.verdicts[-1]) == "task"
        assert await state_of(line, code) is None
        assert await line.rows("SELECT kind, ident FROM task") == [("ejected-reported", ident(code))]


async def test_an_unknown_verdict_changes_nothing(tmp_path: Path) -> None:
    async with running(box_plant([APPLY]), tmp_path) as line:
        await line.say("cam", marks(1)[0])
        for session, seq in (("of yesterday", 1), (line.intake.session, 99)):
            with pytest.raises(CommandError) as caught:
                await line.operations.do("reject-confirm", {"session": session, "seq": seq})
            assert (STATUS[type(caught.value)], caught.value.code) == (409, "unknown-verdict")


async def test_a_reject_that_nobody_confirms_makes_the_open_package_suspect(tmp_path: Path) -> None:
    async with running(box_plant([CONFIRMED, PACK]), tmp_path) as line:
        units = marks(4)
        await line.say_each("cam", units)
        await line.say_each("packer", units[:2])
        assert await line.say("cam", units[3]) == "duplicate"
        while not await line.operations.context.line.confirming.look():
            pass
        assert line.problems.has("reject-not-confirmed")
        assert await line.say("packer", units[2]) == "accept"
        assert await line.say("packer", sscc(1)) == "child-expected", "it does not close"
        with pytest.raises(CommandError, match="again"):
            await line.operations.do("package-close", {"station": "boxing", "parent": sscc(1)})
        assert await line.say_each("packer", units[:2]) == ["repeat", "repeat"]
        assert await line.say("packer", sscc(1)) == "accept"


async def late(line: Line) -> None:
    while not await line.operations.context.line.confirming.look():
        await asyncio.sleep(0)


def alarm(line: Line) -> str | None:
    return next((one.text for one in line.problems.all() if one.kind == "reject-not-confirmed"), None)


async def test_a_reject_confirmed_after_all_clears_what_it_made_suspect(tmp_path: Path) -> None:
    async with running(box_plant([CONFIRMED, PACK]), tmp_path) as line:
        units = marks(4)
        await line.say_each("cam", units)
        await line.say("packer", units[0])
        await line.say_each("cam", units[2:])
        first, second = line.verdicts[-2:]
        await late(line)
        text = alarm(line) or ""
        assert f"seq {second.seq}" in text and str(second.code) in text and "nor 1 before" in text and "scanned" in text
        await confirm(line, first)
        await line.operations.context.line.confirming.look()
        assert alarm(line) and await line.rows("SELECT suspect IS NULL FROM package") == [(0,)]
        await confirm(line, second)
        await line.operations.context.line.confirming.look()
        assert alarm(line) is None and await line.rows("SELECT suspect IS NULL FROM package") == [(1,)]


@pytest.mark.parametrize("end", ["confirmed late", "job ended"])
async def test_a_late_reject_with_no_open_package_ends_by_itself(tmp_path: Path, end: str) -> None:
    async with running(box_plant([CONFIRMED, PACK]), tmp_path) as line:
        unit = marks(1)[0]
        await line.say_each("cam", [unit, unit])
        await late(line)
        assert "no package was open" in (alarm(line) or "")
        if end == "confirmed late":
            await confirm(line, line.verdicts[-1])
        else:
            await line.operations.do("job-stop", {})
        await line.operations.context.line.confirming.look()
        assert alarm(line) is None


async def test_an_item_read_while_no_job_runs_is_nobodys_to_eject(tmp_path: Path) -> None:
    async with running(box_plant([CONFIRMED, PACK]), tmp_path) as line:
        await line.operations.do("job-stop", {})
        assert await line.say("cam", marks(1)[0]) == "no-job"
        await asyncio.sleep(0.01)  # ten times what it may take
        assert await line.operations.context.line.confirming.look() == []


async def test_a_missing_child_of_a_suspect_package_is_taken_out(tmp_path: Path) -> None:
    async with running(box_plant([CONFIRMED, PACK]), tmp_path) as line:
        units = marks(3)
        await line.say_each("cam", units)
        await line.say_each("packer", units)
        await line.say("cam", units[0])
        while not await line.operations.context.line.confirming.look():
            pass
        await line.say_each("packer", units[1:])
        assert await line.rows("SELECT suspect IS NULL FROM package") == [(0,)]
        await line.operations.do("package-take-out", {"code": units[0]})
        assert await line.rows("SELECT suspect IS NULL, holds FROM package") == [(1, 2)]


async def test_a_confirmed_reject_makes_nothing_suspect(tmp_path: Path) -> None:
    async with running(box_plant([CONFIRMED, PACK]), tmp_path) as line:
        unit = marks(1)[0]
        await line.say("cam", unit)
        await line.say("packer", unit)
        await line.say("cam", unit)
        await confirm(line, line.verdicts[-1])
        assert await line.operations.context.line.confirming.look() == []
        assert await line.rows("SELECT suspect FROM package") == [(None,)]


async def test_readers_at_the_bin_and_the_bench(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, PACK, BIN, BENCH]), tmp_path) as line:
        good, bad, third = marks(3)
        await line.say_each("cam", [good, bad, third, good])
        assert await line.say("bin-reader", good) == "accept"
        assert await state_of(line, good) is None, "its last verdict was the reject of a duplicate"
        assert await line.say("bin-reader", bad) == "accept"
        assert await state_of(line, bad) == "withdrawn"
        await line.say_each("packer", [good, third])
        await line.operations.do("package-close", {"station": "boxing", "parent": sscc(1)})
        assert await line.say("bench-reader", good) == "accept"
        assert await line.rows("SELECT holds FROM package") == [(1,)]
        assert await line.say("bench-reader", sscc(1)) == "accept"
        assert await line.rows("SELECT state FROM package") == [("dissolved",)]


async def test_after_a_crash_what_waited_for_its_confirmation_counts_as_not_confirmed(tmp_path: Path) -> None:
    slow = Station("marking", "apply", ("cam",), confirm_ms=60_000)
    async with running(box_plant([slow, PACK]), tmp_path) as line:
        unit = marks(1)[0]
        await line.say("cam", unit)
        await line.say("packer", unit)
        assert await line.journal.do(partial(after_crash, line.plant)) == [], "nothing was rejected"
        await line.say("cam", unit)
        assert await line.journal.do(partial(after_crash, line.plant)) == ["marking"]
        assert await line.rows("SELECT suspect IS NULL FROM package") == [(0,)]


async def test_the_same_child_again_within_repeat_s_is_accepted_while_its_package_is_open(tmp_path: Path) -> None:
    patient = replace(PACK, repeat_ms={"packer": 60_000})
    async with running(box_plant([APPLY, patient]), tmp_path) as line:
        units = marks(3)
        await line.say_each("cam", units)
        assert await line.say_each("packer", [units[0], units[0], *units[1:]]) == [
            "accept",
            "repeat",
            "accept",
            "accept",
        ]
        assert await line.say("packer", units[2]) == "repeat"
        assert await line.say("packer", sscc(1)) == "accept"
        assert await line.say("packer", units[2]) == "already-packed", "its package is closed"
