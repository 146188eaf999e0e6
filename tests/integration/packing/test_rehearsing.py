"""Packing in a test job: the usual verdicts, and nothing in the journal of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lined.line.plant import Station
from tests.harness.packing import (
    APPLY,
    FRAMES,
    GROUP_GTIN,
    GROUPS,
    GTIN,
    PACK,
    PALLET,
    PARENT_FIRST,
    SSCC,
    VERIFY_APPLY,
    Line,
    box_plant,
    ident,
    marks,
    running,
    sscc,
)


@asynccontextmanager
async def rehearsing(directory: Path, *stations: Station, sscc_range: bool = False) -> AsyncIterator[Line]:
    """A test job. At its end nothing of packing is in the journal, and nothing was applied."""
    plant = box_plant(stations, sscc=SSCC if sscc_range else None)
    async with running(plant, directory, mode="test") as line:
        yield line
        assert await line.rows("SELECT (SELECT count(*) FROM package), (SELECT count(*) FROM code)") == [(0, 0)]
        assert await line.rows("SELECT (SELECT count(*) FROM sscc), (SELECT count(*) FROM short_frame)") == [(0, 0)]


async def test_children_then_parent_then_pallets(tmp_path: Path) -> None:
    patient = replace(PACK, repeat_ms={"packer": 60_000})
    async with rehearsing(tmp_path, APPLY, patient, PALLET) as line:
        units = marks(8)
        assert await line.say_each("cam", units[:7]) == ["accept"] * 7
        steps = [
            (sscc(1), "child-expected"),
            (units[7], "not-applied"),
            (units[0], "accept"),
            (units[0], "repeat"),
            (sscc(1), "child-expected"),
            (ident(units[1]), "accept"),
            (units[2], "accept"),
            (units[3], "over-capacity"),
            (sscc(1)[2:], "accept"),
            (units[0], "already-packed"),
            (sscc(1), "wrong-level"),
            *((unit, "accept") for unit in units[3:6]),
            (sscc(1), "parent-used"),
            (sscc(2), "accept"),
        ]
        for code, word in steps:
            assert await line.say("packer", code) == word, code
        pallet = [
            (units[0], "wrong-level"),
            (sscc(1), "accept"),
            (sscc(1), "already-packed"),
            (sscc(9), "child-expected"),
        ]
        for code, word in [*pallet, (sscc(2), "accept"), (sscc(9), "accept")]:
            assert await line.say("stacker", code) == word, code
        assert await line.say("packer", units[6]) == "accept"
        answer = await line.operations.do("package-close", {"station": "boxing"})
        assert answer == {"station": "boxing", "parent": None, "count": 1, "state": "open"}
        assert await line.say_each("packer", [sscc(3), units[6]]) == ["accept", "already-packed"]


async def test_parent_then_children(tmp_path: Path) -> None:
    async with rehearsing(tmp_path, VERIFY_APPLY, PARENT_FIRST) as line:
        units = marks(4)
        await line.say_each("grader", units, "A")
        steps = [
            (units[0], "parent-expected"),
            (sscc(1), "accept"),
            (sscc(1), "parent-used"),
            (sscc(2), "child-expected"),
            *((unit, "accept") for unit in units[:3]),
            (units[3], "parent-expected"),
            (sscc(2), "accept"),
            (units[3], "accept"),
        ]
        for code, word in steps:
            assert await line.say("packer", code) == word, code
        answer = await line.operations.do("package-close", {"station": "boxing"})
        assert (answer["parent"], answer["count"], answer["state"]) == (sscc(2), 1, "closed")


async def test_frames(tmp_path: Path) -> None:
    async with rehearsing(tmp_path, APPLY, FRAMES) as line:
        units = marks(8)
        await line.say_each("cam", units[:7])
        steps = [
            ((units[0], units[1], units[7], sscc(1)), "not-applied"),
            ((units[0], units[0], units[1], sscc(1)), "child-expected"),
            ((*units[:4], sscc(1)), "over-capacity"),
            ((*units[:2], sscc(1)), "child-expected"),
            (units[:3], "parent-expected"),
            ((sscc(1), *units[:3]), "accept"),
            ((*units[2:5], sscc(2)), "already-packed"),
            ((*units[3:6], sscc(1)), "parent-used"),
        ]
        for frame, word in steps:
            assert await line.say("packer", *frame) == word, frame
        await line.operations.do("package-close", {"station": "boxing"})
        assert await line.say("packer", *units[3:5], sscc(2)) == "accept"
        assert await line.say("packer", *units[5:7], sscc(3)) == "child-expected", "one short frame only"


async def test_groups_apply_nothing_and_no_sscc_is_issued(tmp_path: Path) -> None:
    async with rehearsing(tmp_path, APPLY, GROUPS, PACK, sscc_range=True) as line:
        units, groups = marks(5), marks(1, GROUP_GTIN, seed=5)
        await line.say_each("cam", units)
        assert await line.say_each("wrapper", [*units[:2], ident(groups[0]), groups[0]]) == [
            *("accept", "accept", "malformed", "accept")
        ]
        assert await line.say_each("packer", [*units[2:], units[2]]) == ["accept"] * 3 + ["already-packed"]


@pytest.mark.parametrize("mode", [PACK, PARENT_FIRST])
async def test_items_of_the_journal_are_judged_as_ever_and_never_mixed_in(tmp_path: Path, mode: Station) -> None:
    async with running(box_plant([APPLY, mode]), tmp_path) as line:
        real, tried = marks(4), marks(3, seed=2)
        first = [sscc(1)] if mode is PARENT_FIRST else []
        await line.say_each("cam", real)
        await line.say_each("packer", [*first, real[0]])
        await line.operations.do("job-start", {"gtin": GTIN, "mode": "test", "replace": True})
        await line.say_each("cam", tried)
        assert await line.say("packer", tried[0]) == "mixed-lot"
        assert await line.say_each("packer", real[1:3]) == ["accept"] * 2, "the conveyor is emptied"
        if not first:
            assert await line.say("packer", sscc(1)) == "accept"
        assert await line.rows("SELECT ident, state, holds FROM package") == [(sscc(1), "closed", 3)]
        if first:
            assert await line.say_each("packer", [sscc(1), sscc(2)]) == ["parent-used", "accept"]
        assert await line.say_each("packer", [tried[0], real[3], tried[1]]) == ["accept", "mixed-lot", "accept"]
        await line.operations.do("job-start", {"gtin": GTIN, "mode": "test", "replace": True})
        assert await line.say("packer", tried[2]) == "not-applied", "another rehearsal"
        await line.operations.do("job-stop", {})
        if not first:
            assert await line.say("packer", real[3]) == "accept"
        assert await line.rows("SELECT count(*) FROM code") == [(4,)]
