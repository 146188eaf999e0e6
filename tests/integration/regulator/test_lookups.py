"""Questions over real sockets: what is evidence and what is none."""

from __future__ import annotations

import base64
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lined.regulator import Account, Regulator
from lined.vocabulary.errors import Denied, LookupFailed, Unavailable
from tests.harness.raw_server import Behaviour, Peer, RawServer, Seen, answer, loop_holds, routes, says
from tests.integration.regulator.conftest import KEY

MakeAccount = Callable[..., Account]
CARD = {"documentId": "0e33", "type": "UTILISATION", "status": "IN_PROCESS", "createDate": "2025-01-20T06:43:13.536Z"}
SINCE = datetime(2026, 2, 25, 17, 0, 30, 900_000, tzinfo=timezone(timedelta(hours=5)))
IDENTS = [f"010489921512237121U&U1+<{number:07d}" for number in range(30_000)]


@asynccontextmanager
async def plant(
    account: MakeAccount, *behaviours: Behaviour, **changes: object
) -> AsyncIterator[tuple[Regulator, RawServer]]:
    async with RawServer(*behaviours) as server, Regulator(account(server.url, **changes)) as regulator:
        yield regulator, server


Question = Callable[[Regulator], object]
QUESTIONS: dict[str, Question] = {
    "document": lambda regulator: regulator.document("0e33"),
    "code_outcomes": lambda regulator: regulator.code_outcomes("0e33", after=None, limit=10),
    "document_errors": lambda regulator: regulator.document_errors("0e33", after=None, limit=10),
    "search": lambda regulator: regulator.search(type="UTILISATION", since=SINCE, cursor=None),
    "content": lambda regulator: regulator.content("0e33"),
    "code_histories": lambda regulator: regulator.code_histories(IDENTS[:2]),
}
each_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())


async def _ask(question: Question, regulator: Regulator) -> object:
    return await question(regulator)  # type: ignore[misc]


# ------------------------------------------------------------------------------------------------ no evidence
async def _hang(peer: Peer) -> None:
    await peer.request()
    await peer.hang()


async def _reset(peer: Peer) -> None:
    await peer.request()
    peer.reset()


async def _cut(peer: Peer) -> None:
    await peer.request()
    await peer.send(answer(200, [], length=50))


async def _trickle(peer: Peer) -> None:
    await peer.request()
    for byte in answer(200, {"documentInfos": []}):
        await peer.send(bytes([byte]))


@each_question
@pytest.mark.parametrize(
    "behaviour",
    [
        _hang,
        _reset,
        _cut,
        says(answer(200, "<html>maintenance</html>")),
        says(answer(401, "<html>log in</html>")),
        says(answer(404, "<html>nginx</html>")),
        says(answer(500, {"code": "x"})),
        says(answer(503, {"code": "1"})),
        says(answer(403, {"code": "1"})),
        says(answer(429, {"code": "limit"})),
        says(answer(400, {"code": "602"})),
        says(answer(200, "")),
        says(answer(200, "nothing", kind="text/plain")),
        says(answer(200, {"documentInfos": 5, "results": 5, "codes": 5, "documentErrors": 5, "documentBody": "?"})),
        says(answer(200, '[{"index"')),
    ],
)
async def test_no_answer_is_no_evidence(account: MakeAccount, question: Question, behaviour: Behaviour) -> None:
    async with plant(account, behaviour) as (regulator, _):
        with pytest.raises(Unavailable):
            await _ask(question, regulator)


@each_question
@pytest.mark.parametrize("status", [401, 403])
async def test_a_missing_right_is_told_apart(account: MakeAccount, question: Question, status: int) -> None:
    said = answer(status, {"code": "201", "context": {"Authorization": f"Bearer {KEY}", "description": KEY}})
    async with plant(account, says(said)) as (regulator, _):
        with pytest.raises(Denied) as caught:
            await _ask(question, regulator)
    assert caught.value.status == status
    assert KEY not in str(caught.value) + str(regulator.last_problem)


@pytest.mark.parametrize("name", [name for name in QUESTIONS if name not in {"document", "code_outcomes"}])
async def test_404_is_absence_of_a_document_or_of_its_list_of_codes_only(account: MakeAccount, name: str) -> None:
    async with plant(account, says(answer(404, {"code": "not-found"}))) as (regulator, _):
        assert await regulator.document("0e33") is None
        assert await regulator.code_outcomes("0e33", after=None, limit=10) is None
        with pytest.raises(Unavailable):
            await _ask(QUESTIONS[name], regulator)
        assert regulator.counts["document", "absent"] == 1
        assert regulator.counts[name, "unavailable"] == 1


