"""Orders of codes in a real Chromium: ordered, decided and closed from the page alone; a code looked up."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from lined.i18n.shown import number
from lined.journal.database import Connection
from lined.journal.tables import code_orders
from lined.regulator.looking import SeenCode
from lined.vocabulary.facts import Fact, OrderFact
from lined.vocabulary.orders import OrderState
from tests.browser.test_mending import SURE, press, sees
from tests.browser.test_page import shown, sign_in
from tests.harness.served import GTIN, TAIL, Line, code
from tests.harness.served_lines import NASTY

pytestmark = pytest.mark.browser


async def moved(line: Line, *states: OrderState) -> None:
    """The only order comes to these states, one after the other."""

    def step(connection: Connection) -> None:
        for state in states:
            code_orders.move(connection, 1, state, time.time_ns() // 1_000_000, Fact(OrderFact.AGAIN, by="test"))

    await line.journal.do(step)


async def test_codes_are_ordered_and_a_held_order_is_decided_from_the_page(tmp_path: Path) -> None:
    async with shown(tmp_path, "/orders") as (line, page):
        await sees(page, "Nothing was ordered yet.")
        await press(page, "Order codes …")
        await page.type("#order [name=quantity]", "1500")
        await press(page, "Order", "#order")
        await page.click(SURE)
        await sign_in(page, line)
        await sees(page, number(1_500))  # the list has it without being asked for again
        (order,) = (await line.get("/api/v1/orders")).json["items"]
        assert (order["quantity"], order["products"][0]["gtin"], order["asked_by"]) == (1_500, GTIN, "Dilnoza")
        await moved(line, OrderState.SENDING, OrderState.IN_DOUBT, OrderState.HELD)
        await page.open(line.server.url + "/orders/1")
        await press(page, "It has this number …")
        await page.type("#number [name=number]", "3b4ec1f2-0000-4000-8000-000000000001")
        await press(page, "It is this one", "#number")
        await sees(page, "ordered, its codes are being fetched")
        await press(page, "Close the order")
        assert "1500" in await page.text("#ask-sure-text")
        await page.click(SURE)
        await sees(page, "being closed")
        assert (await line.get("/api/v1/orders/1")).json["state"] == "closing"


async def test_an_order_whose_answer_was_lost_is_not_placed_twice(tmp_path: Path) -> None:
    async with shown(tmp_path, "/orders") as (line, page):
        await press(page, "Order codes …")
        await page.type("#order [name=quantity]", "1500")
        await press(page, "Order", "#order")
        assert f"{NASTY}: {number(1_500)}" in await page.text("#ask-sure-text")
        await page.run(
            "window.real = window.fetch; window.fetch = async (...all) => { await window.real(...all);"
            " window.fetch = window.real; throw new TypeError('lost'); }, 1"
        )
        await page.click(SURE)
        await sign_in(page, line)
        await sees(page, "It is not known whether this was done", "#order")
        await press(page, "Order", "#order")
        await page.click(SURE)
        await sees(page, "The order is written down", "#toast")
        assert [one["quantity"] for one in (await line.get("/api/v1/orders")).json["items"]] == [1_500]


async def test_what_did_not_arrive_is_ordered_again_only_after_a_question(tmp_path: Path) -> None:
    async with shown(tmp_path, "/orders") as (line, page):
        body = {"products": [{"gtin": GTIN, "quantity": 10}]}
        assert (await line.post("/api/v1/orders/new", body)).status == 200
        await moved(line, OrderState.SENDING, OrderState.IN_DOUBT, OrderState.HELD)
        await page.open(line.server.url + "/orders/1")
        await press(page, "It did not arrive: order again")
        assert "paid for twice" in await page.text("#ask-sure-text")
        await page.click(SURE)
        await sign_in(page, line)
        await sees(page, "It is looked for once more", "#toast")
        assert (await line.get("/api/v1/orders/1")).json["state"] == "in_doubt"


async def test_a_code_is_looked_up_in_the_marking_system(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.start()
        await line.codes([5])
        asked = []

        async def look_up(ident: str) -> SeenCode:
            asked.append(ident)
            return SeenCode(
                ident, True, "APPLIED", None, "UNIT", GTIN, "307797292", None, "2026-11-23", None, "L-7", "UZ", None, 0
            )

        line.line.context.look_up = look_up
        await page.open(f"{line.server.url}/codes?code={code(5)[:31]}")
        await press(page, "Ask the marking system")
        await sign_in(page, line)
        await page.until("document.getElementById('there').open")
        told = await page.text("#there")
        assert all(part in told for part in ("APPLIED", GTIN, "L-7", "2026-11-23")) and TAIL not in told
        assert asked == [code(5)[:31]] and json.dumps(asked).isascii()
