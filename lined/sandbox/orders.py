"""Orders for codes (API 1.21.1 §4): registered, ready after a while, closed by themselves once emptied or old."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from lined.sandbox.accounts import instant
from lined.sandbox.answers import GTIN_NOT_IN_ORDER, Fault, Rejection, bad_request, not_found
from lined.sandbox.books import Connection, one
from lined.sandbox.issuing import has_check_digit
from lined.sandbox.rules import (
    ACTIVE_ORDERS,
    ORDER_CODES,
    ORDER_LIFE_S,
    ORDER_PRODUCTS,
    RELEASE_METHODS,
    SERIAL_TYPES,
    kind_of_codes,
)
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Fields
from lined.sandbox.utilisation import check_group, check_place

CIS_TYPES = ("UNIT", "GROUP", "SET")


class SubOrder(NamedTuple):
    """One product of an order. `template` and `serial_length`: what the regulator gives codes of this kind."""

    gtin: str
    quantity: int
    cis_type: str
    serials: tuple[str, ...]


class Order(NamedTuple):
    """An order whose shape is right."""

    group: str
    method: str
    po_number: str
    products: list[SubOrder]


def read(content: dict[str, Any], settings: SandboxSettings) -> Order:
    """4.1.1. Raises Rejection with every fault."""
    fields = Fields(content)
    fields.only(
        "productGroup", "releaseMethodType", "products", "isPaid", "poNumber", "businessPlaceId", "contractorInfo"
    )
    group = fields.text("productGroup")
    method = fields.word("releaseMethodType", RELEASE_METHODS)
    number = fields.text("poNumber", required=False)
    fields.boolean("isPaid")
    place = fields.integer("businessPlaceId")
    if content.get("contractorInfo") is not None:
        fields.wrong("contractorInfo", "the sandbox has no service providers")
    products = [_product(product) for product in fields.objects("products", max_items=ORDER_PRODUCTS)]
    if len({product.gtin for product in products}) != len(products):
        fields.wrong("products", "a GTIN is repeated")
    fields.done()
    check_group(group, settings)
    check_place(place, settings)
    return Order(group, method, number, products)


def _product(fields: Fields) -> SubOrder:
    fields.only("gtin", "quantity", "cisType", "serialNumberType", "serialNumbers")
    gtin = fields.text("gtin", max_chars=14)
    if gtin and not (len(gtin) == 14 and has_check_digit(gtin)):
        fields.wrong("gtin", f"invalid value [{gtin}] of parameter gtin", gtin)
    quantity = fields.integer("quantity", low=1, high=ORDER_CODES)
    cis_type = fields.word("cisType", CIS_TYPES)
    kind = fields.word("serialNumberType", SERIAL_TYPES)
    serials = tuple(fields.texts("serialNumbers", max_items=ORDER_CODES)) if kind == "SELF_MADE" else ()
    if kind == "SELF_MADE" and len(serials) != quantity:
        fields.wrong("serialNumbers", f"{len(serials)} serial numbers for {quantity} codes", len(serials))
    return SubOrder(gtin, quantity, cis_type, serials)


def register(connection: Connection, order: Order, uuid: str, tin: str, at: float, settings: SandboxSettings) -> None:
    """Take an order in. Raises Rejection where too many are active or a card says another group."""
    close_old(connection, at)
    if (one(connection, "SELECT count(*) FROM orders WHERE closed_at IS NULL") or 0) >= ACTIVE_ORDERS:
        raise bad_request(f"there are {ACTIVE_ORDERS} active orders", "$")
    order_id = connection.execute(
        "INSERT INTO orders (uuid, tin, product_group, method, po_number, created_at, ready_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (uuid, tin, order.group, order.method, order.po_number, at, at + settings.order_ready_after_s),
    ).lastrowid
    for product in order.products:
        card = one(connection, "SELECT product_group FROM cards WHERE gtin = ?", (product.gtin,))
        if card not in {None, order.group}:
            raise bad_request(f"the product card says {card}", "$.products", product.gtin)
        connection.execute(
            "INSERT OR IGNORE INTO cards VALUES (?, ?, ?)", (product.gtin, order.group, settings.rules.home)
        )
        connection.execute(
            "INSERT INTO sub_orders (order_id, gtin, cis_type, quantity, serials, template, serial_length)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (order_id, product.gtin, product.cis_type, product.quantity, json.dumps(product.serials) if product.serials
             else None, *kind_of_codes(order.group, product.cis_type)),
        )  # fmt: skip


def close_old(connection: Connection, at: float) -> None:
    """1.4: an order closes after 7 days, whether all codes were fetched or not."""
    connection.execute(
        "UPDATE orders SET closed_at = ? WHERE closed_at IS NULL AND created_at <= ?", (at, at - ORDER_LIFE_S)
    )


class Wanted(NamedTuple):
    """Filters of 4.2 and 4.3 ("" and None: any). `cursor`: the id of the last order seen."""

    uuid: str
    since: float | None
    until: float | None
    cursor: str
    group: str = ""
    contractor: str = ""
    po_number: str = ""
    gtin: str = ""
    cis_type: str = ""


_FITS = (
    "(:uuid = '' OR o.uuid = :uuid) AND (:since IS NULL OR o.created_at >= :since)"
    " AND (:until IS NULL OR o.created_at < :until)"
    " AND (:cursor = '' OR o.id < (SELECT id FROM orders WHERE uuid = :cursor))"
)


_ORDERS = f"""
    SELECT o.uuid, o.product_group, o.method, o.po_number, o.created_at, o.ready_at, o.closed_at FROM orders o
    WHERE {_FITS} AND (:group = '' OR o.product_group = :group) AND (:po_number = '' OR o.po_number = :po_number)
        AND :contractor = '' ORDER BY o.id DESC
