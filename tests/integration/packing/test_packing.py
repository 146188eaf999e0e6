"""Pack stations: what is accepted, what is refused, and what is on disk then."""

from __future__ import annotations

from pathlib import Path

import pytest

from lined import codes
from lined.journal.care import damage, takeover
from lined.journal.care.backup import back_up
from lined.vocabulary.errors import CommandError
from tests.harness.packing import (
    APPLY,
    FRAMES,
    GROUP_GTIN,
    GROUPS,
    GTIN,
    OTHER_GTIN,
    PACK,
    PALLET,
    PARENT_FIRST,
    SSCC,
    Line,
    box_plant,
    children,
    ident,
    marks,
    running,
    sscc,
)

NOW_MS = 1_795_000_000_000


async def test_children_then_parent_closes_a_box(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, PACK]), tmp_path) as line:
        units = marks(5)
        assert await line.say_each("cam", units) == ["accept"] * 5
        assert await line.say("packer", units[0]) == "accept"
        assert await line.say("packer", sscc(1)) == "child-expected"
        assert await line.say("packer", units[0]) == "already-packed"
        assert await line.say("packer", marks(6)[5]) == "not-applied"
        assert await line.say("packer", ident(units[1])) == "accept", "with or without its check part"
        assert await line.say("packer", units[2]) == "accept"
        assert await line.say("packer", units[3]) == "over-capacity"
        assert await line.say("packer", sscc(1)[2:]) == "accept", "18 digits get their 00"
        assert await children(line, sscc(1)) == sorted(ident(unit) for unit in units[:3])
        assert await line.say("packer", units[3]) == "accept"
        assert await line.say("packer", units[0]) == "already-packed"
        assert await line.say("packer", sscc(1)) == "wrong-level", "a box where units are packed"
        assert await line.operations.do("package-close", {"station": "boxing"}) == {
            "station": "boxing",
            "parent": None,
            "count": 1,
            "state": "open",
        }
        assert await line.say("packer", units[4]) == "parent-expected"
        assert await line.say("packer", sscc(1)) == "parent-used"
        assert await line.say("packer", sscc(2)) == "accept"
        assert await children(line, sscc(2)) == [ident(units[3])]


async def test_a_lot_is_not_mixed_and_the_conveyor_can_be_emptied(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, PACK]), tmp_path, series="A1") as line:
        first, second, other = marks(2, seed=1), marks(3, seed=2), marks(1, OTHER_GTIN, seed=3)
        await line.say_each("cam", first)
        await line.operations.do("job-start", {"gtin": GTIN, "series": "A2", "replace": True})
        await line.say_each("cam", second)
        await line.operations.do("job-start", {"gtin": OTHER_GTIN, "replace": True})
        assert await line.say("cam", other[0]) == "accept"
        await line.operations.do("job-stop", {})
        assert await line.say_each("packer", [first[0], second[0], first[1]]) == ["accept", "mixed-lot", "accept"]
        assert await line.say("packer", other[0]) == "wrong-level", "this product is packed nowhere"


async def test_parent_then_children_the_last_child_closes(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, PARENT_FIRST]), tmp_path) as line:
        units = marks(4)
        await line.say_each("cam", units)
        assert await line.say("packer", units[0]) == "parent-expected"
        assert await line.say("packer", sscc(1)) == "accept"
        assert await line.say("packer", sscc(2)) == "child-expected"
        assert await line.say("packer", sscc(1)) == "parent-used"
        assert await line.say_each("packer", units[:3]) == ["accept"] * 3
        assert await line.rows("SELECT ident, state, holds FROM package") == [(sscc(1), "closed", 3)]
        assert await line.say("packer", units[3]) == "parent-expected"


async def test_a_frame_is_packed_whole_or_not_at_all(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, FRAMES]), tmp_path) as line:
        units = marks(7)
        await line.say_each("cam", units[:6])
        before = len(line.verdicts)
        assert await line.say("packer", *units[:2], units[6], sscc(1)) == "not-applied"
        assert await line.say("packer", *units[:3]) == "parent-expected"
        assert await line.say("packer", *units[:4], sscc(1)) == "over-capacity"
        assert await line.say("packer", *units[:2], sscc(1)) == "child-expected"
        assert await line.say("packer", sscc(1)) == "child-expected"
        assert await line.say("packer", units[0], units[0], units[1], sscc(1)) == "child-expected", "short by one"
        assert await line.rows("SELECT count(*) FROM package") == [(0,)]
        assert await line.say("packer", units[0], sscc(1), *units[1:3]) == "accept"
        assert await line.say("packer", *units[2:5], sscc(2)) == "already-packed"
        assert await line.say("packer", *units[3:6], sscc(1)) == "parent-used"
        assert len(line.verdicts) - before == 9, "one verdict a frame"
        await line.operations.do("package-close", {"station": "boxing"})
        assert await line.say("packer", *units[3:5], sscc(2)) == "accept"


