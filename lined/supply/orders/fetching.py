"""Fetching the codes of one product of an order: pack by pack into its pool, each pack exactly once.

A pack is written in small transactions, its row first as not whole, and with the last codes as whole. Only a whole
pack's id is used to ask for the next one: what was cut short comes again, and nothing of it is there twice. Before the
first new pack of a run, after each answer that got lost and at the end our packs are compared with the regulator's.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import NamedTuple

from lined.codes import Malformed, MarkingCode, Shape
from lined.journal.database import Connection
from lined.journal.tables import pools, sub_orders
from lined.journal.tables.sub_orders import PackRow, SubOrderRow
from lined.regulator.ordering import CodePack, PackSeen, SubOrderSeen
from lined.supply.orders.judging import Fetch, misfit
from lined.supply.orders.ports import OrderPorts
from lined.supply.pool_codes import code_of
from lined.vocabulary.errors import clause
from lined.vocabulary.facts import Fact, OrderFact

PARSED = 100  # codes between two looks at the event loop


class DoesNotAddUp(Exception):
    """The order has to stop for a person; `why` is the fact."""

    def __init__(self, why: Fact) -> None:
        super().__init__(why)
        self.why = why


class Fetched(NamedTuple):
    """`codes`: that are here now and were not before; 0: the pack was here already, or was empty."""

    codes: int


class Fetching:
    """What is remembered of products between packs: which were compared, and what came again and again."""

    def __init__(self, ports: OrderPorts) -> None:
        self._ports = ports
        self._compared: set[int] = set()
        self._repeated: Counter[int] = Counter()

    def doubt(self, sub_order_id: int) -> None:
        """An answer got lost: compare again before the next new pack."""
        self._compared.discard(sub_order_id)

    async def compare(self, order_id: str, sub: SubOrderRow) -> None:
        """Compare our packs with the regulator's, unless that was done. Raises DoesNotAddUp, LookupFailed."""
        if sub.id in self._compared:
            return
        ours = await self._ports.journal.read(sub_orders.packs, sub.id)
        theirs = await self._ports.regulator.code_packs(order_id, sub.gtin)
        if (pack_id := _first_other(ours, theirs)) is not None:
            raise DoesNotAddUp(Fact(OrderFact.OTHER_PACKS, gtin=sub.gtin, pack=pack_id))
        self._compared.add(sub.id)

    async def fetch(self, order_id: str, sub: SubOrderRow, seen: SubOrderSeen, fetch: Fetch, by: str) -> Fetched:
        """Ask for one pack and write it down. Durable when it returns. Raises DoesNotAddUp, LookupFailed, JournalError.

        `seen`: what was asked just before. `by`: who ordered it.
        """
        if fetch.fresh:
            await self.compare(order_id, sub)
        last = await self._ports.journal.read(sub_orders.last_pack, sub.id)
        self._compared.discard(sub.id)  # until it is known what came of it
        pack = await self._ports.regulator.code_pack(order_id, sub.gtin, fetch.quantity, last and last.pack_id)
        earlier = await self._ports.journal.read(sub_orders.pack, sub.id, pack.pack_id)
        if earlier is not None and earlier.whole:
            self._came_again(sub, earlier, pack)
            return Fetched(0)
        if (wrong := misfit(sub, pack, fetch, seen)) is not None:
            raise DoesNotAddUp(wrong)
        if not pack.codes:
            return Fetched(0)
        codes = await _tails(pack, sub.gtin, self._ports.shapes)
        await self._write(sub, pack, codes, by)
        self._repeated.pop(sub.id, None)
        self._compared.add(sub.id)
        return Fetched(len(codes))

    def _came_again(self, sub: SubOrderRow, earlier: PackRow, pack: CodePack) -> None:
        """A pack that is here: nothing of it is written again. Raises DoesNotAddUp."""
        if earlier.codes != len(pack.codes):
            raise DoesNotAddUp(Fact(OrderFact.CHANGED_PACK, gtin=sub.gtin, pack=pack.pack_id))
        self._repeated[sub.id] += 1
        if self._repeated[sub.id] >= self._ports.rules.same_pack:
            self._repeated.pop(sub.id)
            raise DoesNotAddUp(Fact(OrderFact.SAME_PACK, gtin=sub.gtin, pack=pack.pack_id))

    async def _write(self, sub: SubOrderRow, pack: CodePack, codes: Mapping[str, str], by: str) -> None:
        ports = self._ports
        at_ms = ports.wall_ms()
        row: PackRow = await ports.do(partial(_begin, sub=sub, pack_id=pack.pack_id, count=len(codes), at_ms=at_ms))
        if row.codes != len(codes):
            raise DoesNotAddUp(Fact(OrderFact.CHANGED_PACK, gtin=sub.gtin, pack=pack.pack_id))
        for part, is_last in _slices(codes, ports.rules.slice):
            wrong = await ports.do(
                partial(_put, ports=ports, sub=sub, pack=row, part=part, is_last=is_last, at_ms=at_ms, by=by)
            )
            if wrong is not None:
                raise DoesNotAddUp(wrong)


