"""Addresses of the shift and job reports: HTML for the screen and for print, CSV, JSON for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from lined.api.answers import answer
from lined.journal.tables import jobs
from lined.journal.tables.jobs import JobRow
from lined.journal.views import overview
from lined.journal.views.tallies import Span
from lined.vocabulary.errors import Invalid, NotFound, Problem
from lined.vocabulary.times import moment
from lined.web.routes import Page
from lined.web.sheet import rows_of, sheet
from lined.web.shifts import ShiftTime, shift_at, shifts_before
from lined.web.summary import Reads, Summary, summary

LISTED = 14  # shifts and jobs to choose from

Form = Literal["html", "csv", "json"]
Format = Annotated[Form, Query(alias="format")]


def paper_routes(page: Page) -> APIRouter:
    """What can be printed."""
    router = APIRouter(include_in_schema=False)

    @router.get("/report")
    async def choose(request: Request) -> Response:
        jobs, _more = await page.view.journal.read(_jobs)
        values = {"shifts": list(islice(_shifts(page), LISTED)), "jobs": jobs}
        return await page.html(request, "choose.html", values)

    @router.get("/report/shift")
    async def shift(
        request: Request, day: str | None = None, start: str | None = None, *, form: Format = "html"
    ) -> Response:
        wanted = _wanted(page, day, start)
        from_ms, to_ms = wanted.span_ms
        found = await summary(page.view.journal, page.view.plant, Span(from_ms, to_ms), page.view.wall_ms())
        name = f"{page.view.line_id}-{wanted.day}-{wanted.start.replace(':', '')}"
        return await _answered(request, page, found, form, name, {"shift": wanted, "job": None})

    @router.get("/report/job")
    async def job(
        request: Request, job: Annotated[int | None, Query(ge=1, lt=2**62)] = None, *, form: Format = "html"
    ) -> Response:
        journal = page.view.journal
        row = await journal.read(jobs.running) if job is None else await journal.read(jobs.get, job)
        if row is None:
            raise NotFound("unknown-job", "There is no such job.")
        now_ms = page.view.wall_ms()
        span = Span(row.started_ms, (row.stopped_ms or now_ms) + 1, row.id)
        found = await summary(journal, page.view.plant, span, now_ms)
        return await _answered(
            request, page, found, form, f"{page.view.line_id}-job-{row.id}", {"shift": None, "job": row}
        )

    return router


async def _answered(
    request: Request, page: Page, found: Summary, form: Form, name: str, values: dict[str, Any]
) -> Response:
    if form == "json":
        return answer(as_document(found))
    if form == "csv":
        language = page.language(request)
        rows = rows_of(found, lambda text: page.rendering.translate(language, text), page.rendering.clock)
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
        return Response(sheet(rows, language), 200, headers, "text/csv; charset=utf-8")
    target = str(request.url.query)
    values |= {
        "found": found,
        "csv": f"{request.url.path}?{target}{'&' if target else ''}format=csv",
        "here": "/report",
    }
    return await page.html(request, "paper.html", values)


def _wanted(page: Page, day: str | None, start: str | None) -> ShiftTime:
    """The shift asked for; the one that runs where nothing was asked for."""
    if day is None:
        return next(_shifts(page))
    try:
        begins = time.fromisoformat(start) if start else min(page.view.shifts)
        return shift_at(date.fromisoformat(day), begins, page.view.shifts, page.rendering.clock.zone)
    except (ValueError, OverflowError):
        text = "a day such as 2026-11-23 and a start such as 08:00"
        raise Invalid("wrong-values", f"Give {text}.", [Problem("day", text)]) from None


def _shifts(page: Page) -> Iterator[ShiftTime]:
    return shifts_before(
        datetime.fromtimestamp(page.view.wall_ms() / 1000, UTC), page.view.shifts, page.rendering.clock.zone
    )


def _jobs(connection: Any) -> tuple[list[JobRow], int | None]:
    return overview.jobs(connection, limit=LISTED)


def as_document(found: Summary) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "from": moment(found.span.from_ms),
        "to": moment(found.span.to_ms),
        "reads": _reads(found.reads),
        "stations": {name: _reads(reads) for name, reads in found.stations.items()},
        "applied": found.applied,
        "codes": found.codes,
        "grades": found.classes,
        "packages": {level: {"count": n, "holds": holds} for level, (n, holds) in found.packages.items()},
        "reports": [
            {
                "id": str(row.id),
                "kind": row.kind,
                "state": row.state,
                "codes": row.size,
                "document_id": row.document_id,
            }
            for row in found.documents
        ],
        "alarms": [
            {
                "kind": row.kind,
                "where": row.place,
                "raised_at": moment(row.raised_ms),
                "cleared_at": moment(row.cleared_ms),
            }
            for row in found.alarms
        ],
        "jobs": [{"id": str(row.id), "gtin": row.gtin, "order": row.attributes.get("order")} for row in found.jobs],
        "downtime": [
            {"from": moment(stop.from_ms), "to": moment(stop.to_ms), "minutes": stop.minutes} for stop in found.stops
        ],
        "balance": [
            {"place": one.place, "whole": one.whole, "n": one.n, "parts": dict(one.parts), "difference": one.difference}
            for one in found.balance
        ],
    }


def _reads(reads: Reads) -> dict[str, Any]:
    return {
        "total": reads.total,
        "accepted": reads.accepted,
        "rejected": reads.rejected,
        "no_read": reads.no_read,
        "repeats": reads.repeats,
        "by_reason": reads.reasons,
    }