async def test_a_label_that_two_cameras_see_counts_once_in_its_frame(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, FRAMES]), tmp_path) as line:
        units = marks(3)
        await line.say_each("cam", units)
        assert await line.say("packer", *units[:2], units[0], units[2], sscc(1), units[1], sscc(1)) == "accept"
        assert await line.rows("SELECT ident, state, holds FROM package") == [(sscc(1), "closed", 3)]


async def test_a_frame_with_an_illegible_slot_is_a_no_read(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, FRAMES]), tmp_path) as line:
        units = marks(3)
        await line.say_each("cam", units)
        assert await line.say("packer", *units[:2], sscc(1), missed=1) == "no-read"
        assert await line.say("packer", "garbage", *units[:2], sscc(1), missed=1) == "no-read"
        assert await line.rows("SELECT n FROM counter WHERE job_id = 0 AND name = 'read.no-read'") == [(2,)]
        assert await line.say("packer", *units, sscc(1)) == "accept"


async def test_pallets_of_boxes_and_a_pallet_is_no_child_of_itself(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, PACK, PALLET]), tmp_path) as line:
        units = marks(6)
        await line.say_each("cam", units)
        for number, box in enumerate((units[:3], units[3:]), 1):
            await line.say_each("packer", [*box, sscc(number)])
        assert await line.say("stacker", units[0]) == "wrong-level"
        assert await line.say_each("stacker", [sscc(1), sscc(1), sscc(9)]) == [
            "accept",
            "already-packed",
            "child-expected",
        ]
        assert await line.say_each("stacker", [sscc(2), sscc(1)]) == ["accept", "already-packed"]
        assert await line.say("stacker", sscc(9)) == "accept"
        assert await line.say("stacker", sscc(9)) == "wrong-level"
        assert await line.say("packer", sscc(9)) == "wrong-level"
        assert await line.rows("SELECT ident, holds FROM package WHERE level = 'BOX_LV_2'") == [(sscc(9), 2)]


async def test_a_group_is_applied_by_the_read_that_closes_it(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, GROUPS]), tmp_path) as line:
        units, groups = marks(4), marks(3, GROUP_GTIN, seed=5)
        await line.say_each("cam", units)
        assert await line.say_each("wrapper", units[:2]) == ["accept"] * 2
        assert await line.say("wrapper", ident(groups[0])) == "malformed", "its own full code is needed"
        assert await line.rows("SELECT count(*) FROM code") == [(4,)]
        assert await line.say("wrapper", groups[0]) == "accept"
        assert await line.rows("SELECT count(*) FROM code") == [(5,)]
        await line.say_each("wrapper", units[2:])
        assert await line.say("wrapper", groups[0]) == "parent-used"
        await line.operations.do("job-stop", {})
        assert await line.say("wrapper", groups[1]) == "accept", "the conveyor is emptied after the job"
        counters = dict(await line.rows("SELECT name, n FROM counter WHERE job_id = 0"))
        assert counters["code.unreported"] == 6


async def test_issued_serials_are_told_once_and_never_used_again(tmp_path: Path) -> None:
    plant = box_plant([APPLY, PACK], sscc=SSCC)
    async with running(plant, tmp_path) as line:
        units = marks(6)
        await line.say_each("cam", units)
        await line.say_each("packer", units[:3])
        assert await line.rows("SELECT ident, state FROM package") == [(codes.sscc("0307797292", 1), "closed")]
    line = Line(plant, tmp_path / "line.db")
    await line.open()
    await line.say_each("packer", units[3:5])
    answer = await line.operations.do("package-close", {"station": "boxing"})
    assert answer["parent"] == codes.sscc("0307797292", 2) and answer["count"] == 2
    await line.close()


