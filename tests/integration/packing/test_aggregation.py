"""From packed boxes to the regulator's tree, and what becomes of it when something is refused or re-packed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from lined.api.statuses import STATUS
from lined.journal.views.stories import package_page
from lined.line.plant import BatchRules
from lined.vocabulary.errors import CommandError
from lined.vocabulary.times import moment
from tests.commands import report_commands
from tests.harness.packing import (
    APPLY,
    GROUP_GTIN,
    GROUPS,
    GTIN,
    PACK,
    PALLET,
    SOON_MS,
    SSCC,
    Plantwide,
    box_plant,
    plantwide,
    wall_ms,
)


def ident(code: str) -> str:
    return code.partition("\x1d")[0]


async def regulators_tree(line: Plantwide) -> dict[str, str]:
    """Child → parent, in the sandbox's books."""
    answer = (await line.http.get("/sandbox/books/codes")).json()
    return {item["code"]: item["parent"] for item in answer["items"] if item["parent"]}


async def journals_tree(line: Plantwide) -> dict[str, str]:
    """Child → parent, of what has been reported and accepted or has still to be."""
    rows = await line.line.rows(
        "SELECT c.ident, p.ident FROM code c JOIN package p ON p.id = c.package_id UNION ALL "
        "SELECT k.ident, p.ident FROM package k JOIN package p ON p.id = k.package_id WHERE k.state <> 'dissolved'"
    )
    return dict(rows)


async def boxes(line: Plantwide, count: int, parents: list[str], start: bool = True) -> list[list[str]]:
    """Boxes of 3 units each, packed under these SSCCs."""
    if start:
        await line.line.operations.do("job-start", {"gtin": GTIN, "order": "7-1"})
    found = []
    for parent in parents[:count]:
        units = await line.issue(3)
        await line.line.say_each("cam", units)
        assert await line.line.say_each("packer", [*units, parent]) == ["accept"] * 4
        found.append(units)
    return found


async def test_boxes_and_pallets_are_one_tree_in_both_books(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, PACK, PALLET]), tmp_path) as line:
        parents = await line.ssccs(6)
        await boxes(line, 4, parents)
        assert await line.line.say_each("stacker", [parents[0], parents[1], parents[4]]) == ["accept"] * 3
        assert await line.line.say_each("stacker", [parents[2], parents[3], parents[5]]) == ["accept"] * 3
        await line.deliver()
        assert await line.states("utilisation") == ["succeeded"]
        assert await line.states("aggregation") == ["succeeded", "succeeded"], "boxes first, then their pallets"
        tree = await regulators_tree(line)
        assert len(tree) == 12 + 4 and tree == await journals_tree(line)
        first, second = await line.sent("aggregation")
        assert [unit["aggregationItemsCount"] for unit in first["aggregationUnits"]] == [3] * 4
        assert first["productionOrderId"] == "7-1" and first["aggregationUnits"][0]["aggregationUnitCapacity"] == 3
        assert [len(unit["codes"]) for unit in second["aggregationUnits"]] == [2, 2]
        books = (await line.http.get("/sandbox/books")).json()
        assert books["documents"]["unsorted"] == 0


async def test_packing_is_never_dated_before_production(tmp_path: Path) -> None:
    """The clock was set back between marking and packing."""
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        await boxes(line, 1, await line.ssccs(1))
        await line.line.journal.do(lambda c: c.execute("UPDATE package SET closed_ms = closed_ms - 3600000"))
        await line.deliver()
        (report,), (packed,) = await line.sent("utilisation"), await line.sent("aggregation")
        produced, closed = (datetime.fromisoformat(day) for day in (report["productionDate"], packed["documentDate"]))
        assert closed >= produced


