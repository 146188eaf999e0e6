"""Questions about alarms, and an alarm as MQTT says it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from lined.api.answers import answer
from lined.api.described import answering
from lined.api.ports import PlantView
from lined.api.schemas import Page
from lined.commands.alarms import Alarm, document
from lined.journal.tables import alarms
from lined.journal.tables.alarms import AlarmRow


def alarm_routes(view: PlantView) -> APIRouter:
    """Questions about alarms."""
    router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])

    @router.get("", responses=answering(Page[Alarm]))
    async def list_alarms(
        *,
        now: Annotated[bool, Query(description="Only what stands.")] = False,
        limit: Annotated[int, Query(ge=1, le=alarms.PAGE_MAX)] = 100,
        after: Annotated[int | None, Query(ge=0, lt=2**62, description="`next` of the page before.")] = None,
    ) -> Response:
        """Alarms, newest first."""

        def ask(connection: Any) -> tuple[list[AlarmRow], int | None]:
            return alarms.page(connection, now=now, limit=limit, after=after)

        rows, following = await view.journal.read(ask)
        items = [document(row) for row in rows]
        return answer({"items": items, "next": None if following is None else str(following)})

    return router


def told(row: AlarmRow, language: str) -> dict[str, Any]:
    """One alarm as MQTT says it (docs/contract.md, MQTT): what is wrong, where, what to do, and the cause."""
    found = document(row)
    wanted = ("id", "kind", "severity", "text", "raised_at", "acknowledged_by", "cleared_at")
    return {name: found[name] for name in wanted} | {"text": f"{found['texts'][language]} [{row.place}: {row.text}]"}
