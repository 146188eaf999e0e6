"""The decision to order codes by itself where a product runs low, in one transaction: what is left, what is under way
and the new order are of one moment, so no kill and no restart orders twice.

Nothing is ordered while an order of the product is under way, whatever it is at; nor where something of it is in doubt:
an order in doubt or held, one placed by itself that brought less than it was to, a journal that was replaced since.
Then a person orders once, and it goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lined.journal.care import takeover
from lined.journal.database import Connection
from lined.journal.tables import code_orders, pools, sub_orders
from lined.journal.tables.code_orders import OrderRow
from lined.regulator.profile import Profile
from lined.supply.orders import people
from lined.supply.orders.people import Wanted
from lined.vocabulary.errors import Conflict
from lined.vocabulary.facts import Fact, StockFact
from lined.vocabulary.orders import ORDER_FINAL, OrderState, SubOrderState
from lined.vocabulary.packages import Level


@dataclass(frozen=True, slots=True)
class Reorder:
    """What is ordered of a product by itself: so many codes once fewer than `below` are left."""

    gtin: str
    group: str
    below: int
    quantity: int


class Decided(NamedTuple):
    """`order_id`: of what was ordered. `held`: why nothing was, although it runs low and no order is under way."""

    order_id: int | None = None
    held: Fact | None = None


def reorder(connection: Connection, profile: Profile, *, line: str, rule: Reorder, at_ms: int) -> Decided:
    """Order codes of a product where it runs low, and nothing speaks against it. The first codes of a product, which
    has no pool, are ordered by a person.
    """
    pool = pools.present(connection).get(rule.gtin)
    if pool is None or pool.left >= rule.below:
        return Decided()
    orders = _orders_of(connection, rule.gtin)
    why = _doubt(connection, orders)
    if why is None and any(order.state not in ORDER_FINAL for order, _ in orders):
        return Decided()
    if why is None:
        try:
            return Decided(_ordered(connection, profile, line, rule, pool.left, at_ms))
        except Conflict:
            why = Fact(StockFact.TOO_MANY)
    return Decided(held=Fact(StockFact.HELD, n=pool.left, gtin=rule.gtin, more=why))


def _ordered(connection: Connection, profile: Profile, line: str, rule: Reorder, left: int, at_ms: int) -> int:
    return people.order(
        connection,
        profile,
        line=line,
        group=rule.group,
        method=profile.dictionaries.release_method[0],
        products=[Wanted(rule.gtin, rule.quantity, Level.UNIT)],
        completes=False,
        at_ms=at_ms,
        by="",
        ran_low=Fact(StockFact.ORDERED, n=left, gtin=rule.gtin, least=rule.below),
    )


def _orders_of(connection: Connection, gtin: str) -> list[tuple[OrderRow, str]]:
    """The orders of a product that are not over, and the newest of all; with the state of the product in each."""
    found = []
    newest = sub_orders.newest_of(connection, gtin)
    ids = {order.id for order in code_orders.active(connection)} | ({newest.order_id} if newest is not None else set())
    for order_id in sorted(ids):
        order = code_orders.get(connection, order_id)
        sub = next((one for one in sub_orders.of_order(connection, order_id) if one.gtin == gtin), None)
        if order is not None and sub is not None:
            found.append((order, sub.state))
    return found


def _doubt(connection: Connection, orders: list[tuple[OrderRow, str]]) -> Fact | None:
    """Why nothing may be ordered by itself; None: nothing speaks against it. Orders since the backup that a journal was
    restored from are not known: an order since then alone ends that doubt, and no pool that is loaded does.
    """
    for order, _ in orders:
        if order.state in (OrderState.IN_DOUBT, OrderState.HELD):
            return Fact(StockFact.ORDER_WAITS, order=str(order.id))
    newest, state = orders[-1] if orders else (None, "")
    if newest is not None and newest.by_itself and newest.final and state != SubOrderState.FETCHED:
        return Fact(StockFact.ORDER_ENDED, order=str(newest.id))
    gap = takeover.gap_of(connection)
    if gap is None:
        return None
    since = newest.asked_ms if newest is not None else 0
    return Fact(StockFact.REPLACED) if gap.withholds or since < gap.until_ms else None
