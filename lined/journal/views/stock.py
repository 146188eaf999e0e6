"""The stock of codes: what is left of each product, and how many of them were applied of late.

What is left is a sum in the pool's row. What was applied is counted by the minute in the rows of `code`, which are in
the order of time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import code_orders, pools, sub_orders
from lined.journal.tables.counters import MINUTE_MS
from lined.journal.views.tallies import Range, Span, rows_in, slices

HOUR_MS = 3_600_000
_END_MS = 2**62
_GTIN = (
    "CASE WHEN substr(ident, 1, 2) = '01' AND substr(ident, 17, 2) = '21' "
    "THEN substr(ident, 3, 14) ELSE substr(ident, 1, 14) END"
)

Minutes = Counter[tuple[int, str]]
"""Codes applied by minute since 1970 and GTIN."""


class ProductStock(NamedTuple):
    """`left`: codes of its pool that were neither applied nor given out. `hour`, `shift`: how many were applied within
    the last hour and since the shift began, `shift_ms` ago. `order_id`: of an order of its codes that is under way.
    """

    gtin: str
    codes: int
    left: int
    hour: int
    shift: int
    shift_ms: int
    order_id: int | None

    @property
    def an_hour(self) -> float:
        """Codes used in an hour: the last one, or this shift where none was used in that."""
        if self.hour or self.shift_ms < MINUTE_MS:
            return float(self.hour)
        return self.shift * HOUR_MS / self.shift_ms

    @property
    def hours_left(self) -> float | None:
        """For how long the codes last at that rate; None where none are used."""
        return self.left / self.an_hour if self.an_hour else None


class Left(NamedTuple):
    """What is asked at each look: few rows, however many codes there are. `pools`: by GTIN, codes and those left;
    `orders`: by GTIN, the newest order of its codes that is not over.
    """

    pools: Mapping[str, tuple[int, int]]
    orders: Mapping[str, int]


def left(connection: Connection) -> Left:
    orders: dict[str, int] = {}
    for order in code_orders.active(connection):
        orders.update((sub.gtin, order.id) for sub in sub_orders.of_order(connection, order.id))
    there = {gtin: (pool.codes, pool.left) for gtin, pool in pools.present(connection).items()}
    return Left(there, orders)


def rows_since(connection: Connection, since_ms: int) -> Range:
    """The rows of `code` since a moment."""
    return rows_in(connection, "code", Span(since_ms, _END_MS))


def rows_behind(connection: Connection, number: int) -> Range:
    """The rows of `code` behind one."""
    return Range(number + 1, int(connection.execute("SELECT coalesce(max(id), 0) FROM code").fetchone()[0]))


def used(connection: Connection, part: Range) -> Minutes:
    """What was applied in these rows."""
    asked = f"SELECT at_ms / {MINUTE_MS}, {_GTIN}, count(*) FROM code WHERE id BETWEEN ? AND ? GROUP BY 1, 2"
    return Counter({(int(minute), str(gtin)): int(n) for minute, gtin, n in connection.execute(asked, part)})


def stock(connection: Connection, now_ms: int, shift_ms: int) -> list[ProductStock]:
    """Every product that has a pool, counted in one go: for a shell, not beside a line. `shift_ms`: when the shift
    began.
    """
    found: Minutes = Counter()
    for part in slices(rows_since(connection, min(now_ms - HOUR_MS, shift_ms))):
        found += used(connection, part)
    return made_up(left(connection), found, now_ms, shift_ms)


def made_up(there: Left, minutes: Minutes, now_ms: int, shift_ms: int) -> list[ProductStock]:
    """The stock out of its parts."""
    hour, shift = _since(minutes, now_ms - HOUR_MS), _since(minutes, shift_ms)
    return [
        ProductStock(gtin, codes, rest, hour[gtin], shift[gtin], max(0, now_ms - shift_ms), there.orders.get(gtin))
        for gtin, (codes, rest) in sorted(there.pools.items())
    ]


def _since(minutes: Minutes, since_ms: int) -> Counter[str]:
    """By GTIN, to the minute."""
    found: Counter[str] = Counter()
    for (minute, gtin), n in minutes.items():
        if minute >= since_ms // MINUTE_MS:
            found[gtin] += n
    return found
