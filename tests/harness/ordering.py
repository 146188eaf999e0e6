"""Orders of codes at a counter: a real journal on disk, the real client, the regulator's stand-in over sockets.

The loop is not run: a test takes its steps (`step`, `until`). Time is set forward by `pass_s`, for both sides; what the
budget of requests makes us wait passes a thousand times as fast.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lined.journal import Journal
from lined.journal.database import Connection
from lined.journal.tables import code_orders, sub_orders
from lined.journal.tables.code_orders import OrderRow
from lined.journal.tables.sub_orders import SubOrderRow
from lined.regulator import Account, Regulator
from lined.sandbox import SandboxServer, SandboxSettings
from lined.service.opening import opened
from lined.supply.orders import people
from lined.supply.orders.loops import CodeOrders
from lined.supply.orders.people import Wanted
from lined.supply.orders.ports import OrderPorts
from lined.supply.orders.rules import OrderRules
from tests.harness.proxy import Proxy, passing
from tests.harness.reporting import BINDING, Told
from tests.profiles import PROFILE

GTIN, OTHER_GTIN = "04899215122371", "03077972920046"
GROUP = "vegetableoil"
QUICK = OrderRules(
    poll_ms=20, poll_max_ms=50, in_doubt_first_ms=50, in_doubt_gap_ms=100, retry_ms=10, retry_max_ms=50, pack=100
)
SANDBOX = SandboxSettings(requests_per_minute=0, order_ready_after_s=0.0)
FASTER = 1_000


class Counter:
    """See the head. `proxy` stands between client and stand-in."""

    def __init__(self, folder: Path, rules: OrderRules, sandbox: SandboxSettings) -> None:
        self.folder = folder
        self.rules = rules
        self.ahead_s = 0.0
        self.proxy = Proxy(("", 0), passing)
        self.sandbox = SandboxServer(sandbox, clock=self._now_s)
        self.told = Told()
        self.journal: Journal
        self.orders: CodeOrders
        self.ports: OrderPorts
        self._regulator: Regulator

    def _now_s(self) -> float:
        return time.time() + self.ahead_s

    def wall_ms(self) -> int:
        return int(self._now_s() * 1000)

    def pass_s(self, seconds: float) -> None:
        """So much time passes, here and at the regulator."""
        self.ahead_s += seconds

    async def open(self) -> None:
        """Open journal and client, as the daemon starts."""
        self.journal = Journal(self.folder / "line-1.db")
        await opened(self.journal, BINDING, ["cam-1"], self.folder, "continue", self.wall_ms())
        account = Account(
            url=self.proxy.url,
            tin="307797292",
            business_place_id=27,
            profile=PROFILE,
            api_key=lambda: self.sandbox.credentials.api_key,
            requests_per_minute=6_000,
            read_timeout_s=5,
        )
        self._regulator = Regulator(
            account,
            wall=lambda: datetime.fromtimestamp(self._now_s(), UTC),
            clock=lambda: time.monotonic() * FASTER,
            sleep=lambda seconds: asyncio.sleep(seconds / FASTER),
        )
        await self._regulator.__aenter__()
        self.ports = OrderPorts(
            journal=self.journal,
            regulator=self._regulator,
            problems=self.told,
            profile=PROFILE,
            place=27,
            shapes={},
            wall_ms=self.wall_ms,
            rules=self.rules,
            chance=random.Random(1),
        )
        self.orders = CodeOrders(self.ports)

    async def close(self) -> None:
        await self._regulator.__aexit__(None, None, None)
        await self.journal.close()

    async def restart(self) -> None:
        """The program ends and starts again."""
        await self.close()
        await self.open()

    # ── what people and the loop do ─────────────────────────────────────────────────────────────────────────────────

    async def order(
        self,
        quantity: int = 250,
        gtin: str = GTIN,
        *more: Wanted,
        serial_length: int | None = None,
        completes: bool = False,
    ) -> int:
        """Order codes; the order's id."""
        wanted = [Wanted(gtin, quantity, "UNIT", serial_length), *more]

        def step(connection: Connection) -> int:
            return people.order(
                connection, PROFILE, line="line-1", group=GROUP, method="PRIMARY", products=wanted,
                completes=completes, at_ms=self.wall_ms(), by="test",
            )  # fmt: skip

        found: int = await self.journal.do(step)
        return found

    async def decide(self, decision: Callable[..., None], order_id: int, *more: Any, **given: Any) -> None:
        """One of `people`'s decisions."""
        await self.journal.do(
            lambda connection: decision(connection, order_id, *more, at_ms=self.wall_ms(), by="test", **given)
        )

    async def step(self) -> bool:
        return await self.orders._guarded(self.orders.step)

    async def until(self, order_id: int, *states: str, bound_s: float = 20) -> OrderRow:
        """Steps until the order is in one of these states."""
        row = await self.row(order_id)
        try:
            async with asyncio.timeout(bound_s):
                while row.state not in states:
                    if not await self.step():
                        await asyncio.sleep(0.005)
                    row = await self.row(order_id)
        except TimeoutError:
            raise AssertionError(f"{row} is not {states} within {bound_s} s: {await self.story(order_id)}") from None
        return row

    # ── what is known ───────────────────────────────────────────────────────────────────────────────────────────────

    async def row(self, order_id: int) -> OrderRow:
        found = await self.journal.read(code_orders.get, order_id)
        assert found is not None
        return found

    async def products(self, order_id: int) -> list[SubOrderRow]:
        return await self.journal.read(sub_orders.of_order, order_id)

    async def story(self, order_id: int) -> list[str]:
        """The states it has been in."""
        return [event.after for event in await self.journal.read(code_orders.story, order_id)]

    async def codes(self) -> list[str]:
        """Full codes of all pools, as often as they are there."""
        rows = await self.journal.read(
            lambda c: c.execute(
                "SELECT CASE WHEN length(serial) < 21 THEN '01' || gtin || '21' ELSE '' END || serial || tail "
                "FROM pool_code JOIN pool ON pool.no = pool_no"
            ).fetchall()
        )
        return [row[0] for row in rows]

    async def sums_are_right(self) -> None:
        """What is counted is there: codes of pools, of products, of packs."""
        wrong = await self.journal.read(
            lambda c: c.execute(
                "SELECT gtin FROM pool WHERE codes <> (SELECT count(*) FROM pool_code WHERE pool_no = pool.no) "
                "UNION ALL SELECT pack_id FROM code_pack WHERE whole "
                "AND codes <> (SELECT count(*) FROM pool_code WHERE pack_no = code_pack.no) "
                "UNION ALL SELECT gtin FROM sub_order WHERE codes <> "
                "(SELECT coalesce(sum(codes), 0) FROM code_pack WHERE sub_order_id = sub_order.id AND whole)"
            ).fetchall()
        )
        assert wrong == []

    async def issued(self) -> list[str]:
        """Full codes that the regulator has made for orders."""
        return [row[0] for row in await self._books("SELECT ident || tail FROM codes")]

    async def placed(self) -> int:
        """Orders that the regulator has."""
        return int((await self._books("SELECT count(*) FROM orders"))[0][0])

    async def packs_made(self) -> int:
        return int((await self._books("SELECT count(*) FROM packs"))[0][0])

    async def in_books(self, sql: str, *values: object) -> None:
        """Change the regulator's books behind everybody's back."""
        await self.sandbox.sandbox.books.write(lambda connection: connection.execute(sql, values).rowcount)

    async def _books(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = await self.sandbox.sandbox.books.read(lambda c: c.execute(sql).fetchall())
        return found


@asynccontextmanager
async def counter(folder: Path, sandbox: SandboxSettings = SANDBOX, **rules: int) -> AsyncIterator[Counter]:
    """A counter whose stand-in knows no limits; `rules` are changes to QUICK."""
    from dataclasses import replace

    made = Counter(folder, replace(QUICK, **rules), sandbox)
    async with made.sandbox:
        target = urlsplit(made.sandbox.url)
        made.proxy.upstream = (str(target.hostname), int(target.port or 0))
        async with made.proxy:
            await made.open()
            try:
                yield made
            finally:
                await made.close()


def each_once(found: Iterable[str]) -> set[str]:
    """The same as a set, where none is there twice."""
    listed = list(found)
    assert len(listed) == len(set(listed)), "a code is there twice"
    return set(listed)
