"""Orders of codes against the regulator's stand-in: each placed once, each code fetched once, whatever gets lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lined.journal.care import takeover
from lined.journal.tables import pools
from lined.regulator.ordering import CodePack
from lined.supply.orders import people
from lined.supply.orders.people import Wanted
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import CommandError, Conflict, Invalid
from tests.harness.ordering import GTIN, OTHER_GTIN, SANDBOX, Counter, counter, each_once
from tests.harness.proxy import Kind, Plan

ORDERS, CODES, PACKS, CLOSE = "/api/orders", "/api/codes?", "/api/codes/packs", "/api/order/close"


def meets(kind: Kind, begins: str, times: int = 1, *, verb: str = "GET", skip: int = 0) -> Plan:
    """The first requests of a method meet a fault, after so many that do not."""
    left = [skip, times]

    def plan(asked: str, path: str) -> Kind:
        if asked != verb or not path.startswith(begins):
            return Kind.PASS
        if left[0]:
            left[0] -= 1
            return Kind.PASS
        left[1] -= 1
        return kind if left[1] >= 0 else Kind.PASS

    return plan


async def all_here(c: Counter, ordered: int) -> None:
    """Every code that was made is in the journal, once, and none else."""
    assert each_once(await c.codes()) == each_once(await c.issued())
    assert len(await c.codes()) == ordered
    await c.sums_are_right()


async def test_what_is_ordered_is_fetched_into_the_pool_each_code_once(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        number = await c.order(250, GTIN, Wanted(OTHER_GTIN, 30, "UNIT"), completes=True)
        await c.until(number, "fetched")
        assert await c.story(number) == ["queued", "sending", "placed", "fetched"]
        await all_here(c, 280)
        assert (await c.packs_made(), await c.placed()) == (4, 1)
        found = await c.journal.read(pools.present)
        assert {gtin: (pool.state, pool.codes) for gtin, pool in found.items()} == {
            GTIN: ("active", 250),
            OTHER_GTIN: ("active", 30),
        }


async def test_codes_that_came_as_a_file_before_are_not_there_twice(tmp_path: Path) -> None:
    async with counter(tmp_path, pack=40) as c:
        number = await c.order(100)
        await c.until(number, "placed")
        await c.step()
        loaded = {code.partition("\x1d")[0]: "" for code in await c.issued()}
        await c.until(number, "fetched")
        await all_here(c, 100)
        added = await c.journal.do(lambda x: pools.add(x, pools.present(x)[GTIN], loaded))
        assert added.codes == 0


@pytest.mark.parametrize("kind", [Kind.LOSE_ANSWER, Kind.CUT_ANSWER])
async def test_an_order_whose_answer_is_lost_is_found_and_not_placed_again(tmp_path: Path, kind: Kind) -> None:
    async with counter(tmp_path) as c:
        c.proxy.plan = meets(kind, ORDERS, verb="POST")
        number = await c.order(120)
        await c.until(number, "in_doubt")
        await c.step()
        assert (AlarmKind.ORDER_IN_DOUBT, f"order {number}") in c.told.now
        await c.until(number, "fetched")
        assert await c.story(number) == ["queued", "sending", "in_doubt", "placed", "fetched"]
        assert await c.placed() == 1
        await all_here(c, 120)
        await c.step()
        assert c.told.now == {}


async def test_an_order_that_did_not_arrive_is_never_placed_again_by_itself(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        c.proxy.plan = meets(Kind.RESET_AFTER, ORDERS, verb="POST")
        number = await c.order(120)
        held = await c.until(number, "held")
        assert held.misses == 2 and await c.placed() == 0
        for _ in range(5):
            await c.step()
        assert (await c.row(number)).state == "held" and await c.placed() == 0
        assert (AlarmKind.ORDER_HELD, f"order {number}") in c.told.now
        await c.decide(people.not_arrived, number)
        await c.until(number, "fetched")
        assert await c.story(number) == [
            "queued", "sending", "in_doubt", "held", "in_doubt", "queued", "sending", "placed", "fetched",
        ]  # fmt: skip
        assert await c.placed() == 1
        await all_here(c, 120)


async def test_an_order_that_shows_late_is_found_although_a_person_said_it_did_not_arrive(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        c.proxy.plan = meets(Kind.LOSE_ANSWER, ORDERS, verb="POST")
        number = await c.order(120)
        await c.until(number, "in_doubt")
        mark = (await c.row(number)).marker
        await c.in_books("UPDATE orders SET po_number = 'hidden', created_at = 1 WHERE po_number = ?", mark)
        await c.until(number, "held")
        await c.in_books("UPDATE orders SET po_number = ?, created_at = ? WHERE po_number = 'hidden'", mark, 9e9)
        await c.decide(people.not_arrived, number)
        await c.until(number, "placed")
        assert await c.placed() == 1


async def test_a_look_that_fails_is_no_miss(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        lost = meets(Kind.LOSE_ANSWER, ORDERS, verb="POST")
        unread = meets(Kind.RESET_AFTER, ORDERS, 6)
        c.proxy.plan = lambda verb, path: lost(verb, path) if verb == "POST" else unread(verb, path)
        number = await c.order(120)
        await c.until(number, "fetched")
        assert "held" not in await c.story(number) and await c.placed() == 1


async def test_an_order_without_any_mark_that_is_like_ours_is_for_a_person(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        c.proxy.plan = meets(Kind.LOSE_ANSWER, ORDERS, verb="POST")
        number = await c.order(120)
        await c.until(number, "in_doubt")
        await c.in_books("UPDATE orders SET po_number = ''")
        held = await c.until(number, "held")
        (there,) = await c._books("SELECT uuid FROM orders")
        assert there[0] in (held.problem or "")
        await c.decide(people.name, number, there[0])
        await c.until(number, "fetched")
        await all_here(c, 120)
        assert await c.placed() == 1


async def test_a_refused_order_says_why(tmp_path: Path) -> None:
    async with counter(tmp_path, replace(SANDBOX, groups=("beer",))) as c:
        number = await c.order(120)
        row = await c.until(number, "refused")
        assert "403" in (row.problem or "") or "400" in (row.problem or "")
        assert await c.placed() == 0


@pytest.mark.parametrize("kind", [Kind.LOSE_ANSWER, Kind.CUT_ANSWER, Kind.RESET_BEFORE])
@pytest.mark.parametrize("skip", [0, 1, 2])
async def test_a_pack_whose_answer_is_lost_comes_again_also_after_the_order_closed_itself(
    tmp_path: Path, kind: Kind, skip: int
) -> None:
    async with counter(tmp_path) as c:
        c.proxy.plan = meets(kind, CODES, skip=skip)
        number = await c.order(250)
        await c.until(number, "fetched")
        await all_here(c, 250)
        assert await c.packs_made() == 3


async def test_answers_lost_at_random_lose_no_code_and_bring_none_twice(tmp_path: Path) -> None:
    import random

    chance = random.Random(7)
    kinds = [Kind.PASS] * 6 + [Kind.LOSE_ANSWER, Kind.CUT_ANSWER, Kind.RESET_BEFORE, Kind.RESET_AFTER]
    async with counter(tmp_path, pack=30) as c:
        c.proxy.plan = lambda verb, _path: Kind.PASS if verb == "POST" else chance.choice(kinds)
        number = await c.order(300, GTIN, Wanted(OTHER_GTIN, 100, "UNIT"))
        await c.until(number, "fetched", bound_s=60)
        await all_here(c, 400)
        assert await c.packs_made() == 14


async def test_the_regulators_429_puts_off_and_loses_nothing(tmp_path: Path) -> None:
    async with counter(tmp_path, replace(SANDBOX, requests_per_minute=4), pack=100) as c:
        number = await c.order(150)
        for _ in range(40):
            await c.step()
            c.pass_s(5)
        await c.until(number, "fetched", "placed")
        for _ in range(60):
            c.pass_s(20)
            c.orders.nudge()
            await c.step()
        assert (await c.row(number)).state == "fetched"
        await all_here(c, 150)
        assert await c.placed() == 1


async def test_a_pack_answered_twice_adds_nothing_and_a_third_time_stops_the_order(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        real = c.ports.regulator.code_pack
        first: list[CodePack] = []

        async def again(order_id: str, gtin: str, quantity: int, last_pack: str | None) -> CodePack:
            if first and len(first) < 3:
                first.append(first[0])
                return CodePack(first[0].pack_id, list(first[0].codes))
            found = await real(order_id, gtin, quantity, last_pack)
            first[:] = first or [CodePack(found.pack_id, list(found.codes))]
            return found

        c.ports.regulator.code_pack = again  # type: ignore[method-assign]
        number = await c.order(250)
        await c.until(number, "fetched")
        await all_here(c, 250)

        async def always(order_id: str, gtin: str, quantity: int, last_pack: str | None) -> CodePack:
            return await real(order_id, gtin, quantity, None)

        c.ports.regulator.code_pack = always  # type: ignore[method-assign]
        other = await c.order(250)
        held = await c.until(other, "held")
        assert "again and again" in (held.problem or "")
        c.ports.regulator.code_pack = real  # type: ignore[method-assign]
        await c.decide(people.look_again, other)
        await c.until(other, "fetched")
        await all_here(c, 500)


def _dropped(pack: CodePack) -> CodePack:
    return CodePack(pack.pack_id, [*pack.codes[:-1], pack.codes[0]])


def _foreign(pack: CodePack) -> CodePack:
    return CodePack(pack.pack_id, [*pack.codes[:-1], "0103077972920046217A*FXmT\x1d93Mvp1"])


def _spoiled(pack: CodePack) -> CodePack:
    return CodePack(pack.pack_id, [*pack.codes[:-1], "Ж" * 30])


def _renamed(pack: CodePack) -> CodePack:
    return CodePack("another-id", pack.codes)


def _longer(pack: CodePack) -> CodePack:
    return CodePack(pack.pack_id, pack.codes * 3)


@pytest.mark.parametrize("spoil", [_dropped, _foreign, _spoiled, _renamed, _longer])
async def test_what_does_not_add_up_stops_the_order_for_a_person(
    tmp_path: Path, spoil: Callable[[CodePack], CodePack]
) -> None:
    async with counter(tmp_path) as c:
        real = c.ports.regulator.code_pack

        async def other(order_id: str, gtin: str, quantity: int, last_pack: str | None) -> CodePack:
            return spoil(await real(order_id, gtin, quantity, last_pack))

        c.ports.regulator.code_pack = other  # type: ignore[method-assign]
        number = await c.order(250)
        held = await c.until(number, "held")
        assert held.problem
        assert (AlarmKind.ORDER_HELD, f"order {number}") not in c.told.now
        await c.step()
        assert (AlarmKind.ORDER_HELD, f"order {number}") in c.told.now
        assert await c.placed() == 1


async def test_codes_of_another_pack_stop_the_order(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        real = c.ports.regulator.code_pack
        first: list[str] = []

        async def stale(order_id: str, gtin: str, quantity: int, last_pack: str | None) -> CodePack:
            found = await real(order_id, gtin, quantity, last_pack)
            first[:] = first or list(found.codes)
            return CodePack(found.pack_id, list(first))

        c.ports.regulator.code_pack = stale  # type: ignore[method-assign]
        number = await c.order(250)
        held = await c.until(number, "held")
        assert "fetched before" in (held.problem or "")
        assert set(await c.codes()) == set(first)
        await c.sums_are_right()


async def test_more_given_out_than_is_here_is_fetched_less_stops_the_order(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        number = await c.order(250)
        await c.until(number, "placed")
        await c.step()
        await c.in_books("DELETE FROM packs")
        held = await c.until(number, "held")
        assert "gave out 0" in (held.problem or "")


# ── the end of an order ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_closing_asks_for_a_confirmation_and_fetches_first_what_was_given_out(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        number = await c.order(250)
        await c.until(number, "placed")
        c.proxy.plan = meets(Kind.LOSE_ANSWER, CODES, 2)  # once more by the client itself
        while not await c.packs_made():
            await c.step()
        assert await c.codes() == []
        with pytest.raises(Invalid, match="250 codes"):
            await c.decide(people.close, number, confirmed=False)
        await c.decide(people.close, number, confirmed=True)
        row = await c.until(number, "closed")
        assert "150 of 250" in (row.problem or "")
        await all_here(c, 100)
        with pytest.raises(CommandError):
            await c.decide(people.close, number, confirmed=True)


async def test_closing_whose_answer_is_lost_is_done_again(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        number = await c.order(250)
        await c.until(number, "placed")
        await c.step()
        c.proxy.plan = meets(Kind.LOSE_ANSWER, CLOSE, verb="POST")
        await c.decide(people.close, number, confirmed=True)
        await c.until(number, "closed")
        await c.sums_are_right()


async def test_an_order_that_was_not_sent_is_withdrawn_without_a_word_to_the_regulator(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        number = await c.order(250)
        await c.decide(people.close, number, confirmed=True)
        assert (await c.row(number)).state == "closed"
        await c.step()
        assert await c.placed() == 0


async def test_people_are_warned_a_day_before_an_order_ends_and_told_what_was_lost(tmp_path: Path) -> None:
    async with counter(tmp_path, poll_ms=1, poll_max_ms=1) as c:
        number = await c.order(250)
        await c.until(number, "placed")
        c.proxy.plan = meets(Kind.RESET_AFTER, CODES, 10_000)
        c.pass_s(5 * 86_400)
        await c.step()
        assert (AlarmKind.ORDER_ENDS, f"order {number}") not in c.told.now
        c.pass_s(1.5 * 86_400)
        await c.step()
        assert "250 of its codes" in c.told.now[AlarmKind.ORDER_ENDS, f"order {number}"]
        c.pass_s(86_400)
        c.proxy.plan = lambda _verb, _path: Kind.PASS
        row = await c.until(number, "closed")
        assert "250 of 250" in (row.problem or "")


# ── restarts, limits, serials ───────────────────────────────────────────────────────────────────────────────────────


async def test_an_order_that_was_being_sent_when_the_program_ended_is_looked_for(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        number = await c.order(120)

        async def die(body: bytes, *, product_group: str) -> str:
            await real(body, product_group=product_group)
            raise KeyboardInterrupt

        real = c.ports.regulator.place
        c.ports.regulator.place = die  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            await c.step()
        assert (await c.row(number)).state == "sending"
        await c.restart()
        await c.until(number, "fetched")
        assert await c.story(number) == ["queued", "sending", "in_doubt", "placed", "fetched"]
        assert await c.placed() == 1
        await all_here(c, 120)


@pytest.mark.parametrize("after", range(6))
async def test_a_pack_that_was_being_written_when_the_program_ended_is_there_once(tmp_path: Path, after: int) -> None:
    async with counter(tmp_path, slice=30) as c:
        number = await c.order(250)
        await c.until(number, "placed")
        left = [after]
        real = c.ports.steps.run

        def run(connection: Any, items: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise RuntimeError("the program ends here")
            return real(connection, items)

        c.ports.steps.run = run  # type: ignore[method-assign]
        for _ in range(3):
            await c.step()
        await c.restart()
        await c.until(number, "fetched")
        await all_here(c, 250)
        assert await c.packs_made() == 3


async def test_no_more_orders_are_taken_than_may_be_active(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        for _ in range(c.ports.profile.limits.active_orders):
            await c.order(1)
        with pytest.raises(Conflict, match="100 orders"):
            await c.order(1)


async def test_own_serials_are_those_that_were_reserved_and_none_comes_again(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        for _ in range(3):
            number = await c.order(150, serial_length=13)
            await c.until(number, "fetched")
            await c.restart()
        await all_here(c, 450)
        assert {len(code.partition("\x1d")[0]) for code in await c.codes()} == {18 + 13}


async def test_an_order_of_a_backup_may_have_been_placed_since_and_is_looked_for(tmp_path: Path) -> None:
    async with counter(tmp_path) as c:
        number = await c.order(120)
        await c.close()
        backup = tmp_path / "backup.db"
        backup.write_bytes((tmp_path / "line-1.db").read_bytes())
        await c.open()
        await c.until(number, "placed")
        await c.close()
        for left in tmp_path.glob("line-1.db*"):
            left.rename(tmp_path / f"old-{left.name}")
        takeover.take_over(
            tmp_path / "line-1.db",
            backup,
            why=takeover.DAMAGE,
            aside=None,
            at_ms=c.wall_ms(),
            since_ms=c.wall_ms() - 60_000,
        )
        await c.open()
        await c.until(number, "fetched")
        assert await c.story(number) == ["queued", "in_doubt", "placed", "fetched"]
        assert await c.placed() == 1
        await all_here(c, 120)
