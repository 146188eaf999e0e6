"""Looking for an order that may have arrived, among all orders of the account since it was sent.

    in_doubt → placed   an order has our mark
             → held     two complete looks missed it, or they cannot tell: it is never ordered again by itself
             → queued   a person said that it did not arrive, and one more complete look has missed it

A look is complete when it has read the list to its end. One that failed is no evidence of anything. An order without
any mark, of the same products and quantities, may be ours: that is for a person to see.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import code_orders, sub_orders
from lined.journal.tables.code_orders import OrderRow
from lined.regulator.ordering import OrderSeen
from lined.reports.delivery.rules import backed_off
from lined.supply.orders.placing import placed
from lined.supply.orders.ports import OrderPorts
from lined.vocabulary.errors import LookupFailed, Unavailable, clause
from lined.vocabulary.facts import Fact, OrderFact
from lined.vocabulary.orders import OrderState

MISSES = 2  # complete looks, a gap apart, before a person is asked


class Look(NamedTuple):
    """What a look found. `contradiction`: why it cannot tell. `why`: it could not be completed."""

    order_id: str | None = None
    contradiction: Fact | None = None
    why: Fact | None = None


async def look(ports: OrderPorts, order: OrderRow) -> Look:
    """Look for the order once."""
    try:
        seen = await _all_since(ports, order)
        marked = [one for one in seen if one.marker == order.marker]
        if len(marked) > 1:
            return Look(contradiction=Fact(OrderFact.TWICE, id=", ".join(one.order_id for one in marked[:5])))
        if marked:
            return Look(order_id=marked[0].order_id)
        alike = await _alike(ports, order, [one for one in seen if one.marker is None])
        return Look(contradiction=Fact(OrderFact.ALIKE, id=alike)) if alike is not None else Look()
    except LookupFailed as error:
        return Look(why=Fact(OrderFact.LOOKING, more=clause(error)))


async def _all_since(ports: OrderPorts, order: OrderRow) -> list[OrderSeen]:
    """Every order since it may have arrived. Raises LookupFailed where the list does not come to its end."""
    since = ports.since(order.attempt_server_ms)
    found: dict[str, OrderSeen] = {}
    cursor: str | None = None
    for _ in range(ports.rules.pages):
        page = await ports.regulator.orders_since(since, cursor)
        fresh = [one for one in page if one.order_id not in found]
        found.update((one.order_id, one) for one in fresh)
        if not fresh:
            return list(found.values())
        cursor = page[-1].order_id
    raise Unavailable(Fact(OrderFact.ENDLESS))


async def _alike(ports: OrderPorts, order: OrderRow, unmarked: list[OrderSeen]) -> str | None:
    """An order without a mark, which no order of ours is known to be, with the same products and quantities."""
    ours = {(one.gtin, one.quantity) for one in await ports.journal.read(sub_orders.of_order, order.id)}
    for one in unmarked:
        if one.product_group not in (None, order.product_group):
            continue
        if await ports.journal.read(code_orders.owner, one.order_id) is not None:
            continue
        products = await ports.regulator.sub_orders(one.order_id)
        if {(found.gtin, max(found.made, found.left + found.passed)) for found in products} == ours:
            return one.order_id
    return None


async def conclude(ports: OrderPorts, order: OrderRow, found: Look, failures: int) -> None:
    """Write down what a look means. Durable when it returns. Raises JournalError."""
    if found.order_id is not None:
        why = Fact(OrderFact.FOUND, id=found.order_id)
        await ports.do(partial(_found, order_id=order.id, ports=ports, regulator_id=found.order_id, why=why))
        return
    await ports.do(partial(_missed, order_id=order.id, ports=ports, found=found, failures=failures))


def _found(connection: Connection, order_id: int, ports: OrderPorts, regulator_id: str, why: Fact) -> None:
    row = code_orders.get(connection, order_id)
    if row is not None and row.state == OrderState.IN_DOUBT:
        placed(connection, order_id, ports, regulator_id, why)


def _missed(connection: Connection, order_id: int, ports: OrderPorts, found: Look, failures: int) -> None:
    row, at_ms = code_orders.get(connection, order_id), ports.wall_ms()
    if row is None or row.state != OrderState.IN_DOUBT:
        return
    if found.contradiction is not None:
        code_orders.move(connection, order_id, OrderState.HELD, at_ms, found.contradiction, problem=found.contradiction)
    elif found.why is not None:
        wait_ms = backed_off(ports.rules.retry_ms, ports.rules.retry_max_ms, failures, ports.chance)
        code_orders.change(connection, order_id, due_ms=at_ms + wait_ms, problem=found.why)
    elif row.confirmed:
        why = Fact(OrderFact.MISSED_AGAIN)
        code_orders.move(connection, order_id, OrderState.QUEUED, at_ms, why, problem=None, due_ms=at_ms, misses=0)
    elif row.misses + 1 < MISSES:
        code_orders.change(
            connection, order_id, misses=row.misses + 1, due_ms=at_ms + ports.rules.in_doubt_gap_ms,
            problem=Fact(OrderFact.MISSED_ONCE),
        )  # fmt: skip
    else:
        why = Fact(OrderFact.NOT_FOUND)
        code_orders.move(connection, order_id, OrderState.HELD, at_ms, why, problem=why, misses=row.misses + 1)