"""  # noqa: S608  # our own text; values are parameters


def search(connection: Connection, wanted: Wanted, at: float) -> list[dict[str, Any]]:
    """4.2.2, newest first. No order of the sandbox is a service provider's."""
    rows = connection.execute(_ORDERS, wanted._asdict())
    return [
        {
            "orderId": uuid,
            "productGroup": group,
            "orderStatus": "CLOSED" if closed_at is not None else "READY" if at >= ready_at else "PENDING",
            "releaseMethodType": method,
            "poNumber": number or None,
            "createDate": instant(created_at),
        }
        for uuid, group, method, number, created_at, ready_at, closed_at in rows
    ]


class Buffer(NamedTuple):
    """A sub-order with its order, as the books have them."""

    id: int
    order_id: int
    order_uuid: str
    gtin: str
    cis_type: str
    quantity: int
    serials: str | None
    template: str
    serial_length: int
    ready_at: float
    created_at: float
    closed_at: float | None
    passed: int
    last_pack: str | None
    annulled: int  # closed by the participant, and not by itself: nothing can be fetched again


_BUFFERS = """
    SELECT s.id, o.id, o.uuid, s.gtin, s.cis_type, s.quantity, s.serials, s.template, s.serial_length, o.ready_at,
        o.created_at, coalesce(s.closed_at, o.closed_at),
        (SELECT coalesce(sum(quantity), 0) FROM packs WHERE sub_order_id = s.id),
        (SELECT uuid FROM packs WHERE sub_order_id = s.id ORDER BY id DESC LIMIT 1), s.closed_at IS NOT NULL
    FROM sub_orders s JOIN orders o ON o.id = s.order_id
"""


def buffers(connection: Connection, wanted: Wanted) -> list[Buffer]:
    """Sub-orders, newest order first."""
    rows = connection.execute(
        f"{_BUFFERS} WHERE {_FITS} AND (:gtin = '' OR s.gtin = :gtin) AND (:cis_type = '' OR s.cis_type = :cis_type)"
        " ORDER BY o.id DESC, s.id",
        wanted._asdict(),
    )
    return [Buffer(*row) for row in rows]


def status_of(buffer: Buffer, at: float) -> str:
    """13.6."""
    if buffer.closed_at is not None:
        return "CLOSED"
    if at < buffer.ready_at:
        return "PENDING"
    return "EXHAUSTED" if buffer.passed >= buffer.quantity else "ACTIVE"


def buffer_of(connection: Connection, order_uuid: str, gtin: str) -> Buffer:
    """The sub-order. Raises Rejection."""
    if one(connection, "SELECT 1 FROM orders WHERE uuid = ?", (order_uuid,)) is None:
        raise not_found("orderId", order_uuid)
    found = buffers(connection, Wanted(order_uuid, None, None, "", gtin=gtin))
    if not gtin or not found:
        fault = Fault(f"GTIN {gtin} is not in the order", "query", "gtin", gtin)
        raise Rejection(400, "gtin-not-in-order", [fault], number=GTIN_NOT_IN_ORDER)
    return found[0]


def close(connection: Connection, order_uuid: str, gtin: str, at: float) -> dict[str, Any]:
    """4.6: what was not fetched is cancelled; the last sub-order closes the order. Raises Rejection."""
    order_id = one(connection, "SELECT id FROM orders WHERE uuid = ?", (order_uuid,))
    if order_id is None:
        raise not_found("orderId", order_uuid)
    if gtin:
        buffer_of(connection, order_uuid, gtin)
        connection.execute("UPDATE sub_orders SET closed_at = ? WHERE order_id = ? AND gtin = ?", (at, order_id, gtin))
    else:
        connection.execute(
            "UPDATE sub_orders SET closed_at = ? WHERE order_id = ? AND closed_at IS NULL", (at, order_id)
        )
    active = one(connection, "SELECT count(*) FROM sub_orders WHERE order_id = ? AND closed_at IS NULL", (order_id,))
    if not active:
        connection.execute("UPDATE orders SET closed_at = coalesce(closed_at, ?) WHERE id = ?", (at, order_id))
    return {"orderId": order_uuid} | ({"gtin": gtin} if gtin else {})
