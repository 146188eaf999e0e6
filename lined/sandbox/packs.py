"""Packs of codes (API 1.21.1 §4.4, §4.5). The codes of a sub-order exist from the moment they are fetched; a pack can
be fetched again, also from an order that has closed by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from lined.sandbox.accounts import instant
from lined.sandbox.answers import bad_request
from lined.sandbox.books import Connection, one
from lined.sandbox.issuing import Lot, issue, sign, store
from lined.sandbox.orders import Buffer, buffer_of, close_old, status_of

_FIRST_PACK = frozenset({"", "0"})  # 4.4.1 "at the first request the value is 0 or is not filled"


def fetch(
    connection: Connection,
    wanted: tuple[str, str, int, str],
    at: float,
    rng: Random,
    new_id: Callable[[], str],
    tin: str,
) -> dict[str, Any]:
    """4.4: `wanted` is (order, GTIN, quantity, last pack). Without a last pack the first pack again, with an older one
    the pack after it, with the last one a new pack. Raises Rejection.
    """
    order_uuid, gtin, quantity, last_pack = wanted
    close_old(connection, at)
    buffer = buffer_of(connection, order_uuid, gtin)
    if not 1 <= quantity <= buffer.quantity:
        raise bad_request(f"quantity must lie between 1 and {buffer.quantity}", "quantity", quantity, where="query")
    if buffer.annulled:  # API 1.21.1 §4.6: "fetching again is not carried out"
        raise bad_request("the sub-order was closed by the participant", "orderId", order_uuid, where="query")
    packs = connection.execute("SELECT uuid FROM packs WHERE sub_order_id = ? ORDER BY id", (buffer.id,)).fetchall()
    known = [uuid for (uuid,) in packs]
    if last_pack not in _FIRST_PACK and last_pack not in known:
        raise bad_request("the pack is unknown", "lastPackId", last_pack, where="query")
    following = 0 if last_pack in _FIRST_PACK else known.index(last_pack) + 1
    if following < len(known):
        return {"packId": known[following], "codes": _codes_of(connection, known[following])}
    if status_of(buffer, at) != "ACTIVE":
        raise bad_request(f"the sub-order is {status_of(buffer, at)}", "orderId", order_uuid, where="query")
    return _new_pack(connection, buffer, min(quantity, buffer.quantity - buffer.passed), at, rng, new_id(), tin)


def _codes_of(connection: Connection, pack: str) -> list[str]:
    return [
        row[0] for row in connection.execute("SELECT ident || tail FROM codes WHERE source = ? ORDER BY id", (pack,))
    ]


def _new_pack(
    connection: Connection, buffer: Buffer, count: int, at: float, rng: Random, pack: str, tin: str
) -> dict[str, Any]:
    lot = Lot(buffer.gtin, count, buffer.template, buffer.serial_length, buffer.cis_type, tin, pack)
    if buffer.serials is None:
        codes = issue(connection, lot, rng, at)
    else:
        serials = json.loads(buffer.serials)[buffer.passed : buffer.passed + count]
        codes = store(connection, lot, sign(lot, serials, rng), at)
    connection.execute(
        "INSERT INTO packs (uuid, sub_order_id, quantity, created_at) VALUES (?, ?, ?, ?)",
        (pack, buffer.id, len(codes), at),
    )
    left = one(
        connection,
        "SELECT sum(quantity) - (SELECT coalesce(sum(p.quantity), 0) FROM packs p JOIN sub_orders s"
        " ON s.id = p.sub_order_id WHERE s.order_id = ?1) FROM sub_orders WHERE order_id = ?1",
        (buffer.order_id,),
    )
    if not left:  # API 1.18.2 §1.4: "Immediately, after receiving all codes"
        connection.execute("UPDATE orders SET closed_at = ? WHERE id = ?", (at, buffer.order_id))
    return {"packId": pack, "codes": codes}


def packs(connection: Connection, order_uuid: str, gtin: str) -> dict[str, Any]:
    """4.5. Raises Rejection."""
    buffer = buffer_of(connection, order_uuid, gtin)
    rows = connection.execute(
        "SELECT uuid, quantity, created_at FROM packs WHERE sub_order_id = ? ORDER BY id", (buffer.id,)
    )
    listed = [{"packId": uuid, "quantity": count, "packDateTime": instant(at)} for uuid, count, at in rows]
    return {"orderId": order_uuid, "gtin": gtin, "packs": listed}
