"""Documents (API 1.21.1 §11): cards, their codes, errors and content."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from lined.sandbox import lookups
from lined.sandbox.accounts import instant
from lined.sandbox.answers import json_response, not_found
from lined.sandbox.documents import RULES
from lined.sandbox.faults import Fault
from lined.sandbox.gate import enter, integer, sandbox_of, window, words
from lined.sandbox.lookups import Card, Search
from lined.sandbox.rules import (
    CODES_PAGE,
    DOCUMENT_STATUSES,
    ERROR,
    PARTIAL,
    SEARCH_PAGE,
    SEARCHABLE_TYPES,
    SUCCESS,
    UTILISATION,
    VALIDATION,
)

router = APIRouter()
_STORAGE = "/public/api/v1/doc/storage"
_OTHER = {kind: VALIDATION if kind == UTILISATION else UTILISATION for kind in RULES}  # a type that is not its own
# API 1.21.1 §13.7 has fewer words than §13.8; a report that was processed in part is a success there.
_REPORT_STATUSES = {SUCCESS: SUCCESS, PARTIAL: SUCCESS, ERROR: ERROR}


def _met(request: Request, kind: str) -> Fault | None:
    """The fault of this kind that the request meets."""
    return sandbox_of(request).faults.meet(request.method, request.url.path, {kind})


async def _card(request: Request, document_id: str) -> Card:
    """The document of the path, of the user who asks. Raises Rejection, 404 too."""
    sandbox = sandbox_of(request)
    user = await enter(request)
    at = sandbox.clock()
    card = await sandbox.books.read(lambda connection: lookups.find(connection, document_id, user.tin, at))
    if card is None:
        raise not_found("documentId", document_id)
    return card


@router.get("/api/utilisation/{document_id}")
async def utilisation_status(request: Request, document_id: str) -> Response:
    """11.1, "planned for revision"."""
    card = await _card(request, document_id)
    if card.type != UTILISATION:
        raise not_found("reportId", document_id)
    answer: dict[str, object] = {"reportId": card.uuid, "reportStatus": _REPORT_STATUSES.get(card.status, "IN_PROCESS")}
    if card.status == ERROR:
        reasons = await sandbox_of(request).books.read(lambda c: lookups.reject_reasons(c, card.id))
        answer["rejectReason"] = reasons
    return json_response(answer | {"createdTimestamp": instant(card.created_at)})


@router.get(f"{_STORAGE}/docs/search")
async def search(request: Request) -> Response:
    """11.2."""
    sandbox = sandbox_of(request)
    user = await enter(request)
    wanted = _search_of(request)
    order, at = sandbox.settings.search_order, sandbox.clock()
    cards = await sandbox.books.read(lambda connection: lookups.search(connection, user.tin, wanted, order, at))
    found = [
        {"documentId": card.uuid, "type": card.type, "status": card.status, "createDate": instant(card.created_at)}
        for card in cards
    ]
    if found and _met(request, "typeless"):
        del found[0]["type"]
    return json_response({"documentInfos": found})


@router.get(f"{_STORAGE}/docs/{{document_id}}")
async def document(request: Request, document_id: str) -> Response:
    """11.3: flat, as in the sample, whatever the table says."""
    card = await _card(request, document_id)
    shown = card
    if (fault := _met(request, "foreign-card")) is not None:
        others = {"uuid": sandbox_of(request).new_id()} if fault.asked.foreign == "id" else {"type": _OTHER[card.type]}
        shown = card._replace(**others, status=SUCCESS)  # type: ignore[arg-type]  # its fields
    return json_response(
        {
            "documentId": shown.uuid,
            "type": shown.type,
            "status": shown.status,
            "createDate": instant(card.created_at),
            "originalDocId": None,
            "productGroup": card.product_group,
        }
    )


@router.get(f"{_STORAGE}/docs/{{document_id}}/codes")
async def codes(request: Request, document_id: str) -> Response:
    """11.6: a bare list."""
    card = await _card(request, document_id)
    limit = integer(request, "limit", CODES_PAGE, low=1, high=CODES_PAGE)
    after = integer(request, "lastIndex", -1, low=-1)
    if _met(request, "endless"):
        return json_response(lookups.endless(after, limit))
    packages = _met(request, "children-only") is None
    rows = await sandbox_of(request).books.read(
        lambda connection: lookups.outcomes(connection, card.id, after, limit, packages=packages)
    )
    return json_response(rows)


@router.get(f"{_STORAGE}/errors/{{document_id}}")
async def errors(request: Request, document_id: str) -> Response:
    """11.5: `limit` is required."""
    card = await _card(request, document_id)
    limit = integer(request, "limit", None, low=1, high=CODES_PAGE)
    after = integer(request, "lastIndex", -1, low=-1)
    name = request.query_params.get("propertyName", "CODE")
    rows = await sandbox_of(request).books.read(lambda connection: lookups.errors(connection, card.id, after, limit))
    return json_response({"documentErrors": rows if name == "CODE" else []})


@router.get(f"{_STORAGE}/json/{{document_id}}")
async def content(request: Request, document_id: str) -> Response:
    """11.4: the source document."""
    card = await _card(request, document_id)
    as_sample = sandbox_of(request).settings.content_as_sample
    body = await sandbox_of(request).books.read(
        lambda connection: lookups.content(connection, card.id, as_sample=as_sample)
    )
    return Response(body, media_type="application/json")


def _search_of(request: Request) -> Search:
    since, until = window(request)
    return Search(
        uuid=request.query_params.get("documentId", ""),
        types=words(request, "types", SEARCHABLE_TYPES),
        statuses=words(request, "status", DOCUMENT_STATUSES),
        groups=words(request, "productGroups", sandbox_of(request).settings.rules.groups),
        since=since,
        until=until,
        limit=integer(request, "limit", SEARCH_PAGE, low=1, high=SEARCH_PAGE),
        cursor=request.query_params.get("cursor", ""),
    )
