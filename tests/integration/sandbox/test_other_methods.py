"""The sandbox's rules for what a line does not ask: transfers, import codes, lists, the owner's check, cards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.integration.sandbox.line_client import GTIN, Client, Open, ident
from tests.integration.sandbox.test_orders import order, ordered, pack, product

PHARMA = "03077972920015"
NOW = datetime.now(UTC).isoformat(timespec="seconds")
DOC = "/public/api/v1/doc"


async def imported(client: Client, count: int = 2) -> list[str]:
    """Identification codes that are applied and not introduced."""
    codes = await client.issue(count, gtin=PHARMA, group="pharma", countries=["DE"], codes=True)
    answer = await client.utilise(
        codes, "pharma", releaseType="IMPORT", manufacturerCountry="DE", seriesNumber="S1", sntins=codes
    )
    assert answer.status_code == 200, answer.text
    await client.final(answer.json()["reportId"])
    return [ident(code) for code in codes]


async def results(client: Client, answer: httpx.Response) -> tuple[str, set[str | None]]:
    """The final status of a document, and what is said of its codes."""
    assert answer.status_code == 200, answer.text
    document_id = answer.json()["documentId"]
    status = await client.final(document_id)
    return status, {row.get("result") for row in await client.outcomes(document_id)}


# ── orders ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_pack_of_an_order_that_was_closed_by_hand_is_not_given_again(sandbox: Open) -> None:
    async with sandbox(order_ready_after_s=0) as client:
        order_id = await ordered(client)
        assert (await pack(client, order_id)).status_code == 200
        await client.http.post("/api/order/close", params={"orderId": order_id})
        assert (await pack(client, order_id)).status_code == 400


async def test_orders_are_found_by_every_filter_and_page_after_page(sandbox: Open) -> None:
    async with sandbox(order_ready_after_s=0, requests_per_minute=0) as client:
        first = await ordered(client, order(poNumber="A"))
        second = await ordered(client, order(poNumber="B"))

        async def found(**query: Any) -> list[str]:
            answer = await client.http.get("/api/orders", params=query)
            return [one["orderId"] for one in answer.json()["orderInfos"]]

        later = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
        assert await found() == [second, first]
        assert await found(limit=1) == [second] and await found(limit=1, cursor=second) == [first]
        assert await found(cursor=first) == []
        assert await found(poNumber="A") == [first]
        assert await found(contractorTin="111111111") == []
        assert await found(status="READY", dateFrom=later) == [second, first]
        assert await found(status="CLOSED") == await found(dateTo=later) == []
        wrong = await client.http.get("/api/orders", params={"dateFrom": NOW, "dateTo": later})
        assert wrong.status_code == 400
        assert (await client.http.get("/api/orders", params={"status": "OPEN"})).status_code == 400
        subs = (await client.http.get("/api/orders/sub-orders", params={"cisType": "UNIT", "cursor": second})).json()
        assert [one["parentOrderId"] for one in subs["subOrderInfos"]] == [first]


async def test_codes_have_the_template_of_their_group(sandbox: Open) -> None:
    async with sandbox(order_ready_after_s=0) as client:
        order_id = await ordered(client, order(product(gtin=PHARMA, quantity=1), productGroup="pharma"))
        (code,) = (await pack(client, order_id, 1, gtin=PHARMA)).json()["codes"]
        assert [len(part) for part in code.split("\x1d")] == [31, 6, 46]


# ── transfers ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_only_imported_codes_of_two_groups_can_be_handed_over(sandbox: Open) -> None:
    async with sandbox() as client:
        wanted: dict[str, Any] = {"businessDatetime": NOW, "buyerId": 8, "ownerId": 3}
        good = await imported(client)
        (oil,) = await client.issue(1)
        await client.applied([oil])
        cases: list[tuple[list[str], str | None]] = [
            (good, None), ([ident(oil)], "invalid-product-group"), (["nobody"], "code-not-found")
        ]  # fmt: skip
        for codes, said in cases:
            asked = wanted | {"codes": codes, "products": [{"gtin": PHARMA, "quantity": len(codes)}]}
            assert (await results(client, await client.send("transfer/request", asked)))[1] == {said}
        changes: list[dict[str, Any]] = [{"buyerId": 3}, {"ownerId": 9}, {"codes": []}, {"products": {}}]
        for change in changes:
            asked = wanted | {"codes": good, "products": [{"gtin": PHARMA, "quantity": 2}]} | change
            assert (await client.send("transfer/request", asked)).status_code == 400, change


async def test_what_is_rejected_stays_where_it_is(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await imported(client)
        asked = {
            "businessDatetime": NOW, "buyerId": 8, "ownerId": 3, "codes": codes,
            "products": [{"gtin": PHARMA, "quantity": 2}],
        }  # fmt: skip
        request = (await client.send("transfer/request", asked)).json()["documentId"]
        await client.final(request)
        for number, resolution in (("nobody", "CONFIRMED"), (request, "REJECTED"), (request, "CONFIRMED")):
            said = {"transferRequestDocId": number, "resolution": resolution}
            status, told = await results(client, await client.send("transfer/confirmation", said))
            expected = {
                ("nobody", "CONFIRMED"): {"document-not-found"},
                (request, "REJECTED"): {None},
                (request, "CONFIRMED"): {"invalid-document-status"},
            }[number, resolution]
            assert (told, status == "SUCCESS") == (expected, expected == {None})
        assert await owners(client, codes) == {"307797292"}


async def owners(client: Client, codes: list[str]) -> set[str]:
    stories = [(await client.http.get("/sandbox/books/codes", params={"code": code})).json() for code in codes]
    return {story["owner"] for story in stories}


# ── import codes ────────────────────────────────────────────────────────────────────────────────────────────────────
async def fill(client: Client, code: str, codes: list[str], **changes: Any) -> httpx.Response:
    content = {
        "aggregatedCustomsCode": code, "gtin": PHARMA, "productGroup": "pharma", "tnved": "3006600001",
        "quantity": len(codes), "additionalUnit": None, "additionalUnitQuantity": None, "codes": codes,
    }  # fmt: skip
    return await client.send("customs-code", content | changes, signature="s")


async def test_an_import_code_is_filled_whole_or_not_at_all(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await imported(client, 3)
        code = (await client.http.post("/public/api/v1/customs-registry/code")).json()["aggregatedCustomsCode"]
        status, told = await results(client, await fill(client, code, [*codes[:2], "nobody"]))
        assert (status, told) == ("ERROR", {"package-rejected", "code-not-found"})
        assert await results(client, await fill(client, code, codes)) == ("SUCCESS", {None})
        assert (await results(client, await fill(client, code, codes)))[0] == "ERROR"
        other = (await client.http.post("/public/api/v1/customs-registry/code")).json()["aggregatedCustomsCode"]
        assert other != code and len(other) == 25
        assert "already-aggregated" in (await results(client, await fill(client, other, codes)))[1]
        gone = {"businessDatetime": NOW, "code": code}
        assert await results(client, await client.send("customs-code-withdrawal", gone, signature="s")) == (
            "SUCCESS", {None}
        )  # fmt: skip
        assert (await results(client, await client.send("customs-code-withdrawal", gone, signature="s")))[0] == "ERROR"


async def test_an_import_code_without_a_signature_or_with_half_a_unit_is_refused(sandbox: Open) -> None:
    async with sandbox() as client:
        gone = {"businessDatetime": NOW, "code": "1"}
        assert (await client.send("customs-code-withdrawal", gone)).status_code == 400
        for unit in ({"additionalUnit": 796}, {"additionalUnit": 1, "additionalUnitQuantity": 1}):
            assert (await fill(client, "1", ["2"], **unit)).status_code == 400


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_list_passes_its_states_and_is_gone_after_an_hour(sandbox: Open) -> None:
    async with sandbox(validating_after_s=10, in_process_after_s=10, final_after_s=(20, 20)) as client:
        now = [datetime.now(UTC).timestamp()]
        client.server.sandbox.clock = lambda: now[0]
        await client.issue(2)
        number = (await client.http.post("/public/api/cod/exports", json={"gtin": GTIN})).json()["id"]
        url = f"/public/api/cod/exports/{number}"
        for wait_s, status, code in (
            (0, "CREATED", 400), (15, "IN_PROCESSING", 400), (15, "SUCCESS", 200), (3_700, "EXPIRED", 400)
        ):  # fmt: skip
            now[0] += wait_s
            assert (await client.http.get(f"{url}/status")).json() == status
            assert (await client.http.get(f"{url}/result")).status_code == code
        assert (await client.http.get("/public/api/cod/exports/nobody/status")).status_code == 404


async def test_a_list_is_asked_for_with_words_of_the_dictionaries(sandbox: Open) -> None:
    async with sandbox() as client:
        bad: list[dict[str, Any]] = [
            {"gtin": "1"}, {"status": ["GONE"]}, {"productGroupId": [1]}, {"emissionDateFrom": "today"}, {"x": 1}
        ]  # fmt: skip
        for wrong in bad:
            answer = await client.http.post("/public/api/cod/exports", json={"gtin": GTIN} | wrong)
            assert answer.status_code == 400, wrong


# ── information about codes ─────────────────────────────────────────────────────────────────────────────────────────
async def test_the_owners_check_has_its_limits(sandbox: Open) -> None:
    async with sandbox() as client:
        client.server.sandbox.clock = lambda: 1_800_000_000.0
        url, codes = "/public/api/cod/nested-codes/owner-check", [f"{number:020d}" for number in range(101)]
        client.server.sandbox.owner_checks._times.clear()
        for asked, status in ((codes[:100], 200), (codes, 400), (["short"], 400)):
            answer = await client.http.post(url, json={"codes": asked, "ownerTin": "307797292"})
            assert answer.status_code == status
        for _ in range(7):
            await client.http.post(url, json={"codes": codes[:1], "ownerTin": "307797292"})
        assert (await client.http.post(url, json={"codes": codes[:1], "ownerTin": "307797292"})).status_code == 429


async def test_a_code_is_genuine_with_its_own_check_part_only(sandbox: Open) -> None:
    async with sandbox() as client:
        one, other = await client.issue(2)
        asked = [one, ident(one), ident(one) + other[len(ident(other)) :], "00030779729200012315"]
        answer = await client.http.post("/public/api/v1/code-verification/verify", json=asked)
        assert [(row["verified"], row["productGroup"]) for row in answer.json()] == [
            (True, 33), (False, None), (False, None), (False, None)
        ]  # fmt: skip


async def test_technical_users_may_ask_none_of_these(sandbox: Open) -> None:
    async with sandbox() as client:
        known = client.server.credentials
        tokens = (
            await client.http.post("/api/users/authenticate", json={"login": known.login, "password": known.password})
        ).json()
        client.http.headers["Authorization"] = f"Bearer {tokens['accessToken']}"
        for verb, path in (
            ("GET", f"{DOC}/transfer/request/search"), ("POST", f"{DOC}/transfer/request"),
            ("POST", f"{DOC}/transfer/confirmation"), ("POST", "/public/api/v1/customs-registry/code"),
            ("POST", f"{DOC}/customs-code"), ("POST", f"{DOC}/customs-code-withdrawal"),
            ("POST", "/public/api/cod/exports"), ("GET", "/public/api/cod/exports/1/status"),
            ("GET", "/public/api/cod/exports/1/result"), ("POST", "/public/api/cod/public/codes"),
            ("POST", "/public/api/cod/nested-codes/owner-check"), ("POST", "/public/api/v1/code-verification/verify"),
            ("GET", "/public/api/v1/product-registry/product"), ("GET", "/public/api/v1/product-registry/product/1"),
            ("GET", "/public/api/v1/product-registry/file/1"), ("GET", "/public/api/v1/party/parties/307797292/status"),
        ):  # fmt: skip
            assert (await client.http.request(verb, path, json={})).status_code == 403, path


# ── cards ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_cards_are_found_by_their_filters(sandbox: Open) -> None:
    async with sandbox() as client:
        await client.issue(1)

        async def found(**query: str) -> int:
            answer = await client.http.get("/public/api/v1/product-registry/product", params=query)
            return len(answer.json()) if answer.status_code == 200 else -answer.status_code

        oil = "vegetableoil"
        assert await found(productGroup=oil) == await found(productGroup=oil, status="PUBLISHED", gtin=GTIN) == 1
        assert await found(productGroup=oil, packageType="UNIT", inn="307797292") == 1
        assert await found(productGroup="beer") == await found(productGroup=oil, status="BLOCKED") == 0
        assert await found(productGroup=oil, tnved="1") == await found(productGroup=oil, inn="111111111") == 0
        assert await found(productGroup=oil, updatedAtFrom=NOW) == await found(productGroup=oil, gtin=PHARMA) == 0
        assert await found() == await found(productGroup="oil") == -400
        for path in ("product/nobody", "file/nobody"):
            assert (await client.http.get(f"/public/api/v1/product-registry/{path}")).status_code == 404