async def test_open_packages_at_the_end_of_a_job(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, PACK]), tmp_path) as line:
        units = marks(2)
        await line.say_each("cam", units)
        await line.say_each("packer", units)
        await line.operations.do("job-start", {"gtin": GTIN, "replace": True, "packages": "keep"})
        assert await line.rows("SELECT state, holds, close_requested FROM package") == [("open", 2, 0)]
        await line.operations.do("job-start", {"gtin": GTIN, "replace": True, "packages": "close"})
        assert await line.rows("SELECT close_requested FROM package") == [(0,)], "it is another job's"
        with pytest.raises(CommandError):
            await line.operations.do("job-stop", {"packages": "burn"})
    async with running(box_plant([APPLY, PACK]), tmp_path, replace=True) as line:
        await line.operations.do("package-dissolve", {"station": "boxing"})
        assert await line.rows("SELECT count(*) FROM code WHERE package_id IS NOT NULL") == [(0,)]
        await line.say_each("packer", units)
        fresh = marks(1, seed=9)
        await line.say_each("cam", fresh)


async def test_stopping_a_job_dissolves_or_closes_its_open_package(tmp_path: Path) -> None:
    for choice, state in (("dissolve", "dissolved"), ("close", "closed")):
        plant = box_plant([APPLY, PACK], sscc=SSCC)
        directory = tmp_path / choice
        directory.mkdir()
        async with running(plant, directory) as line:
            units = marks(2)
            await line.say_each("cam", units)
            await line.say_each("packer", units)
            await line.operations.do("job-stop", {"packages": choice})
            assert await line.rows("SELECT state FROM package") == [(state,)]


async def test_a_corrected_job_is_the_lot_it_was(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, PACK, PALLET]), tmp_path, series="A1") as line:
        units = marks(6)
        await line.say_each("cam", units[:4])
        assert await line.say_each("packer", [*units[:3], sscc(1), units[3]]) == ["accept"] * 5
        assert await line.say("stacker", sscc(1)) == "accept"
        await line.operations.do("job-correct", {"series": "A2"})
        await line.say_each("cam", units[4:])
        assert await line.say_each("packer", [*units[4:], sscc(2)]) == ["accept"] * 3
        assert await line.say("stacker", sscc(2)) == "accept"
        await line.operations.do("job-start", {"gtin": GTIN, "series": "A1", "replace": True})
        later = marks(4, seed=7)
        await line.say_each("cam", later)
        assert await line.say_each("packer", [*later[:3], sscc(3)]) == ["accept"] * 4
        assert await line.say("stacker", sscc(3)) == "mixed-lot"


async def test_a_group_whose_own_code_is_withdrawn_is_no_more(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, GROUPS]), tmp_path) as line:
        units, groups = marks(4), marks(2, GROUP_GTIN, seed=5)
        await line.say_each("cam", units)
        assert await line.say_each("wrapper", [*units[:2], groups[0], *units[2:], groups[1]]) == ["accept"] * 6
        await line.operations.do("withdraw", {"code": groups[0], "reason": "damaged"})
        verdict = line.verdicts[-1]
        answer = await line.operations.do("reject-confirm", {"session": verdict.session, "seq": verdict.seq})
        assert answer == {"code": ident(groups[1]), "state": "withdrawn"}
        assert await line.rows("SELECT DISTINCT state FROM package") == [("dissolved",)]
        assert await line.say_each("wrapper", [*units[:2], groups[0]]) == ["accept"] * 3, "the label comes again"
        assert await line.rows("SELECT own FROM code WHERE ident = ?", ident(groups[0])) == [(None,)]


@pytest.mark.parametrize("why", ["restore", "damage"])
async def test_a_backup_that_takes_over_issues_no_serial_again(tmp_path: Path, why: str) -> None:
    plant, path = box_plant([APPLY, PACK], sscc=SSCC), tmp_path / "line.db"
    units = marks(9)
    async with running(plant, tmp_path) as line:
        await line.say_each("cam", units)
        await line.say_each("packer", units[:3])
    made = back_up(path, tmp_path / "backups", NOW_MS)
    line = Line(plant, path)
    await line.open()
    await line.say_each("packer", units[3:6])
    await line.close()
    aside = damage.set_aside(path, NOW_MS, "replaced")
    takeover.take_over(path, made.path, why=why, aside=aside, at_ms=NOW_MS)
    line = Line(plant, path)
    await line.open()
    await line.say_each("packer", units[6:])
    issued = await line.rows("SELECT ident FROM package ORDER BY id")
    await line.close()
    assert issued == [(codes.sscc("0307797292", 1),), (codes.sscc("0307797292", 3),)]
