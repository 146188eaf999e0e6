"""Orders for codes: packs, fetching again, closing."""

from __future__ import annotations

from typing import Any

import httpx

from tests.integration.sandbox.line_client import GROUP_GTIN, GTIN, Client, Open


def order(*products: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "productGroup": "vegetableoil",
        "businessPlaceId": 27,
        "releaseMethodType": "PRIMARY",
        "products": list(products) or [product()],
    } | changes


def product(**changes: Any) -> dict[str, Any]:
    return {"gtin": GTIN, "quantity": 5, "cisType": "UNIT", "serialNumberType": "OPERATOR"} | changes


async def ordered(client: Client, content: dict[str, Any] | None = None) -> str:
    answer = await client.http.post("/api/orders", json=content or order())
    assert answer.status_code == 200, answer.text
    return str(answer.json()["orderId"])


async def pack(client: Client, order_id: str, quantity: int = 2, **query: Any) -> httpx.Response:
    asked: dict[str, Any] = {"orderId": order_id, "gtin": GTIN, "quantity": quantity} | query
    return await client.http.get("/api/codes", params=asked)


async def sub_order(client: Client, order_id: str) -> dict[str, Any]:
    (found,) = (await client.http.get("/api/orders/sub-orders", params={"orderId": order_id})).json()["subOrderInfos"]
    info: dict[str, Any] = found
    return info


async def test_codes_come_in_packs_and_packs_can_be_fetched_again(sandbox: Open) -> None:
    async with sandbox(order_ready_after_s=0) as client:
        order_id = await ordered(client)
        first = (await pack(client, order_id)).json()
        assert len(first["codes"]) == 2
        assert (await pack(client, order_id)).json() == first
        assert (await pack(client, order_id, lastPackId="0")).json() == first
        second = (await pack(client, order_id, lastPackId=first["packId"])).json()
        assert not set(second["codes"]) & set(first["codes"])
        assert (await pack(client, order_id, lastPackId=first["packId"])).json() == second
        third = (await pack(client, order_id, lastPackId=second["packId"])).json()
        assert len(third["codes"]) == 1
        codes = first["codes"] + second["codes"] + third["codes"]
        listed = (await client.http.get("/api/codes/packs", params={"orderId": order_id, "gtin": GTIN})).json()
        assert [(one["packId"], one["quantity"]) for one in listed["packs"]] == [
            (one["packId"], len(one["codes"])) for one in (first, second, third)
        ]
        await client.applied(codes)  # they are real codes


async def test_an_emptied_order_closes_by_itself_and_still_gives_its_packs_again(sandbox: Open) -> None:
    async with sandbox(order_ready_after_s=0) as client:
        order_id = await ordered(client)
        all_of_it = (await pack(client, order_id, 5)).json()
        (info,) = (await client.http.get("/api/orders", params={"orderId": order_id})).json()["orderInfos"]
        assert info["orderStatus"] == "CLOSED"
        assert (await pack(client, order_id, 5)).json() == all_of_it
        assert (await pack(client, order_id, 5, lastPackId=all_of_it["packId"])).status_code == 400


async def test_an_order_is_ready_after_a_while(sandbox: Open) -> None:
    async with sandbox(order_ready_after_s=3600) as client:
        order_id = await ordered(client)
        assert (await sub_order(client, order_id))["bufferStatus"] == "PENDING"
        assert (await pack(client, order_id)).status_code == 400


async def test_the_numbers_of_a_sub_order_follow_what_was_fetched(sandbox: Open) -> None:
    async with sandbox(order_ready_after_s=0) as client:
        order_id = await ordered(client)
        got = (await pack(client, order_id)).json()
        info = await sub_order(client, order_id)
        names = ("bufferStatus", "availableCodes", "leftInBuffer", "totalPassed", "lastPackId")
        assert [info[name] for name in names] == ["ACTIVE", 5, 3, 2, got["packId"]]


async def test_a_closed_order_cancels_what_was_not_fetched(sandbox: Open) -> None:
    async with sandbox(order_ready_after_s=0) as client:
        order_id = await ordered(client, order(product(), product(gtin=GROUP_GTIN, cisType="GROUP")))
        got = (await pack(client, order_id)).json()
        answer = await client.http.post("/api/order/close", params={"orderId": order_id, "gtin": GTIN})
        assert answer.json() == {"orderId": order_id, "gtin": GTIN}
        assert (await pack(client, order_id, lastPackId=got["packId"])).status_code == 400
        assert (await pack(client, order_id, 1, gtin=GROUP_GTIN)).status_code == 200
        await client.http.post("/api/order/close", params={"orderId": order_id})
        (info,) = (await client.http.get("/api/orders", params={"orderId": order_id})).json()["orderInfos"]
        assert info["orderStatus"] == "CLOSED"


async def test_own_serial_numbers_are_used(sandbox: Open) -> None:
    async with sandbox(order_ready_after_s=0) as client:
        serials = ["A1", "B2"]
        content = order(product(quantity=2, serialNumberType="SELF_MADE", serialNumbers=serials))
        codes = (await pack(client, await ordered(client, content))).json()["codes"]
        assert [code.partition("\x1d")[0] for code in codes] == [f"01{GTIN}21{serial}" for serial in serials]


async def test_wrong_orders_are_refused(sandbox: Open) -> None:
    async with sandbox(requests_per_minute=0) as client:
        bad = [
            order(product(quantity=0)),
            order(product(quantity=150_001)),
            order(product(gtin="04899215122372")),
            order(product(cisType="BOX_LV_1")),
            order(product(serialNumberType="SELF_MADE", serialNumbers=["1"])),
            order(product(), product()),
            order(*[product()] * 11),
            order(releaseMethodType="COMMISSION"),  # the text spells it with one M
            order(productGroup="oil"),
            order(businessPlaceId=None),
        ]
        for content in bad:
            assert (await client.http.post("/api/orders", json=content)).status_code == 400, content
        assert (await pack(client, "nothing")).status_code == 404
        order_id = await ordered(client)
        answer = await pack(client, order_id, gtin=GROUP_GTIN)
        assert answer.json()["globalErrors"][0]["errorCode"] == "301"


async def test_there_are_at_most_100_active_orders(sandbox: Open) -> None:
    async with sandbox(requests_per_minute=0) as client:
        for _ in range(100):
            await ordered(client, order(product(quantity=1)))
        assert (await client.http.post("/api/orders", json=order())).status_code == 400
