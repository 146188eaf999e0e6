"""The loop that brings orders of codes from queued to their end, woken by a nudge or by the clock.

One thing at a time: what is in doubt is looked for first, and while an order is in doubt none is placed; then the
oldest queued one is placed; then what is placed is followed and fetched, one pack of an order after the other. An order
that is held waits for a person and keeps nobody waiting. What comes in goes to disk before anything else is asked.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from lined.journal.care import takeover
from lined.journal.tables import code_orders, sub_orders
from lined.journal.tables.code_orders import OrderRow
from lined.regulator.ordering import Condition, SubOrderSeen
from lined.reports.delivery.rules import backed_off
from lined.supply.orders import ending
from lined.supply.orders.alarms import OrderAlarms
from lined.supply.orders.fetching import DoesNotAddUp, Fetching
from lined.supply.orders.judging import Ended, Fetch, Wait, Wrong, judge
from lined.supply.orders.looking import conclude, look
from lined.supply.orders.placing import place
from lined.supply.orders.ports import OrderPorts
from lined.vocabulary.errors import CommandError, Defect, JournalError, JournalFull, LookupFailed, SendingError, clause
from lined.vocabulary.facts import Fact, OrderFact
from lined.vocabulary.orders import SUB_ORDER_FINAL, OrderState

log = structlog.get_logger()

TICK_S = 0.5
IDLE_S = 5.0  # where no order is under way; whoever orders nudges
DEFECT_MS = 60_000  # an order that a mistake of ours was met in is looked at again after this
GONE_AFTER = 10  # times in a row that what was given out cannot be fetched from a closed order


class CodeOrders:
    """See the head. `nudge`: something was ordered or decided."""

    def __init__(self, ports: OrderPorts) -> None:
        self._ports = ports
        self._wake = asyncio.Event()
        self._recovered = False
        self._fetching = Fetching(ports)
        self._alarms = OrderAlarms(ports)
        self._failures: Counter[int] = Counter()
        self._waits: dict[int, int] = {}  # by order: not before this moment
        self._idle: Counter[int] = Counter()
        self._send_failures = 0
        self._any = True
        self._ending = False
        self._unsent = asyncio.Event()  # nothing is being placed
        self._unsent.set()

    def nudge(self) -> None:
        self._waits.clear()
        self._wake.set()

    def clock_was_set(self) -> None:
        """Moments to wait for that are kept here mean nothing any more."""
        self.nudge()

    async def run(self) -> None:
        """Until cancelled, or until `finish`."""
        while not self._ending:
            if not await self._guarded(self.step):
                await self._pause()

    async def finish(self, patience_s: float) -> None:
        """Place nothing more; wait so long for what is being placed."""
        self._ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._unsent.wait()

    async def _guarded(self, step: Callable[[], Awaitable[bool]]) -> bool:
        """One step; a disk without room is reported by the writer, and the step comes round again."""
        try:
            return await step()
        except JournalFull as error:
            log.warning("orders_wait_for_disk", error=str(error))
        except CommandError as error:
            log.info("order_decided_meanwhile", why=str(error))
        return False

    async def _pause(self) -> None:
        self._wake.clear()
        tick = asyncio.get_running_loop().call_later(TICK_S if self._any else IDLE_S, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            tick.cancel()

    async def recover(self) -> int:
        """At the start: an order that was being sent may have arrived. Returns how many. Raises JournalError."""
        cut, at_ms = Fact(OrderFact.CUT_SHORT), self._ports.wall_ms()
        states = (OrderState.SENDING,)
        found: int = await self._ports.do(lambda connection: code_orders.doubt(connection, states, at_ms, cut))
        self._recovered = True
        return found

    async def step(self) -> bool:
        """One thing that is due. False: there was nothing to be done. Raises JournalError, CommandError."""
        if not self._recovered:
            await self.recover()
        active = await self._ports.journal.read(code_orders.active)
        self._any = bool(active)
        await self._alarms.publish(active)
        if not active or await self._ports.journal.read(takeover.withholds):
            return False
        doubted = [row for row in active if row.state == OrderState.IN_DOUBT]
        for row in doubted:
            if self._is_due(row.due_ms):
                await self._safely(row, partial(self._look, row))
                return True
        if not doubted and await self._place_next(active):
            return True
        return await self._follow_next([row for row in active if row.state in (OrderState.PLACED, OrderState.CLOSING)])

    async def _place_next(self, active: list[OrderRow]) -> bool:
        """Place the oldest that is due. False: there is none, or it was not received."""
        for row in active:
            if row.state == OrderState.QUEUED and self._is_due(row.due_ms) and self._may(row) and not self._ending:
                return await self._safely(row, partial(self._place, row))
        return False

    async def _follow_next(self, placed: list[OrderRow]) -> bool:
        """The first that is due, and after it the others: no order keeps another waiting."""
        due = [row for row in placed if self._may(row)]
        for row in due:
            await self._safely(row, partial(self._follow, row))
        return bool(due)

    async def _safely(self, order: OrderRow, work: Callable[[], Awaitable[bool]]) -> bool:
        """A mistake of ours stops this order for a while, and nothing else."""
        try:
            return await work()
        except (JournalError, CommandError):
            raise
        except Exception as error:  # noqa: BLE001  a defect of ours
            if not isinstance(error, Defect):  # the writer has told that
                self._ports.note(f"order {order.id}", error)
            self._waits[order.id] = self._ports.wall_ms() + DEFECT_MS
            return False

    # ── placing and looking ─────────────────────────────────────────────────────────────────────────────────────────

    async def _place(self, order: OrderRow) -> bool:
        self._unsent.clear()
        try:
            received = await place(self._ports, order, self._send_failures)
        finally:
            self._unsent.set()
        self._send_failures = 0 if received else self._send_failures + 1
        return received

    async def _look(self, order: OrderRow) -> bool:
        found = await look(self._ports, order)
        self._failures[order.id] = self._failures[order.id] + 1 if found.why is not None else 0
        await conclude(self._ports, order, found, self._failures[order.id])
        return True

    # ── following and fetching ──────────────────────────────────────────────────────────────────────────────────────

    async def _follow(self, order: OrderRow) -> bool:
        """Ask where it stands, fetch what is there."""
        assert order.regulator_id is not None
        try:
            seen = {one.gtin: one for one in await self._ports.regulator.sub_orders(order.regulator_id)}
            progressed = await self._products(order, order.regulator_id, seen)
            await ending.conclude(self._ports, order)
        except (LookupFailed, SendingError) as error:
            await self._unreached(order, error)
            return False
        except DoesNotAddUp as wrong:
            await ending.hold(self._ports, order, wrong.why)
            return True
        self._failures.pop(order.id, None)
        if progressed:
            self._idle.pop(order.id, None)
            return True
        self._idle[order.id] += 1
        rules = self._ports.rules
        wait_ms = backed_off(rules.poll_ms, rules.poll_max_ms, self._idle[order.id] - 1, self._ports.chance)
        self._waits[order.id] = self._ports.wall_ms() + wait_ms
        return False

    async def _products(self, order: OrderRow, order_id: str, seen: dict[str, SubOrderSeen]) -> bool:
        """A step of each product: whether one came further. Raises DoesNotAddUp, LookupFailed, SendingError."""
        progressed, closing = False, order.state == OrderState.CLOSING
        may_close = closing  # once all that was given out is here: it cannot be fetched afterwards
        for sub in await self._ports.journal.read(sub_orders.of_order, order.id):
            if sub.state in SUB_ORDER_FINAL:
                continue
            last = await self._ports.journal.read(sub_orders.last_pack, sub.id)
            there = seen.get(sub.gtin)
            match judge(sub, there, last and last.pack_id, self._ports.rules, closing=closing):
                case Wrong(why):
                    raise DoesNotAddUp(why)
                case Fetch() as fetch if there is not None:
                    may_close = False
                    await ending.note(self._ports, sub, there, None)
                    self._may_be_gone(order, there, fetch)
                    got = await self._fetching.fetch(order_id, sub, there, fetch, order.asked_by or "")
                    progressed = progressed or bool(got.codes)
                case Ended(state, why):
                    if sub.codes:
                        await self._fetching.compare(order_id, sub)
                    await ending.end(self._ports, order, sub, there, state, why)
                    progressed = True
                case Wait(why):
                    may_close = may_close and there is not None
                    await ending.note(self._ports, sub, there, why)
        if may_close and not progressed:
            await ending.close(self._ports, order, order_id)
            progressed = True
        return progressed

    def _may_be_gone(self, order: OrderRow, seen: SubOrderSeen, fetch: Fetch) -> None:
        """What a closed order gave out, and does not give again, is gone. Raises DoesNotAddUp."""
        if not fetch.fresh and seen.condition is Condition.CLOSED and self._failures[order.id] >= GONE_AFTER:
            self._failures.pop(order.id)
            raise DoesNotAddUp(Fact(OrderFact.GONE, gtin=seen.gtin, n=seen.passed))

    async def _unreached(self, order: OrderRow, error: LookupFailed | SendingError) -> None:
        """It is asked again, later each time."""
        for sub in await self._ports.journal.read(sub_orders.of_order, order.id):
            self._fetching.doubt(sub.id)
        rules = self._ports.rules
        wait_ms = backed_off(rules.retry_ms, rules.retry_max_ms, self._failures[order.id], self._ports.chance)
        self._failures[order.id] += 1
        self._waits[order.id] = self._ports.wall_ms() + wait_ms
        await ending.tell(self._ports, order, Fact(OrderFact.UNREACHED, more=clause(error)))

    # ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _may(self, order: OrderRow) -> bool:
        return self._is_due(self._waits.get(order.id))

    def _is_due(self, moment_ms: int | None) -> bool:
        """True from that moment on. One further ahead than we ever wait was set by a clock that is right now."""
        now = self._ports.wall_ms()
        return moment_ms is None or not now < moment_ms <= now + self._ports.rules.longest_wait_ms
