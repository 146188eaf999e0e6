"""Orders for codes, and the codes (API 1.21.1 §4). All of it counts against the 100 requests a minute."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from lined.sandbox import orders, packs
from lined.sandbox.accounts import instant
from lined.sandbox.answers import bad_request, json_response
from lined.sandbox.gate import enter, integer, json_body, sandbox_of, window, words
from lined.sandbox.issuing import Exhausted
from lined.sandbox.orders import Wanted
from lined.sandbox.rules import ORDER_CODES, ORDER_STATUSES, SEARCH_PAGE, SUB_ORDER_STATUSES
from lined.sandbox.shapes import parse_object

router = APIRouter()


@router.post("/api/orders")
async def register(request: Request) -> Response:
    """4.1."""
    sandbox = sandbox_of(request)
    user = await enter(request, counted=True)
    order = orders.read(parse_object(await json_body(request)), sandbox.settings)
    uuid, at = sandbox.new_id(), sandbox.clock()
    await sandbox.books.write(lambda c: orders.register(c, order, uuid, user.tin, at, sandbox.settings))
    return json_response({"orderId": uuid})


@router.get("/api/orders")
async def list_orders(request: Request) -> Response:
    """4.2, newest first."""
    sandbox = sandbox_of(request)
    await enter(request, counted=True)
    at, query = sandbox.clock(), request.query_params
    limit = integer(request, "limit", SEARCH_PAGE, low=1, high=SEARCH_PAGE)
    status = words(request, "status", ORDER_STATUSES)
    wanted = _wanted(request)._replace(
        group=query.get("productGroup", ""),
        contractor=query.get("contractorTin", ""),
        po_number=query.get("poNumber", ""),
    )
    await sandbox.books.write(lambda connection: orders.close_old(connection, at))
    found = await sandbox.books.read(lambda connection: orders.search(connection, wanted, at))
    return json_response({"orderInfos": [one for one in found if not status or one["orderStatus"] in status][:limit]})


@router.get("/api/orders/sub-orders")
async def list_sub_orders(request: Request) -> Response:
    """4.3, by orders, newest first."""
    sandbox = sandbox_of(request)
    await enter(request, counted=True)
    at, query = sandbox.clock(), request.query_params
    limit = integer(request, "limit", SEARCH_PAGE, low=1, high=SEARCH_PAGE)
    status = words(request, "status", SUB_ORDER_STATUSES)
    wanted = _wanted(request)._replace(gtin=query.get("gtin", ""), cis_type=query.get("cisType", ""))
    await sandbox.books.write(lambda connection: orders.close_old(connection, at))
    found = await sandbox.books.read(lambda connection: orders.buffers(connection, wanted))
    infos = [
        {
            "parentOrderId": buffer.order_uuid,
            "gtin": buffer.gtin,
            "bufferStatus": orders.status_of(buffer, at),
            "cisType": buffer.cis_type,
            "availableCodes": buffer.quantity if at >= buffer.ready_at else 0,
            "leftInBuffer": buffer.quantity - buffer.passed,
            "totalPassed": buffer.passed,
            "lastPackId": buffer.last_pack,
            "createDate": instant(buffer.created_at),
        }
        for buffer in found
        if not status or orders.status_of(buffer, at) in status
    ]
    return json_response({"subOrderInfos": infos[:limit]})


def _wanted(request: Request) -> Wanted:
    since, until = window(request)
    return Wanted(request.query_params.get("orderId", ""), since, until, request.query_params.get("cursor", ""))


@router.get("/api/codes")
async def fetch(request: Request) -> Response:
    """4.4."""
    sandbox = sandbox_of(request)
    user = await enter(request, counted=True)
    query = request.query_params
    quantity = integer(request, "quantity", None, low=1, high=ORDER_CODES)
    wanted = (query.get("orderId", ""), query.get("gtin", ""), quantity, query.get("lastPackId", ""))
    try:
        pack = await sandbox.books.write(
            lambda c: packs.fetch(c, wanted, sandbox.clock(), sandbox.rng, sandbox.new_id, user.tin)
        )
    except Exhausted as error:
        raise bad_request(str(error), "quantity", quantity, where="query") from error
    return json_response(pack)


@router.get("/api/codes/packs")
async def list_packs(request: Request) -> Response:
    """4.5: under /api, whatever its table says."""
    await enter(request, counted=True)
    order, gtin = request.query_params.get("orderId", ""), request.query_params.get("gtin", "")
    return json_response(await sandbox_of(request).books.read(lambda c: packs.packs(c, order, gtin)))


@router.post("/api/order/close")
async def close(request: Request) -> Response:
    """4.6."""
    sandbox = sandbox_of(request)
    await enter(request, counted=True)
    order, gtin = request.query_params.get("orderId", ""), request.query_params.get("gtin", "")
    return json_response(await sandbox.books.write(lambda c: orders.close(c, order, gtin, sandbox.clock())))
