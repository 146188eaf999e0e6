"""Repeats away from the apply station: the same child, the same good print; and what is not one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lined.vocabulary.errors import CommandError
from tests.harness.packing import APPLY, PACK, PALLET, VERIFY, VERIFY_APPLY, Line, box_plant, marks, running, sscc

PATIENT = replace(PACK, repeat_ms={"packer": 60_000})
VERIFIER = replace(VERIFY, repeat_ms={"grader": 60_000})
APPLYING = replace(VERIFY_APPLY, repeat_ms={"grader": 60_000})


def stuck(line: Line) -> bool:
    return line.problems.has("stuck-code")


async def test_different_items_read_twice_each_are_no_stuck_code(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, VERIFIER, PATIENT]), tmp_path) as line:
        units = marks(3)
        await line.say_each("cam", units)
        for device, grade in (("grader", "A"), ("packer", None)):
            assert await line.say_each(device, units, grade) == ["accept"] * 3
            assert await line.say_each(device, units, grade) == ["repeat"] * 3
            assert not stuck(line), device
            await line.say_each(device, [units[2]] * 2, grade)
            assert stuck(line), f"{device} has read one item three times in a row"
            await line.say(device, units[0], grade=grade)
            assert not stuck(line), "another item came"


@pytest.mark.parametrize("restart", [False, True], ids=["after-a-refused-command", "after-a-restart"])
async def test_a_child_of_the_open_package_is_a_repeat_still(tmp_path: Path, restart: bool) -> None:
    pallets = replace(PALLET, repeat_ms={"stacker": 60_000})
    async with running(box_plant([APPLY, PATIENT, pallets]), tmp_path) as line:
        units = marks(4)
        await line.say_each("cam", units)
        assert await line.say_each("packer", [*units[:3], sscc(1), units[3]]) == ["accept"] * 5
        assert await line.say("stacker", sscc(1)) == "accept"
        if not restart:
            with pytest.raises(CommandError):
                await line.operations.do("job-start", {"gtin": units[0][2:16]})
            await still_repeats(line, units)
    if restart:
        again = Line(line.plant, tmp_path / "line.db")
        await again.open()
        await still_repeats(again, units)
        await again.close()


async def still_repeats(line: Line, units: list[str]) -> None:
    assert await line.say_each("packer", [units[3], units[0]]) == ["repeat", "already-packed"]
    assert await line.say_each("stacker", [sscc(1), sscc(1)]) == ["repeat", "repeat"]


async def test_after_its_time_or_at_another_device_a_child_is_packed_already(tmp_path: Path) -> None:
    two = replace(PATIENT, devices=("packer", "hand"), repeat_ms={"packer": 60_000, "hand": 60_000})
    plant = box_plant([APPLY, two])
    async with running(plant, tmp_path) as line:
        unit = marks(1)[0]
        await line.say("cam", unit)
        assert await line.say("packer", unit) == "accept"
        assert await line.say("hand", unit) == "already-packed"
        assert await line.say("packer", unit) == "repeat"
    later = Line(plant, tmp_path / "line.db")
    await later.open()
    await later.journal.do(lambda connection: connection.execute("UPDATE read SET at_ms = at_ms - 61000"))
    assert await later.say("packer", unit) == "already-packed"
    await later.close()


async def test_a_bad_print_is_no_repeat_of_a_good_one(tmp_path: Path) -> None:
    """The item was accepted here a moment ago; it is neither a duplicate nor good."""
    async with running(box_plant([APPLYING]), tmp_path) as line:
        unit = marks(1)[0]
        assert await line.say("grader", unit, grade="B") == "accept"
        assert await line.say("grader", unit, grade="B") == "repeat"
        assert await line.say("grader", unit, grade="F") == "low-grade"
        verdict = line.verdicts[-1]
        answer = await line.operations.do("reject-confirm", {"session": verdict.session, "seq": verdict.seq})
        assert answer["state"] == "withdrawn", "accepted earlier, ejected later"


async def test_what_was_applied_again_is_repeated_from_then_on(tmp_path: Path) -> None:
    applying = replace(APPLY, repeat_ms={"cam": 60_000})
    async with running(box_plant([applying]), tmp_path) as line:
        unit = marks(1)[0]
        assert await line.say_each("cam", [unit, unit]) == ["accept", "repeat"]
        for moments in line.state.recent.values():
            moments.update({code: at_ms - 61_000 for code, at_ms in moments.items()})
        await line.journal.do(lambda connection: connection.execute("UPDATE read SET at_ms = at_ms - 61000"))
        await line.operations.do("withdraw", {"code": unit, "reason": "damaged"})
        assert await line.say_each("cam", [unit, unit]) == ["accept", "repeat"]