def _first_other(ours: list[PackRow], theirs: list[PackSeen]) -> str | None:
    """The first pack that only one of both has, or that has another number of codes there."""
    here = {pack.pack_id: pack.codes for pack in ours}
    there = {pack.pack_id: pack.codes for pack in theirs}
    return next((one for one in [*here, *there] if here.get(one) != there.get(one)), None)


async def _tails(pack: CodePack, gtin: str, shapes: Mapping[str, Shape]) -> dict[str, str]:
    """Identification codes to check parts. Raises DoesNotAddUp for what is no code of the GTIN, or stands twice."""
    found: dict[str, str] = {}
    for at, text in enumerate(pack.codes):
        try:
            code: MarkingCode = code_of(text, gtin, shapes)
        except Malformed as fault:
            more = clause(fault)
            raise DoesNotAddUp(Fact(OrderFact.WRONG_CODE, gtin=gtin, pack=pack.pack_id, more=more)) from None
        found[code.ident] = code.tail
        if at % PARSED == PARSED - 1:
            await asyncio.sleep(0)
    if len(found) != len(pack.codes):
        raise DoesNotAddUp(Fact(OrderFact.REPEATED, gtin=gtin, pack=pack.pack_id, n=len(pack.codes) - len(found)))
    return found


def _slices(codes: Mapping[str, str], size: int) -> Iterator[tuple[dict[str, str], bool]]:
    """What one transaction each may write, and whether it is the last."""
    rows, left = iter(codes.items()), len(codes)
    while part := dict(islice(rows, size)):
        left -= len(part)
        yield part, not left


# ── transactions ────────────────────────────────────────────────────────────────────────────────────────────────────


def _begin(connection: Connection, sub: SubOrderRow, pack_id: str, count: int, at_ms: int) -> PackRow:
    return sub_orders.begin_pack(connection, sub.id, pack_id, count, at_ms)


def _put(
    connection: Connection,
    ports: OrderPorts,
    sub: SubOrderRow,
    pack: PackRow,
    part: Mapping[str, str],
    is_last: bool,
    at_ms: int,
    by: str,
) -> Fact | None:
    """Some codes of a pack; with the last of them it is here. Returns what does not add up: nothing was written."""
    there = sub.gtin in pools.present(connection)
    pool = pools.begin(connection, sub.gtin, at_ms, by)
    try:
        pools.add(connection, pool, part, pack.no)
    except pools.OtherPack as other:
        return Fact(OrderFact.REPEATED, gtin=sub.gtin, pack=pack.pack_id, n=len(other.idents))
    except pools.OtherCheckPart as other:
        return Fact(OrderFact.OTHER_TAIL, gtin=sub.gtin, pack=pack.pack_id, n=len(other.idents))
    if is_last:
        sub_orders.end_pack(connection, pack.no)
    if not there:
        ports.steps.look_again(connection)
    return None
