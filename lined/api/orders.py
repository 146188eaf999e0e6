"""Questions about orders of codes: the list, and one with its history."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from lined.api.answers import rendered
from lined.api.described import answering
from lined.api.ports import PlantView
from lined.api.rendering import json_bytes, page_bytes
from lined.api.schemas import Page
from lined.api.shapes import state_change
from lined.commands.orders import CodeOrder, described
from lined.commands.registry.command import Answer
from lined.journal.database import Connection
from lined.journal.tables import code_orders, sub_orders
from lined.journal.views.queries import PAGE_MAX
from lined.vocabulary.errors import NotFound
from lined.vocabulary.ids import row_number


class OrderChange(Answer):
    """A change of state. `evidence`: what came back, redacted and cut."""

    at: str | None
    before: str | None
    after: str
    why: str
    evidence: str | None


class CodeOrderStory(CodeOrder):
    """An order with its history, oldest first."""

    events: list[OrderChange]


def questions(view: PlantView) -> APIRouter:
    """`GET /api/v1/orders`: newest first; `GET /api/v1/orders/{order_id}`: one with its history."""
    router = APIRouter(prefix="/api/v1", tags=["orders"])

    @router.get("/orders", responses=answering(Page[CodeOrder]))
    async def list_orders(
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        after: Annotated[int | None, Query(description="`next` of the page before.", ge=1, lt=2**62)] = None,
    ) -> Response:
        """Orders of codes, newest first."""
        return rendered(await view.journal.read(order_page, life_days(view), limit, after))

    @router.get("/orders/{order_id}", responses=answering(CodeOrderStory))
    async def show_order(order_id: str) -> Response:
        """One order of codes, its products and its history."""
        number = row_number(order_id)
        found = None if number is None else await view.journal.read(order_story, life_days(view), number)
        if found is None:
            raise NotFound("unknown-order", f"There is no order {order_id!r}.")
        return rendered(json_bytes(found))

    return router


def life_days(view: PlantView) -> int:
    """After how many days the regulator closes an order."""
    return view.commands.context.reports.profile.limits.order_life_days


def order_page(connection: Connection, days: int, limit: int, after: int | None) -> bytes:
    """A page of the list. `days`: after which the regulator closes an order."""
    items, following = orders_on_page(connection, days, limit, after)
    return page_bytes(items, None if following is None else str(following))


def orders_on_page(
    connection: Connection, days: int, limit: int, after: int | None
) -> tuple[list[dict[str, Any]], int | None]:
    """Orders as they are told, newest first; and where the next page begins, None where this is the last."""
    found = code_orders.page(connection, limit + 1, after)
    rows = found[:limit]
    items = [described(row, sub_orders.of_order(connection, row.id), days) for row in rows]
    return items, rows[-1].id if len(found) > limit else None


def order_story(connection: Connection, days: int, order_id: int) -> dict[str, Any] | None:
    """One order with its history; None where there is none."""
    row = code_orders.get(connection, order_id)
    if row is None:
        return None
    events = [state_change(one) for one in code_orders.story(connection, order_id)]
    return {**described(row, sub_orders.of_order(connection, order_id), days), "events": events}
