"""The pages of orders of codes: what was ordered, what came in, what waits for a person; and ordering."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from lined.api.orders import life_days, order_story, orders_on_page
from lined.i18n import words
from lined.line.plant import Plant
from lined.vocabulary.ids import row_number
from lined.web.routes import Page
from lined.web.work_list import ROWS, After


def order_routes(page: Page) -> APIRouter:
    """`/orders`: newest first; `/orders/{order_id}`: one with its history."""
    router = APIRouter(include_in_schema=False)
    view = page.view

    @router.get("/orders")
    async def list_orders(request: Request, after: After = None) -> Response:
        found, following = await view.journal.read(orders_on_page, life_days(view), ROWS, after)
        values = {
            "found": found,
            "next": following,
            "first": after is None,
            "what": "/orders",
            "products": products_of(view.plant) if view.commands.context.ordered is not None else {},
        }
        return await page.html(request, "orders.html", values, live=after is None)

    @router.get("/orders/{order_id}")
    async def show_order(request: Request, order_id: str) -> Response:
        number = row_number(order_id)
        found = None if number is None else await view.journal.read(order_story, life_days(view), number)
        if found is None:
            return await page.nothing(request, words.REFUSALS["unknown-order"])
        return await page.html(request, "order.html", {"order": found}, live=True)

    return router


def products_of(plant: Plant | None) -> dict[str, str]:
    """What codes may be ordered for, by GTIN, with what people call it: products, and group packages of a GTIN."""
    if plant is None:
        return {}
    found = {gtin: one.name or gtin for gtin, one in plant.products.items()}
    for gtin, levels in plant.packing.items():
        found |= {rule.gtin: f"{found.get(gtin, gtin)} · {rule.gtin}" for rule in levels.values() if rule.gtin}
    return found