async def test_a_bare_404_is_absence_too(account: MakeAccount) -> None:
    async with plant(account, says(answer(404))) as (regulator, _):
        assert await regulator.document("0e33") is None


async def test_without_a_credential_a_question_is_denied_and_not_asked(account: MakeAccount) -> None:
    async with plant(account, says(answer(200, CARD)), api_key=lambda: "") as (regulator, server):
        with pytest.raises(Denied):
            await regulator.document("0e33")
        assert server.seen == []


# ---------------------------------------------------------------------------------------------------- answers
async def test_a_document_is_read(account: MakeAccount) -> None:
    async with plant(account, says(answer(200, CARD))) as (regulator, server):
        card = await regulator.document("0e33")
    assert card is not None and (card.document_id, card.status) == ("0e33", "IN_PROCESS")
    assert server.seen[0].target == "/public/api/v1/doc/storage/docs/0e33"
    assert regulator.reachable and regulator.last_problem is None


async def test_a_status_counts_however_it_is_written(account: MakeAccount) -> None:
    async with plant(account, says(answer(200, {**CARD, "status": "Success"}))) as (regulator, _):
        card = await regulator.document("0e33")
    assert card is not None and card.status == "SUCCESS"


async def test_no_id_leads_to_another_method(account: MakeAccount) -> None:
    async with plant(account, says(answer(200, CARD))) as (regulator, server):
        await regulator.document("../../x?y=1&z#/ж")
    assert server.seen[0].target.startswith("/public/api/v1/doc/storage/docs/..%2F..%2Fx%3Fy%3D1%26z%23%2F")


async def test_a_search_asks_one_page_by_the_servers_clock(account: MakeAccount) -> None:
    async with plant(account, says(answer(200, {"documentInfos": [CARD]}))) as (regulator, server):
        (found,) = await regulator.search(type="UTILISATION", since=SINCE, cursor=None)
        await regulator.search(type=None, since=SINCE, cursor="0e33", until=SINCE + timedelta(minutes=1))
    assert found.document_id == "0e33"
    first, second = (seen.query for seen in server.seen)
    assert first == {"types": "UTILISATION", "dateFrom": "2026-02-25T12:00:30Z", "limit": "100"}
    assert second == {
        "dateFrom": "2026-02-25T12:00:30Z",
        "dateTo": "2026-02-25T12:01:31Z",
        "limit": "100",
        "cursor": "0e33",
    }


async def test_content_comes_plain_or_in_its_envelope(account: MakeAccount) -> None:
    body = {"sntins": ["0104…93UehU"], "businessPlaceId": 27}
    packed = base64.encodebytes(json.dumps(body).encode()).decode()
    async with plant(account, says(answer(200, body), answer(200, {"documentBody": packed}))) as (regulator, _):
        assert await regulator.content("0e33") == body
        assert await regulator.content("0e33") == body


async def test_errors_are_asked_with_a_limit_always(account: MakeAccount) -> None:
    rows = [{"propertyName": "CODE", "index": 4, "errorCode": "invalid-code-status", "errorTags": {"status": "X"}}]
    async with plant(account, says(answer(200, {"documentErrors": rows}))) as (regulator, server):
        (row,) = await regulator.document_errors("0e33", after=3, limit=10**9)
    assert (row.row, row.error_code, row.tags) == (4, "invalid-code-status", {"status": "X"})
    assert server.seen[0].query == {"limit": "2000", "lastIndex": "3"}


async def test_histories_name_documents(account: MakeAccount) -> None:
    event = {"eventType": "INTRODUCTION", "eventSourceId": "0f86", "documentType": "UTILISATION", "eventDate": "x"}
    rows = [{"codeData": {"code": IDENTS[0], "status": "INTRODUCED"}, "codeHistory": [event]}]
    async with plant(account, says(answer(200, {"results": rows}))) as (regulator, server):
        (history,) = await regulator.code_histories(IDENTS[:2])
    assert history.events[0].document_id == "0f86"
    assert json.loads(server.seen[0].body) == {"codes": IDENTS[:2]}


