"""The work list as a page: what waits for a person, in plain words, with what puts it right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response

from lined.journal import packages, reports, work_items
from lined.journal.database import Connection
from lined.journal.packages import PackageRow
from lined.journal.tasks import PACKAGE_HOLDS_REFUSED
from lined.journal.work_items import Task
from lined.reports.reasons import Advice, advice
from lined.status import shapes
from lined.status.page.routes import Page

ROWS = 50  # on one page of a list
HELD_MAX = 200

After = Annotated[int | None, Query(ge=0, lt=2**62)]


class Item(NamedTuple):
    """One thing to do. `about`: the code that is to blame; `package`: the one it is about, or that holds the code."""

    task: Task
    about: str | None
    known: Advice
    package: PackageRow | None

    @property
    def follows(self) -> bool:
        """It stands here because of another one: a package around what was refused."""
        return self.task.kind == PACKAGE_HOLDS_REFUSED


def work_routes(page: Page) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/work")
    async def work(request: Request, after: After = None, done: str = "") -> Response:
        found = await page.view.journal.read(_work_list, bool(done), after, page.language(request))
        values = {**found, "done": bool(done), "first": after is None, "what": "/work?done=1" if done else "/work"}
        return await page.html(request, "work.html", values, live=after is None)

    return router


def _work_list(connection: Connection, done: bool, after: int | None, language: str) -> dict[str, Any]:
    found, following = work_items.tasks(connection, done=done, limit=ROWS, after=after)
    held = reports.select(connection, "state IN ('held', 'in_doubt') ORDER BY id DESC LIMIT ?", (HELD_MAX,))
    rows = [shapes.report(row, row.opened_ms) for row in held] if after is None and not done else []
    return {"items": items(connection, found, language), "next": following, "held": rows}


def items(connection: Connection, tasks: Sequence[Task], language: str) -> list[Item]:
    """What is to blame first, then the packages around it; else in the order of the tasks."""
    found = [_item(connection, task, language) for task in tasks]
    order: dict[tuple[int | None, str | None], int] = {}
    for item in found:
        order.setdefault((item.task.report_id, item.about), len(order))
    return sorted(found, key=lambda item: (order[item.task.report_id, item.about], item.follows, item.task.id))


def _item(connection: Connection, task: Task, language: str) -> Item:
    about = task.ident
    if task.kind == PACKAGE_HOLDS_REFUSED:
        about = task.reason.partition(": ")[2] or None
    package = packages.get(connection, task.package_id) if task.package_id is not None else None
    if package is None and task.package is not None:
        package = packages.by_ident(connection, task.package)
    if package is None and task.ident is not None:  # it may lie in one whose code is not known yet
        package = next((one for one in packages.around(connection, task.ident) if one.ident != task.ident), None)
    return Item(task, about, advice(task.reason, language), package)
