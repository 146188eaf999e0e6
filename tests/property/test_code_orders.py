"""Orders of codes under anything in any order: lost answers, restarts, kills between two transactions, closing. In the
end what the regulator gave out is in the journal, each code once, and nothing was ordered twice.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lined.supply.orders import people
from lined.vocabulary.errors import CommandError
from tests.harness.ordering import Counter, counter, each_once
from tests.harness.proxy import Kind

LOSSES = {f"lose-{kind}": kind for kind in (Kind.LOSE_ANSWER, Kind.CUT_ANSWER, Kind.RESET_BEFORE, Kind.RESET_AFTER)}
DEEDS = ["order", "own", "step", "step", "steps", "steps", "restart", "kill-1", "kill-2", "kill-5", "close", *LOSSES]
ENDED = ("fetched", "closed", "refused")


class World:
    """A counter, the orders that were asked for, and the next request's fate."""

    def __init__(self, c: Counter) -> None:
        self.c = c
        self.orders: list[int] = []
        self._fate = Kind.PASS
        c.proxy.plan = self._plan

    def _plan(self, _verb: str, _path: str) -> Kind:
        fate, self._fate = self._fate, Kind.PASS
        return fate

    async def do(self, deed: str) -> None:
        c = self.c
        if deed in LOSSES:
            self._fate = LOSSES[deed]
        elif deed in ("order", "own"):
            self.orders.append(await c.order(70, serial_length=13 if deed == "own" else None))
        elif deed == "restart":
            await c.restart()
        elif deed.startswith("kill"):
            await self._killed(int(deed.rpartition("-")[2]))
        elif deed == "close" and self.orders:
            try:
                await c.decide(people.close, self.orders[-1], confirmed=True)
            except CommandError:
                return
        else:
            for _ in range(6 if deed == "steps" else 1):
                await c.step()

    async def _killed(self, after: int) -> None:
        """The program ends before a transaction, so many after this one."""
        real, left = self.c.ports.steps.run, [after]

        def run(connection: Any, items: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise RuntimeError("the program ends here")
            return real(connection, items)

        self.c.ports.steps.run = run  # type: ignore[method-assign]
        for _ in range(4):
            await self.c.step()
        await self.c.restart()

    async def end(self) -> None:
        """Everything comes to its end; a person decides what is held."""
        self._fate = Kind.PASS
        await self.c.restart()
        for number in self.orders:
            row = await self.c.until(number, "held", *ENDED)
            if row.state == "held":
                assert row.regulator_id is None, row
                there = await self.c._books(f"SELECT uuid FROM orders WHERE po_number = '{row.marker}'")
                assert not there, "it was there to be found"
                await self.c.decide(people.not_arrived, number)
                await self.c.until(number, *ENDED)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(DEEDS), min_size=4, max_size=18))
async def test_whatever_happens_each_order_is_placed_once_and_each_code_is_here_once(deeds: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with counter(Path(folder), pack=25, slice=10) as c:
            world = World(c)
            for deed in ["order", *deeds]:
                await world.do(deed)
            await world.end()
            assert each_once(await c.codes()) == each_once(await c.issued())
            await c.sums_are_right()
            rows = [await c.row(number) for number in world.orders]
            assert "refused" not in {row.state for row in rows}
            sent = [row for row in rows if row.regulator_id is not None]
            assert await c.placed() == len(sent)
            whole = [row for row in rows if row.state == "fetched"]
            assert len(await c.codes()) >= 70 * len(whole)
