"""Decisions of people about orders of codes: order, close, say what became of one that is held. Each in the transaction
of its command.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import code_orders, sub_orders
from lined.journal.tables.code_orders import OrderRow
from lined.regulator.profile import Profile
from lined.supply.orders.serials import reserve
from lined.vocabulary.errors import Conflict, Invalid, NotFound, Problem
from lined.vocabulary.facts import Fact, FieldFact, OrderFact
from lined.vocabulary.orders import OrderState

MARK_BYTES = 6


class Wanted(NamedTuple):
    """A product to be ordered. `serial_length`: where we make its serials; None: the regulator does."""

    gtin: str
    quantity: int
    level: str
    serial_length: int | None = None


def order(
    connection: Connection,
    profile: Profile,
    *,
    line: str,
    group: str,
    method: str,
    products: Sequence[Wanted],
    completes: bool,
    at_ms: int,
    by: str,
    ran_low: Fact | None = None,
    token: Callable[[int], str] = secrets.token_hex,
) -> int:
    """Write an order down; it is sent when its turn comes. Returns its id. Raises Conflict where as many are active as
    may be. `ran_low`: nobody asked for it, but its product ran low.
    """
    most = profile.limits.active_orders
    if len(code_orders.active(connection)) >= most:
        raise Conflict("too-many-orders", f"There are {most} orders that are not over; no more may be at once.")
    order_id = code_orders.add(
        connection,
        marker=f"{line}-{token(MARK_BYTES)}",
        product_group=group,
        method=method,
        completes=completes,
        at_ms=at_ms,
        by=by,
        why=ran_low or Fact(OrderFact.ASKED, by=by),
        by_itself=ran_low is not None,
    )
    for one in products:
        series_no = first = None
        if one.serial_length is not None:
            series, first = reserve(connection, one.serial_length, one.quantity)
            series_no = series.no
        sub_orders.add(
            connection, order_id,
            gtin=one.gtin, quantity=one.quantity, level=one.level, series_no=series_no, serial_first=first,
        )  # fmt: skip
    return order_id


def found(connection: Connection, order_id: int) -> OrderRow:
    """Raises NotFound."""
    row = code_orders.get(connection, order_id)
    if row is None:
        raise NotFound("unknown-order", f"There is no order {order_id}.")
    return row


def unfetched(connection: Connection, order_id: int) -> int:
    """Codes that are not here."""
    return sum(one.left for one in sub_orders.of_order(connection, order_id))


def close(connection: Connection, order_id: int, *, confirmed: bool, at_ms: int, by: str) -> None:
    """Withdraw what was not sent; have the regulator close what was placed; give up what is held without a number.
    Raises NotFound; Invalid where codes would be cancelled and that was not confirmed; Conflict.
    """
    row = found(connection, order_id)
    left = unfetched(connection, order_id)
    if left and not confirmed and not row.final:
        message = f"{left:,} codes of order {order_id} are not fetched; closing cancels them for good."
        raise Invalid("confirm-required", message, [Problem("confirm", Fact(FieldFact.REQUIRED))])
    match row.state:
        case OrderState.QUEUED:
            code_orders.move(connection, order_id, OrderState.CLOSED, at_ms, Fact(OrderFact.GIVEN_UP, by=by))
        case OrderState.HELD if row.regulator_id is None:
            code_orders.move(connection, order_id, OrderState.CLOSED, at_ms, Fact(OrderFact.GIVEN_UP, by=by))
        case OrderState.HELD:
            code_orders.move(connection, order_id, OrderState.PLACED, at_ms, Fact(OrderFact.AGAIN, by=by), problem=None)
            code_orders.move(connection, order_id, OrderState.CLOSING, at_ms, Fact(OrderFact.CLOSE_ASKED, by=by))
        case OrderState.PLACED:
            code_orders.move(connection, order_id, OrderState.CLOSING, at_ms, Fact(OrderFact.CLOSE_ASKED, by=by))
        case _:
            raise Conflict("wrong-state", f"Order {order_id} is {row.state}: it cannot be closed now.")


def not_arrived(connection: Connection, order_id: int, at_ms: int, by: str) -> None:
    """A person has seen that it is not at the regulator. It is looked for once more before it is ordered again. Raises
    NotFound, Conflict.
    """
    row = found(connection, order_id)
    if row.state != OrderState.HELD or row.regulator_id is not None:
        raise Conflict("wrong-state", f"Order {order_id} is {row.state}: nobody asks whether it has arrived.")
    why = Fact(OrderFact.NOT_ARRIVED, by=by)
    code_orders.move(
        connection, order_id, OrderState.IN_DOUBT, at_ms, why, confirmed=1, misses=0, due_ms=at_ms, problem=why
    )


def name(connection: Connection, order_id: int, regulator_id: str, at_ms: int, by: str) -> None:
    """A person has found it at the regulator, under this id. Raises NotFound, Conflict."""
    row = found(connection, order_id)
    if row.state != OrderState.HELD or row.regulator_id is not None:
        raise Conflict("wrong-state", f"Order {order_id} is {row.state}: nobody asks for its number.")
    owner = code_orders.owner(connection, regulator_id)
    if owner is not None:
        raise Conflict("order-taken", f"{regulator_id} is order {owner} of this line.")
    why = Fact(OrderFact.NAMED, by=by, id=regulator_id)
    code_orders.move(
        connection, order_id, OrderState.PLACED, at_ms, why,
        regulator_id=regulator_id, placed_ms=row.attempt_ms or at_ms, problem=None, due_ms=None,
    )  # fmt: skip


def look_again(connection: Connection, order_id: int, at_ms: int, by: str) -> None:
    """What did not add up is looked at again. Raises NotFound, Conflict."""
    row = found(connection, order_id)
    if row.state != OrderState.HELD or row.regulator_id is None:
        raise Conflict("wrong-state", f"Order {order_id} is {row.state}: there is nothing to be looked at again.")
    code_orders.move(connection, order_id, OrderState.PLACED, at_ms, Fact(OrderFact.AGAIN, by=by), problem=None)
