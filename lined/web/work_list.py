"""The work list as a page: what waits for a person, in plain words, with what puts it right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from lined.api import shapes
from lined.journal.database import Connection
from lined.journal.tables import packages, report_lists
from lined.journal.tables.packages import PackageRow
from lined.journal.views import task_groups, work_items
from lined.journal.views.task_groups import Group
from lined.journal.views.work_items import Task
from lined.reports.reasons import Advice, advice
from lined.vocabulary.facts import Fact
from lined.vocabulary.tasks import TaskKind
from lined.web.routes import Page

ROWS = 50  # on one page of a list
HELD_MAX = 200
NAMED = 3  # of a group's codes

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
        return self.task.kind == TaskKind.PACKAGE_HOLDS_REFUSED


class Gathered(NamedTuple):
    """Many tasks of one report and reason, as one thing to do. `kind`: of those to blame, `named` the first of their
    codes; `address`: where each stands.
    """

    group: Group
    kind: str
    named: list[str]
    newest: Task
    known: Advice
    address: str

    @property
    def size(self) -> int:
        return self.group.codes or self.group.packages or self.group.containing

    @property
    def more(self) -> int:
        return self.size - len(self.named)

    @property
    def reason(self) -> str:
        """What is shown of the reason."""
        return self.newest.reason if isinstance(self.newest.reason, Fact) else self.group.word

    @property
    def packed(self) -> bool:
        """Something has to be done in packages, one by one."""
        return bool(self.group.packages or self.group.containing)


def work_routes(page: Page) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/work")
    async def work(
        request: Request,
        after: After = None,
        done: str = "",
        report: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
        reason: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        """`report` and `reason`: the single tasks of a group."""
        language = page.language(request)
        if report is not None:
            found = await page.view.journal.read(_one_by_one, report, reason, after, language)
        elif done:
            found = await page.view.journal.read(_done, after, language)
        else:
            found = await page.view.journal.read(_work_list, after, language)
        what = "/work?done=1" if done else "/work"
        values = {"held": [], "gathered": None, "done": bool(done), "first": after is None, "what": what, **found}
        return await page.html(request, "work.html", values, live=after is None)

    return router


def _work_list(connection: Connection, after: int | None, language: str) -> dict[str, Any]:
    found, following = task_groups.groups(connection, limit=ROWS, after=after)
    held = report_lists.held_or_in_doubt(connection, HELD_MAX)
    rows = [shapes.report(row, row.opened_ms) for row in held] if after is None else []
    shown: list[Item | Gathered] = []
    for one in found:
        if one.many:
            shown.append(_gathered(connection, one, language))
        else:
            shown += items(connection, task_groups.tasks_of(connection, one, ROWS), language)
    return {"items": shown, "next": following, "held": rows}


def _done(connection: Connection, after: int | None, language: str) -> dict[str, Any]:
    found, following = work_items.tasks(connection, done=True, limit=ROWS, after=after)
    return {"items": items(connection, found, language), "next": following}


def _one_by_one(connection: Connection, report_id: int, word: str, after: int | None, language: str) -> dict[str, Any]:
    group = task_groups.group(connection, report_id, word)
    found, following = work_items.tasks(connection, report=report_id, word=word, limit=ROWS, after=after)
    return {
        "items": items(connection, found, language),
        "next": following,
        "gathered": _gathered(connection, group, language) if group is not None and group.many else None,
        "what": _address(report_id, word),
    }


def _address(report_id: int | None, word: str) -> str:
    return f"/work?{urlencode({'report': report_id, 'reason': word})}"


def _gathered(connection: Connection, group: Group, language: str) -> Gathered:
    kind = task_groups.kind_of(connection, group)
    return Gathered(
        group,
        kind,
        task_groups.first_codes(connection, group, kind, NAMED),
        work_items.task(connection, group.newest),
        advice(group.word, language),
        _address(group.report_id, group.word),
    )


def items(connection: Connection, tasks: Sequence[Task], language: str) -> list[Item]:
    """What is to blame first, then the packages around it; else in the order of the tasks."""
    found = [_item(connection, task, language) for task in tasks]
    order: dict[tuple[int | None, str | None], int] = {}
    for item in found:
        order.setdefault((item.task.report_id, item.about), len(order))
    return sorted(found, key=lambda item: (order[item.task.report_id, item.about], item.follows, item.task.id))


def _item(connection: Connection, task: Task, language: str) -> Item:
    about = task.about if task.kind == TaskKind.PACKAGE_HOLDS_REFUSED else task.ident
    package = packages.get(connection, task.package_id) if task.package_id is not None else None
    if package is None and task.package is not None:
        package = packages.by_ident(connection, task.package)
    if package is None and task.ident is not None:  # it may lie in one whose code is not known yet
        package = next((one for one in packages.containing(connection, task.ident) if one.ident != task.ident), None)
    return Item(task, about, advice(task.reason, language), package)
