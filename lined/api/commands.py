"""Commands: `POST`, a token, JSON; answered when they are durable. What they mean is the business of the line and the
reports.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog
from fastapi import APIRouter, Response, Security
from fastapi.security import HTTPBearer

from lined.api.answers import answer
from lined.api.bodies import (
    Body,
    JobCorrect,
    JobStart,
    JobStop,
    PackageClose,
    PackageDissolve,
    PoolDrop,
    PoolLoad,
    Release,
    ReplaceChild,
    ReportCorrect,
    Retry,
    Seal,
    TakeOut,
    TaskDone,
    TypedRead,
    Withdraw,
)
from lined.api.ports import PlantView, cannot_commit
from lined.api.shapes import is_number
from lined.vocabulary.errors import CommandError, JournalFull, NotFound
from lined.vocabulary.times import with_moments

log = structlog.get_logger()

COMMAND_S = 30.0  # for the commit; later the disk has a problem that /status names

INTERNAL = ("code_id",)  # numbers of rows mean nothing outside


class Operation(Protocol):
    def __call__(self, body: Mapping[str, Any], *, command_id: str, by: str) -> Awaitable[dict[str, Any]]: ...


def commands(view: PlantView) -> APIRouter:
    """The router of every POST. The gate has judged the token; here it only stands in the OpenAPI document."""
    router = APIRouter(prefix="/api/v1", dependencies=[Security(HTTPBearer(auto_error=False))])
    _of_jobs(router, view)
    _of_reports(router, view)
    _of_codes(router, view)
    _of_pools(router, view)
    _of_regulator(router, view)
    return router


def _of_jobs(router: APIRouter, view: PlantView) -> None:
    @router.post("/job/start", tags=["job"])
    async def start_job(body: JobStart) -> Response:
        """Start a job; 409 `job-running` where one runs, unless `replace`."""
        return await carried_out("job-start", view.line.start_job, body)

    @router.post("/job/stop", tags=["job"])
    async def stop_job(body: JobStop) -> Response:
        """Stop the running job and seal its batches."""
        return await carried_out("job-stop", view.line.stop_job, body)

    @router.post("/job/correct", tags=["job"])
    async def correct_job(body: JobCorrect) -> Response:
        """Change attributes of the running job, for it and for what is not frozen yet."""
        return await carried_out("job-correct", view.line.correct_job, body)


def _of_reports(router: APIRouter, view: PlantView) -> None:
    @router.post("/reports/seal", tags=["reports"])
    async def seal(body: Seal) -> Response:
        """Seal every open batch that has codes, of one kind or of all."""
        return await carried_out("seal", view.line.seal, body)

    @router.post("/reports/correct", tags=["reports"])
    async def correct(body: ReportCorrect) -> Response:
        """Correct dates, series or country of codes the regulator has; or, with `preview`, see what would be sent."""
        return await carried_out("report-correct", view.reports.correct, body)

    @router.post("/reports/{report_id}/retry", tags=["reports"])
    async def retry(report_id: str, body: Retry) -> Response:
        """Send a held report again, or adopt the document that it became."""
        return await carried_out("report-retry", _about(view.reports.retry, report_id), body)

    @router.post("/reports/{report_id}/release", tags=["reports"])
    async def release(report_id: str, body: Release) -> Response:
        """End a held report, finally: say what its codes are, and why."""
        return await carried_out("report-release", _about(view.reports.release, report_id), body)


def _of_codes(router: APIRouter, view: PlantView) -> None:
    @router.post("/packages/close", tags=["packages"])
    async def close_package(body: PackageClose) -> Response:
        """Close an open package before it is full."""
        return await carried_out("package-close", view.line.close_package, body)

    @router.post("/packages/dissolve", tags=["packages"])
    async def dissolve_package(body: PackageDissolve) -> Response:
        """Open a package for good; one that was reported is disaggregated at the regulator too."""
        return await carried_out("package-dissolve", view.line.dissolve_package, body)

    @router.post("/packages/take-out", tags=["packages"])
    async def take_out(body: TakeOut) -> Response:
        """Take a child out of its package."""
        return await carried_out("package-take-out", view.line.take_out, body)

    @router.post("/packages/replace", tags=["packages"])
    async def replace_child(body: ReplaceChild) -> Response:
        """A child leaves its package, another takes its place."""
        return await carried_out("package-replace", view.line.replace_child, body)

    @router.post("/tasks/done", tags=["tasks"])
    async def end_task(body: TaskDone) -> Response:
        """Somebody has dealt with a task of the work list, or with all that a report put there for one reason."""
        return await carried_out("task-done", view.line.end_task, body)

    @router.post("/codes/withdraw", tags=["codes"])
    async def withdraw(body: Withdraw) -> Response:
        """Take a code out before it is reported."""
        return await carried_out("withdraw", view.line.withdraw, body)

    @router.post("/reads", tags=["codes"])
    async def read(body: TypedRead) -> Response:
        """A code typed in by hand, judged like a read of the station."""
        problem = cannot_commit(view.journal)
        if problem is not None:  # a device would be told to reject; a person is told why
            raise JournalFull(problem)
        return await carried_out("read", view.line.read, body)


def _of_pools(router: APIRouter, view: PlantView) -> None:
    @router.post("/pools/load", tags=["pools"])
    async def load_pool(body: PoolLoad) -> Response:
        """Load some of the codes that were issued for a product; with `complete` the pool holds from now on."""
        return await carried_out("pool-load", view.line.load_pool, body)

    @router.post("/pools/drop", tags=["pools"])
    async def drop_pool(body: PoolDrop) -> Response:
        """Drop the pool of a product: its codes are no longer compared with one."""
        return await carried_out("pool-drop", view.line.drop_pool, body)


def _of_regulator(router: APIRouter, view: PlantView) -> None:
    renew_key = view.renew_key
    if renew_key is None:
        return

    @router.post("/regulator/renew-key", tags=["regulator"])
    async def renew(body: Body) -> Response:
        """Replace the API key; the old one is dead at once, for every program that has it."""
        return await carried_out("key-renew", renew_key, body)


def _about(operation: Callable[..., Awaitable[dict[str, Any]]], report_id: str) -> Operation:
    def about(body: Mapping[str, Any], *, command_id: str, by: str) -> Awaitable[dict[str, Any]]:
        if not is_number(report_id):  # larger than SQLite's numbers, or no number at all
            raise NotFound("unknown-report", f"There is no report {report_id!r}.")
        return operation(report_id, body, command_id=command_id, by=by)

    return about


async def carried_out(name: str, operation: Operation, body: Body) -> Response:
    """The command's answer, durable. Raises CommandError, JournalError, TimeoutError."""
    by = body.by or ""
    try:
        async with asyncio.timeout(COMMAND_S):
            found = await operation(body.wish(), command_id=body.id or "", by=by)
    except CommandError as refused:
        log.info("command_refused", command=name, by=by, error=refused.code)
        raise without_codes(refused) from None
    log.info("command_done", command=name, by=by)
    return answer({key: value for key, value in with_moments(found).items() if key not in INTERNAL})


def without_codes(refused: CommandError) -> CommandError:
    """A text that could not be read as a code is not repeated: it may hold a check part."""
    if refused.code != "malformed":
        return refused
    why = "; ".join(problem.message for problem in refused.details)
    return type(refused)(refused.code, f"This is no marking code: {why}", refused.details)
