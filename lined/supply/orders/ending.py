"""The progress of a placed order, written down: its numbers, products that are over, its end, its closing.

placed | closing → fetched | refused | closed   every product of it is over
→ held                         it does not add up
"""

from __future__ import annotations

from functools import partial

from lined.journal.database import Connection
from lined.journal.tables import code_orders, pools, sub_orders
from lined.journal.tables.code_orders import OrderRow
from lined.journal.tables.sub_orders import SubOrderRow
from lined.regulator.ordering import Condition, SubOrderSeen
from lined.supply.orders.ports import OrderPorts
from lined.vocabulary.facts import Fact, OrderFact
from lined.vocabulary.orders import SUB_ORDER_FINAL, OrderState, SubOrderState


async def note(ports: OrderPorts, sub: SubOrderRow, seen: SubOrderSeen | None, why: Fact | None) -> None:
    """What the regulator says of a product, where that is news."""
    made, passed = (sub.made, sub.passed) if seen is None else (seen.made, seen.passed)
    waits = seen is None or seen.condition is Condition.PENDING
    state = SubOrderState.PENDING if waits and not sub.codes else SubOrderState.FETCHING
    if (sub.state, sub.made, sub.passed, sub.problem) == (state, made, passed, why):
        return
    await ports.do(
        lambda connection: sub_orders.note(connection, sub.id, state=state, made=made, passed=passed, problem=why)
    )


async def end(
    ports: OrderPorts, order: OrderRow, sub: SubOrderRow, seen: SubOrderSeen | None, state: SubOrderState, why: Fact
) -> None:
    """A product of an order is over; where its pool was asked to hold once all is fetched, it does."""
    await note(ports, sub, seen, None)
    await ports.do(partial(_end, ports=ports, order=order, sub=sub, state=state, why=why))


def _end(
    connection: Connection, ports: OrderPorts, order: OrderRow, sub: SubOrderRow, state: SubOrderState, why: Fact
) -> None:
    sub_orders.end(connection, sub.id, state, None if state is SubOrderState.FETCHED else why)
    pool = pools.present(connection).get(sub.gtin)
    if order.completes and state is SubOrderState.FETCHED and pool is not None and pool.state == pools.LOADING:
        pools.complete(connection, pool, ports.wall_ms())
        ports.steps.look_again(connection)


async def conclude(ports: OrderPorts, order: OrderRow) -> None:
    """Its end, where every product of it is over; what was wrong before is right again, where not."""
    products = await ports.journal.read(sub_orders.of_order, order.id)
    if order.problem is None and any(one.state not in SUB_ORDER_FINAL for one in products):
        return
    await ports.do(partial(_conclude, order_id=order.id, ports=ports))


def _conclude(connection: Connection, order_id: int, ports: OrderPorts) -> None:
    row = code_orders.get(connection, order_id)
    if row is None or row.state not in (OrderState.PLACED, OrderState.CLOSING):
        return
    products = sub_orders.of_order(connection, order_id)
    if any(one.state not in SUB_ORDER_FINAL for one in products):
        if row.problem is not None:
            code_orders.change(connection, order_id, problem=None)
        return
    after, why = _ended(products)
    if row.state == OrderState.CLOSING and after is OrderState.REFUSED:
        after = OrderState.CLOSED
    problem = None if after is OrderState.FETCHED else why
    code_orders.move(connection, order_id, after, ports.wall_ms(), why, problem=problem)


def _ended(products: list[SubOrderRow]) -> tuple[OrderState, Fact]:
    states = {one.state for one in products}
    ordered, here = sum(one.quantity for one in products), sum(one.codes for one in products)
    if states == {SubOrderState.FETCHED}:
        return OrderState.FETCHED, Fact(OrderFact.FETCHED, n=here)
    if states == {SubOrderState.REFUSED}:
        return OrderState.REFUSED, Fact(OrderFact.ALL_REFUSED, more=products[0].problem or "")
    return OrderState.CLOSED, Fact(OrderFact.ENDED, left=max(0, ordered - here), n=ordered)


async def hold(ports: OrderPorts, order: OrderRow, why: Fact) -> None:
    """It stops for a person."""
    await ports.do(
        lambda connection: code_orders.move(connection, order.id, OrderState.HELD, ports.wall_ms(), why, problem=why)
    )


async def tell(ports: OrderPorts, order: OrderRow, problem: Fact) -> None:
    """Why it does not go on just now."""
    if order.problem != problem:
        await ports.do(lambda connection: code_orders.change(connection, order.id, problem=problem))


async def close(ports: OrderPorts, order: OrderRow, order_id: str) -> None:
    """Close it at the regulator, which cancels what was not fetched; all that was given out is here. May be repeated:
    nothing is lost by closing once more. Raises SendingError.
    """
    await ports.regulator.close_order(order_id)
    await ports.do(partial(_closed, order_id=order.id, ports=ports))


def _closed(connection: Connection, order_id: int, ports: OrderPorts) -> None:
    products = sub_orders.of_order(connection, order_id)
    ordered, here = sum(one.quantity for one in products), sum(one.codes for one in products)
    why = Fact(OrderFact.CLOSED, left=max(0, ordered - here), n=ordered)
    for one in products:
        if one.state not in SUB_ORDER_FINAL:
            sub_orders.end(
                connection, one.id, SubOrderState.CLOSED, Fact(OrderFact.ENDED, left=one.left, n=one.quantity)
            )
    code_orders.move(connection, order_id, OrderState.CLOSED, ports.wall_ms(), why, problem=why)
