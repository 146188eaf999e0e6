"""Faults on demand, seen from outside: by an HTTP client, and by a bare socket where the bytes matter."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import pytest

from tests.integration.sandbox.line_client import STORAGE, Client, Open, ident, utilisation

REPORT = "/api/utilisation"


async def raw_answer(client: Client, codes: list[str]) -> tuple[bytes, type[OSError] | None]:
    """Post a report over a bare socket: every byte that came back, and the error that ended it."""
    host, port = client.server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(utilisation(codes)).encode()
    head = (
        f"POST {REPORT}?productGroup=vegetableoil HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {client.server.credentials.api_key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    received, error = b"", None
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        while chunk := await reader.read(4096):
            received += chunk
    except OSError as problem:
        error = type(problem)
    finally:
        writer.transport.abort()
    return received, error


async def applied(client: Client) -> int:
    """Codes applied, once nothing waits to be decided."""
    while "undecided" in (books := await client.books())["documents"]["by_status"]:
        await asyncio.sleep(0.02)
    return int(books["codes"]["applied"])


async def test_a_lost_answer_is_an_empty_end_of_the_connection_after_the_effect(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("answer-lost", path=REPORT)
        assert await raw_answer(client, await client.issue(3)) == (b"", None)
        assert await applied(client) == 3
        assert (await client.books())["answers"]["cut"] == 1


async def test_a_lost_answer_can_be_a_reset(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("answer-lost", path=REPORT, reset=True)
        assert await raw_answer(client, await client.issue(3)) == (b"", ConnectionResetError)
        assert await applied(client) == 3


async def test_a_connection_dropped_before_the_body_has_no_effect(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("drop-before", path=REPORT)
        received, _ = await raw_answer(client, await client.issue(3))
        assert received == b""
        assert (await client.books())["documents"]["total"] == 0


async def test_a_truncated_answer_promises_more_than_it_holds(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("truncated", path=REPORT)
        received, _ = await raw_answer(client, await client.issue(1))
        head, _, body = received.partition(b"\r\n\r\n")
        assert b" 200 OK" in head
        assert 0 < len(body) < int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert await applied(client) == 1


async def test_a_client_sees_a_lost_answer_as_a_protocol_error(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("answer-lost")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.utilise(await client.issue(1))
        assert await applied(client) == 1
        assert await client.search(types="UTILISATION")  # the next request finds a healthy server


@pytest.mark.parametrize(
    ("kind", "wanted", "status", "effect"),
    [
        ("error-before", {}, 500, False),
        ("error-before", {"status": 503, "html": True}, 503, False),
        ("error-after", {}, 500, True),
        ("error-after", {"status": 502, "html": True}, 502, True),
        ("html", {}, 200, False),
        ("html", {"status": 502, "after": True}, 502, True),
        ("too-many", {}, 429, False),
        ("expire-token", {}, 401, False),
        ("expire-token", {"status": 403}, 403, False),
        ("reject", {}, 400, False),
        ("reject", {"status": 422}, 422, False),
    ],
)
async def test_an_answer_of_a_kind_with_or_without_effect(
    sandbox: Open, kind: str, wanted: dict[str, Any], status: int, effect: bool
) -> None:
    async with sandbox() as client:
        codes = await client.issue(2)
        await client.fault(kind, **wanted)
        answer = await client.utilise(codes)
        assert answer.status_code == status
        assert ("html" in answer.headers["content-type"]) == (kind == "html" or wanted.get("html", False))
        assert await applied(client) == (2 if effect else 0)
        assert (await client.utilise(codes)).status_code == 200  # it was hit once


async def test_retry_after_is_there_only_where_it_was_asked_for(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("too-many")
        await client.fault("too-many", retry_after_s=7)
        codes = await client.issue(1)
        assert "Retry-After" not in (await client.utilise(codes)).headers
        assert (await client.utilise(codes)).headers["Retry-After"] == "7"


async def test_a_rejection_names_as_many_codes_as_it_was_told(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(3)
        await client.fault("reject", codes=2)
        faults = (await client.utilise(codes)).json()["globalErrors"]
        assert [fault["context"]["value"] for fault in faults] == codes[:2]
        await client.fault("reject", codes=1, path="*/aggregation")
        unit = {"aggregationItemsCount": 1, "aggregationUnitCapacity": 1, "codes": ["x"], "unitSerialNumber": "parent"}
        faults = (await client.send("aggregation", {"aggregationUnits": [unit]})).json()
        assert [fault["context"]["value"] for fault in faults] == ["parent"]


@pytest.mark.parametrize(
    ("naming", "said"),
    [
        ("path", {"error": "Недопустимое значение [CODE] параметра [sntins]", "requestBodyJsonPath": "$.sntins[1]"}),
        ("text", {"error": "Недопустимое значение [{}] параметра [sntins]"}),
        ("list", {"error": "Недопустимое значение", "invalidCodes": ["{}"]}),
    ],
)
async def test_a_rejection_may_name_a_code_without_its_context(
    sandbox: Open, naming: str, said: dict[str, object]
) -> None:
    async with sandbox() as client:
        codes = await client.issue(3)
        await client.fault("reject", codes=1, place=1, naming=naming)
        (fault,) = (await client.utilise(codes)).json()
        assert fault.pop("errorId") and fault.pop("service")
        expected = json.loads(json.dumps(said).replace("{}", json.dumps(codes[1])[1:-1]))
        assert fault == {"code": 602, **expected}


@pytest.mark.parametrize("shape", ["html", "plain", "empty"])
async def test_only_requests_with_a_certain_body_are_turned_away(sandbox: Open, shape: str) -> None:
    async with sandbox() as client:
        codes = await client.issue(2)
        await client.fault("error-before", status=413, shape=shape, containing=codes[0], times=None)
        for _ in range(2):
            answer = await client.utilise(codes[:1])
            assert answer.status_code == 413
            assert bool(answer.content) == (shape != "empty") and "json" not in answer.headers.get("content-type", "")
        assert (await client.utilise(codes[1:])).status_code == 200
        unit = {"aggregationItemsCount": 1, "aggregationUnitCapacity": 1, "codes": [codes[0]], "unitSerialNumber": "p"}
        assert (await client.send("aggregation", {"aggregationUnits": [unit]})).status_code == 413


async def test_a_success_may_lack_the_number_of_its_document(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("no-id", path=REPORT)
        answer = await client.utilise(await client.issue(2))
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        assert await applied(client) == 2


async def test_codes_may_be_processed_with_a_remark(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("warned", warned=2)
        document_id = await client.applied(await client.issue(5))
        rows = await client.outcomes(document_id)
        assert sorted(row["state"] for row in rows) == ["SUCCESS"] * 3 + ["WARNING"] * 2
        assert {row["result"] for row in rows if row["state"] == "WARNING"} == {"EXTENDED_STATUS_EXISTS"}
        assert await applied(client) == 5


async def test_a_card_may_be_another_documents_or_of_another_type(sandbox: Open) -> None:
    async with sandbox() as client:
        document_id = await client.applied(await client.issue(1))
        for foreign in ("id", "type"):
            await client.fault("foreign-card", foreign=foreign)
        cards = [(await client.http.get(f"{STORAGE}/docs/{document_id}")).json() for _ in range(3)]
        assert [card["documentId"] == document_id for card in cards] == [False, True, True]
        assert [card["type"] for card in cards] == ["UTILISATION", "VALIDATION", "UTILISATION"]


async def test_a_document_of_a_search_may_lack_its_type_and_a_list_may_never_end(sandbox: Open) -> None:
    async with sandbox() as client:
        document_id = await client.applied(await client.issue(1))
        await client.fault("typeless", path=f"{STORAGE}/docs/search")
        found = (await client.http.get(f"{STORAGE}/docs/search")).json()["documentInfos"]
        assert [(row["documentId"], "type" in row) for row in found] == [(document_id, False)]
        await client.fault("endless", times=None)
        after, places = -1, []
        for _ in range(3):
            query = {"limit": 10, "lastIndex": after}
            page = (await client.http.get(f"{STORAGE}/docs/{document_id}/codes", params=query)).json()
            places += [row["index"] for row in page]
            after = places[-1]
        assert places == list(range(30))


async def test_an_answer_may_be_as_long_as_it_likes(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("huge", megabytes=3)
        answer = await client.http.get(f"{STORAGE}/docs/search")
        assert 2_900_000 < len(answer.content) < 3_100_000
        assert isinstance(answer.json(), list)


async def test_an_expired_token_of_a_technical_user_is_dead_for_good(sandbox: Open) -> None:
    async with sandbox() as client:
        credentials = client.server.credentials
        login = {"login": credentials.login, "password": credentials.password}
        token = (await client.http.post("/api/users/authenticate", json=login)).json()["accessToken"]
        client.http.headers["Authorization"] = f"Bearer {token}"
        await client.fault("expire-token")
        answers = [(await client.http.get(f"{STORAGE}/docs/search")).status_code for _ in range(2)]
        assert answers == [401, 401]


async def test_slowness_comes_before_or_after_the_effect(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(2)
        for after, code in ((False, codes[0]), (True, codes[1])):
            await client.fault("slow", delay_s=0.3, after=after, path=REPORT)
            start = time.monotonic()
            sending = asyncio.create_task(client.utilise([code]))
            await asyncio.sleep(0.15)
            assert (await client.books())["documents"]["total"] == (2 if after else 0)
            assert (await sending).status_code == 200
            assert time.monotonic() - start >= 0.3


async def test_slowness_goes_with_another_fault(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("slow", delay_s=0.1)
        await client.fault("error-after")
        start = time.monotonic()
        assert (await client.utilise(await client.issue(1))).status_code == 500
        assert time.monotonic() - start >= 0.1


async def test_partial_processing_spoils_so_many_codes(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("partial", spoil=3)
        codes = await client.issue(10)
        document_id = await client.applied(codes)
        states = [row["state"] for row in await client.outcomes(document_id)]
        assert (states.count("ERROR"), states.count("SUCCESS")) == (3, 7)
        assert await applied(client) == 7


async def test_a_whole_document_can_be_refused_naming_somebody_or_nobody(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(4)
        for named in (0, 2):
            await client.fault("document-error", named=named)
            answer = await client.utilise(codes)
            assert await client.final(answer.json()["reportId"]) == "ERROR"
            assert len(await client.outcomes(answer.json()["reportId"])) == named
        assert await applied(client) == 0


async def test_codes_can_be_missing_in_the_list_of_outcomes(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("unlisted", unlisted=2)
        codes = await client.issue(5)
        document_id = await client.applied(codes)
        assert [row["code"] for row in await client.outcomes(document_id)] == [ident(code) for code in codes[2:]]
        assert await applied(client) == 5


async def test_a_fault_of_the_document_is_not_used_up_by_other_requests(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("hide", hide_s=3600)
        await client.search()
        assert (await client.utilise(["x"], "nonsense")).status_code == 400
        answer = await client.utilise(await client.issue(1))
        assert await client.search(documentId=answer.json()["reportId"]) == []


async def test_faults_pass_over_skipped_requests_and_end_by_themselves(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("error-before", skip=2, times=2, method="GET", path=f"{STORAGE}/*")
        answers = [(await client.http.get(f"{STORAGE}/docs/search")).status_code for _ in range(6)]
        assert answers == [200, 200, 500, 500, 200, 200]


async def test_faults_by_chance_repeat_with_the_seed(sandbox: Open) -> None:
    runs = []
    for _ in range(2):
        async with sandbox(seed=7) as client:
            await client.fault("error-before", times=None, probability=0.5)
            runs.append([(await client.http.get(f"{STORAGE}/docs/search")).status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


async def test_faults_are_listed_counted_and_taken_away(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("error-before", times=None)
        await client.fault("slow", times=None, delay_s=0)
        await client.search_status()
        listed = (await client.http.get("/sandbox/faults")).json()["items"]
        assert [(fault["kind"], fault["hits"]) for fault in listed] == [("error-before", 1), ("slow", 1)]
        assert (await client.books())["faults"] == {"error-before": 1, "slow": 1}
        removed = await client.http.delete(f"/sandbox/faults/{listed[0]['id']}")
        assert removed.json() == {"removed": 1}
        assert await client.search_status() == 200
        assert (await client.http.delete("/sandbox/faults")).json() == {"removed": 1}
        assert (await client.http.get("/sandbox/faults")).json() == {"items": []}


async def test_the_control_endpoint_is_never_hit(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.fault("error-before", times=None)
        await client.issue(1)
        assert (await client.http.get("/sandbox/books")).status_code == 200


async def test_a_fault_nobody_knows_is_refused(sandbox: Open) -> None:
    async with sandbox() as client:
        for body in ({"kind": "earthquake"}, {"kind": "slow", "delay": 1}, {"kind": "slow", "probability": 0}, {}):
            answer = await client.http.post("/sandbox/faults", json=body)
            assert answer.status_code == 422, body
            assert answer.json()["details"]
