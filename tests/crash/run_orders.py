"""Codes ordered and fetched while the program is killed every few seconds and one answer in six is lost.

python -m tests.crash.run_orders --codes 1500000

Prints what was ordered and what is in the journal, and whether every code is there once, none is missing and nothing
was ordered twice. Exit 1 where not. A person is played too: an order that is held because nobody knows whether it
arrived is looked up in the stand-in's books, and said to have not arrived where it is not there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lined.journal.database import open_readonly
from lined.sandbox import SandboxSettings
from tests.crash.plant import HASTE
from tests.harness.daemon import GTIN, JOURNAL, Line
from tests.harness.programs import LINED
from tests.harness.proxy import Kind, Proxy

MOST = 150_000  # of one order: API 1.21.1 §4.1
SANDBOX = SandboxSettings(requests_per_minute=0, key_requests_per_day=10**6, order_ready_after_s=0.5)
TOO_MANY = {"kind": "too-many", "path": "/api/codes*", "times": None, "probability": 0.05}
BOOKS = "sandbox.db"


@dataclass(frozen=True)
class Figures:
    """What a campaign came to. `there`: orders that the regulator has; `here`: codes in the journal's pool; `lost`:
    codes that it gave out and that are not here; `strange`: codes here that it did not give out.
    """

    orders: int
    there: int
    ordered: int
    given_out: int
    here: int
    lost: int
    strange: int
    packs: int
    sums: int
    kills: int
    kills_while_fetching: int
    said_not_arrived: int
    states: dict[str, int]
    proxy: dict[str, int]

    @property
    def holds(self) -> bool:
        """Every code once in the journal, none missing, none ordered twice."""
        return self.lost == self.strange == 0 < self.ordered == self.given_out == self.here == self.sums and (
            self.there == self.orders == self.states.get("fetched")
        )


class BadNetwork:
    """One answer in six of what has to do with orders is lost; the first order placed after each start, always."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.fetched = asyncio.Event()

    def __call__(self, _verb: str, path: str) -> Kind:
        if path.startswith("/api/codes"):
            self.fetched.set()
        if not path.startswith(("/api/orders", "/api/codes")):
            return Kind.PASS
        return self._chance.choice([Kind.LOSE_ANSWER, *[Kind.PASS] * 5])


class Campaign:
    """A line that orders, and what is done to it."""

    def __init__(self, line: Line, plan: BadNetwork, chance: random.Random) -> None:
        self.line, self.plan, self.chance = line, plan, chance
        self.kills = self.kills_while_fetching = self.said = 0
        self.numbers: list[str] = []

    async def order(self, codes: int, each: int) -> None:
        """Order so many codes, in orders of at most so many; each under an id, so that it is asked again safely."""
        for number, first in enumerate(range(0, codes, each)):
            quantity = min(each, codes - first)
            body = {"id": f"order-{number}", "by": "test", "products": [{"gtin": GTIN, "quantity": quantity}]}
            self.numbers.append((await self.line.daemon.post("/api/v1/orders/new", body))["id"])

    async def kill(self, alive_s: tuple[float, float]) -> None:
        """SIGKILL at a random moment, mostly while codes are fetched; it runs again afterwards."""
        self.plan.fetched.clear()
        if self.chance.random() < 0.8:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(15):
                    await self.plan.fetched.wait()
        await asyncio.sleep(self.chance.uniform(*alive_s))
        self.kills_while_fetching += self.plan.fetched.is_set()
        await self.line.kill()
        self.kills += 1
        await self.line.start()

    async def look(self) -> bool:
        """Play the person for what is held; whether all is over."""
        found = (await self.line.daemon.get("/api/v1/orders?limit=1000"))["items"]
        for one in found:
            doubtful = one["state"] == "held" and one["number"] is None
            if doubtful and not self._is_there(one["mark"]):
                self.said += 1
                await self.line.command(f"orders/{one['id']}/confirm", confirm="not-received")
            assert one["state"] not in {"refused", "closed"}, one
            assert one["state"] != "held" or one["number"] is None, one
        return all(one["state"] == "fetched" for one in found)

    def _is_there(self, mark: str) -> bool:
        return bool(_rows(self.line.folder / BOOKS, "SELECT 1 FROM orders WHERE po_number = ?", mark))

    async def figures(self) -> Figures:
        await self.line.terminate()
        return await asyncio.to_thread(self._figures)

    def _figures(self) -> Figures:
        journal, books = self.line.folder / JOURNAL, self.line.folder / BOOKS
        here = {serial + tail for serial, tail in _rows(journal, "SELECT serial, tail FROM pool_code")}
        given = {code.removeprefix(f"01{GTIN}21") for (code,) in _rows(books, "SELECT ident || tail FROM codes")}
        return Figures(
            orders=len(self.numbers),
            there=_rows(books, "SELECT count(*) FROM orders")[0][0],
            ordered=_rows(journal, "SELECT sum(quantity) FROM sub_order")[0][0],
            given_out=len(given),
            here=_rows(journal, "SELECT count(*) FROM pool_code")[0][0],
            lost=len(given - here),
            strange=len(here - given),
            packs=_rows(journal, "SELECT count(*) FROM code_pack WHERE whole")[0][0],
            sums=_rows(journal, "SELECT sum(codes) FROM sub_order")[0][0],
            kills=self.kills,
            kills_while_fetching=self.kills_while_fetching,
            said_not_arrived=self.said,
            states=dict(_rows(journal, "SELECT state, count(*) FROM code_order GROUP BY state")),
            proxy={str(kind): n for kind, n in self.line._proxy.met.items()} if self.line._proxy else {},
        )


def _rows(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    connection = open_readonly(path.resolve())
    try:
        return list(connection.execute(sql, values).fetchall())
    finally:
        connection.close()


async def campaign(
    folder: Path,
    *,
    codes: int,
    each: int = MOST,
    kills: int | None = None,
    seed: int = 1,
    program: Sequence[str] = (str(LINED),),
    alive_s: tuple[float, float] = (0.0, 6.0),
    bound_s: float = 7_200,
) -> Figures:
    """The whole run; `kills`: at most so many; `program` replaces the installed daemon. Raises AssertionError where it
    does not end, or where an order needs another decision than that it did not arrive.
    """
    chance = random.Random(seed)
    plan = BadNetwork(random.Random(seed + 1))
    async with Line(folder, sandbox=SANDBOX, proxy=Proxy(("", 0), plan), settings=HASTE, program=program) as line:
        await line.control.fault(TOO_MANY)
        work = Campaign(line, plan, chance)
        await work.order(codes, each)
        async with asyncio.timeout(bound_s):
            while not await work.look():
                if kills is None or work.kills < kills:
                    await work.kill(alive_s)
                else:
                    await asyncio.sleep(0.2)
        return await work.figures()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, default=1_500_000)
    parser.add_argument("--each", type=int, default=MOST, help="codes of one order")
    parser.add_argument("--kills", type=int, help="at most so many; default: until all is fetched")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="for the journal, the books and the log; kept")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lined-orders-") as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = asyncio.run(campaign(folder, codes=asked.codes, each=asked.each, kills=asked.kills, seed=asked.seed))
    print(json.dumps({**asdict(found), "seconds": round(time.monotonic() - began), "holds": found.holds}, indent=2))
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())
