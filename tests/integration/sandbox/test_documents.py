"""What becomes visible of a document, and when."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lined.sandbox import SandboxServer, SandboxSettings
from tests.integration.sandbox.line_client import STORAGE, Client, Open, ident, utilisation


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).timestamp()

    def __call__(self) -> float:
        return self.now


async def status_of(client: Client, document_id: str) -> str:
    answer = await client.http.get(f"{STORAGE}/docs/{document_id}")
    return str(answer.json()["status"]) if answer.status_code == 200 else str(answer.status_code)


async def test_a_document_passes_through_its_statuses_in_their_time() -> None:
    clock = Clock()
    settings = SandboxSettings(
        visible_after_s=1, validating_after_s=2, in_process_after_s=3, final_after_s=(4, 4), seed=1
    )
    async with SandboxServer(settings, clock=clock) as server:
        client = Client(server)
        async with client.http:
            codes = await client.issue(1)
            answer = await client.utilise(codes)
            document_id = answer.json()["reportId"]
            seen = []
            for _ in range(4):
                seen.append(await status_of(client, document_id))
                clock.now += 1
            assert seen == ["404", "CREATED", "VALIDATING", "IN_PROCESS"]
            server.sandbox.document_registered()  # the clock has jumped: look again
            assert await client.final(document_id) == "SUCCESS"


async def test_an_invisible_document_is_in_no_search_and_answers_404_everywhere(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("hide", hide_s=3600)
        document_id = (await client.utilise(await client.issue(1))).json()["reportId"]
        assert await client.search(documentId=document_id) == []
        for path in (
            f"docs/{document_id}",
            f"docs/{document_id}/codes",
            f"errors/{document_id}?limit=5",
            f"json/{document_id}",
        ):
            assert (await client.http.get(f"{STORAGE}/{path}")).status_code == 404, path
        listed = (await client.http.get("/sandbox/books/documents")).json()["items"]
        assert [item["document_id"] for item in listed] == [document_id]


async def test_a_card_is_flat_and_names_the_group(sandbox: Open) -> None:
    async with sandbox() as client:
        document_id = await client.applied(await client.issue(1))
        card = (await client.http.get(f"{STORAGE}/docs/{document_id}")).json()
        assert card | {"createDate": ""} == {
            "documentId": document_id,
            "type": "UTILISATION",
            "status": "SUCCESS",
            "createDate": "",
            "originalDocId": None,
            "productGroup": "vegetableoil",
        }


async def test_codes_come_in_pages_by_their_index(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(5)
        document_id = await client.applied(codes)
        url, got, after = f"{STORAGE}/docs/{document_id}/codes", [], None
        while True:
            query = {"limit": 2} | ({} if after is None else {"lastIndex": after})
            page = (await client.http.get(url, params=query)).json()
            got += page
            if len(page) < 2:
                break
            after = page[-1]["index"]
        assert [row["code"] for row in got] == [ident(code) for code in codes]
        assert (await client.http.get(url, params={"limit": "many"})).status_code == 400


async def test_before_its_end_a_document_lists_no_codes(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("stuck")
        document_id = (await client.utilise(await client.issue(2))).json()["reportId"]
        assert await client.outcomes(document_id) == []
        assert await status_of(client, document_id) == "IN_PROCESS"


async def test_errors_are_numbered_by_row_and_name_no_code(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(4)
        await client.applied(codes[2:])
        document_id = await client.applied(codes)
        url = f"{STORAGE}/errors/{document_id}"
        assert (await client.http.get(url)).status_code == 400  # limit is required
        rows = (await client.http.get(url, params={"limit": 10})).json()["documentErrors"]
        assert rows == [
            {
                "propertyName": "CODE",
                "index": place,
                "errorCode": "invalid-code-status",
                "errorTags": {"status": "INTRODUCED"},
            }
            for place in (0, 1)
        ]
        rest = (await client.http.get(url, params={"limit": 10, "lastIndex": 0})).json()["documentErrors"]
        assert [row["index"] for row in rest] == [1]


async def test_content_has_lost_separators_and_the_country_as_in_the_sample(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(2)
        document_id = await client.applied(codes)
        content = (await client.http.get(f"{STORAGE}/json/{document_id}")).json()
        assert content["sntins"] == [code.replace("\x1d", "") for code in codes]
        assert set(content) == set(utilisation(codes)) - {"manufacturerCountry"}


async def test_content_can_be_told_to_be_whole(sandbox: Open) -> None:
    async with sandbox(content_as_sample=False) as client:
        codes = await client.issue(2)
        document_id = await client.applied(codes)
        content = (await client.http.get(f"{STORAGE}/json/{document_id}")).json()
        assert content["sntins"] == codes
        assert content["manufacturerCountry"] == "UZ"


async def test_searches_page_by_cursor_and_lose_nothing(sandbox: Open) -> None:
    for order in ("newest", "oldest"):
        async with sandbox(search_order=order, requests_per_minute=0) as client:
            made = [(await client.utilise([code])).json()["reportId"] for code in await client.issue(7)]
            found, cursor = [], ""
            while page := await client.search(types="UTILISATION", limit=3, cursor=cursor):
                found += page
                cursor = page[-1]
            assert found == (made if order == "oldest" else made[::-1])


async def test_searches_filter(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(2)
        good = await client.applied(codes[:1])
        bad = await client.applied(codes[:1])
        assert await client.search(status="ERROR") == [bad]
        assert set(await client.search(status=["ERROR", "SUCCESS"])) == {good, bad}
        assert set(await client.search(status="ERROR,SUCCESS")) == {good, bad}
        assert await client.search(types="AGGREGATION") == []
        assert await client.search(productGroups="water") == []
        assert await client.search(documentId=good) == [good]
        for query in ({"types": "CODE_CORRECTION"}, {"status": "DONE"}, {"limit": 0}, {"dateFrom": "yesterday"}):
            assert (await client.http.get(f"{STORAGE}/docs/search", params=query)).status_code == 400, query


async def test_a_search_from_the_printed_moment_finds_that_document(sandbox: Open) -> None:
    async with sandbox(requests_per_minute=0) as client:
        created = ""
        for code in await client.issue(20):
            document_id = (await client.utilise([code])).json()["reportId"]
            created = (await client.http.get(f"{STORAGE}/docs/{document_id}")).json()["createDate"]
            assert document_id in await client.search(dateFrom=created)
            assert document_id not in await client.search(dateTo=created)
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        for backwards in ({"dateFrom": later, "dateTo": created}, {"dateFrom": later}):  # without dateTo: up to now
            assert (await client.http.get(f"{STORAGE}/docs/search", params=backwards)).status_code == 400


async def test_the_old_status_method_speaks_its_own_words(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(1)
        good, bad = await client.applied(codes), await client.applied(codes)
        answer = (await client.http.get(f"/api/utilisation/{good}")).json()
        assert (answer["reportId"], answer["reportStatus"]) == (good, "SUCCESS")
        answer = (await client.http.get(f"/api/utilisation/{bad}")).json()
        assert (answer["reportStatus"], answer["rejectReason"]) == ("ERROR", ["invalid-code-status"])
        assert (await client.http.get("/api/utilisation/unknown")).status_code == 404


async def test_undecided_documents_are_decided_after_a_restart(sandbox: Open, tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    async with sandbox(state, final_after_s=(0.3, 0.3)) as client:
        document_id = (await client.utilise(await client.issue(10))).json()["reportId"]
        assert await status_of(client, document_id) == "IN_PROCESS"
    async with sandbox(state) as client:
        assert await client.final(document_id) == "SUCCESS"
        assert (await client.books())["codes"]["applied"] == 10


async def test_an_unknown_path_answers_in_the_regulators_shape(sandbox: Open) -> None:
    async with sandbox() as client:
        answer = await client.http.get("/public/api/v1/nothing")
        assert answer.status_code == 404
        assert answer.json()[0]["code"] == "not-found"


async def test_many_questions_at_once_are_answered(sandbox: Open) -> None:
    async with sandbox() as client:
        document_id = await client.applied(await client.issue(100))
        answers = await asyncio.gather(*(client.outcomes(document_id) for _ in range(30)))
        assert {len(rows) for rows in answers} == {100}
