"""Validation and correction, and what a code's history tells of them."""

from __future__ import annotations

from typing import Any

from tests.integration.sandbox.line_client import GROUP_GTIN, GTIN, Client, Open, ident

NOW = "2026-01-01T10:00:00Z"


def validation(*codes: str, **changes: Any) -> dict[str, Any]:
    return {
        "productGroup": "vegetableoil",
        "businessPlaceId": 27,
        "packageType": "UNIT",
        "documentDate": NOW,
        "codes": [{"code": code, "printQualityClass": "B"} for code in codes],
    } | changes


async def history(client: Client, code: str) -> list[dict[str, Any]]:
    answer = await client.http.post("/public/api/cod/private/codes", json={"codes": [code]})
    (found,) = answer.json()["results"]
    events: list[dict[str, Any]] = found["codeHistory"]
    return events


async def test_validation_takes_identification_codes_and_full_ones(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(2)
        assert await client.sent("validation", validation(ident(codes[0]), codes[1])) == "SUCCESS"
        events = await history(client, ident(codes[0]))
        described = {"eventValidationShortResponse": {"printQualityClass": "B"}}
        assert (events[-1]["eventType"], events[-1]["eventDescription"]) == ("VALIDATION", described)


async def test_a_validation_judges_each_code(sandbox: Open) -> None:
    async with sandbox() as client:
        good, forged = await client.issue(2)
        (group,) = await client.issue(1, gtin=GROUP_GTIN, package="GROUP")
        codes = [good, forged[:-4] + "????", ident(group), f"01{GTIN}21nobody"]
        assert await client.sent("validation", validation(*codes)) == "PARTIALLY_PROCESSED"
        (document_id,) = await client.search(types="VALIDATION")
        results = [row.get("result") for row in await client.outcomes(document_id)]
        assert results == [None, "invalid-check-code", "invalid-package-type", "code-not-found"]


async def test_the_shape_of_a_validation_is_checked(sandbox: Open) -> None:
    async with sandbox() as client:
        bad = [
            validation("a", packageType="PALLET"),
            validation("a", codes=[{"code": "a", "printQualityClass": "E"}]),
            validation("a", codes=[{"code": "a"}]),
            validation("a", codes=["a"]),
            validation("a", "a"),
            validation("a", documentDate="now"),
            validation("a", productGroup="oil"),
            validation("a", grade="A"),
        ]
        for content in bad:
            assert (await client.send("validation", content)).status_code == 400, content
        assert (await client.send("validation", validation("a", businessPlaceId=1))).status_code == 403


async def test_a_correction_changes_what_applied_codes_say(sandbox: Open) -> None:
    async with sandbox() as client:
        applied, fresh = await client.issue(2)
        await client.applied([applied])
        updated = {"seriesNumber": "L-7", "expirationDatetime": "2031-01-01T00:00:00Z"}
        content = {"businessDatetime": NOW, "updatedFields": updated, "codes": [ident(applied), ident(fresh)]}
        assert await client.sent("correction", content) == "PARTIALLY_PROCESSED"
        (document_id,) = (await client.search())[:1]
        assert [row.get("result") for row in await client.outcomes(document_id)] == [None, "invalid-code-status"]
        answer = await client.http.post("/public/api/cod/private/codes", json={"codes": [ident(applied)]})
        product = answer.json()["results"][0]["productData"]
        assert (product["productSeries"], product["expirationDate"]) == ("L-7", "2031-01-01T00:00:00Z")
        assert product["manufacturerCountry"] == "uz"
        assert (await history(client, ident(applied)))[-1]["eventSourceId"] == document_id


async def test_the_shape_of_a_correction_is_checked(sandbox: Open) -> None:
    async with sandbox() as client:
        good: dict[str, Any] = {"businessDatetime": NOW, "updatedFields": {"seriesNumber": "1"}, "codes": ["a"]}
        bad: list[dict[str, Any]] = [
            {"updatedFields": {}},
            {"updatedFields": {"seriesNumber": None}},
            {"updatedFields": {"series": "1"}},
            {"updatedFields": {"seriesNumber": "x" * 21}},
            {"updatedFields": {"productionDatetime": "2999-01-01T00:00:00Z"}},
            {"updatedFields": {"expirationDatetime": "1999-01-01T00:00:00Z"}},
            {"updatedFields": "seriesNumber"},
            {"businessDatetime": None},
            {"codes": []},
        ]
        for changes in bad:
            assert (await client.send("correction", good | changes)).status_code == 400, changes
        assert (await client.send("correction", good)).status_code == 200


async def test_the_history_of_a_code_names_the_document_behind_every_change(sandbox: Open) -> None:
    async with sandbox() as client:
        (code,) = await client.issue(1)
        document_id = await client.applied([code])
        await client.sent(
            "aggregation",
            {
                "aggregationUnits": [
                    {
                        "aggregationItemsCount": 1,
                        "aggregationUnitCapacity": 1,
                        "codes": [ident(code)],
                        "unitSerialNumber": "00030779729200012315",
                    }
                ],
                "businessPlaceId": 27,
                "documentDate": NOW,
            },
        )
        (packing,) = await client.search(types="AGGREGATION")
        events = await history(client, ident(code))
        told = [(event["eventType"], event["documentType"], event["eventSourceId"]) for event in events]
        assert told[1:] == [
            ("INTRODUCTION", "UTILISATION", document_id),
            ("UTILISATION", "UTILISATION", document_id),
            ("CHANGE_PARENT", "AGGREGATION", packing),
        ]
        assert told[0][:2] == ("USAGE", "ORDER")
        parent = (await history(client, "00030779729200012315"))[-1]
        assert (parent["eventType"], parent["eventSourceId"]) == ("UPDATE_CHILDREN", packing)


async def test_code_information_has_its_limits(sandbox: Open) -> None:
    async with sandbox() as client:
        (own,) = await client.issue(1)
        (foreign,) = await client.issue(1, tin="123456789")
        url = "/public/api/cod/private/codes"
        codes = [ident(own), ident(foreign), f"01{GTIN}21nobody"]
        answer = (await client.http.post(url, json={"codes": codes})).json()
        assert [found["codeData"]["code"] for found in answer["results"]] == [ident(own)]
        assert answer["forbiddenCodes"] == [ident(foreign)]
        redirect = await client.http.post(url, json={"codes": [ident(foreign)]})
        assert (redirect.status_code, redirect.headers["location"]) == (307, "/public/api/cod/public/codes")
        public = await client.http.post("/public/api/cod/public/codes", json={"codes": [ident(foreign)]})
        assert [(found["code"], found["status"]) for found in public.json()] == [(ident(foreign), "RECEIVED")]
        assert (await client.http.post(url, json={"codes": [codes[2]]})).json() == {"results": [], "forbiddenCodes": []}
        too_many = [f"{number:020d}" for number in range(1001)]
        bad: list[list[str]] = [["short"], [own], ["010489921512237121Кириллица"], too_many, []]
        for asked in bad:
            assert (await client.http.post(url, json={"codes": asked})).status_code == 400