async def test_no_production_date_is_given_that_is_later_than_a_package_already_closed(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        await boxes(line, 1, await line.ssccs(1))
        await line.line.journal.do(lambda c: c.execute("UPDATE package SET closed_ms = closed_ms - 60000").rowcount)
        with pytest.raises(CommandError) as caught:
            await line.line.operations.do("job-correct", {"production_date": moment(wall_ms() - 1000)})
        assert (STATUS[type(caught.value)], caught.value.details[0].path) == (422, "production_date")
        await line.line.operations.do("job-correct", {"production_date": moment(wall_ms() - 86_400_000)})
        await line.deliver()
        assert await line.states("aggregation") == ["succeeded"]


async def test_packing_before_the_production_date_that_was_given_is_held_until_a_person_says_it_is_right(
    tmp_path: Path,
) -> None:
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        await boxes(line, 1, await line.ssccs(1))
        await line.line.journal.do(lambda c: c.execute("UPDATE package SET closed_ms = closed_ms - 86400000"))
        await line.line.journal.do(lambda c: c.execute("UPDATE code SET at_ms = at_ms - 86400000"))
        given = f'{{"production_date": "{moment(wall_ms() - 1000)}"}}'
        await line.line.journal.do(
            lambda c: c.execute("UPDATE report SET attributes = json_patch(attributes, ?)", (given,))
        )
        await line.deliver()
        assert await line.states("aggregation") == ["held"]
        ((report_id, problem),) = await line.line.rows("SELECT id, problem FROM report WHERE state = 'held'")
        assert "before the production date" in problem
        people = report_commands(line.line.journal, wall_ms, line.delivery.nudge)
        await people.do("report-retry", {}, subject=str(report_id))
        await line.deliver()
        assert await line.states("aggregation") == ["succeeded"]


async def test_documents_are_packed_close_to_the_limit(tmp_path: Path) -> None:
    rules = BatchRules(max_codes=9, max_age_ms=SOON_MS, first_ms=0)
    async with plantwide(box_plant([APPLY, PACK], aggregation=rules), tmp_path) as line:
        parents = await line.ssccs(5)
        await boxes(line, 5, parents)
        await line.deliver()
        sent = await line.sent("aggregation")
        sizes = [sum(len(unit["codes"]) + 1 for unit in document["aggregationUnits"]) for document in sent]
        assert sizes == [8, 8, 4]


async def test_groups_in_boxes_on_issued_ssccs(tmp_path: Path) -> None:
    from lined.line.plant import PackageRule

    levels = {
        "GROUP": PackageRule("GROUP", 2, "UNIT", GROUP_GTIN),
        "BOX_LV_1": PackageRule("BOX_LV_1", 2, "GROUP"),
    }
    plant = box_plant([APPLY, GROUPS, PACK], packing={GTIN: levels}, sscc=SSCC)
    async with plantwide(plant, tmp_path) as line:
        await line.line.operations.do("job-start", {"gtin": GTIN})
        units, groups = await line.issue(4), await line.issue(2, gtin=GROUP_GTIN, package="GROUP")
        await line.line.say_each("cam", units)
        assert await line.line.say_each("wrapper", [*units[:2], groups[0], *units[2:], groups[1]]) == ["accept"] * 6
        assert await line.line.say("packer", units[0]) == "wrong-level"
        assert await line.line.say_each("packer", [ident(groups[0]), groups[1]]) == ["accept"] * 2
        await line.deliver()
        assert await line.states("aggregation") == ["succeeded", "succeeded"]
        tree = await regulators_tree(line)
        assert len(tree) == 6 and tree == await journals_tree(line)


async def test_a_box_waits_for_its_children_and_others_go_on(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        parents = await line.ssccs(2)
        await line.line.operations.do("job-start", {"gtin": GTIN})
        good, strange = await line.issue(5), (await line.issue(1, tin="123456789"))[0]
        await line.line.say_each("cam", [*good, strange])
        await line.line.say_each("packer", [*good[:2], strange, parents[0], *good[2:], parents[1]])
        await line.deliver()
        assert await line.states("utilisation") == ["partial"]
        (document,) = await line.sent("aggregation")
        assert [unit["unitSerialNumber"] for unit in document["aggregationUnits"]] == [parents[1]]
        (waiting,) = (await line.line.journal.read(partial(package_page, state="waiting"))).waits.values()
        assert waiting.startswith("1 code refused")
        tasks = await line.line.rows("SELECT kind, ident, reason, about FROM task ORDER BY id")
        assert tasks == [
            ("refused-code", ident(strange), "code-not-owned", None),
            ("package-holds-refused", parents[0], "code-not-owned", ident(strange)),
        ]
        # a person takes it out: what is left is reported by itself
        spare = await line.issue(1)
        await line.line.say_each("cam", spare)
        await line.line.operations.do("package-replace", {"code": strange, "with": spare[0]})
        await line.deliver()
        assert await line.states("aggregation") == ["succeeded", "succeeded"]
        tree = await regulators_tree(line)
        assert tree == await journals_tree(line) and tree[ident(spare[0])] == parents[0]
        assert await line.line.rows("SELECT kind FROM task WHERE done_ms IS NULL") == [("refused-code",)]


async def test_a_refused_package_is_for_people_and_the_innocent_go_once_more(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, PACK]), tmp_path, some_bad="error") as line:
        parents = await line.ssccs(2)
        packed = await boxes(line, 2, parents)
        await line.deliver_only("utilisation")
        foreign = (await line.ssccs(1, first=900_000))[0]
        stolen = packed[0][0]
        await line.send_as_another("aggregation", foreign, [ident(stolen)])
        await line.deliver()
        assert await line.states("aggregation") == ["refused", "succeeded"]
        tree = await regulators_tree(line)
        assert {child for child, parent in tree.items() if parent == parents[1]} == {ident(code) for code in packed[1]}
        tasks = await line.line.rows("SELECT kind, ident, reason, about FROM task ORDER BY id")
        assert ("refused-code", ident(stolen), "already-aggregated", None) in tasks
        assert ("refused-package", parents[0], "already-aggregated", ident(stolen)) in tasks


