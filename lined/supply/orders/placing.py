"""Placing one order: its serials and `sending` on disk, bytes out, and what the answer means.

queued → sending → placed      an id came back
→ queued      certainly not received
→ refused     a readable no
→ in_doubt    anything else after a byte left
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from lined.journal.database import Connection
from lined.journal.tables import code_orders, serial_series, sub_orders
from lined.journal.tables.code_orders import OrderRow
from lined.journal.tables.serial_series import SeriesRow
from lined.journal.tables.sub_orders import SubOrderRow
from lined.regulator.ordering import Ordered, order_body
from lined.reports.delivery.rules import HOUR_MS, backed_off
from lined.supply.orders.ports import OrderPorts
from lined.supply.orders.serials import serials
from lined.vocabulary.errors import JournalFull, NotSent, OutcomeUnknown, Refused, fact_or_text
from lined.vocabulary.facts import Fact, OrderFact
from lined.vocabulary.orders import OrderState

log = structlog.get_logger()

DISK_S = 1.0  # between two tries to write down an answer on a full disk

Step = Callable[[Connection], object]


async def place(ports: OrderPorts, order: OrderRow, failures: int) -> bool:
    """Send a queued order. False: it was certainly not received, and waits. Durable when it returns.

    `failures`: how many sendings in a row were not received. Raises JournalError.
    """
    ordered = await ports.journal.read(_ordered, order.id)
    body = await asyncio.to_thread(_body, ports, order, ordered)
    try:
        await ports.regulator.wait_for_order_permit()
    except NotSent as error:
        await ports.do(
            partial(_put_off, order_id=order.id, due_ms=ports.wall_ms() + _wait_ms(ports, error, failures), error=error)
        )
        return False
    await ports.do(partial(_begun, order_id=order.id, ports=ports))
    await ports.journal.settle()
    step, received = await _sent(ports, order, body, failures)
    await _kept(ports, step)
    return received


async def _sent(ports: OrderPorts, order: OrderRow, body: bytes, failures: int) -> tuple[Step, bool]:
    """Put it on the wire; the transaction that its answer means, and whether it may have been received."""
    try:
        found = await ports.regulator.place(body, product_group=order.product_group)
    except NotSent as error:
        wait_ms = _wait_ms(ports, error, failures)
        return partial(_not_received, order_id=order.id, ports=ports, wait_ms=wait_ms, error=error), False
    except OutcomeUnknown as error:
        return partial(_in_doubt, order_id=order.id, ports=ports, error=error), True
    except Refused as error:
        return partial(_refused, order_id=order.id, ports=ports, error=error), True
    return partial(placed, order_id=order.id, ports=ports, regulator_id=found, why=None), True


async def _kept(ports: OrderPorts, step: Step) -> None:
    """Write down what an answer said. It is known nowhere else, so a disk without room is waited for."""
    while True:
        try:
            await ports.do(step)
        except JournalFull as error:
            log.warning("order_waits_for_disk", error=str(error))
            await asyncio.sleep(DISK_S)
        else:
            return


def _ordered(connection: Connection, order_id: int) -> list[tuple[SubOrderRow, SeriesRow | None]]:
    found = sub_orders.of_order(connection, order_id)
    return [(one, serial_series.get(connection, one.series_no) if one.series_no else None) for one in found]


def _body(ports: OrderPorts, order: OrderRow, ordered: list[tuple[SubOrderRow, SeriesRow | None]]) -> bytes:
    """In a thread: 150,000 serials take a while."""
    products = [
        Ordered(
            one.gtin,
            one.quantity,
            one.level,
            None if series is None else serials(series, one.serial_first or 0, one.quantity),
        )
        for one, series in ordered
    ]
    return order_body(
        ports.profile,
        group=order.product_group,
        place=ports.place,
        method=order.method,
        marker=order.marker,
        products=products,
    )


def _wait_ms(ports: OrderPorts, error: NotSent, failures: int) -> int:
    floor_ms = min(HOUR_MS, int((error.retry_after_s or 0.0) * 1000))
    return max(floor_ms, backed_off(ports.rules.retry_ms, ports.rules.retry_max_ms, failures, ports.chance))


# ── transactions ────────────────────────────────────────────────────────────────────────────────────────────────────


def _put_off(connection: Connection, order_id: int, due_ms: int, error: NotSent) -> None:
    row = code_orders.get(connection, order_id)
    if row is not None and row.state == OrderState.QUEUED:
        problem = Fact(OrderFact.NOT_RECEIVED, more=fact_or_text(error))
        code_orders.change(connection, order_id, problem=problem, due_ms=due_ms)


def _begun(connection: Connection, order_id: int, ports: OrderPorts) -> None:
    row = code_orders.get(connection, order_id)
    assert row is not None
    attempt, at_ms = row.attempts + 1, ports.wall_ms()
    code_orders.move(
        connection, order_id, OrderState.SENDING, at_ms, Fact(OrderFact.ATTEMPT, n=attempt),
        attempts=attempt, attempt_ms=at_ms, attempt_server_ms=row.attempt_server_ms or ports.server_floor_ms(),
        misses=0, confirmed=0,
    )  # fmt: skip


def placed(connection: Connection, order_id: int, ports: OrderPorts, regulator_id: str, why: Fact | None) -> None:
    """It is known under this id. An id that another order of ours has is believed of neither: a person looks."""
    at_ms = ports.wall_ms()
    owner = code_orders.owner(connection, regulator_id)
    if owner is not None and owner != order_id:
        problem, row = Fact(OrderFact.TWICE, id=regulator_id), code_orders.get(connection, order_id)
        after = OrderState.IN_DOUBT if row is not None and row.state == OrderState.SENDING else OrderState.HELD
        code_orders.move(connection, order_id, after, at_ms, problem, problem=problem, due_ms=at_ms)
        return
    row = code_orders.get(connection, order_id)
    since_ms = (row.attempt_ms if row is not None else None) or at_ms
    told = why or Fact(OrderFact.NUMBER, id=regulator_id)
    code_orders.move(
        connection, order_id, OrderState.PLACED, at_ms, told,
        regulator_id=regulator_id, placed_ms=since_ms, problem=None, misses=0, due_ms=None,
    )  # fmt: skip


def _not_received(connection: Connection, order_id: int, ports: OrderPorts, wait_ms: int, error: NotSent) -> None:
    problem, at_ms = Fact(OrderFact.NOT_RECEIVED, more=fact_or_text(error)), ports.wall_ms()
    code_orders.move(
        connection, order_id, OrderState.QUEUED, at_ms, problem,
        evidence=error.evidence or None, problem=problem, due_ms=at_ms + wait_ms,
    )  # fmt: skip


def _in_doubt(connection: Connection, order_id: int, ports: OrderPorts, error: OutcomeUnknown) -> None:
    problem, at_ms = Fact(OrderFact.NO_ANSWER, more=fact_or_text(error)), ports.wall_ms()
    code_orders.move(
        connection, order_id, OrderState.IN_DOUBT, at_ms, problem,
        evidence=error.evidence or None, problem=problem, due_ms=at_ms + ports.rules.in_doubt_first_ms,
    )  # fmt: skip


def _refused(connection: Connection, order_id: int, ports: OrderPorts, error: Refused) -> None:
    problem, at_ms = Fact(OrderFact.REFUSED, more=fact_or_text(error)), ports.wall_ms()
    code_orders.move(
        connection, order_id, OrderState.REFUSED, at_ms, problem, evidence=error.evidence or None, problem=problem
    )
