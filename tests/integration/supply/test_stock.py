"""The stock of codes: sums that are right whatever happens to a code, rates, alarms, and the re-order: once, and never
while something of the product is in doubt.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lined.codes import build
from lined.journal import Journal
from lined.journal.care import takeover
from lined.journal.care.takeover import Gap
from lined.journal.database import Connection
from lined.journal.tables import code_orders, pool_stock, pools, sub_orders
from lined.journal.views import stock, tallies
from lined.journal.views.stock import ProductStock
from lined.supply.label_feed import LabelFeed, PrinterRule
from lined.supply.orders import people
from lined.supply.orders.reordering import Reorder
from lined.supply.stock_watch import StockRule, StockWatch
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import JournalFull
from lined.web.shifts import shift_began_ms
from tests.harness.line import HOUR, MINUTE, NOON, OIL, Line, oil
from tests.harness.ordering import GROUP, GTIN, Counter, counter
from tests.harness.proxy import Kind
from tests.integration.supply.test_orders import ORDERS, meets
from tests.integration.supply.test_rolls import begin, load, page
from tests.profiles import PROFILE

GS = "\x1d"
SHIFT = NOON - 4 * HOUR  # 08:00 in Tashkent

# ── sums ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
_GONE = """
SELECT (SELECT count(*) FROM pool_code WHERE pool_no = pool.no AND (
    given_ms IS NOT NULL OR EXISTS (SELECT 1 FROM code WHERE ident = '01' || pool.gtin || '21' || serial)
)), gone FROM pool WHERE state <> 'dropped'
"""


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_gone_is_counted_once_whatever_happens_to_a_code(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with Line(tmp_path / "line-1.db") as line:
        await line.job()
        feed = LabelFeed(line.plant, line.journal, line.problems, lambda: line.now, {"p": PrinterRule()})

        async def dropped() -> None:
            await line.line.do("pool-drop", {"gtin": OIL})
            while await line.journal.do(pools.sweep):
                pass
            await load(line, 1, 60)

        async def read() -> None:
            await line.words("cam-1", *(oil(chance.randint(1, 60)) for _ in range(chance.choice([1, 20]))))

        async def printed() -> None:
            await feed.take("p", chance.randint(1, 5))

        async def exported() -> None:
            pool = (await line.journal.read(pools.present))[OIL]
            if await line.journal.read(pool_stock.left, pool, 3) == 3:
                await page(line, await begin(line, 3, str(chance.random())))

        async def withdrawn() -> None:
            found = await line.rows("SELECT ident FROM code ORDER BY id DESC LIMIT 1")
            if found:
                await line.line.do("withdraw", {"code": found[0][0], "reason": "other"})

        await read()
        await load(line, 1, 60)
        works = [read, read, printed, exported, dropped, withdrawn]
        for _ in range(40):
            try:
                await chance.choice(works)()
            except Exception as error:  # what cannot be is refused
                if type(error).__name__ not in {"Conflict", "Invalid"}:
                    raise
            for counted, gone in await line.rows(_GONE):
                assert counted == gone
        assert (await line.rows("SELECT gone > 30 FROM pool WHERE state <> 'dropped'")) == [(1,)]


async def test_what_was_given_out_or_applied_is_no_stock_of_a_pool_that_is_loaded_again(tmp_path: Path) -> None:
    async with Line(tmp_path / "line-1.db") as line:
        await line.job()
        await load(line, 1, 30)
        feed = LabelFeed(line.plant, line.journal, line.problems, lambda: line.now, {"p": PrinterRule()})
        await page(line, await begin(line, 7))
        await feed.take("p", 4)
        await line.words("cam-1", *(oil(number) for number in (1, 8, 12, 13)))  # of the roll, a label, neither
        await line.line.do("pool-drop", {"gtin": OIL})
        await load(line, 1, 30)
        pool = (await line.journal.read(pools.present))[OIL]
        assert (pool.codes, pool.applied, pool.left) == (30, 4, 17)
        assert await line.journal.read(pool_stock.left, pool, 99) == 17
        assert [len(await page(line, await begin(line, 17, "the rest")))] == [17]


async def test_what_was_gone_before_this_version_is_counted_by_the_migration(tmp_path: Path) -> None:
    async with Line(tmp_path / "line-1.db") as line:
        await line.job()
        await load(line, 1, 30)
        await line.words("cam-1", *(oil(number) for number in range(1, 11)))
        await page(line, await begin(line, 7))
        await line.words("cam-1", oil(11), oil(12))

        def again(connection: Connection) -> int:
            connection.execute("UPDATE pool SET gone = 0")
            connection.execute(pools.GONE.split(";")[1])
            return int(connection.execute("SELECT gone FROM pool").fetchone()[0])

        assert await line.journal.do(again) == 17


# ── rates and alarms ──────────────────────────────────────────────────────────────────────────────────────────────────
def watch_of(line: Line, rule: StockRule) -> StockWatch:
    zone = ZoneInfo("Asia/Tashkent")
    return StockWatch(
        line.journal, line.problems, lambda: line.now, {OIL: rule},
        lambda now: shift_began_ms(now, [time(8), time(20)], zone), line="line-1", profile=PROFILE,
    )  # fmt: skip


async def test_use_and_hours_left_are_of_the_last_hour_and_of_the_shift_and_known_after_a_restart(
    tmp_path: Path,
) -> None:
    async with Line(tmp_path / "line-1.db", now=SHIFT - MINUTE) as line:
        await line.job()
        await load(line, 1, 200)
        watch = watch_of(line, StockRule())

        async def told() -> ProductStock:
            (found,) = await watch.look()
            (anew,) = await watch_of(line, StockRule()).look()
            (counted,) = await line.journal.read(stock.stock, line.now, shift_began_ms(
                line.now, [time(8), time(20)], ZoneInfo("Asia/Tashkent")
            ))  # fmt: skip
            assert found == anew == counted
            return found

        assert (await told()).hours_left is None
        await line.words("cam-1", *(oil(number) for number in range(1, 11)))  # in the shift before
        line.now = SHIFT + 10 * MINUTE
        await line.words("cam-1", *(oil(number) for number in range(11, 31)))
        assert (await told())[1:5] == (200, 170, 30, 20)
        line.now = SHIFT + 2 * HOUR
        await line.words("cam-1", *(oil(number) for number in range(31, 71)))
        seen = await told()
        assert (seen.left, seen.hour, seen.shift, seen.hours_left) == (130, 40, 60, 130 / 40)
        line.now = SHIFT + 6 * HOUR  # nothing within the hour: the shift's average
        seen = await told()
        assert (seen.hour, seen.an_hour, seen.hours_left) == (0, 10, 13)
        line.now = SHIFT + 14 * HOUR
        assert (await told()).hours_left is None


async def test_a_count_that_is_cut_off_and_a_clock_that_goes_back_count_each_code_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "SLICE", 4)
    async with Line(tmp_path / "line-1.db", now=SHIFT - HOUR) as line:
        await line.job()
        await load(line, 1, 50)
        await line.words("cam-1", *(oil(number) for number in range(1, 11)))
        line.now = SHIFT + 2 * HOUR
        await line.words("cam-1", *(oil(number) for number in range(11, 21)))
        watch, read, fails = watch_of(line, StockRule()), line.journal.read, iter([False, True, True])

        async def failing(action: Any, *more: Any) -> Any:
            if action is stock.used and next(fails, False):
                raise JournalFull("no room")
            return await read(action, *more)

        monkeypatch.setattr(line.journal, "read", failing)
        for _ in range(2):
            with pytest.raises(JournalFull):
                await watch.look()
        (seen,) = await watch.look()
        assert (seen.hour, seen.shift) == (10, 10)
        line.now = SHIFT + 14 * HOUR
        await watch.look()
        line.now = SHIFT + 2 * HOUR
        (seen,) = await watch.look()
        assert (seen.hour, seen.shift) == (10, 10)


async def test_a_stock_that_runs_low_is_an_alarm_by_codes_and_by_hours_until_it_is_filled(tmp_path: Path) -> None:
    async with Line(tmp_path / "line-1.db") as line:
        await line.job()
        watch = watch_of(line, StockRule(low=10, low_hours=2.5))

        async def alarms() -> list[str]:
            await watch.look()
            return [one.text for one in line.problems.all() if one.kind == AlarmKind.CODES_LOW]

        assert await alarms() == [f"0 codes of {OIL} are left"]
        await load(line, 1, 100)
        assert await alarms() == []
        await line.words("cam-1", *(oil(number) for number in range(1, 31)))
        assert await alarms() == [f"70 codes of {OIL} are left, for about 2.3 hours"]
        await load(line, 101, 14)
        assert await alarms() == [f"84 codes of {OIL} are left, for about 2.8 hours"]  # it goes up and down
        await load(line, 115, 6)
        assert await alarms() == []
        await page(line, await begin(line, 6, "Print 6"))
        assert await alarms() == []
        line.now += 26 * HOUR
        assert await alarms() == []
        await page(line, await begin(line, 75))
        assert await alarms() == [f"9 codes of {OIL} are left"]


# ── re-order ──────────────────────────────────────────────────────────────────────────────────────────────────────────
BELOW, QUANTITY = 100, 150
RULES = {GTIN: StockRule(reorder=Reorder(GTIN, GROUP, BELOW, QUANTITY))}


def reordering(c: Counter, settled_ms: int = 0, nudged: Callable[[], None] = lambda: None) -> StockWatch:
    return StockWatch(
        c.journal, c.told, c.wall_ms, RULES, lambda now: now - HOUR,  # type: ignore[arg-type]
        line="line-1", profile=PROFILE, ordered=nudged, settled_ms=settled_ms,
    )  # fmt: skip


async def fill(c: Counter, first: int, count: int) -> None:
    """A pool that somebody loads."""
    codes = (build("GS1_AISTR_SHORT", GTIN, f"{number:013d}", check="abcd") for number in range(first, first + count))
    tails = {code.partition(GS)[0]: GS + code.partition(GS)[2] for code in codes}
    await c.journal.do(lambda x: pools.add(x, pools.begin(x, GTIN, c.wall_ms(), ""), tails))


async def use(c: Counter, count: int) -> None:
    await c.journal.do(lambda x: pool_stock.give(x, pools.present(x)[GTIN], count, c.wall_ms()))


async def orders(journal: Journal) -> list[tuple[int, str, int]]:
    rows = await journal.read(lambda x: code_orders.page(x, 100, None))
    return [(row.id, row.state, row.by_itself) for row in reversed(rows)]


def held(c: Counter) -> str:
    return c.told.now.get((AlarmKind.REORDER_HELD, GTIN), "")


async def test_codes_are_ordered_once_below_the_threshold_and_again_only_after_these_were_used(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        await fill(c, 1, BELOW)
        watch, nudges = reordering(c, nudged=lambda: nudges.append(1)), list[int]()
        await watch.look()
        assert await orders(c.journal) == []
        await use(c, 1)
        await watch.look()
        await watch.look()
        await c.restart()
        await reordering(c).look()
        assert await orders(c.journal) == [(1, "queued", 1)] and nudges == [1]
        (product,) = await c.products(1)
        assert (product.gtin, product.quantity) == (GTIN, QUANTITY)
        told = await c.journal.read(code_orders.story, 1)
        assert told[0].why == f"ordered by itself: 99 codes of {GTIN} were left, fewer than 100"
        await c.until(1, "placed")
        await reordering(c).look()
        await c.until(1, "fetched")
        await reordering(c).look()
        assert len(await orders(c.journal)) == await c.placed() == 1
        await use(c, QUANTITY)
        await reordering(c).look()
        assert [row[1:] for row in await orders(c.journal)] == [("fetched", 1), ("queued", 1)]
        assert not held(c)


async def test_nothing_is_ordered_by_itself_while_an_order_is_in_doubt_or_held(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        await fill(c, 1, 5)
        watch = reordering(c)
        await watch.look()
        c.proxy.plan = meets(Kind.RESET_WITHIN, ORDERS, verb="POST")
        await c.until(1, "in_doubt")
        await watch.look()
        assert "order 1" in held(c)
        await c.until(1, "held")
        await watch.look()
        assert "order 1" in held(c) and len(await orders(c.journal)) == 1
        await c.decide(people.close, 1, confirmed=True)
        await watch.look()
        assert "ended before" in held(c) and len(await orders(c.journal)) == 1
        number = await c.order(20)  # a person orders, once
        await watch.look()
        assert not held(c)
        await c.until(number, "fetched")
        await watch.look()
        assert [row[1:] for row in await orders(c.journal)] == [("closed", 1), ("fetched", 0), ("queued", 1)]


async def test_a_pool_that_is_being_loaded_and_a_product_without_one_are_not_ordered_by_themselves(
    tmp_path: Path,
) -> None:
    async with counter(tmp_path) as c:
        watch = reordering(c, settled_ms=30_000)
        await watch.look()
        for number in range(3):
            await fill(c, 10 * number + 1, 10)
            c.pass_s(20)
            await watch.look()
        assert await orders(c.journal) == []
        c.pass_s(20)
        await watch.look()
        assert await orders(c.journal) == []
        c.pass_s(11)
        await watch.look()
        assert len(await orders(c.journal)) == 1


async def test_a_pool_that_is_loaded_in_another_one_s_place_and_one_used_meanwhile_are_not_ordered(
    tmp_path: Path,
) -> None:
    async with counter(tmp_path) as c:
        watch = reordering(c, settled_ms=30_000)
        await fill(c, 1, 50)
        await watch.look()
        c.pass_s(25)
        await c.journal.do(lambda x: pools.drop(x, pools.present(x)[GTIN]))
        for number in range(5):
            await fill(c, 1_000 + 10 * number, 10)
            await use(c, 10)
            c.pass_s(20)
            await watch.look()
        assert await orders(c.journal) == []
        c.pass_s(31)
        await watch.look()
        assert len(await orders(c.journal)) == 1


async def test_nothing_is_ordered_by_itself_after_the_journal_was_replaced_until_a_person_has_ordered(
    tmp_path: Path,
) -> None:
    async with counter(tmp_path) as c:
        await fill(c, 1, 5)
        watch = reordering(c)
        gap = Gap("restore", c.wall_ms() - 60_000, c.wall_ms() + 1_000, "backup", None)
        await c.journal.do(lambda x: takeover.write(x, gap))
        c.pass_s(10)
        await watch.look()
        assert "replaced" in held(c)
        await c.journal.do(lambda x: takeover.confirm(x, "anna", c.wall_ms()))
        await watch.look()
        assert "replaced" in held(c) and await orders(c.journal) == []
        await c.journal.do(lambda x: pools.drop(x, pools.present(x)[GTIN]))
        await fill(c, 1_001, 5)
        await watch.look()
        assert "replaced" in held(c) and await orders(c.journal) == []  # what was ordered since is not in the pool
        number = await c.order(20)
        await c.until(number, "fetched")
        await watch.look()
        assert [row[1:] for row in await orders(c.journal)] == [("fetched", 0), ("queued", 1)] and not held(c)


async def test_as_many_orders_as_may_be_are_not_one_more(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        await fill(c, 1, 5)
        for _ in range(PROFILE.limits.active_orders):
            await c.order(1, "03077972920046")
        watch = reordering(c)
        await watch.look()
        assert "as may be" in held(c) and len(await orders(c.journal)) == PROFILE.limits.active_orders
        assert await c.journal.read(lambda x: sub_orders.newest_of(x, GTIN)) is None