async def test_rework_after_reporting_disaggregates_first(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, PACK, PALLET]), tmp_path) as line:
        parents = await line.ssccs(4)
        packed = await boxes(line, 3, parents)
        await line.line.say_each("stacker", [parents[0], parents[1], parents[3]])
        await line.deliver()
        assert await line.states("aggregation") == ["succeeded", "succeeded"]
        answer = await line.line.operations.do("package-take-out", {"code": packed[0][0]})
        assert answer["report"] is not None
        fresh = await line.issue(3)
        await line.line.say_each("cam", fresh)
        # the freed unit may be packed at once; its box waits until the regulator has let it go
        assert await line.line.say_each("packer", [packed[0][0], *fresh[:2]]) == ["accept"] * 3
        await line.line.operations.do(
            "package-close", {"station": "boxing", "parent": (await line.ssccs(1, 700_000))[0]}
        )
        await line.deliver()
        assert await line.states("disaggregation") == ["succeeded"]
        assert set(await line.states("aggregation")) == {"succeeded"}
        tree = await regulators_tree(line)
        assert tree == await journals_tree(line)
        assert tree[parents[0]] == parents[3] and ident(packed[0][0]) in tree
        assert len([child for child, parent in tree.items() if parent == parents[0]]) == 2


async def test_a_dissolved_pallet_leaves_its_boxes(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, PACK, PALLET]), tmp_path) as line:
        parents = await line.ssccs(3)
        await boxes(line, 2, parents)
        await line.line.say_each("stacker", [parents[0], parents[1], parents[2]])
        await line.deliver()
        await line.line.operations.do("package-dissolve", {"parent": parents[2]})
        await line.deliver()
        tree = await regulators_tree(line)
        assert tree == await journals_tree(line) and len(tree) == 6
        assert set(tree.values()) == {parents[0], parents[1]}


async def test_what_is_being_reported_cannot_be_changed(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        packed = await boxes(line, 1, await line.ssccs(1))
        await line.deliver_only("utilisation")
        await line.planning.look()
        await line.line.operations.do("seal", {})
        assert await line.delivery.send_next()
        assert await line.states("aggregation") == ["submitted"]
        with pytest.raises(CommandError, match="being reported"):
            await line.line.operations.do("package-take-out", {"code": packed[0][0]})
        await line.deliver()
        assert (await line.line.operations.do("package-take-out", {"code": packed[0][0]}))["report"] is not None


async def test_two_refusals_that_name_nobody_pause_only_that_kind(tmp_path: Path) -> None:
    rules = BatchRules(max_codes=4, max_age_ms=SOON_MS, first_ms=0)
    async with plantwide(box_plant([APPLY, PACK], aggregation=rules), tmp_path) as line:
        parents = await line.ssccs(4)
        await line.fault("document-error", path="*/aggregation", named=0, times=2)
        await boxes(line, 3, parents)
        await line.deliver()
        states = sorted(await line.states("aggregation"))
        assert states[:2] == ["held", "held"] and states[2] in {"succeeded", "sealed"}, "perhaps under way already"
        assert line.line.problems.has("kind-paused")
        await boxes(line, 1, parents[3:], start=False)
        await line.deliver()
        assert set(await line.states("utilisation")) == {"succeeded"}
        assert sorted(await line.states("aggregation")) == sorted(["held", "held", states[2], "sealed"])
        operations = report_commands(line.line.journal, wall_ms, line.delivery.nudge)
        for (report_id,) in await line.line.rows("SELECT id FROM report WHERE state = 'held'"):
            await operations.do("report-retry", {}, subject=str(report_id))
        await line.deliver()
        assert set(await line.states("aggregation")) == {"succeeded"}
        assert await regulators_tree(line) == await journals_tree(line)


async def test_an_aggregation_whose_answer_is_lost_is_found_and_not_sent_twice(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        await boxes(line, 2, await line.ssccs(2))
        await line.deliver_only("utilisation")
        await line.fault("answer-lost", path="*/aggregation")
        await line.line.operations.do("seal", {})
        await line.planning.look()
        await line.line.operations.do("seal", {})
        await line.delivery.send_next()
        assert await line.states("aggregation") == ["in_doubt"]
        await line.line.journal.do(lambda connection: connection.execute("UPDATE report SET due_ms = 0").rowcount)
        async with asyncio.timeout(60):
            while await line.states("aggregation") == ["in_doubt"]:
                await line.delivery.look_next()
                await asyncio.sleep(0.02)
        await line.deliver()
        assert await line.states("aggregation") == ["succeeded"]
        assert (await line.http.get("/sandbox/books")).json()["documents"]["by_type"]["AGGREGATION"] == 1
