"""Calls of any method over real sockets: pages, answers that are not as the text says, what is sent only once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from lined.regulator import Account, Regulator
from lined.regulator.asked import asked
from lined.regulator.calls import Answered
from lined.regulator.strange import Kind
from lined.regulator.watch import Watch
from lined.vocabulary.errors import LinedError, NotSent, OutcomeUnknown, Refused, Unavailable
from tests.harness.raw_server import Behaviour, RawServer, Seen, answer, routes, says

MakeAccount = Callable[..., Account]
ORDER = {
    "orderId": "1",
    "productGroup": "beer",
    "orderStatus": "READY",
    "releaseMethodType": "PRIMARY",
    "createDate": "",
}


@asynccontextmanager
async def plant(
    account: MakeAccount, *behaviours: Behaviour, **changes: object
) -> AsyncIterator[tuple[Regulator, RawServer]]:
    """Budgets that keep nobody waiting."""
    fast = {"requests_per_minute": 60_000} | changes
    async with RawServer(*behaviours) as server, Regulator(account(server.url, **fast)) as regulator:
        yield regulator, server


async def call(regulator: Regulator, name: str, **values: object) -> Answered:
    return await regulator.calls().one(asked(name, values, regulator.account))


def orders_of(rows: list[dict[str, Any]], most: int) -> Callable[[Seen], bytes]:
    """A server with these orders that gives at most so many a page, whatever it is asked for."""

    def page(seen: Seen) -> bytes:
        ids = [row["orderId"] for row in rows]
        start = ids.index(seen.query["cursor"]) + 1 if "cursor" in seen.query else 0
        return answer(200, {"orderInfos": rows[start : start + most]})

    return page


async def test_all_pages_come_also_where_the_server_gives_fewer_than_it_was_asked_for(account: MakeAccount) -> None:
    rows = [ORDER | {"orderId": str(number)} for number in range(7)]
    async with plant(account, routes(orders=orders_of(rows, 3))) as (regulator, server):
        found = await regulator.calls().pages("orders", {})
        assert [row["orderId"] for row in found.value["orderInfos"]] == [str(number) for number in range(7)]
        assert [seen.query.get("cursor") for seen in server.seen] == [None, "2", "5", "6"]
        assert {seen.query["limit"] for seen in server.seen} == {"100"}
        cut = await regulator.calls().pages("orders", {}, most=4)
        assert (len(cut.value["orderInfos"]), cut.more) == (4, True)


async def test_a_server_that_knows_no_cursor_is_not_asked_for_ever(account: MakeAccount) -> None:
    async with plant(account, says(answer(200, {"orderInfos": [ORDER]}))) as (regulator, server):
        found = await regulator.calls().pages("orders", {})
        assert len(found.value["orderInfos"]) == 2 and len(server.seen) == 2


async def test_rows_are_skipped_where_a_method_counts_them(account: MakeAccount) -> None:
    def page(seen: Seen) -> bytes:
        left = 5 - int(seen.query.get("offset", "0"))
        return answer(200, {"hasNextPage": left > 2, "products": [{} for _ in range(min(2, left))]})

    async with plant(account, routes(search_by_gtin=page)) as (regulator, server):
        found = await regulator.calls().pages("products_by_gtin", {"gtin": "04899215122371"})
        assert len(found.value["products"]) == 5
        assert [seen.query.get("offset") for seen in server.seen] == [None, "2", "4", "5"]


# ── answers that are not as the text says ───────────────────────────────────────────────────────────────────────────
async def test_what_is_new_in_an_answer_is_told_once_and_kept(account: MakeAccount) -> None:
    new = ORDER | {"orderStatus": "FROZEN", "region": "UZ-TK"}
    body = {"orderInfos": [new, new | {"orderId": "2"}], "total": 2}
    async with plant(account, says(answer(200, body))) as (regulator, _):
        found = await call(regulator, "orders")
        assert found.value == body
        assert [(one.kind, one.place, one.what) for one in found.strange] == [
            (Kind.FIELD, "total", ""),
            (Kind.FIELD, "orderInfos[].region", ""),
            (Kind.WORD, "orderInfos[].orderStatus", "FROZEN"),
        ]
        assert str(found.strange[2]) == "orderInfos[].orderStatus: FROZEN is in no dictionary of the text"


async def test_a_word_in_lower_case_is_no_new_word(account: MakeAccount) -> None:
    product = {"manufacturerCountry": "uz"}
    body = {"results": [{"codeData": {"code": "1", "status": "APPLIED"}, "productData": product}], "forbiddenCodes": []}
    async with plant(account, says(answer(200, body))) as (regulator, _):
        assert (await call(regulator, "code_histories", codes=["00030779729200012315"])).strange == ()


async def test_an_answer_of_another_type_is_given_all_the_same(account: MakeAccount) -> None:
    body = {"orderInfos": [ORDER | {"orderId": None}, ORDER | {"orderId": ["1"]}]}
    async with plant(account, says(answer(200, body))) as (regulator, _):
        found = await call(regulator, "orders")
        assert found.value == body
        assert [(one.kind, one.place) for one in found.strange] == [(Kind.TYPE, "orderInfos[].orderId")]


@pytest.mark.parametrize("body", ["", "OK", "{"])
async def test_an_answer_that_is_no_json_is_shown_as_it_is(account: MakeAccount, body: str) -> None:
    async with plant(account, says(answer(200, body, kind="text/plain"))) as (regulator, _):
        found = await call(regulator, "order_close", orderId="1")
        assert (found.value, [one.kind for one in found.strange]) == (body, [Kind.TYPE])


# ── what is sent ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("said", "raised"),
    [
        (answer(500, {"code": "x"}), OutcomeUnknown),
        (answer(200, "<html>", kind="text/html"), OutcomeUnknown),
        (answer(400, {"code": "602"}), Refused),
        (answer(429, {"code": "1"}), NotSent),
        (answer(400, "half a wor", kind="text/plain", length=99), OutcomeUnknown),
        (answer(302, "", Location="/elsewhere"), Refused),
    ],
)
async def test_what_changes_something_is_sent_once(account: MakeAccount, said: bytes, raised: type[LinedError]) -> None:
    async def behaviour(peer: Any) -> None:
        await peer.request()
        await peer.send(said)

    async with plant(account, behaviour) as (regulator, server):
        with pytest.raises(raised) as caught:
            await call(regulator, "order_close", orderId="1")
        assert type(caught.value) is raised and len(server.seen) == 1


async def test_a_request_of_a_technical_user_takes_a_token_and_an_open_one_none(account: MakeAccount) -> None:
    tokens = {"accessToken": "a", "accessTokenType": "BEARER", "accessTokenExpiresIn": 1_800_000, "refreshToken": "r"}
    methods = routes(authenticate=lambda _: answer(200, tokens), orders=lambda _: answer(200, {"orderInfos": []}))
    who = {"login": "line", "password": lambda: "secret"}
    async with plant(account, methods, **who) as (regulator, server):
        assert (await call(regulator, "orders")).value == {"orderInfos": []}
        await call(regulator, "authenticate", login="other", password="word")
        assert [seen.bearer for seen in server.seen] == ["", "a", ""]


async def test_every_answer_that_lined_reads_is_looked_at(account: MakeAccount) -> None:
    card = {"documentId": "d1", "type": "UTILISATION", "status": "SUCCESS", "createDate": "", "new": 1}
    methods = routes(
        d1=lambda _: answer(200, card),
        codes=lambda seen: answer(200, [] if seen.verb == "GET" else {"results": [], "new": 1}),
        utilisation=lambda _: answer(200, {"reportId": "r1", "new": 1}),
        search=lambda _: answer(500, {"new": 1}),
    )
    async with plant(account, methods) as (regulator, _):
        await regulator.document("d1")
        await regulator.code_outcomes("d1", after=None, limit=9)
        await regulator.code_histories(["00030779729200012315"])
        await regulator.submit("utilisation", b"{}", product_group="beer")
        with pytest.raises(Unavailable):
            await regulator.search(type=None, since=datetime.now(UTC), cursor=None)
        await regulator.canary.judge()
        assert {(method, one.short()) for method, one in regulator.canary.counts} == {
            ("document", "+new"), ("code_histories", "+new"), ("utilisation", "+new")
        }  # fmt: skip


# ── watching ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_regulator_is_watched_without_changing_anything(account: MakeAccount) -> None:
    document = {"documentId": "d1", "type": "UTILISATION", "status": "SUCCESS", "createDate": ""}
    outcome = {"index": 0, "code": "00030779729200012315", "state": "DELAYED"}
    methods = routes(
        check=lambda _: answer(200, {"isTinCorrect": True}),
        status=lambda _: answer(403, {"code": "access-denied"}),
        orders=lambda _: answer(200, {"orderInfos": []}),
        sub_orders=lambda _: answer(200, {"subOrderInfos": []}),
        search=lambda _: answer(200, {"documentInfos": [document | {"documentId": f"d{n}"} for n in range(9)]}),
        d0=lambda seen: answer(200, {"documentErrors": []} if "errors" in seen.path else document | {"priority": 1}),
        codes=lambda seen: answer(200, [outcome] if seen.verb == "GET" else []),
        search_by_gtin=lambda _: answer(200, {"hasNextPage": False, "products": []}),
    )
    async with plant(account, methods) as (regulator, server):
        watching = Watch(regulator.calls(), regulator.account)
        await watching.look(["04899215122371"])
        strange = {(name, one.place, one.what) for name, look in watching.looked.items() for one in look.strange}
        assert strange >= {("document", "priority", ""), ("code_outcomes", "state", "DELAYED")}
        assert "403" in watching.looked["participant"].problem
        assert {seen.verb for seen in server.seen if not seen.path.startswith("/public/api/cod/")} == {"GET"}
        assert len([seen for seen in server.seen if seen.path.endswith("/docs/d0")]) == 1
        assert len({seen.path for seen in server.seen if "/docs/d" in seen.path and "codes" not in seen.path}) == 3
