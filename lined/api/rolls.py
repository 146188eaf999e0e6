"""Questions about rolls: codes that were given out into files, and how many of them nobody has seen since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from lined.api.answers import rendered
from lined.api.described import answering
from lined.api.ports import PlantView
from lined.api.rendering import json_bytes
from lined.api.schemas import Page
from lined.commands.rolls import Roll, described
from lined.journal.database import Connection
from lined.journal.tables import rolls
from lined.journal.tables.rolls import RollRow
from lined.journal.views.queries import PAGE_MAX
from lined.vocabulary.times import with_moments


def questions(view: PlantView) -> APIRouter:
    """`GET /api/v1/rolls`: newest first, without their codes."""
    router = APIRouter(prefix="/api/v1", tags=["rolls"])

    @router.get("/rolls", responses=answering(Page[Roll]))
    async def list_rolls(
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        after: Annotated[int | None, Query(description="`next` of the page before.", ge=1, lt=2**62)] = None,
    ) -> Response:
        """Codes that were given out into files, print order by print order, newest first."""
        return rendered(await view.journal.read(_page, limit, after))

    return router


def roll_page(found: Sequence[RollRow], limit: int) -> dict[str, Any]:
    """One more than `limit` says that there are others behind."""
    items = [with_moments(described(row)) for row in found[:limit]]
    return {"items": items, "next": str(found[limit - 1].id) if len(found) > limit else None}


def _page(connection: Connection, limit: int, after: int | None) -> bytes:
    return json_bytes(roll_page(rolls.page(connection, limit + 1, after), limit))
