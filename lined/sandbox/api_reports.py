"""Reports (API 1.21.1 §5), and the other documents (API 1.21.1 §6, §7): they come in, each answered with the id of
the document that was registered for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from lined.sandbox import aggregation, correction, customs, disaggregation, transfers, utilisation, validation
from lined.sandbox.accounts import User
from lined.sandbox.answers import json_response
from lined.sandbox.documents import register
from lined.sandbox.faults import DOCUMENT_KINDS
from lined.sandbox.filings import Directives, Filing
from lined.sandbox.gate import enter, json_body, sandbox_of
from lined.sandbox.sandbox import Sandbox
from lined.sandbox.settings import SandboxSettings

router = APIRouter()


class Kind(NamedTuple):
    """How one kind of report comes in: who reads its body, what names its id in the answer, who may send it, and
    whether it counts against the limit of orders and reports.
    """

    read: Callable[[bytes, Mapping[str, str], SandboxSettings, float], Filing]
    answer: str = "documentId"
    business: bool = False
    counted: bool = True


KINDS = {
    "/api/utilisation": Kind(utilisation.read, answer="reportId"),
    "/public/api/v1/doc/validation": Kind(validation.read),
    "/public/api/v1/doc/aggregation": Kind(aggregation.read),
    "/public/api/v1/doc/transport-code-disaggregation": Kind(disaggregation.read),
    "/public/api/v1/doc/correction": Kind(correction.read, business=True),
    "/public/api/v1/doc/transfer/request": Kind(transfers.Request.read, business=True, counted=False),
    "/public/api/v1/doc/transfer/confirmation": Kind(transfers.Confirmation.read, business=True, counted=False),
    "/public/api/v1/doc/customs-code": Kind(customs.Registration.read, business=True, counted=False),
    "/public/api/v1/doc/customs-code-withdrawal": Kind(customs.Withdrawal.read, business=True, counted=False),
}


async def report(request: Request) -> Response:
    """Register a report. Raises Rejection."""
    kind = KINDS[request.url.path]
    sandbox = sandbox_of(request)
    user = await enter(request, business=kind.business, counted=kind.counted)
    body = await json_body(request)
    at = round(sandbox.clock(), 6)  # as createDate prints it, so that a search from that moment finds it
    query = dict(request.query_params)
    filing = await sandbox.books.aside(lambda: kind.read(body, query, sandbox.settings, at))
    directives = _directives(sandbox, request)
    uuid = await _register(sandbox, filing, user, at, directives)
    return json_response({kind.answer: uuid})


async def _register(sandbox: Sandbox, filing: Filing, user: User, at: float, directives: Directives) -> str:
    uuid = sandbox.new_id()
    await sandbox.books.write(
        lambda connection: register(connection, filing, uuid, user.tin, at, sandbox.settings, directives, sandbox.rng)
    )
    sandbox.document_registered()
    return uuid


def _directives(sandbox: Sandbox, request: Request) -> Directives:
    """What the faults that are set want to happen to this document."""
    wanted: dict[str, float] = {}
    for kind in sorted(DOCUMENT_KINDS):
        fault = sandbox.faults.meet(request.method, request.url.path, {kind})
        if fault is not None:
            wanted.update(fault.directives())
    return Directives(**wanted)  # type: ignore[arg-type]  # its fields, by fault


for path in KINDS:
    router.add_api_route(path, report, methods=["POST"])
