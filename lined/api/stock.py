"""The question about the stock of codes: what is left of each product, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response

from lined.api.answers import answer
from lined.api.described import answering
from lined.api.ports import PlantView
from lined.api.schemas import Page
from lined.commands.registry.command import Answer
from lined.journal.views.stock import ProductStock


class Stock(Answer):
    """`left`: codes neither applied nor given out. `used_last_hour`, `used_this_shift`: applied. `per_hour`: the last
    hour's use, or this shift's on average where there was none; `hours_left`: at that rate, null where none are used.
    `order`: one of its codes that is under way.
    """

    gtin: str
    codes: int
    left: int
    used_last_hour: int
    used_this_shift: int
    per_hour: float
    hours_left: float | None
    order: str | None


def questions(view: PlantView) -> APIRouter:
    """`GET /api/v1/stock`: every product that has a pool; its use as of some seconds ago."""
    router = APIRouter(prefix="/api/v1", tags=["pools"])

    @router.get("/stock", responses=answering(Page[Stock]))
    async def show_stock() -> Response:
        """Codes left of each product, how fast they are used, and for how long they last."""
        return answer(stock_list(await view.stock.seen() if view.stock is not None else ()))

    return router


def stock_list(found: Sequence[ProductStock]) -> dict[str, Any]:
    """All of them: there are no more than products."""
    return {"items": [described(one) for one in found], "next": None}


def described(one: ProductStock) -> dict[str, Any]:
    """The stock of a product as people and programs see it."""
    hours = one.hours_left
    return {
        "gtin": one.gtin,
        "codes": one.codes,
        "left": one.left,
        "used_last_hour": one.hour,
        "used_this_shift": one.shift,
        "per_hour": round(one.an_hour, 1),
        "hours_left": None if hours is None else round(hours, 1),
        "order": None if one.order_id is None else str(one.order_id),
    }
