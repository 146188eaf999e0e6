"""Alarms over HTTP: `text` is the cause in English, `texts` what to do, by language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response, Security
from fastapi.security import HTTPBearer

from lined.api.answers import answer
from lined.api.bodies import Body
from lined.api.commands import carried_out
from lined.api.ports import PlantView
from lined.api.shapes import is_number
from lined.i18n import words
from lined.i18n.catalogues import LANGUAGES, catalogue
from lined.journal.tables import alarms
from lined.journal.tables.alarms import AlarmRow
from lined.vocabulary.errors import NotFound
from lined.vocabulary.times import moment


def alarm_routes(view: PlantView) -> APIRouter:
    """Questions and the one command about alarms."""
    router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])

    @router.get("")
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

    @router.post("/{alarm_id}/acknowledge", dependencies=[Security(HTTPBearer(auto_error=False))])
    async def acknowledge(alarm_id: str, body: Body) -> Response:
        """Say that somebody has seen it; 409 `acknowledged` where somebody has said so before."""
        book = view.alarms
        if book is None or not is_number(alarm_id):
            raise NotFound("unknown-alarm", f"There is no alarm {alarm_id!r}.")

        async def operation(body: Mapping[str, Any], *, command_id: str, by: str) -> dict[str, Any]:  # noqa: ARG001
            return document(await book.acknowledge(alarm_id, command_id=command_id, by=by))

        return await carried_out("alarm-acknowledge", operation, body)

    return router


def told(row: AlarmRow, language: str) -> dict[str, Any]:
    """One alarm as MQTT says it (docs/contract.md, MQTT): what is wrong, where, what to do, and the cause."""
    found = document(row)
    wanted = ("id", "kind", "severity", "text", "raised_at", "acknowledged_by", "cleared_at")
    return {name: found[name] for name in wanted} | {"text": f"{found['texts'][language]} [{row.place}: {row.text}]"}


def document(row: AlarmRow) -> dict[str, Any]:
    """One alarm; the fields of docs/contract.md, MQTT, and more."""
    about = words.alarm(row.kind)
    texts = {
        language: f"{said(about.sentence)}. {said(about.advice)}"
        for language in LANGUAGES
        for said in (catalogue(language).gettext,)
    }
    return {
        "id": str(row.id),
        "kind": row.kind,
        "severity": row.severity,
        "text": row.text,
        "raised_at": moment(row.raised_ms),
        "acknowledged_by": row.acknowledged_by if row.acknowledged_ms is None else row.acknowledged_by or "",
        "cleared_at": moment(row.cleared_ms),
        "acknowledged_at": moment(row.acknowledged_ms),
        "where": row.place,
        "times": row.times,
        "texts": texts,
    }