async def test_codes_that_are_not_ours_redirect_and_that_is_a_denial(account: MakeAccount) -> None:
    said = answer(307, "", Location="/public/api/cod/public/codes")
    async with plant(account, says(said)) as (regulator, server):
        with pytest.raises(Denied):
            await regulator.code_histories(IDENTS[:2])
        assert len(server.seen) == 1


async def test_code_information_is_not_asked_by_technical_users(account: MakeAccount) -> None:
    async with plant(account, says(answer(200, {})), login="user", password=lambda: "secret-1") as (regulator, server):
        with pytest.raises(Denied):
            await regulator.code_histories(IDENTS[:2])
        assert server.seen == []


# ------------------------------------------------------------------------------------------------------- pages
def _outcomes(*, heed_limit: bool = True, heed_cursor: bool = True, turned: bool = False) -> Callable[[Seen], bytes]:
    rows = [{"index": number, "code": code, "state": "SUCCESS"} for number, code in enumerate(IDENTS)]

    def page(seen: Seen) -> bytes:
        after = int(seen.query.get("lastIndex", "-1")) if heed_cursor else -1
        found = rows[after + 1 :][: int(seen.query["limit"]) if heed_limit else len(rows)]
        return answer(200, found[::-1] if turned else found)

    return page


@pytest.mark.parametrize("heed_limit", [True, False])
async def test_thirty_thousand_outcomes_come_in_pages_of_two_thousand(account: MakeAccount, heed_limit: bool) -> None:
    changes = {"read_timeout_s": 5.0, "exchange_timeout_s": 10.0}
    got: list[str] = []
    async with plant(account, routes(codes=_outcomes(heed_limit=heed_limit)), **changes) as (regulator, server):
        after: int | None = None
        while page := await regulator.code_outcomes("0e33", after=after, limit=30_000):
            assert len(page) <= 2000
            got += [outcome.code for outcome in page]
            after = page[-1].index
    assert got == IDENTS
    assert "lastIndex" not in server.seen[0].query
    assert server.connections == 1


async def test_a_server_that_ignores_the_cursor_does_not_give_a_page_twice(account: MakeAccount) -> None:
    changes = {"read_timeout_s": 5.0, "exchange_timeout_s": 10.0}
    async with plant(account, routes(codes=_outcomes(heed_cursor=False)), **changes) as (regulator, _):
        first = await regulator.code_outcomes("0e33", after=None, limit=10)
        assert first
        assert await regulator.code_outcomes("0e33", after=first[-1].index, limit=10) == []


async def test_a_server_that_turns_the_order_and_ignores_the_limit_loses_nothing(account: MakeAccount) -> None:
    changes = {"read_timeout_s": 5.0, "exchange_timeout_s": 10.0}
    async with plant(account, routes(codes=_outcomes(heed_limit=False, turned=True)), **changes) as (regulator, _):
        page = await regulator.code_outcomes("0e33", after=1999, limit=2000)
    assert [outcome.index for outcome in page or ()] == list(range(2000, 4000))


# -------------------------------------------------------------------------------------------------- connections
async def test_lookups_share_connections_and_outlive_a_closed_one(account: MakeAccount) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(200, CARD))  # and closes, without having said so

    async with plant(account, once) as (regulator, server):
        for _ in range(4):
            assert await regulator.document("0e33") is not None
        assert server.connections == 4
    async with plant(account, says(answer(200, CARD))) as (regulator, server):
        for _ in range(4):
            await regulator.document("0e33")
        assert server.connections == 1


async def test_a_connection_that_dies_under_a_question_is_asked_again_on_a_new_one(account: MakeAccount) -> None:
    async def twice(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(200, CARD))
        await peer.request()
        peer.reset()

    async with plant(account, twice) as (regulator, server):
        assert await regulator.document("0e33") is not None
        assert await regulator.document("0e33") is not None
        assert (server.connections, len(server.seen)) == (2, 3)


async def test_no_cookie_is_kept(account: MakeAccount) -> None:
    async with plant(account, says(answer(200, CARD, Set_Cookie="route=a; Path=/"))) as (regulator, server):
        await regulator.document("0e33")
        await regulator.document("0e33")
    assert "cookie" not in server.seen[1].headers


