"""Three stations: applied, graded, packed in boxes of 12 on pallets of 40 boxes; both books say the same, code by
code.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lined.line.plant import BatchRules, PackageRule, Plant
from tests.harness.packing import (
    APPLY,
    GTIN,
    PACK,
    PALLET,
    SOON_MS,
    SSCC,
    VERIFY,
    Plantwide,
    box_plant,
    ident,
    plantwide,
)
from tests.integration.packing.test_aggregation import journals_tree

UNITS = int(os.environ.get("LINED_PLANT_UNITS", "2400"))
BOX, PALLET_BOXES = 12, 40


def plant(most: int) -> Plant:
    levels = {
        "BOX_LV_1": PackageRule("BOX_LV_1", BOX, "UNIT"),
        "BOX_LV_2": PackageRule("BOX_LV_2", PALLET_BOXES, "BOX_LV_1"),
    }
    rules = BatchRules(max_codes=most, max_age_ms=SOON_MS, first_ms=0)
    return box_plant(
        [APPLY, VERIFY, PACK, PALLET],
        packing={GTIN: levels},
        sscc=SSCC,
        batches=rules,
        validation=rules,
        aggregation=rules,
    )


async def produce(line: Plantwide, codes: list[str]) -> None:
    """The whole day: every code through all stations, pallets from the boxes that lined has named."""
    told = 0
    for start in range(0, len(codes), 240):
        part = codes[start : start + 240]
        for device, grade in (("cam", None), ("grader", "3.6"), ("packer", None)):
            words = await line.line.say_each(device, part, grade)
            assert words == ["accept"] * len(part), words
        boxes = await line.line.rows(
            "SELECT closed_no, ident FROM package WHERE level = 'BOX_LV_1' AND closed_no > ? ORDER BY closed_no", told
        )
        told = boxes[-1][0] if boxes else told
        assert set(await line.line.say_each("stacker", [box for _, box in boxes])) <= {"accept"}
    await line.line.operations.do("job-stop", {"packages": "close"})


async def regulators_tree(line: Plantwide) -> dict[str, str]:
    found: dict[str, str] = {}
    after: int | None = 0
    while after is not None:
        page = (await line.http.get("/sandbox/books/codes", params={"after": after, "limit": 20_000})).json()
        found.update({item["code"]: item["parent"] for item in page["items"] if item["parent"]})
        after = page["next"]
    return found


@pytest.mark.slow
@pytest.mark.bound(600)
async def test_everything_succeeds_and_the_trees_are_equal(tmp_path: Path) -> None:
    async with plantwide(plant(30_000), tmp_path) as line:
        await line.line.operations.do("job-start", {"gtin": GTIN})
        codes = await line.issue(UNITS)
        await produce(line, codes)
        await line.deliver()
        for kind in ("utilisation", "validation", "aggregation"):
            assert set(await line.states(kind)) == {"succeeded"}, kind
        tree = await regulators_tree(line)
        boxes = UNITS // BOX  # what the last one is short of is closed with the job, after its pallet
        assert len(tree) == UNITS + boxes and tree == await journals_tree(line)
        books = (await line.http.get("/sandbox/books")).json()
        assert books["codes"]["applied"] == UNITS and books["codes"]["applied_more_than_once"] == 0
        documents = len(await line.states("aggregation"))
        assert documents <= 2 + (UNITS + boxes) // 25_000, "packed close to the limit, not one a box"


@pytest.mark.slow
@pytest.mark.bound(600)
@pytest.mark.parametrize("some_bad", ["partial", "error"])
async def test_every_innocent_code_is_applied_once_and_every_spoiled_one_is_on_the_work_list(
    tmp_path: Path, some_bad: str
) -> None:
    async with plantwide(plant(600), tmp_path, some_bad=some_bad) as line:
        await line.line.operations.do("job-start", {"gtin": GTIN})
        good, foreign = await line.issue(UNITS), await line.issue(UNITS // 100, tin="123456789")
        applied = good[:: UNITS // (UNITS // 100)]
        await apply_elsewhere(line, applied)
        spoiled = {ident(code) for code in [*foreign, *applied]}
        codes = [code for pair in zip_long(good, foreign) for code in pair]
        await produce(line, codes)
        await line.deliver()
        states = dict(
            await line.line.rows(
                "SELECT ident, coalesce(own, (SELECT CASE WHEN r.state IN ('succeeded', 'partial') THEN 'accepted' "
                "ELSE r.state END FROM report r WHERE r.batch_id = code.batch_id ORDER BY r.id DESC LIMIT 1)) FROM code"
            )
        )
        assert {code for code, state in states.items() if state == "refused"} == spoiled
        assert {state for code, state in states.items() if code not in spoiled} == {"accepted"}
        books = (await line.http.get("/sandbox/books")).json()
        assert books["codes"]["applied_more_than_once"] == 0
        tasks = await line.line.rows("SELECT kind, ident, reason FROM task")
        listed = {code for kind, code, _ in tasks if kind == "refused-code"}
        assert spoiled <= listed
        holding = {
            ident
            for (ident,) in await line.line.rows(
                "SELECT DISTINCT p.ident FROM package p JOIN code c ON c.package_id = p.id WHERE c.own = 'refused'"
            )
        }
        pallets = {pallet for (pallet,) in await line.line.rows("SELECT ident FROM package WHERE level = 'BOX_LV_2'")}
        assert holding == {code for kind, code, _ in tasks if kind == "package-holds-refused"} - pallets
        tree, ours = await regulators_tree(line), await journals_tree(line)
        assert {child: parent for child, parent in ours.items() if parent in set(tree.values())} == tree


def zip_long(good: list[str], foreign: list[str]) -> list[tuple[str, ...]]:
    """A foreign code after every so many good ones."""
    step = len(good) // len(foreign)
    return [
        (code, foreign[place // step]) if place % step == 0 and place // step < len(foreign) else (code,)
        for place, code in enumerate(good)
    ]


async def apply_elsewhere(line: Plantwide, codes: list[str]) -> None:
    """Somebody has applied these codes already."""
    from tests.integration.sandbox.line_client import utilisation

    answer = await line.http.post("/api/utilisation", params={"productGroup": "vegetableoil"}, json=utilisation(codes))
    assert answer.status_code == 200, answer.text
