"""A utilisation report from its registration to every code's outcome."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.sandbox.line_client import GROUP_GTIN, GTIN, STORAGE, Open, ident

PHARMA = "03077972920046"


async def test_codes_are_introduced_once_and_the_books_show_by_which_document(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(3)
        document_id = await client.applied(codes)
        assert await client.outcomes(document_id) == [
            {"index": place, "code": ident(code), "state": "SUCCESS"} for place, code in enumerate(codes)
        ]
        books = (await client.books())["codes"]
        assert books["by_status"] == {"INTRODUCED": 3}
        assert (books["applied"], books["applied_more_than_once"]) == (3, 0)
        items = (await client.http.get("/sandbox/books/codes")).json()["items"]
        assert {item["applied_by"] for item in items} == {document_id}


async def test_an_import_applies_and_does_not_introduce(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(1, countries=["DE"])
        answer = await client.utilise(codes, releaseType="IMPORT", manufacturerCountry="DE")
        assert await client.final(answer.json()["reportId"]) == "SUCCESS"
        assert (await client.books())["codes"]["by_status"] == {"APPLIED": 1}


async def test_a_second_report_of_the_same_codes_is_refused_and_shows_as_repeated_attempts(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(2)
        first, second = await client.applied(codes), await client.applied(codes)
        rows = await client.outcomes(second)
        assert {(row["state"], row["result"]) for row in rows} == {("ERROR", "invalid-code-status")}
        books = (await client.books())["codes"]
        assert (books["applied"], books["applied_more_than_once"], books["repeated_attempts"]) == (2, 0, 2)
        story = (await client.http.get("/sandbox/books/codes", params={"code": codes[0]})).json()
        assert [effect["document"] for effect in story["effects"]] == [first]
        assert [attempt["document"] for attempt in story["repeated_attempts"]] == [second]


async def test_two_reports_under_way_apply_a_code_once(sandbox: Open) -> None:
    async with sandbox(final_after_s=(0.1, 0.3)) as client:
        codes = await client.issue(50)
        answers = await asyncio.gather(*(client.utilise(codes) for _ in range(4)))
        ends = [await client.final(answer.json()["reportId"]) for answer in answers]
        assert sorted(ends) == ["ERROR", "ERROR", "ERROR", "SUCCESS"]
        assert (await client.books())["codes"]["applied_more_than_once"] == 0


async def test_every_kind_of_bad_code_gets_its_own_reason_and_the_good_one_is_applied(sandbox: Open) -> None:
    async with sandbox() as client:
        good, forged, bare, glued = await client.issue(4)
        (foreign,) = await client.issue(1, tin="123456789")
        (other_group,) = await client.issue(1, gtin=PHARMA, group="pharma", countries=["UZ"])
        (imported,) = await client.issue(1, gtin="03077972920039", countries=["DE"])
        unknown = f"01{GTIN}21unknown\x1d93abcd"
        codes = [
            good,
            forged[:-4] + "????",
            ident(bare),
            glued.replace("\x1d", ""),
            foreign,
            other_group,
            imported,
            unknown,
        ]
        answer = await client.utilise(codes)
        document_id = answer.json()["reportId"]
        assert await client.final(document_id) == "PARTIALLY_PROCESSED"
        assert [row.get("result") for row in await client.outcomes(document_id)] == [
            None,
            "invalid-check-code",
            "incomplete-code",
            "code-not-found",
            "code-not-owned",
            "invalid-product-group",
            "invalid-manufacturer-country",
            "code-not-found",
        ]
        assert (await client.books())["codes"]["by_status"] == {"INTRODUCED": 1, "RECEIVED": 6}


async def test_a_strict_sandbox_refuses_the_whole_document_and_names_only_the_bad(sandbox: Open) -> None:
    async with sandbox(some_bad="error") as client:
        codes = await client.issue(3)
        await client.applied(codes[:1])
        document_id = await client.applied(codes)
        rows = await client.outcomes(document_id)
        assert [(row["code"], row["state"]) for row in rows] == [(ident(codes[0]), "ERROR")]
        assert (await client.books())["codes"]["by_status"] == {"INTRODUCED": 1, "RECEIVED": 2}


async def test_groups_and_tobacco_are_applied_too(sandbox: Open) -> None:
    async with sandbox() as client:
        groups = await client.issue(2, gtin=GROUP_GTIN, package="GROUP")
        await client.applied(groups)
        tobacco = await client.issue(2, gtin="04640030095537", group="tobacco", template="TOBACCO")
        assert {len(code) for code in tobacco} == {29}
        document_id = await client.applied(tobacco, "tobacco")
        assert [row["code"] for row in await client.outcomes(document_id)] == [code[:21] for code in tobacco]
        assert (await client.books())["codes"]["by_status"] == {"INTRODUCED": 4}


NOW = datetime.now(UTC)
BAD: list[tuple[dict[str, Any], str]] = [
    ({"sntins": []}, "$.sntins"),
    ({"sntins": "010489921512237121a\x1d93abcd"}, "$.sntins"),
    ({"sntins": [1]}, "$.sntins[0]"),
    ({"sntins": ["a\x1d93abcd", "a\x1d93wxyz"]}, "$.sntins[1]"),
    ({"sntins": ...}, "$.sntins"),
    ({"businessPlaceId": "27"}, "$.businessPlaceId"),
    ({"businessPlaceId": True}, "$.businessPlaceId"),
    ({"businessPlaceId": ...}, "$.businessPlaceId"),
    ({"releaseType": "production"}, "$.releaseType"),
    ({"manufacturerCountry": "DE"}, "$.releaseType"),
    ({"releaseType": "IMPORT"}, "$.releaseType"),
    ({"manufacturerCountry": "uz"}, "$.manufacturerCountry"),
    ({"manufacturerCountry": ...}, "$.manufacturerCountry"),
    ({"productionDate": ...}, "$.productionDate"),
    ({"productionDate": "2025-01-01"}, "$.productionDate"),
    ({"productionDate": "2025-01-01T00:00:00"}, "$.productionDate"),
    ({"productionDate": "2025-02-31T00:00:00Z"}, "$.productionDate"),
    ({"productionDate": (NOW + timedelta(hours=1)).isoformat()}, "$.productionDate"),
    ({"expirationDate": ...}, "$.expirationDate"),
    ({"expirationDate": (NOW - timedelta(hours=1)).isoformat()}, "$.expirationDate"),
    ({"seriesNumber": ""}, "$.seriesNumber"),
    ({"seriesNumber": "x" * 21}, "$.seriesNumber"),
    ({"seriesnumber": "1"}, "$.seriesnumber"),
]


async def test_each_wrong_field_is_a_400_that_names_it(sandbox: Open) -> None:
    async with sandbox(requests_per_minute=0) as client:
        codes = await client.issue(1)
        for changes, path in BAD:
            answer = await client.utilise(codes, **changes)
            assert answer.status_code == 400, (changes, answer.text)
            body = answer.json()
            assert body["errorId"] and body["service"]
            assert path in {fault.get("requestBodyJsonPath") for fault in body["globalErrors"]}, (changes, body)
        assert (await client.books())["documents"]["total"] == 0


async def test_all_faults_of_a_body_are_told_at_once(sandbox: Open) -> None:
    async with sandbox() as client:
        answer = await client.utilise(["a\x1d93abcd"], releaseType="X", seriesNumber="", businessPlaceId=None)
        paths = [fault["requestBodyJsonPath"] for fault in answer.json()["globalErrors"]]
        assert sorted(paths) == ["$.businessPlaceId", "$.releaseType", "$.seriesNumber"]


async def test_what_a_group_demands_is_demanded(sandbox: Open) -> None:
    async with sandbox() as client:
        pharma = await client.issue(1, gtin=PHARMA, group="pharma")
        assert (await client.utilise(pharma, "pharma")).status_code == 400
        assert (await client.utilise(pharma, "pharma", seriesNumber="A1")).status_code == 200
        fridge = await client.issue(1, gtin="03077972920039", group="appliances", serial_length=20)
        answer = await client.utilise(fridge, "appliances", productionDate=..., expirationDate=...)
        assert await client.final(answer.json()["reportId"]) == "SUCCESS"


async def test_what_the_user_has_no_right_to_is_a_403(sandbox: Open) -> None:
    async with sandbox(groups=("vegetableoil",), places=(27, 28)) as client:
        codes = await client.issue(1)
        assert (await client.utilise(codes, "oil")).status_code == 400
        assert (await client.utilise(codes, "water")).status_code == 403
        assert (await client.utilise(codes, businessPlaceId=29)).status_code == 403
        assert (await client.utilise(codes, businessPlaceId=28)).status_code == 200


async def test_a_body_that_is_no_json_object_is_a_400(sandbox: Open) -> None:
    async with sandbox() as client:
        url, params = "/api/utilisation", {"productGroup": "vegetableoil"}
        headers = {"Content-Type": "application/json;charset=UTF-8"}
        for body in (b"", b"[]", b"{", b"\xff\xfe"):
            answer = await client.http.post(url, params=params, content=body, headers=headers)
            assert answer.status_code == 400, body
        answer = await client.http.post(url, params=params, content=b"{}", headers={"Content-Type": "text/plain"})
        assert answer.status_code == 400
        assert (await client.http.post(url, json={})).status_code == 400  # no productGroup


async def test_30_001_codes_are_refused_and_30_000_are_not(sandbox: Open) -> None:
    async with sandbox(codes_per_report=5) as client:
        codes = await client.issue(6)
        assert (await client.utilise(codes)).status_code == 400
        assert (await client.utilise(codes[:5])).status_code == 200


async def test_the_hundred_and_first_request_of_a_minute_is_refused(sandbox: Open) -> None:
    async with sandbox(requests_per_minute=3, retry_after=True) as client:
        codes = await client.issue(4)
        answers = [await client.utilise([code]) for code in codes]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
        other = await client.http.get(f"{STORAGE}/docs/search")  # "other methods: unlimited"
        assert other.status_code == 200


@pytest.mark.bench
async def test_30_000_codes_are_taken_and_decided_within_a_second_while_others_are_served(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(30_000)
        await client.http.get(f"{STORAGE}/docs/search")
        start = time.process_time()  # the sandbox runs in this process
        sending = asyncio.create_task(client.applied(codes))
        waits = []
        while not sending.done():
            asked = time.monotonic()
            await client.http.get(f"{STORAGE}/docs/search", params={"limit": 1})
            waits.append(time.monotonic() - asked)
        await sending
        took_s = time.process_time() - start
        print(f"30,000 codes: {took_s:.2f} s, slowest other request {max(waits) * 1000:.0f} ms")
        assert took_s < 4
        assert len(waits) >= 3, "nobody else was served meanwhile"