# ----------------------------------------------------------------------------------------------------- the loop
def _content(shape: str) -> dict[str, object]:
    if shape == "utilisation":
        tail = "\u001d91ZmUn\u001d924ZsjFmdpRDAxQmZmc2VqWmFpRFZrZWFEQmxDef4lhAc="
        return {"sntins": [ident + tail for ident in IDENTS]}
    if shape == "validation":
        return {"codes": [{"code": ident, "printQualityClass": "A"} for ident in IDENTS]}
    packs = [IDENTS[start : start + 1000] for start in range(0, 30_000, 1000)]
    return {"aggregationUnits": [{"codes": pack, "unitSerialNumber": "00030779729200012315"} for pack in packs]}


def slowness() -> float:
    """How many times longer than the 20 ms that `lined.regulator.slices` speaks of this machine takes just now to read
    30,000 codes at once, in time of its processor; never less than 1.
    """
    text = json.dumps(_content("validation"))
    before_s = time.thread_time()
    json.loads(text)
    return max(1.0, (time.thread_time() - before_s) / 0.020)


@pytest.mark.bench
@pytest.mark.bound(120)
@pytest.mark.parametrize("shape", ["utilisation", "validation", "aggregation", "outcomes", "refusal"])
async def test_thirty_thousand_codes_do_not_hold_the_loop(account: MakeAccount, shape: str) -> None:
    """The target is 5 ms, on a machine that reads such a document at once in 20; the best of five counts, because the
    collector may come by at any time. A refusal that blames 30,000 codes one by one, which happens once in a
    line's life if at all, leaves as many values for it.
    """
    most_s = (0.015 if shape == "refusal" else 0.005) * slowness()
    said = answer(400, [{"code": "602", "context": {"value": ident}} for ident in IDENTS])
    if shape == "outcomes":
        said = answer(200, [{"index": n, "code": c, "state": "SUCCESS"} for n, c in enumerate(IDENTS[:2000])])
    elif shape != "refusal":
        said = answer(200, _content(shape))

    async def paced(peer: Peer) -> None:  # the server shares our loop: what it sends must not count
        while True:
            await peer.request()
            for start in range(0, len(said), 65536):
                await peer.send(said[start : start + 65536])

    async with plant(account, paced, read_timeout_s=10.0, exchange_timeout_s=60.0) as (regulator, _):
        await _warm(regulator)
        problems: list[str] = []
        for _ in range(5):
            try:
                async with loop_holds(most_s):
                    await _once(regulator, shape)
            except AssertionError as held:
                problems.append(str(held))
            else:
                return
    pytest.fail("; ".join(problems))


async def _once(regulator: Regulator, shape: str) -> None:
    if shape == "outcomes":
        assert len(await regulator.code_outcomes("0e33", after=None, limit=2000) or ()) == 2000
    elif shape == "refusal":
        with pytest.raises(LookupFailed):
            await regulator.document("0e33")
    else:
        assert await regulator.content("0e33")


async def _warm(regulator: Regulator) -> None:
    with pytest.raises(LookupFailed):
        await regulator.code_histories([])


def test_times_are_asked_in_utc() -> None:
    assert SINCE.astimezone(UTC).hour == 12


# ------------------------------------------------------------------------------------------------- long answers
MEGABYTE = 1_000_000
ROW = b'{"index":1,"code":"010489921512237121UGM6BL+d+aHQw","state":"SUCCESS"},'


def _long(piece: bytes, *, declared: bool) -> Behaviour:
    """Twenty megabytes of this, as fast as they are taken."""

    async def behaviour(peer: Peer) -> None:
        await peer.request()
        much = piece * (64 * 1024 // len(piece))
        length = f"Content-Length: {20 * MEGABYTE}" if declared else "Connection: close"
        await peer.send(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{length}\r\n\r\n[".encode())
        for _ in range(20 * MEGABYTE // len(much)):
            await peer.send(much)

    return behaviour


@each_question
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("piece", [ROW, b"x", b"{},", b"[[[[1]]]],", b"1,", b" "])
@pytest.mark.bound(60)
async def test_a_long_answer_is_bounded_before_it_is_decoded(
    account: MakeAccount, question: Question, piece: bytes, declared: bool
) -> None:
    changes = {"read_timeout_s": 20.0, "exchange_timeout_s": 40.0}
    async with plant(account, _long(piece, declared=declared), **changes) as (regulator, _):
        tracemalloc.start()
        try:
            async with loop_holds(0.05):
                with pytest.raises(Unavailable, match="longer than"):
                    await _ask(question, regulator)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < (4 if declared else 25) * MEGABYTE
