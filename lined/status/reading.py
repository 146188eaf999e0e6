"""Questions: `GET`, no token on loopback. Health depends on this process and its journal, not on what lies outside."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from lined.errors import CommandError, Problem
from lined.journal import queries
from lined.journal.database import Connection
from lined.journal.queries import PAGE_MAX, STATES
from lined.status import metrics, page, shapes
from lined.status.answers import answer
from lined.status.commands import without_codes
from lined.status.document import StatusDocument
from lined.status.ports import PlantView, cannot_commit

NO_STORE = {"Cache-Control": "no-store"}


def health(view: PlantView, document: StatusDocument) -> APIRouter:
    """What supervisors, Prometheus and people look at."""
    router = APIRouter(tags=["health"])

    @router.get("/livez")
    async def livez() -> Response:
        """The process is well: its event loop answers."""
        return answer({"status": "ok"})

    @router.get("/readyz")
    async def readyz() -> Response:
        """200 once the journal has recovered and can commit, else 503."""
        why = "the journal is being recovered" if not view.ready() else cannot_commit(view.journal)
        if why is None:
            return answer({"status": "ok"})
        raise CommandError(503, "not-ready", f"Not ready: {why}.")

    @router.get("/status")
    async def status() -> Response:
        """Sums, devices, reports and what is wrong."""
        found = answer(await document.current())
        found.headers.update(NO_STORE)
        return found

    @router.get("/metrics")
    async def prometheus(request: Request) -> Response:
        """The same for Prometheus."""
        text, kind = metrics.exposition(await document.current(), view, request.headers.get("accept", ""))
        return Response(text, headers={"Content-Type": kind})

    @router.get("/", include_in_schema=False)
    async def operators_page() -> Response:
        return Response(page.page(await document.current()), media_type="text/html", headers=page.HEADERS)

    return router


def questions(view: PlantView) -> APIRouter:
    """What the journal knows. Lists are `{"items": [], "next": null}`, newest first."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/reports", tags=["reports"])
    async def list_reports(
        kind: Annotated[str | None, Query(description="utilisation, validation, aggregation, …")] = None,
        state: Annotated[str | None, Query(description="A state of the contract, section 6.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    ) -> Response:
        """Reports, newest first."""
        _one_of("kind", kind, queries.KINDS)
        _one_of("state", state, STATES)
        cursor = None if after is None else _number("after", after)
        found = await view.journal.read(_report_page, kind, state, limit, cursor)
        return answer(shapes.report_page(found))

    @router.get("/reports/{report_id}", tags=["reports"])
    async def show_report(report_id: str) -> Response:
        """One report with its history and evidence."""
        found = None
        if shapes.is_number(report_id):
            found = await view.journal.read(queries.report_story, int(report_id))
        if found is None:
            raise CommandError(404, "unknown-report", f"There is no report {report_id!r}.")
        return answer(shapes.report_story(found))

    @router.get("/packages", tags=["packages"])
    async def list_packages() -> Response:
        """Open packages, newest first. None yet: no station of this version packs."""
        return answer({"items": [], "next": None})

    @router.get("/codes", tags=["codes"])
    async def show_code(
        code: Annotated[str, Query(min_length=1, max_length=500, description="With or without its check part.")],
    ) -> Response:
        """One code's story."""
        try:
            ident = view.line.identification(code)
        except CommandError as refused:
            raise without_codes(refused) from None
        found = await view.journal.read(queries.code_story, ident)
        if found is None:
            raise CommandError(404, "unknown-code", f"{ident} was never applied on this line.")
        return answer(shapes.code_story(found))

    return router


def _report_page(
    connection: Connection, kind: str | None, state: str | None, limit: int, after: int | None
) -> queries.ReportPage:
    return queries.report_page(connection, kind=kind, state=state, limit=limit, after=after)


def _one_of(path: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        message = f"is one of {', '.join(known)}"
        raise CommandError(422, "wrong-values", f"{path}: {message}", [Problem(path, message)])


def _number(path: str, text: str) -> int:
    if not shapes.is_number(text):
        message = "is the `next` of an earlier page"
        raise CommandError(422, "wrong-values", f"{path}: {message}", [Problem(path, message)])
    return int(text)
