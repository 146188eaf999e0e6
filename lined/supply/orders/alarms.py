"""Alarms about orders: held, in doubt, about to end with codes that nobody has fetched."""

from __future__ import annotations

from collections.abc import Sequence

from lined.journal.tables import sub_orders
from lined.journal.tables.code_orders import OrderRow
from lined.supply.orders.ports import OrderPorts
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, OrderFact
from lined.vocabulary.orders import OrderState

DAY_MS = 86_400_000


class OrderAlarms:
    """Sets and clears the alarms of orders; each stands at the place `order N`."""

    def __init__(self, ports: OrderPorts) -> None:
        self._ports = ports
        self._standing: set[tuple[AlarmKind, str]] = set()

    async def publish(self, active: Sequence[OrderRow]) -> None:
        """By the orders that are not over."""
        now: dict[tuple[AlarmKind, str], Fact] = {}
        for order in active:
            place = f"order {order.id}"
            match order.state:
                case OrderState.HELD:
                    more = order.problem or ""
                    now[AlarmKind.ORDER_HELD, place] = Fact(OrderFact.HELD, order=str(order.id), more=more)
                case OrderState.IN_DOUBT:
                    now[AlarmKind.ORDER_IN_DOUBT, place] = Fact(OrderFact.IN_DOUBT, order=str(order.id))
            ends = await self._ends(order)
            if ends is not None:
                now[AlarmKind.ORDER_ENDS, place] = ends
        for kind, place in self._standing - now.keys():
            self._ports.problems.clear(kind, place)
        for (kind, place), fact in now.items():
            self._ports.problems.set(kind, place, fact)
        self._standing = set(now)

    async def _ends(self, order: OrderRow) -> Fact | None:
        """It ends soon, and codes of it are not here."""
        if order.placed_ms is None:
            return None
        ends_ms = order.placed_ms + self._ports.profile.limits.order_life_days * DAY_MS
        if ends_ms - self._ports.wall_ms() > self._ports.rules.warn_ms:
            return None
        products = await self._ports.journal.read(sub_orders.of_order, order.id)
        left = sum(one.left for one in products)
        return Fact(OrderFact.ENDS, order=str(order.id), ends_at=ends_ms, left=left) if left else None
