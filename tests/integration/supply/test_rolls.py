"""Codes given out into files: each in one roll at most, on disk before it is told, the same again by the roll's id."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lined.api.rolls import roll_page
from lined.commands import rolls as commanded
from lined.commands.registry import registry
from lined.commands.registry.caller import READER, Caller
from lined.journal.care import takeover
from lined.journal.care.takeover import Gap
from lined.journal.database import Connection
from lined.journal.tables import code_orders, pool_stock, pools, rolls, sub_orders
from lined.line.watch.balance import BalanceWatch
from lined.supply.label_feed import LabelFeed, PrinterRule
from lined.supply.roll_watch import RollWatch
from lined.vocabulary.errors import CommandError, Forbidden
from lined.vocabulary.people import PersonRole, Way
from tests.harness.line import GS, MINUTE, NOON, OIL, Line, ident, oil


@asynccontextmanager
async def a_line(path: Path, codes: int = 20) -> AsyncIterator[Line]:
    """OIL runs, and has a pool."""
    async with Line(path / "line-1.db") as line:
        await load(line, 1, codes)
        await line.job()
        yield line


async def load(line: Line, first: int, codes: int) -> None:
    for start in range(first, first + codes, 2_000):
        page = [oil(number) for number in range(start, min(start + 2_000, first + codes))]
        await line.line.do("pool-load", {"gtin": OIL, "codes": page, "complete": True})


async def begin(line: Line, quantity: int | None = 5, name: str = "Print 7", **more: Any) -> str:
    body = {"gtin": OIL, "name": name, **({"quantity": quantity} if quantity else {}), **more}
    return str((await line.line.do("roll-new", body))["id"])


async def page(line: Line, roll: str, after: int = 0) -> list[str]:
    return list((await line.line.do("roll-codes", {"after": after}, subject=roll))["codes"])


async def whole(line: Line, roll: str) -> list[str]:
    """All codes of a roll, as whoever writes its file asks for them."""
    found: list[str] = []
    while True:
        part = await line.line.do("roll-codes", {"after": len(found)}, subject=roll)
        found += part["codes"]
        if len(found) >= part["quantity"]:
            return found


async def test_a_code_is_in_one_roll_or_on_one_label_whatever_is_asked_for_and_after_a_restart(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        first = await whole(line, await begin(line, 8, "one"))
        feed = LabelFeed(line.plant, line.journal, line.problems, lambda: line.now, {"p": PrinterRule()})
        printed = [one.label.code.decode() for one in await feed.take("p", 4)]
        await line.restart()
        second = await whole(line, await begin(line, 8, "two"))
        with pytest.raises(CommandError, match="0 codes"):
            await begin(line, 1, "three")
    assert sorted(first + printed + second) == [oil(number) for number in range(1, 21)]
    assert all(GS in code for code in first)


async def test_codes_are_given_out_on_disk_when_they_are_told_and_the_same_again(tmp_path: Path) -> None:
    async with a_line(tmp_path, 5_000) as line:
        roll = await begin(line, 4_500)
        told = await page(line, roll)
        assert len(told) == commanded.PAGE
        given = "SELECT count(*) FROM pool_code WHERE given_ms IS NOT NULL"
        assert await line.rows(given) == [(2_000,)]
        assert await page(line, roll) == told
        assert await line.rows(given) == [(2_000,)]
        await line.restart()
        assert (await whole(line, roll))[:2_000] == told
        assert await whole(line, roll) == await whole(line, roll)
        assert await line.rows("SELECT codes, wanted FROM roll") == [(4_500, 4_500)]
        assert await line.rows("SELECT count(*) FROM pool_code WHERE given_ms IS NOT NULL") == [(4_500,)]
        with pytest.raises(CommandError, match="none behind"):
            await page(line, roll, 4_501)


async def test_a_roll_is_written_only_once_it_has_all_its_codes(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        roll = await begin(line, 5)
        with pytest.raises(CommandError, match="not whole"):
            await line.line.do("roll-written", subject=roll)
        await whole(line, roll)
        assert (await line.line.do("roll-written", subject=roll))["state"] == "written"
        assert (await line.line.do("roll-written", subject=roll))["state"] == "written"  # written once more


async def test_the_name_of_a_print_order_is_given_once(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await begin(line, 5)
        with pytest.raises(CommandError) as refused:
            await begin(line, 5)
        assert refused.value.code == "roll-there"


async def test_what_cannot_be_given_out_is_refused_before_anything_is(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        bodies: dict[str, dict[str, Any]] = {
            "too-few-codes": {"quantity": 21},
            "wrong-values": {},
            "unknown-order": {"order": "9"},
            "unknown-product": {"gtin": "00000000000017", "quantity": 1},
            "unknown-pool": {"gtin": "03077972920046", "quantity": 1},
        }
        for code, body in bodies.items():
            with pytest.raises(CommandError) as refused:
                await line.line.do("roll-new", {"gtin": OIL, "name": "x", **body})
            assert refused.value.code == code
        with pytest.raises(CommandError):
            await page(line, "7")
        assert await line.rows("SELECT count(*) FROM roll") == [(0,)]


async def test_codes_that_were_applied_are_not_given_out(tmp_path: Path) -> None:
    async with a_line(tmp_path, 4) as line:
        assert await line.words("cam-1", oil(1), oil(3)) == ["accept", "accept"]
        assert await whole(line, await begin(line, 4)) == [oil(2), oil(4)]
        assert await line.rows("SELECT wanted FROM roll") == [(2,)]  # what it has is all


async def test_a_pool_that_was_dropped_and_loaded_again_gives_no_code_of_a_roll(tmp_path: Path) -> None:
    async with a_line(tmp_path, 4_000) as line:
        roll = await begin(line, 3_000)
        told = await page(line, roll)
        await line.line.do("pool-drop", {"gtin": OIL})
        assert await whole(line, roll) == told  # its file is to be had: with what was given out
        while await line.journal.do(pools.sweep):
            pass
        await load(line, 1, 4_000)
        before = "UPDATE pool_code SET given_ms = NULL"  # as of a pool that was loaded by an earlier version
        await line.journal.do(lambda connection: connection.execute(before).rowcount)
        again = await whole(line, await begin(line, 2_000, "again"))
        assert not set(again) & set(told) and len(again) == 2_000


async def test_however_many_codes_are_passed_over_one_transaction_marks_few(tmp_path: Path) -> None:
    async with a_line(tmp_path, 3_000) as line:
        await whole(line, await begin(line, 2_500))
        await line.journal.do(lambda connection: connection.execute("UPDATE pool_code SET given_ms = NULL").rowcount)
        pool = (await line.journal.read(pools.present))[OIL]
        given = await line.journal.do(lambda connection: pool_stock.give(connection, pool, 300, 1))
        assert (given.codes, given.marked) == ([], 600)
        assert await whole(line, await begin(line, 300, "next")) == [oil(number) for number in range(2_501, 2_801)]


async def test_a_pool_of_before_the_journal_was_replaced_gives_nothing_out(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        gap = Gap("damage", NOON - 60_000, NOON + 1, "line-1.db.backup", None)
        await line.journal.do(lambda connection: takeover.write(connection, gap))
        with pytest.raises(CommandError) as refused:
            await begin(line)
        assert refused.value.code == "pool-of-before"


async def test_a_roll_that_a_replaced_journal_stops_is_not_cut_and_goes_on_with_another_pool(tmp_path: Path) -> None:
    async with a_line(tmp_path, 2_100) as line:
        roll = await begin(line, 2_100)
        told = await page(line, roll)
        gap = Gap("damage", NOON - 60_000, NOON + 1, "line-1.db.backup", None)
        await line.journal.do(lambda connection: takeover.write(connection, gap))
        with pytest.raises(CommandError) as refused:
            await page(line, roll, 2_000)
        assert refused.value.code == "pool-of-before"
        assert await line.rows("SELECT codes, wanted FROM roll") == [(2_000, 2_100)]
        assert await page(line, roll) == told
        await line.line.do("pool-drop", {"gtin": OIL})
        line.now += MINUTE
        await load(line, 3_001, 100)
        assert len(await whole(line, roll)) == 2_100


def fetched(connection: Connection) -> int:
    """An order of 9 codes, from 101 on, that came in two packs."""
    order = code_orders.add(
        connection, marker="m", product_group="g", method="PRIMARY", completes=False, at_ms=1, by="", why="x"
    )
    sub = sub_orders.add(connection, order, gtin=OIL, quantity=9, level="UNIT", series_no=None, serial_first=None)
    pool = pools.present(connection)[OIL]
    for pack_id, numbers in (("a", range(101, 105)), ("b", range(105, 110))):
        pack = sub_orders.begin_pack(connection, sub, pack_id, len(numbers), 1)
        pools.add(connection, pool, {ident(number): f"{GS}93abcd" for number in numbers}, pack.no)
        sub_orders.end_pack(connection, pack.no)
    return order


async def test_the_codes_of_an_order_alone(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        order = str(await line.journal.do(fetched))
        with pytest.raises(CommandError) as refused:
            await begin(line, 10, order=order)
        assert refused.value.code == "too-few-codes"
        assert await whole(line, await begin(line, None, order=order)) == [oil(number) for number in range(101, 110)]
        assert len(await whole(line, await begin(line, 20, "the rest"))) == 20


async def test_the_codes_of_an_order_are_gone_with_their_pool_although_they_are_not_deleted_yet(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        order = str(await line.journal.do(fetched))
        roll = await begin(line, 5, order=order)
        await line.line.do("pool-drop", {"gtin": OIL})
        await load(line, 1, 20)
        with pytest.raises(CommandError) as refused:
            await begin(line, None, "again", order=order)
        assert refused.value.code == "too-few-codes"
        assert await whole(line, roll) == []
        assert await line.rows("SELECT codes, gone FROM pool WHERE state <> 'dropped'") == [(20, 0)]
        assert await line.rows("SELECT count(*) FROM pool_code WHERE given_ms IS NOT NULL") == [(0,)]


# ── who may ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_check_parts_are_told_to_an_engineer_who_exports_and_to_nobody_else(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        roll = await begin(line, 3)
        for name in ("roll-new", "roll-codes", "roll-written"):
            command, body = registry.accepted(name, {"gtin": OIL, "name": "x"} if name == "roll-new" else {})
            for caller in (READER, *(Caller("x", role, Way.PERSON) for role in PersonRole)):
                if caller.role == PersonRole.ENGINEER:
                    continue
                with pytest.raises(Forbidden):
                    await line.line.execute(command, body, subject=roll, caller=caller)
        codes = await whole(line, roll)
        kept = await line.rows("SELECT answer FROM command UNION ALL SELECT said FROM audit")
        listed = roll_page(await line.journal.read(rolls.page, 10, None), 9)
        assert not any("93abcd" in str(one) for one in (*kept, listed))
        assert len(codes) == 3
        assert await page(line, roll, 2) == codes[2:]
        asked = await line.rows("SELECT said FROM audit WHERE command = 'roll-codes' ORDER BY no")
        assert ["after" in text and json.loads(text)["after"] for (text,) in asked] == [0, 2]


# ── seen ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_codes_given_out_and_never_seen_are_counted_with_the_print_order_s_name(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        assert await line.words("cam-1", oil(20)) == ["accept"]  # of no roll
        await whole(line, await begin(line, 4, "Print 7"))
        await whole(line, await begin(line, 2, "Print 8"))
        watch, balance = RollWatch(line.journal), BalanceWatch(line.journal, line.problems, ["apply"], packs=False)

        async def told() -> dict[str, dict[str, int]]:
            await watch.look()
            await watch.look()  # what was counted is not counted again
            return {one.place: dict(one.parts) for one in (await balance.look()).life if one.whole == "given-out"}

        assert (await told())["Print 7"] == {"seen": 0, "not-seen": 4}
        assert await line.words("cam-1", oil(1), oil(2), oil(5), oil(6), oil(9)) == ["accept"] * 5
        assert await told() == {"": {"seen": 4, "not-seen": 2}, "Print 7": {"seen": 2, "not-seen": 2}}
        await line.restart()
        watch, balance = RollWatch(line.journal), BalanceWatch(line.journal, line.problems, ["apply"], packs=False)
        assert await line.words("cam-1", oil(3), oil(4)) == ["accept", "accept"]
        assert await told() == {"": {"seen": 6, "not-seen": 0}}
        assert not line.problems.all()


async def test_a_roll_that_gets_more_codes_after_all_were_seen_counts_each_once(tmp_path: Path) -> None:
    async with a_line(tmp_path, 2_100) as line:
        roll, watch = await begin(line, 2_050), RollWatch(line.journal)
        first = await page(line, roll)
        await line.line.do("job-start", {"gtin": OIL, "replace": True})
        assert set(await line.words("cam-1", *first[:1_999])) == {"accept"}
        await watch.look()
        assert set(await line.words("cam-1", first[-1])) == {"accept"}
        await watch.look()
        rest = (await whole(line, roll))[2_000:]
        assert set(await line.words("cam-1", *rest)) == {"accept"}
        await watch.look()
        await watch.look()
        assert await line.rows("SELECT codes, seen FROM roll") == [(2_050, 2_050)]


async def test_a_code_of_a_roll_that_is_withdrawn_and_applied_again_is_seen_once(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await whole(line, await begin(line, 4))
        watch = RollWatch(line.journal)
        assert await line.words("cam-1", oil(1), oil(2)) == ["accept", "accept"]
        await watch.look()
        await applied_again(line, 1)
        await watch.look()
        assert await line.rows("SELECT codes, seen FROM roll") == [(4, 2)]
        assert await line.words("cam-1", oil(3), oil(4)) == ["accept", "accept"]
        await watch.look()
        assert await line.rows("SELECT codes, seen FROM roll") == [(4, 4)]


async def test_what_was_seen_twice_before_this_version_is_counted_once_by_the_migration(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await whole(line, await begin(line, 4))
        watch = RollWatch(line.journal)
        assert await line.words("cam-1", oil(1), oil(2)) == ["accept", "accept"]
        await watch.look()
        await applied_again(line, 1)
        await watch.look()

        def as_before(connection: Connection) -> None:
            connection.execute("UPDATE roll_code SET seen = 0")
            connection.execute("UPDATE roll SET seen = 3")
            for statement in rolls.SEEN.split(";")[1:]:
                connection.execute(statement)

        await line.journal.do(as_before)
        assert await line.rows("SELECT codes, seen FROM roll") == [(4, 2)]
        assert await line.words("cam-1", oil(3)) == ["accept"]
        await watch.look()
        assert await line.rows("SELECT codes, seen FROM roll") == [(4, 3)]


async def applied_again(line: Line, number: int) -> None:
    await line.line.do("withdraw", {"code": ident(number), "reason": "other"})
    line.now += MINUTE
    assert await line.words("cam-1", oil(number)) == ["accept"]
