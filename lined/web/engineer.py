"""The engineer's views: lists paged by the server, one story at a time. Each function asks the journal once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from lined.api import schemas, shapes
from lined.i18n import words
from lined.journal.database import Connection
from lined.journal.tables import alarms, package_lists, packages
from lined.journal.views import overview, queries, stories
from lined.line.watch.alarms import severity_of
from lined.vocabulary.errors import CommandError
from lined.vocabulary.ids import row_number
from lined.vocabulary.reports import ReportKind, ReportState
from lined.vocabulary.word import member
from lined.web import work_list as work_views
from lined.web.live import line_values
from lined.web.operator import Shown
from lined.web.routes import Page
from lined.web.work_list import ROWS, After

CHILDREN_MAX = 1_000


def engineer_routes(page: Page) -> APIRouter:
    """What engineers look at."""
    router = APIRouter(include_in_schema=False)
    for add in (_line, _reports, _codes, _packages, _quality, _balance, _alarms, _journal):
        add(router, page)
    return router


def _line(router: APIRouter, page: Page) -> None:
    @router.get("/line")
    async def line(request: Request) -> Response:
        values = await line_values(page.view, await page.document.current())
        return await page.html(request, "line.html", values, part="line")


def _reports(router: APIRouter, page: Page) -> None:
    @router.get("/reports")
    async def list_reports(
        request: Request, kind: str | None = None, state: str | None = None, after: After = None
    ) -> Response:
        kind = member(ReportKind, kind)
        state = member(ReportState, state)
        found, following = await page.view.journal.read(_report_page, kind, state, after)
        values = {
            "found": found,
            "next": following,
            "kind": kind,
            "chosen_state": state,
            "first": after is None,
            "what": _address("/reports", kind=kind, state=state),
            "kinds": ReportKind,
            "states": ReportState,
        }
        return await page.html(request, "reports.html", values, live=after is None)

    @router.get("/reports/{report_id}")
    async def show_report(request: Request, report_id: str) -> Response:
        number = row_number(report_id)
        found = None if number is None else await page.view.journal.read(_report, number)
        if found is None:
            return await page.nothing(request, words.REFUSALS["unknown-report"])
        doubted = any(event["after"] == ReportState.IN_DOUBT for event in found["events"])
        return await page.html(request, "report.html", {"report": found, "doubted": doubted}, live=True)


def _report_page(
    connection: Connection, kind: str | None, state: str | None, after: int | None
) -> tuple[list[schemas.Report], int | None]:
    found = queries.report_page(connection, kind=kind, state=state, limit=ROWS, after=after)
    return [shapes.report(row, found.changed_ms[row.id]) for row in found.items], found.next


def _report(connection: Connection, report_id: int) -> schemas.ReportStory | None:
    found = queries.report_story(connection, report_id)
    return None if found is None else shapes.report_story(found)


def _codes(router: APIRouter, page: Page) -> None:
    @router.get("/codes")
    async def codes(
        request: Request, code: Annotated[str, Query(max_length=500)] = "", after: After = None
    ) -> Response:
        view = page.view
        values: dict[str, Any] = {"asked": code, "story": None, "problem": "", "first": after is None, "what": "/codes"}
        values["asks_there"] = view.commands.context.look_up is not None
        if code.strip():
            try:
                ident = view.commands.context.line.identification(code.strip())
                values |= await view.journal.read(_story, ident, page.language(request))
                values["problem"] = "" if values["story"] is not None else words.REFUSALS["unknown-code"]
                values["asked"] = ident  # the check part is not repeated
            except CommandError:
                values["problem"], values["asked"] = words.REFUSALS["malformed"], ""
        reads, following = await view.journal.read(_reads, after)
        values |= {"reads": reads, "next": following}
        return await page.html(request, "codes.html", values, live=after is None)


def _story(connection: Connection, ident: str, language: str) -> dict[str, Any]:
    """`story`; `tasks` that stand about it; `inside`: what it is a package of; `containing`: the package it lies in."""
    found = stories.code_story(connection, ident)
    if found is None:
        return {"story": None}
    own = next((one for one in found.packages if one.ident == ident), None)
    containing = [one for one in found.packages if one is not own]
    return {
        "story": shapes.code_story(found),
        "tasks": work_views.items(connection, [one for one in found.tasks if one.done_ms is None], language),
        "package": own,
        "around": containing[0] if containing else None,
        "inside": packages.children(connection, own)[:CHILDREN_MAX] if own is not None else [],
    }


def _reads(connection: Connection, after: int | None) -> tuple[list[overview.PastRead], int | None]:
    return overview.reads(connection, limit=ROWS, after=after)


def _packages(router: APIRouter, page: Page) -> None:
    @router.get("/packages")
    async def list_packages(request: Request, state: str | None = None, after: After = None) -> Response:
        state = state if state in package_lists.PAGES else None
        found = await page.view.journal.read(_package_page, state, after)
        values = {
            "found": found,
            "chosen_state": state,
            "states": tuple(package_lists.PAGES),
            "first": after is None,
            "what": _address("/packages", state=state),
        }
        return await page.html(request, "packages.html", values, live=after is None)


def _package_page(connection: Connection, state: str | None, after: int | None) -> stories.PackagePage:
    return stories.package_page(connection, state=state, limit=ROWS, after=after)


def _quality(router: APIRouter, page: Page) -> None:
    @router.get("/quality")
    async def quality(request: Request) -> Response:
        found = await page.view.journal.read(overview.grades)
        curves = {device: curve(one.trend) for device, one in found.items()}
        return await page.html(request, "quality.html", {"devices": found, "curves": curves}, live=True)


def curve(values: list[float], width: float = 600, height: float = 120, most: float = 4.0) -> str:
    """An SVG path over the whole width, 0 at the bottom."""
    step = width / max(1, len(values) - 1)
    points = [(n * step, height - 4 - (height - 8) * value / most) for n, value in enumerate(values)]
    return "".join(f"{'L' if n else 'M'}{x:.1f} {y:.1f}" for n, (x, y) in enumerate(points))


def _balance(router: APIRouter, page: Page) -> None:
    @router.get("/balance")
    async def balance(request: Request) -> Response:
        latest = page.view.balance.latest if page.view.balance is not None else None
        return await page.html(request, "balance.html", {"balance": latest}, part="balance")


def _alarms(router: APIRouter, page: Page) -> None:
    @router.get("/alarms")
    async def list_alarms(request: Request, after: After = None) -> Response:
        rows, following = await page.view.journal.read(_alarm_page, after)
        values = {"rows": rows, "next": following, "first": after is None, "what": "/alarms"}
        return await page.html(request, "alarms.html", values, live=after is None)


def _alarm_page(connection: Connection, after: int | None) -> tuple[list[tuple[Shown, int | None, int]], int | None]:
    """Each with the moment of its end and how often it came."""
    rows, following = alarms.page(connection, limit=ROWS, after=after)
    return [(shown(row), row.cleared_ms, row.times) for row in rows], following


def shown(row: alarms.AlarmRow) -> Shown:
    about = words.alarm(row.kind)
    return Shown(
        row.id,
        row.kind,
        row.severity or severity_of(row.kind),
        about.sentence,
        about.advice,
        row.place,
        row.text,
        row.raised_ms,
        row.acknowledged_by,
        row.acknowledged_ms is not None,
    )


def _journal(router: APIRouter, page: Page) -> None:
    @router.get("/journal")
    async def journal(request: Request, after: After = None) -> Response:
        found, following = await page.view.journal.read(_commands, after)
        keeping = page.view.keeping
        values = {
            "commands": found,
            "next": following,
            "first": after is None,
            "what": "/journal",
            "backup_ms": keeping.last_backup_ms if keeping is not None else None,
            "checked_ms": keeping.checked_ms if keeping is not None else None,
            "kept": keeping is not None,
        }
        return await page.html(request, "journal.html", values, live=after is None)


def _commands(connection: Connection, before_ms: int | None) -> tuple[list[overview.Commanded], int | None]:
    return overview.commands(connection, limit=ROWS, before_ms=before_ms)


def _address(path: str, **query: str | None) -> str:
    """Only words of our own come in here: nothing has to be encoded."""
    asked = "&".join(f"{name}={value}" for name, value in query.items() if value)
    return f"{path}?{asked}" if asked else path
