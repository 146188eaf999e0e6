"""Cards of products (API 1.21.1 §10) and participants (API 1.21.1 §12), for business users."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from lined.sandbox import cards
from lined.sandbox.answers import bad_request, json_response, not_found
from lined.sandbox.gate import enter, integer, moment, sandbox_of, spend, words
from lined.sandbox.histories import NAME
from lined.sandbox.rules import CARD_STATUSES, PACKAGE_TYPES, PRODUCTS_PAGE
from lined.sandbox.shapes import parse_instant

router = APIRouter()
_REGISTRY = "/public/api/v1/product-registry"


@router.get(f"{_REGISTRY}/product")
async def products(request: Request) -> Response:
    """10.1: a bare list. No card has an HS code, so that a filter by one finds none."""
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    query = request.query_params
    group = words(request, "productGroup", sandbox.settings.rules.groups)
    if len(group) != 1:
        raise bad_request("parameter productGroup is required", "productGroup", where="query")
    status = words(request, "status", CARD_STATUSES)
    packages = words(request, "packageType", PACKAGE_TYPES)
    since, until = moment(request, "updatedAtFrom"), moment(request, "updatedAtTo")
    made = parse_instant(cards.MADE_AT)
    assert made is not None
    seen = (since is None or made.timestamp() >= since) and (until is None or made.timestamp() <= until)
    seen = seen and query.get("inn") in {None, "", user.tin} and not query.get("tnved")
    found = await sandbox.books.read(lambda c: cards.cards(c, gtin=query.get("gtin", ""), group=group[0]))
    fitting = [card for card in found if seen and (not packages or card.package in packages)]
    fitting = [] if status and cards.PUBLISHED not in status else fitting
    return json_response([cards.listed(card, user.tin) for card in fitting])


@router.get(f"{_REGISTRY}/product/search-by-gtin")
async def products_by_gtin(request: Request) -> Response:
    """10.2."""
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    gtin = request.query_params.get("gtin", "")
    if not gtin:
        raise bad_request("parameter gtin is required", "gtin", where="query")
    group = words(request, "productGroup", sandbox.settings.rules.groups)
    status = words(request, "status", CARD_STATUSES)
    limit = integer(request, "limit", PRODUCTS_PAGE, low=1, high=PRODUCTS_PAGE)
    offset = integer(request, "offset", 0, low=0)
    found = await sandbox.books.read(lambda c: cards.cards(c, gtin=gtin, group=group[0] if group else ""))
    found = [] if status and cards.PUBLISHED not in status else found
    page = [cards.found(card, user.tin, NAME) for card in found[offset : offset + limit]]
    return json_response({"products": page, "hasNextPage": len(found) > offset + limit})


@router.get(f"{_REGISTRY}/product/{{card_id}}")
async def product(request: Request, card_id: str) -> Response:
    """10.3."""
    user = await enter(request, business=True)
    card = await sandbox_of(request).books.read(lambda c: cards.by_id(c, card_id))
    if card is None:
        raise not_found("id", card_id)
    return json_response(cards.whole(card, user.tin))


@router.get(f"{_REGISTRY}/file/{{file_id}}")
async def file(request: Request, file_id: str) -> Response:
    """10.4."""
    await enter(request, business=True)
    if await sandbox_of(request).books.read(lambda c: cards.by_file(c, file_id)) is None:
        raise not_found("id", file_id)
    return Response(cards.PICTURE, media_type="image/jpeg")


@router.get("/public/api/v1/party/parties/{tin}/status")
async def participant(request: Request, tin: str) -> Response:
    """12.1: an empty answer where the participant is not known."""
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    spend(sandbox, sandbox.participant_checks)
    if tin != user.tin:
        return json_response({})
    groups = list(sandbox.settings.open_groups)
    return json_response({"tin": tin, "name": NAME, "fullName": NAME, "productGroups": groups})
