"""Transfers of codes and import codes (API 1.21.1 §6.1, §7.1); their documents come in by `api_reports`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from lined.sandbox import customs, transfers
from lined.sandbox.answers import json_response
from lined.sandbox.gate import enter, integer, sandbox_of, window, words
from lined.sandbox.rules import CONFIRMATIONS, DOCUMENT_STATUSES, TRANSFERS_PAGE

router = APIRouter()


@router.get("/public/api/v1/doc/transfer/request/search")
async def search(request: Request) -> Response:
    """6.1."""
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    query = request.query_params
    since, until = window(request)
    business_since, business_until = window(request, "businessDateFrom", "businessDateTo")
    wanted = transfers.Wanted(
        uuid=query.get("documentId", ""),
        statuses=words(request, "statuses", DOCUMENT_STATUSES),
        confirmations=words(request, "confirmationStatuses", CONFIRMATIONS),
        owner=integer(request, "ownerId", 0, low=1) or None,
        buyer=integer(request, "buyerId", 0, low=1) or None,
        since=since,
        until=until,
        business_since=business_since,
        business_until=business_until,
        limit=integer(request, "limit", TRANSFERS_PAGE, low=1, high=TRANSFERS_PAGE),
        cursor=query.get("cursor", ""),
    )
    at = sandbox.clock()
    found = await sandbox.books.read(lambda connection: transfers.search(connection, user.tin, wanted, at))
    return json_response({"documentInfos": found})


@router.post("/public/api/v1/customs-registry/code")
async def import_code(request: Request) -> Response:
    """7.1."""
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    at = sandbox.clock()
    code = await sandbox.books.write(lambda connection: customs.make(connection, user.tin, at))
    return json_response({"aggregatedCustomsCode": code})
