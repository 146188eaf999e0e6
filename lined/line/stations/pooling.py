"""The check of one transaction's codes against the pools: which are unknown, and which of theirs become applied.

Nothing is asked where no pool is loaded for a code's GTIN; else one look-up for all codes of the transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from lined.codes import MarkingCode
from lined.journal.database import Connection
from lined.journal.tables import pools
from lined.journal.tables.pools import ACTIVE, PoolRow


class Pooling:
    """`present`: the pools by GTIN; those still loading refuse nothing, but count."""

    def __init__(self, connection: Connection, present: Mapping[str, PoolRow]) -> None:
        self._connection = connection
        self._pools = present
        self._given: dict[str, bool | None] = {}  # None: it is not in its pool
        self._applied: Counter[int] = Counter()
        self._gone: Counter[int] = Counter()

    def look_up(self, codes: Iterable[MarkingCode]) -> None:
        """Ask for all of them at once."""
        wanted: dict[str, list[str]] = {}
        for code in codes:
            if code.gtin in self._pools:
                wanted.setdefault(code.gtin, []).append(code.ident)
        for gtin, idents in wanted.items():
            self._ask(self._pools[gtin], idents)

    def refuses(self, code: MarkingCode) -> bool:
        """Whether a pool is loaded for the code's product and the code is not in it."""
        pool = self._pools.get(code.gtin)
        return pool is not None and pool.state == ACTIVE and not self._holds(pool, code.ident)

    def applied(self, code: MarkingCode) -> None:
        """The code was applied for the first time."""
        pool = self._pools.get(code.gtin)
        if pool is not None and self._holds(pool, code.ident):
            self._applied[pool.no] += 1
            self._gone[pool.no] += not self._given[code.ident]

    def write(self) -> None:
        for no, count in self._applied.items():
            pools.count_applied(self._connection, no, count, self._gone[no])
        self._applied.clear()
        self._gone.clear()

    def _holds(self, pool: PoolRow, ident: str) -> bool:
        if ident not in self._given:
            self._ask(pool, [ident])
        return self._given[ident] is not None

    def _ask(self, pool: PoolRow, idents: list[str]) -> None:
        found = pools.listed(self._connection, pool, idents)
        self._given.update((ident, found.get(ident)) for ident in idents)
