"""The watch over the stock of codes: what is left, for how long, alarms, and the re-order where one is configured.

A look asks for few rows, however many codes there are; what was applied is counted once, row by row as it comes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from lined.journal import Journal
from lined.journal.tables.counters import MINUTE_MS
from lined.journal.views import stock
from lined.journal.views.stock import HOUR_MS, Minutes, ProductStock
from lined.journal.views.tallies import slices
from lined.line.watch.problems import Problems
from lined.regulator.profile import Profile
from lined.supply.orders.reordering import Decided, Reorder, reorder
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact, StockFact

log = structlog.get_logger()

LOOK_S = 10.0
SETTLED_MS = 30_000  # a pool that has grown within this may be growing still: a pool is being loaded
HOURS_AGAIN = 1.2  # of `low_hours`: from here on it is over; the rate of an hour goes up and down by itself


@dataclass(frozen=True, slots=True)
class StockRule:
    """Of a product: an alarm below `low` codes, or where they last for less than `low_hours`; 0: none. `reorder`: what
    is ordered by itself.
    """

    low: int = 0
    low_hours: float = 0
    reorder: Reorder | None = None


class StockWatch:
    """`run` for ever; `look` once. `latest`: as last looked at. `shift_began`: when the shift of a moment did.
    `ordered` hears that something was ordered.
    """

    def __init__(
        self,
        journal: Journal,
        problems: Problems,
        wall_ms: Callable[[], int],
        rules: Mapping[str, StockRule],
        shift_began: Callable[[int], int],
        *,
        line: str,
        profile: Profile,
        ordered: Callable[[], None] = lambda: None,
        settled_ms: int = SETTLED_MS,
    ) -> None:
        self.latest: Sequence[ProductStock] = ()
        self._journal = journal
        self._problems = problems
        self._wall_ms = wall_ms
        self._rules = rules
        self._shift_began = shift_began
        self._line, self._profile, self._ordered = line, profile, ordered
        self._settled_ms = settled_ms
        self._minutes: Minutes = Counter()
        self._since_ms: int | None = None  # from when on `_minutes` are whole
        self._last = 0  # the last row of `code` that is counted
        self._few_hours: set[str] = set()  # products whose codes last for too few hours
        self._risen: dict[str, tuple[int, int]] = {}  # by GTIN: the pool's codes, and since when so many

    async def run(self) -> None:
        while True:
            with contextlib.suppress(JournalError):  # /status says so already
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> Sequence[ProductStock]:
        """Look at the stock, set and clear alarms, order where it is wanted. Raises JournalError."""
        now = self._wall_ms()
        shift_ms = self._shift_began(now)
        await self._count(min(now - HOUR_MS, shift_ms))
        self.latest = await self.seen()
        by_gtin = {one.gtin: one for one in self.latest}
        for gtin, rule in self._rules.items():
            self._alarm(gtin, rule, by_gtin.get(gtin))
            if rule.reorder is not None:
                await self._reorder(rule.reorder, by_gtin.get(gtin), now)
        return self.latest

    async def seen(self) -> Sequence[ProductStock]:
        """What is left now, with what the last look knew of its use. Raises JournalError."""
        now = self._wall_ms()
        return stock.made_up(await self._journal.read(stock.left), self._minutes, now, self._shift_began(now))

    async def _count(self, since_ms: int) -> None:
        """What was applied since the last look; all since a moment where that is earlier than is known."""
        if self._since_ms is None or since_ms < self._since_ms:
            found = await self._journal.read(stock.rows_since, since_ms)
            self._minutes, self._last = Counter(), found.first - 1
        else:
            found = await self._journal.read(stock.rows_behind, self._last)
        for part in slices(found):
            self._minutes.update(await self._journal.read(stock.used, part))
            self._last = part.last
        self._since_ms = since_ms
        for key in [key for key in self._minutes if key[0] < since_ms // MINUTE_MS]:
            del self._minutes[key]

    def _alarm(self, gtin: str, rule: StockRule, seen: ProductStock | None) -> None:
        left, hours = (seen.left, seen.hours_left) if seen is not None else (0, None)
        fact = None
        if hours is not None and hours < rule.low_hours * (HOURS_AGAIN if gtin in self._few_hours else 1):
            self._few_hours.add(gtin)
            fact = Fact(StockFact.LOW_HOURS, n=left, gtin=gtin, hours=f"{hours:.1f}")
        else:
            self._few_hours.discard(gtin)
            if left < rule.low:
                fact = Fact(StockFact.LOW, n=left, gtin=gtin)
        if fact is None:
            self._problems.clear(AlarmKind.CODES_LOW, gtin)
        else:
            self._problems.set(AlarmKind.CODES_LOW, gtin, fact)

    async def _reorder(self, rule: Reorder, seen: ProductStock | None, now: int) -> None:
        if seen is None:
            self._risen.pop(rule.gtin, None)
        settled = seen is not None and self._has_settled(seen, now)  # at each look, also where much is left
        if seen is None or seen.left >= rule.below or not settled:
            self._problems.clear(AlarmKind.REORDER_HELD, rule.gtin)
            return
        decided: Decided = await self._journal.do(
            partial(reorder, profile=self._profile, line=self._line, rule=rule, at_ms=now)
        )
        if decided.held is not None:
            self._problems.set(AlarmKind.REORDER_HELD, rule.gtin, decided.held)
            return
        self._problems.clear(AlarmKind.REORDER_HELD, rule.gtin)
        if decided.order_id is not None:
            log.warning("codes_ordered", order=decided.order_id, gtin=rule.gtin, codes=rule.quantity, left=seen.left)
            self._ordered()

    def _has_settled(self, seen: ProductStock, now: int) -> bool:
        """Whether the pool has had as many codes for a while, seen from here: it may be loaded page by page, and what
        is used meanwhile hides it.
        """
        earlier, since_ms = self._risen.get(seen.gtin, (-1, now))
        if seen.codes != earlier or since_ms > now:
            since_ms = now
        self._risen[seen.gtin] = (seen.codes, since_ms)
        return now - since_ms >= self._settled_ms
