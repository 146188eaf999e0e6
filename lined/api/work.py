"""The work list: what the regulator refused and what left the line, with what it means and what to do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from lined.api.answers import rendered
from lined.api.described import answering
from lined.api.ports import PlantView
from lined.api.rendering import page_bytes
from lined.api.schemas import Page, Task
from lined.journal.database import Connection
from lined.journal.views import work_items
from lined.journal.views.queries import PAGE_MAX
from lined.reports.reasons import advice
from lined.vocabulary.times import moment


def questions(view: PlantView) -> APIRouter:
    """`GET /api/v1/tasks`: open ones, newest first; `done` those dealt with; of a `report`, for a `reason`."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/tasks", tags=["tasks"], responses=answering(Page[Task]))
    async def list_tasks(
        done: bool = False,
        report: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
        reason: Annotated[
            str | None, Query(description="The regulator's word, without what follows a colon.", max_length=200)
        ] = None,
        language: Annotated[str | None, Query(pattern="^(uz|ru|en)$")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        after: Annotated[int | None, Query(description="`next` of the page before.", ge=1, lt=2**62)] = None,
    ) -> Response:
        """What a person has to look at, newest first."""
        return rendered(await view.journal.read(_page, done, report, reason, language or view.language, limit, after))

    return router


def _page(
    connection: Connection,
    done: bool,
    report: int | None,
    reason: str | None,
    language: str,
    limit: int,
    after: int | None,
) -> bytes:
    items, following = work_items.tasks(connection, done=done, report=report, word=reason, limit=limit, after=after)
    return page_bytes((task(item, language) for item in items), None if following is None else str(following))


def task(item: work_items.Task, language: str) -> Task:
    """One task."""
    known = advice(item.reason, language)
    return {
        "id": str(item.id),
        "kind": item.kind,
        "code": item.ident,
        "package": item.package,
        "report": str(item.report_id) if item.report_id is not None else None,
        "reason": item.whole_reason,
        "meaning": known.meaning or None,
        "do": known.do or None,
        "at": moment(item.created_ms),
        "done_at": moment(item.done_ms),
        "done_by": item.done_by,
        "note": item.note,
    }
