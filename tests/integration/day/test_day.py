"""The balance adds up after a day's production with every fault in it, to the last item; one item lost is an alarm."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from lined.journal.database import Connection
from lined.journal.views.tallies import Span
from lined.line.watch import balance
from lined.line.watch.balance import Equation
from lined.vocabulary.codes import CodeState
from lined.web.summary import summary
from tests.harness.office import Clock
from tests.integration.day.floor import Floor
from tests.integration.day.ledger import LIFE, Scope
from tests.integration.day.line import BEGIN_MS, HOUR_MS, SHIFT_MS

MINUTE_MS = 60_000
EVERY_FAULT = set(
    """no-read; malformed; wrong-product; no check part; missed; typed in; repeat; again; full; broken; restart;
    unconfirmed; withdrawn; withdrawn at the bin; withdrawn from its box; applied again; taken out; dissolved;
    short box; held; test; no job; packing unknown; packing twice; at once""".replace("\n    ", " ").split("; ")
)
EVERY_ANSWER = {"good", "partial", "error", "lost", "never-came", "nameless", "named"}


def figures(found: Sequence[Equation]) -> dict[tuple[str, str, str], int]:
    """Equations as the ledger has them. The two of `applied` share their whole."""
    told: dict[tuple[str, str, str], int] = {}
    for one in found:
        if one.whole == "packed":
            continue
        told[one.place, one.whole, ""] = one.n
        told |= {(one.place, one.whole, part): n for part, n in one.parts}
    return {key: n for key, n in told.items() if n}


def no_lag(clock: Clock) -> type:
    """Time as the balance asks for it."""

    class VirtualTime:
        @staticmethod
        def monotonic() -> float:
            return clock.ms / 1000

    return VirtualTime


@contextlib.asynccontextmanager
async def a_floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: int = 900) -> AsyncIterator[Floor]:
    floor = Floor(tmp_path / "line.db", 4, events)
    monkeypatch.setattr(balance, "time", no_lag(floor.clock))
    await floor.line.start()
    try:
        yield floor
    finally:
        await floor.line.journal.close()


async def produce(floor: Floor, until_ms: int, *, test: bool = False) -> int:
    """A job until then. Returns its number."""
    await floor.start_job(test=test)
    job = floor.ledger.job
    while floor.clock.ms < until_ms:
        await floor.event()
    await floor.stop_job()
    return job


async def a_day(floor: Floor) -> list[int]:
    """Three shifts, each with two jobs and a gap between them, a test in the second. Returns the jobs."""
    jobs = []
    for shift in range(3):
        await floor.begin_shift(shift)
        end = BEGIN_MS + (shift + 1) * SHIFT_MS
        jobs.append(await produce(floor, end - 2 * HOUR_MS))
        while floor.clock.ms < end - 100 * MINUTE_MS:
            await floor.event()
        if shift == 1:
            jobs.append(await produce(floor, end - 90 * MINUTE_MS, test=True))
        jobs.append(await produce(floor, end - 20 * MINUTE_MS))
    return jobs


async def look(floor: Floor, scope: Scope) -> None:
    """What the line says of a scope is what the floor counted, figure by figure, and adds up."""
    line, (kind, number) = floor.line, scope
    if scope == LIFE:
        found = (await line.watch.look()).life
    else:
        begins = BEGIN_MS + number * SHIFT_MS
        last = number == 2 and kind == "shift"  # what happens after the day belongs to it
        span = Span(begins, 2**60 if last else begins + SHIFT_MS) if kind == "shift" else Span(0, 2**60, number)
        found = (await summary(line.journal, line.plant, span, line.clock.ms)).balance
    assert [one for one in found if one.difference] == [], scope
    assert figures(found) == floor.expected(scope), scope


@pytest.mark.parametrize(
    "events", [1_500, pytest.param(30_000, marks=[pytest.mark.slow, pytest.mark.bound(1_800)])], ids=["short", "whole"]
)
async def test_the_balance_adds_up_after_a_day_with_every_fault(
    events: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_floor(tmp_path, monkeypatch, events) as floor:
        jobs = await a_day(floor)
        assert EVERY_FAULT - set(floor.happened) == set()
        assert EVERY_ANSWER - floor.office.seen == set()
        await floor.settle()
        scopes = [LIFE, *(("job", job) for job in jobs), *(("shift", shift) for shift in range(3))]
        for scope in scopes:
            await look(floor, scope)
        await floor.leave_things_open()
        assert {part for _, whole, part in floor.expected() if whole == "applied"} >= set(CodeState)
        for scope in [*scopes, ("job", floor.ledger.job)]:
            await look(floor, scope)
        assert not floor.line.problems.has("balance")


LOST = {
    "station.marking.read.accepted": "line: reads",
    "station.marking.reason.malformed": "marking: reads",
    "reason.malformed": "line: rejected",
    "code.unreported": "line: applied",
    "code.applied": "line: applied",
}


async def test_one_item_lost_in_any_sum_is_an_alarm_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_floor(tmp_path, monkeypatch) as floor:
        await floor.start_job()
        for _ in range(3):
            await floor.new_item()
            await floor.check_item()
            await floor.pack_item()
        while not floor.happened["malformed"]:
            await floor.bad_read()
        watch, problems = floor.line.watch, floor.line.problems

        async def spoil(sql: str, n: int) -> None:
            def step(connection: Connection) -> None:
                connection.execute(sql, (n,))

            await floor.line.journal.do(step)
            floor.clock.pass_ms(MINUTE_MS)  # packages are looked at now and then
            await watch.look()

        await spoil("UPDATE counter SET n = n + ?", 0)
        assert not problems.has("balance")
        changes = [(f"UPDATE counter SET n = n + ? WHERE name = '{name}'", place) for name, place in LOST.items()]
        changes.append(("UPDATE package SET holds = holds + ?", "line: packed"))
        for sql, place in changes:
            await spoil(sql, -1)
            assert place in {one.where for one in problems.all() if one.kind == "balance"}, sql
            await spoil(sql, 1)
            assert not problems.has("balance"), sql


async def test_one_item_that_the_plc_did_not_count_is_an_alarm_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_floor(tmp_path, monkeypatch) as floor:
        await floor.start_job()
        for _ in range(5):
            await floor.new_item()
        while floor.expected().get(("marking", "ejected", "confirmed"), 0) < 2:
            await floor.bad_read()
        assert floor._plc["marking", "triggers"] == floor.expected()["marking", "reads", ""]  # nothing was missed
        unconfirmed = floor.expected().get(("marking", "ejected", "unconfirmed"), 0)
        floor._plc["marking", "triggers"] -= 1
        floor._plc["marking", "ejected"] -= 1 + unconfirmed
        await floor.flush()
        watch, problems = floor.line.watch, floor.line.problems

        async def later() -> set[str]:
            await watch.look()
            floor.clock.pass_ms(2 * MINUTE_MS)  # a PLC may be late by so much
            await watch.look()
            return {one.where for one in problems.all() if one.kind == "balance"}

        assert await later() == {"marking: triggers", "marking: ejected"}
        floor._plc.update({("marking", "triggers"): 1, ("marking", "ejected"): 1})
        await floor.flush()
        assert await later() == set()
