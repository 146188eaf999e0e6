"""Questions: `GET`, no token on loopback. Health depends on this process and its journal, not on what lies outside.

What the journal answers is made into JSON in the journal's reading thread, so that no long list holds the event loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from lined.api import metrics, shapes
from lined.api.answers import answer, rendered
from lined.api.described import answering
from lined.api.document import StatusDocument
from lined.api.ports import PlantView
from lined.api.rendering import json_bytes
from lined.api.schemas import CodeStory, ListedPackage, Page, Report, ReportStory, Well
from lined.api.status_schema import Status
from lined.commands.labels import Label
from lined.commands.pools import Pool
from lined.commands.registry.context import cannot_commit
from lined.journal.database import Connection
from lined.journal.tables import labels, package_lists, pools
from lined.journal.views import queries, stories
from lined.journal.views.queries import PAGE_MAX
from lined.line.watch.permit import PermitWatch, ToldPermit
from lined.vocabulary.errors import CommandError, Invalid, NotFound, NotNow, Problem, clause
from lined.vocabulary.facts import Fact, FieldFact
from lined.vocabulary.ids import row_number
from lined.vocabulary.reports import ReportKind, ReportState


def health(view: PlantView, document: StatusDocument) -> APIRouter:
    """What supervisors, Prometheus and people look at."""
    router = APIRouter(tags=["health"])

    @router.get("/livez", responses=answering(Well))
    async def livez() -> Response:
        """The process is well: its event loop answers."""
        return answer({"status": "ok"})

    @router.get("/readyz", responses=answering(Well))
    async def readyz() -> Response:
        """200 once the journal has recovered and can commit, else 503."""
        why = cannot_commit(view.journal) if view.ready() else "the journal is being recovered"
        if why is None:
            return answer({"status": "ok"})
        raise NotNow("not-ready", f"Not ready: {clause(why)}.")

    @router.get("/status", responses=answering(Status))
    async def status() -> Response:
        """Sums, devices, reports and what is wrong."""
        return answer(await document.current())

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def prometheus(request: Request) -> Response:
        """The same for Prometheus."""
        text, kind = metrics.exposition(await document.current(), view, request.headers.get("accept", ""))
        return Response(text, headers={"Content-Type": kind})

    return router


def permission(watch: PermitWatch) -> APIRouter:
    """Whether items may come."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/permit", tags=["health"], responses=answering(ToldPermit))
    async def permit() -> Response:
        """Whether items may come, and why not; by MQTT on change and each second."""
        return answer(watch.told(watch.now()))

    return router


def questions(view: PlantView) -> APIRouter:
    """What the journal knows. Lists are `{"items": [], "next": null}`, newest first."""
    router = APIRouter(prefix="/api/v1")
    _of_reports(router, view)

    @router.get("/packages", tags=["packages"], responses=answering(Page[ListedPackage]))
    async def list_packages(
        state: Annotated[str | None, Query(description=f"One of {', '.join(package_lists.PAGES)}.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    ) -> Response:
        """Packages, newest first. `waiting`: closed, and in no report yet."""
        _one_of("state", state, package_lists.PAGES)
        return rendered(await view.journal.read(_package_page, state, limit, _cursor(after)))

    @router.get("/codes", tags=["codes"], responses=answering(CodeStory))
    async def show_code(
        code: Annotated[str, Query(min_length=1, max_length=500, description="With or without its check part.")],
    ) -> Response:
        """One code's story."""
        ident = view.commands.context.line.identification(code)
        found = await view.journal.read(_code, ident)
        if found is None:
            raise NotFound(
                "unknown-code",
                f"{stories.shown_raw(ident.encode())} was never applied on this line.",
            )
        return rendered(found)

    @router.get("/labels", tags=["labels"], responses=answering(Page[Label]))
    async def list_labels(
        aside: Annotated[
            bool, Query(description="Only those that are set aside: perhaps printed, or not taken.")
        ] = False,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    ) -> Response:
        """What was given to printers, newest first, and what became of it."""
        return rendered(await view.journal.read(_label_page, aside, limit, _cursor(after)))

    @router.get("/pools", tags=["pools"], responses=answering(Page[Pool]))
    async def list_pools() -> Response:
        """The code pools: how many codes are in each, and how many of them were applied."""
        return rendered(await view.journal.read(_pools))

    return router


def _of_reports(router: APIRouter, view: PlantView) -> None:
    @router.get("/reports", tags=["reports"], responses=answering(Page[Report]))
    async def list_reports(
        kind: Annotated[str | None, Query(description=f"One of {', '.join(ReportKind)}.")] = None,
        state: Annotated[str | None, Query(description=f"One of {', '.join(ReportState)}.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    ) -> Response:
        """Reports, newest first."""
        _one_of("kind", kind, ReportKind)
        _one_of("state", state, ReportState)
        return rendered(await view.journal.read(_report_page, kind, state, limit, _cursor(after)))

    @router.get("/reports/{report_id}", tags=["reports"], responses=answering(ReportStory))
    async def show_report(report_id: str) -> Response:
        """One report with its history and evidence."""
        number = row_number(report_id)
        found = None if number is None else await view.journal.read(_report, number)
        if found is None:
            raise NotFound("unknown-report", f"There is no report {report_id!r}.")
        return rendered(found)


def _report_page(connection: Connection, kind: str | None, state: str | None, limit: int, after: int | None) -> bytes:
    return shapes.report_page(queries.report_page(connection, kind=kind, state=state, limit=limit, after=after))


def _package_page(connection: Connection, state: str | None, limit: int, after: int | None) -> bytes:
    return shapes.package_page(stories.package_page(connection, state=state, limit=limit, after=after))


def _report(connection: Connection, report_id: int) -> bytes | None:
    found = queries.report_story(connection, report_id)
    return None if found is None else json_bytes(shapes.report_story(found))


def _code(connection: Connection, ident: str) -> bytes | None:
    found = stories.code_story(connection, ident)
    return None if found is None else json_bytes(shapes.code_story(found))


def _label_page(connection: Connection, aside: bool, limit: int, after: int | None) -> bytes:
    return json_bytes(shapes.label_page((labels.aside if aside else labels.page)(connection, limit + 1, after), limit))


def _pools(connection: Connection) -> bytes:
    return json_bytes(shapes.pool_list(pools.present(connection).values()))


def _one_of(path: str, value: str | None, known: Iterable[str]) -> None:
    if value is not None and value not in tuple(known):
        raise _wrong(path, Fact(FieldFact.ONE_OF, known=", ".join(known)))


def _cursor(text: str | None) -> int | None:
    number = None if text is None else row_number(text)
    if text is not None and number is None:
        raise _wrong("after", Fact(FieldFact.CURSOR))
    return number


def _wrong(path: str, message: Fact) -> CommandError:
    return Invalid("wrong-values", f"{path}: {message}", [Problem(path, message)])
