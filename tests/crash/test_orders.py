"""SIGKILL while codes are ordered and fetched: every code is in the journal once, and nothing is ordered twice."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

import pytest

from lined.journal.database import open_readonly
from lined.supply.stock_watch import LOOK_S, SETTLED_MS
from tests.crash.broken import ORDER_AGAIN_WITHOUT_LOOKING, PACK_BEFORE_ITS_CODES, broken
from tests.crash.plant import HASTE
from tests.crash.run_orders import BOOKS, SANDBOX, BadNetwork, Campaign, campaign
from tests.harness.daemon import GTIN, Line
from tests.harness.proxy import Proxy

pytestmark = [pytest.mark.slow]

POINTS = (
    "before-commit/_begun:1",
    "after-commit/_begun:1",
    "before-commit/placed:1",
    "after-commit/placed:1",
    "before-commit/_found:1",
    "after-commit/_found:1",
    "before-commit/_begin:1",
    "after-commit/_begin:1",
    "before-commit/_put:1",
    "after-commit/_put:1",
    "before-commit/_put:3",
    "after-commit/_put:4",
    "before-commit/_end:1",
    "after-commit/_end:1",
)


@pytest.mark.bound(240)
async def test_kills_and_lost_answers_leave_every_code_once_in_the_journal(tmp_path: Path) -> None:
    figures = await campaign(
        tmp_path, codes=8_000, each=1_000, kills=3, seed=random.randrange(10**6), alive_s=(0.0, 0.5)
    )
    assert figures.holds, figures
    assert figures.kills == 3 and figures.proxy["lose-answer"] > 0


@pytest.mark.bound(400)
async def test_a_kill_at_each_named_durable_step_leaves_every_code_once_in_the_journal(tmp_path: Path) -> None:
    plan = BadNetwork(random.Random(2))
    async with Line(tmp_path, sandbox=SANDBOX, proxy=Proxy(("", 0), plan), settings=HASTE) as line:
        work = Campaign(line, plan, random.Random(1))
        await work.order(1_000 * len(POINTS), 1_000)
        for point in POINTS:
            await line.kill()
            line.daemon.environment["LINED_CRASH_AT"] = point
            await line.start(ready=False)
            while line.daemon.runs and not await _over(work):
                await _ended(line)
            if not line.daemon.runs:
                assert await line.daemon.ended() == -signal.SIGKILL, point
                work.kills += 1
        del line.daemon.environment["LINED_CRASH_AT"]
        await line.kill()
        await line.start()
        await line.until(work.look, "not all was fetched", bound_s=120)
        figures = await work.figures()
    assert figures.holds, figures
    assert figures.kills >= len(POINTS) - 3


async def dies_at(line: Line, point: str) -> None:
    """Killed, started to be killed at that step, and started again."""
    await line.kill()
    line.daemon.environment["LINED_CRASH_AT"] = point
    await line.start(ready=False)
    assert await line.daemon.ended() == -signal.SIGKILL
    del line.daemon.environment["LINED_CRASH_AT"]
    await line.start()


LOW = {"serial_length = 13": "serial_length = 13\nreorder_below = 100\nreorder_quantity = 500"}


@pytest.mark.bound(400)
async def test_a_kill_at_each_step_of_a_re_order_orders_once(tmp_path: Path) -> None:
    points = ("before-commit/reorder:1", "after-commit/reorder:1", "after-commit/_begun:1")
    plan = BadNetwork(random.Random(2))
    async with Line(tmp_path, sandbox=SANDBOX, proxy=Proxy(("", 0), plan), settings={**HASTE, **LOW}) as line:
        codes = [code.decode() for code in await line.issue(50)]
        await line.command("pools/load", gtin=GTIN, codes=codes)
        for number, point in enumerate(points):
            await line.kill()
            line.daemon.environment["LINED_CRASH_AT"] = point
            await line.start(ready=False)
            assert await line.daemon.ended(90) == -signal.SIGKILL, point
            del line.daemon.environment["LINED_CRASH_AT"]
            await line.start()
            found = (await line.daemon.get("/api/v1/orders"))["items"]
            assert len(found) <= 1 and (number == 0 or found[0]["by_itself"])

        async def fetched() -> bool:
            found = (await line.daemon.get("/api/v1/orders"))["items"]
            if found[0]["state"] == "held" and not await there(line):  # as a person would see it there
                await line.command(f"orders/{found[0]['id']}/confirm", confirm="not-received")
            return bool(found[0]["state"] == "fetched")

        await line.until(fetched, "the order is not fetched", bound_s=60)
        await asyncio.sleep(SETTLED_MS / 1000 + 2 * LOOK_S)  # longer than it takes to order: nothing more is
        assert [one["quantity"] for one in (await line.daemon.get("/api/v1/orders"))["items"]] == [500]
        assert await there(line) == 1
        (stock,) = (await line.daemon.get("/api/v1/stock"))["items"]
        assert stock["left"] == 550


async def there(line: Line) -> int:
    """Orders that the regulator has."""

    def count() -> int:
        connection = open_readonly((line.folder / BOOKS).resolve())
        try:
            return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])
        finally:
            connection.close()

    return await asyncio.to_thread(count)


async def _over(work: Campaign) -> bool:
    """All orders are fetched: the point cannot be met any more."""
    try:
        return await work.look()
    except OSError:  # it has just been met
        return False


async def _ended(line: Line) -> None:
    """Wait a moment for the daemon's end."""
    try:
        await line.daemon.ended(0.5)
    except TimeoutError:
        return


@pytest.mark.bound(240)
async def test_control_a_pack_whose_id_is_used_before_its_codes_are_on_disk_is_found_out(tmp_path: Path) -> None:
    program = broken(tmp_path / "broken", PACK_BEFORE_ITS_CODES)
    plan = BadNetwork(random.Random(2))
    async with Line(tmp_path, sandbox=SANDBOX, proxy=Proxy(("", 0), plan), settings=HASTE, program=program) as line:
        work = Campaign(line, plan, random.Random(1))
        await work.order(2_000, 1_000)
        await dies_at(line, "before-commit/_put:2")

        async def settled() -> bool:
            found = (await line.daemon.get("/api/v1/orders"))["items"]
            return all(one["state"] in {"fetched", "held", "closed"} for one in found)

        await line.until(settled, "not all is over", bound_s=60)
        figures = await work.figures()
    assert figures.lost > 0 and not figures.holds, figures


@pytest.mark.bound(240)
async def test_control_a_daemon_that_orders_again_without_looking_is_found_out(tmp_path: Path) -> None:
    program = broken(tmp_path / "broken", ORDER_AGAIN_WITHOUT_LOOKING)
    plan = BadNetwork(random.Random(2))
    async with Line(tmp_path, sandbox=SANDBOX, proxy=Proxy(("", 0), plan), settings=HASTE, program=program) as line:
        work = Campaign(line, plan, random.Random(1))
        await work.order(2_000, 1_000)
        await dies_at(line, "before-commit/placed:1")
        await line.until(work.look, "not all was fetched", bound_s=60)
        figures = await work.figures()
    assert figures.there > figures.orders and not figures.holds, figures
