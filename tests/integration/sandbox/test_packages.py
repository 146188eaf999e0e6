"""Aggregation and disaggregation: levels, capacity, order, parents."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.integration.sandbox.line_client import GROUP_GTIN, GTIN, Client, Open, ident

NOW = "2026-01-01T10:00:00Z"
Packs = list[tuple[str, list[str]]]


def aggregation(*packs: tuple[str, list[str]], **unit: Any) -> dict[str, Any]:
    return {
        "aggregationUnits": [
            {
                "aggregationItemsCount": len(children),
                "aggregationUnitCapacity": max(10, len(children)),
                "codes": children,
                "unitSerialNumber": parent,
            }
            | unit
            for parent, children in packs
        ],
        "businessPlaceId": 27,
        "documentDate": NOW,
    }


async def units(client: Client, count: int, **wanted: Any) -> list[str]:
    """Identification codes of units that are applied."""
    codes = await client.issue(count, **wanted)
    await client.applied(codes, wanted.get("group", "vegetableoil"))
    return [ident(code) for code in codes]


async def ssccs(client: Client, count: int, first: int = 1) -> list[str]:
    answer = await client.http.post("/sandbox/ssccs", json={"prefix": "0307797292", "first": first, "count": count})
    codes: list[str] = answer.json()["codes"]
    return codes


async def story(client: Client, code: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.http.get("/sandbox/books/codes", params={"code": code})).json()
    return found


async def last_results(client: Client) -> dict[str, str | None]:
    """Code -> result in the newest document."""
    (document_id,) = (await client.search(limit=1))[:1]
    return {row["code"]: row.get("result") for row in await client.outcomes(document_id)}


async def test_boxes_and_their_pallet_may_come_in_one_document(sandbox: Open) -> None:
    async with sandbox() as client:
        items, (box_1, box_2, pallet) = await units(client, 4), await ssccs(client, 3)
        packs: Packs = [(box_1, items[:2]), (box_2, items[2:]), (pallet, [box_1, box_2])]
        assert await client.sent("aggregation", aggregation(*packs)) == "SUCCESS"
        assert (await story(client, items[0]))["parent"] == box_1
        assert (await story(client, box_1)) | {"id": 0, "effects": []} == {
            "id": 0,
            "code": box_1,
            "gtin": "",
            "owner": "307797292",
            "template": "SSCC",
            "package": "BOX_LV_1",
            "status": "INTRODUCED",
            "parent": pallet,
            "applied_by": None,
            "effects": [],
            "repeated_attempts": [],
        }
        assert (await story(client, pallet))["package"] == "BOX_LV_2"
        assert (await client.books())["packages"] == {"formed": 3, "packed_codes": 6}


async def test_a_pallet_before_its_boxes_is_refused(sandbox: Open) -> None:
    async with sandbox() as client:
        items, (box, pallet) = await units(client, 2), await ssccs(client, 2)
        assert await client.sent("aggregation", aggregation((pallet, [box]), (box, items))) == "PARTIALLY_PROCESSED"
        results = await last_results(client)
        assert results[pallet] == "package-rejected"
        assert (await story(client, box))["parent"] is None


async def test_children_must_be_applied_ours_known_and_free(sandbox: Open) -> None:
    async with sandbox() as client:
        (good, packed), (box_1, box_2) = await units(client, 2), await ssccs(client, 2)
        await client.sent("aggregation", aggregation((box_1, [packed])))
        fresh = ident((await client.issue(1))[0])
        foreign = ident((await client.issue(1, tin="123456789"))[0])
        full_code = (await client.issue(1))[0]
        unknown = f"01{GTIN}21nobody"
        children = [good, packed, fresh, foreign, full_code, unknown]
        assert await client.sent("aggregation", aggregation((box_2, children))) == "ERROR"
        assert await last_results(client) == {
            box_2: "package-rejected",
            good: "package-rejected",
            packed: "already-aggregated",
            fresh: "invalid-code-status",
            foreign: "code-not-owned",
            full_code: "code-not-found",
            unknown: "code-not-found",
        }
        assert (await story(client, good))["parent"] is None


async def test_a_bad_package_does_not_harm_the_others(sandbox: Open) -> None:
    async with sandbox() as client:
        items, (box_1, box_2) = await units(client, 2), await ssccs(client, 2)
        fresh = ident((await client.issue(1))[0])
        status = await client.sent("aggregation", aggregation((box_1, [items[0], fresh]), (box_2, [items[1]])))
        assert status == "PARTIALLY_PROCESSED"
        assert (await story(client, items[1]))["parent"] == box_2
        assert (await story(client, items[0]))["parent"] is None


async def test_a_child_lies_in_one_package_only_even_within_a_document(sandbox: Open) -> None:
    async with sandbox() as client:
        items, (box_1, box_2) = await units(client, 1), await ssccs(client, 2)
        await client.sent("aggregation", aggregation((box_1, items), (box_2, items)))
        document_id = (await client.search(types="AGGREGATION"))[0]
        states = [(row["code"], row.get("result")) for row in await client.outcomes(document_id)]
        assert states == [
            (box_1, None),
            (items[0], None),
            (box_2, "package-rejected"),
            (items[0], "already-aggregated"),
        ]


async def test_a_closed_package_cannot_be_formed_again(sandbox: Open) -> None:
    async with sandbox() as client:
        items, (box,) = await units(client, 2), await ssccs(client, 1)
        assert await client.sent("aggregation", aggregation((box, items[:1]))) == "SUCCESS"
        assert await client.sent("aggregation", aggregation((box, items[1:]))) == "ERROR"
        assert (await last_results(client))[box] == "package-already-formed"
        await client.sent("aggregation", aggregation((box, items[:1])))  # the same report again
        assert (await story(client, items[0]))["parent"] == box


async def test_an_update_takes_the_package_out_of_its_pallet(sandbox: Open) -> None:
    async with sandbox() as client:
        items, (box, pallet) = await units(client, 2), await ssccs(client, 2)
        await client.sent("aggregation", aggregation((box, items[:1]), (pallet, [box])))
        assert await client.sent("aggregation", aggregation((box, items[1:]), shouldBeUnbundled=True)) == "SUCCESS"
        assert (await story(client, box))["parent"] is None
        assert [(await story(client, item))["parent"] for item in items] == [box, box]


async def test_levels_and_their_limits(sandbox: Open) -> None:
    async with sandbox(requests_per_minute=0) as client:
        items = await units(client, 203)
        groups = [ident(code) for code in await client.issue(2, gtin=GROUP_GTIN, package="GROUP")]
        (box, other) = await ssccs(client, 2)
        assert await client.sent("aggregation", aggregation((groups[0], items[:2]))) == "ERROR"
        assert (await last_results(client))[groups[0]] == "invalid-code-status"  # a group is applied first
    async with sandbox(requests_per_minute=0) as client:
        items = await units(client, 203)
        groups = await units(client, 2, gtin=GROUP_GTIN, package="GROUP")
        assert await client.sent("aggregation", aggregation((groups[0], items[:201]))) == "ERROR"
        assert (await last_results(client))[groups[0]] == "package-limit-exceeded"
        assert await client.sent("aggregation", aggregation((groups[0], items[:200]))) == "SUCCESS"
        assert await client.sent("aggregation", aggregation((box, [groups[0], items[200]]))) == "SUCCESS"
        assert await client.sent("aggregation", aggregation((groups[1], [box]))) == "ERROR"
        assert (await last_results(client))[box] == "invalid-package-type"
        assert await client.sent("aggregation", aggregation((other, [box, items[201]]))) == "ERROR"
        assert (await last_results(client))[items[201]] == "invalid-package-type"  # no unit beside a box
        assert await client.sent("aggregation", aggregation((items[201], [items[202]]))) == "ERROR"
        assert (await last_results(client))[items[201]] == "invalid-package-type"  # a unit is no package


async def test_a_group_holds_its_own_product_group_only(sandbox: Open) -> None:
    async with sandbox() as client:
        water = await units(client, 1, gtin="03077972920046", group="water")
        groups = await units(client, 1, gtin=GROUP_GTIN, package="GROUP")
        assert await client.sent("aggregation", aggregation((groups[0], water))) == "ERROR"
        assert (await last_results(client))[water[0]] == "invalid-product-group"


async def test_an_empty_group_in_a_box_is_a_remark(sandbox: Open) -> None:
    async with sandbox() as client:
        groups = await units(client, 1, gtin=GROUP_GTIN, package="GROUP")
        (box,) = await ssccs(client, 1)
        assert await client.sent("aggregation", aggregation((box, groups))) == "SUCCESS"
        document_id = (await client.search(types="AGGREGATION"))[0]
        row = (await client.outcomes(document_id))[1]
        assert (row["state"], row["result"]) == ("WARNING", "EMPTY_PACKAGE_COMPOSITION")
        assert (await story(client, groups[0]))["parent"] == box


async def test_a_parent_that_is_no_code_is_refused(sandbox: Open) -> None:
    async with sandbox() as client:
        items = await units(client, 1)
        for parent, result in (
            ("00030779729200012316", "invalid-code"),  # check digit
            ("0000030796671523062500001", "invalid-code"),  # an import code
            (f"01{GROUP_GTIN}21nobody", "code-not-found"),
        ):
            assert await client.sent("aggregation", aggregation((parent, items))) == "ERROR"
            assert (await last_results(client))[parent] == result


async def test_the_shape_of_an_aggregation_is_checked(sandbox: Open) -> None:
    async with sandbox(requests_per_minute=0, codes_per_report=3) as client:
        good = aggregation(("p", ["a", "b"]))
        bad: list[dict[str, Any]] = [
            aggregation(("p", ["a", "b"]), aggregationItemsCount=3),
            aggregation(("p", ["a", "b"]), aggregationUnitCapacity=1),
            aggregation(("p", ["a", "b"]), shouldBeUnbundled="yes"),
            aggregation(("p", ["a", "a"])),
            aggregation(("p", [])),
            aggregation(("p", ["a"]), ("q", ["b"])),  # four codes, packages counted
            good | {"businessPlaceId": None},
            good | {"documentDate": "2026-01-01"},
            good | {"aggregationUnits": []},
            good | {"aggregationUnits": ["p"]},
            good | {"productGroup": "water"},
        ]
        for content in bad:
            assert (await client.send("aggregation", content)).status_code == 400, content
        assert (await client.send("aggregation", good)).status_code == 200


async def test_the_envelope_is_checked_and_unsorted_keys_are_counted_not_refused(sandbox: Open) -> None:
    async with sandbox() as client:
        url = "/public/api/v1/doc/transport-code-disaggregation"
        unsorted = base64.b64encode(json.dumps({"codes": ["00030779729200012315"], "businessDatetime": NOW}).encode())
        envelopes: list[tuple[dict[str, Any], int]] = [
            ({"documentBody": unsorted.decode()}, 200),
            ({"documentBody": " \n" + unsorted.decode(), "signature": "MIAG"}, 200),
            ({"documentBody": "это не base64"}, 400),
            ({"documentBody": unsorted.decode()[:-3] + "!"}, 400),
            ({"documentBody": base64.b64encode(b"[]").decode()}, 400),
            ({"documentBody": ""}, 400),
            ({"body": unsorted.decode()}, 400),
        ]
        for envelope, status in envelopes:
            assert (await client.http.post(url, json=envelope)).status_code == status, envelope
        assert (await client.books())["documents"]["unsorted"] == 2
        await client.send("transport-code-disaggregation", {"codes": ["00030779729200012315"], "businessDatetime": NOW})
        assert (await client.books())["documents"]["unsorted"] == 2


async def test_disaggregating_frees_children_and_dissolves_everything_above(sandbox: Open) -> None:
    async with sandbox() as client:
        items, (box_1, box_2, pallet) = await units(client, 2), await ssccs(client, 3)
        packs: Packs = [(box_1, items[:1]), (box_2, items[1:]), (pallet, [box_1, box_2])]
        await client.sent("aggregation", aggregation(*packs))
        content = {"businessDatetime": NOW, "codes": [box_1]}
        assert await client.sent("transport-code-disaggregation", content) == "SUCCESS"
        assert [(await story(client, code))["parent"] for code in (items[0], box_1, box_2)] == [None, None, None]
        assert (await story(client, items[1]))["parent"] == box_2
        assert (await story(client, items[0]))["status"] == "INTRODUCED"
        assert await client.sent("aggregation", aggregation((pallet, [box_2]))) == "SUCCESS"
        assert await client.sent("transport-code-disaggregation", content) == "SUCCESS"  # empty already: a remark
        assert (await last_results(client)) == {box_1: "EMPTY_PACKAGE_COMPOSITION"}


async def test_only_packages_of_ours_can_be_disaggregated(sandbox: Open) -> None:
    async with sandbox() as client:
        items = await units(client, 1)
        foreign = ident((await client.issue(1, gtin=GROUP_GTIN, package="GROUP", tin="123456789"))[0])
        content = {"businessDatetime": NOW, "codes": [items[0], foreign, "00030779729200012315"]}
        assert await client.sent("transport-code-disaggregation", content) == "ERROR"
        assert list((await last_results(client)).values()) == [
            "invalid-package-type",
            "code-not-owned",
            "code-not-found",
        ]


async def test_disaggregations_are_found_only_without_types(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.sent("transport-code-disaggregation", {"businessDatetime": NOW, "codes": ["00030779729200012315"]})
        assert len(await client.search()) == 1
        assert await client.search(types=["UTILISATION", "AGGREGATION", "VALIDATION"]) == []
