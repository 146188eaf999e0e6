"""The budget, with a clock of our own: what goes out in any minute, who goes first, what a Retry-After does."""

from __future__ import annotations

import asyncio
import heapq
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lined.regulator.budget import LONGEST_FLOOR_S, Bucket, Budget, BudgetSpent, Rank


class FakeTime:
    """Time that moves only when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), woken))
        await woken

    async def pass_until(self, end: float) -> None:
        """Let time pass, waking the sleepers one by one in order."""
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, woken = heapq.heappop(self._sleepers)
            self.now = max(self.now, moment)
            if not woken.done():
                woken.set_result(None)
            await self._settle()
        self.now = end

    @staticmethod
    async def _settle() -> None:
        for _ in range(20):
            await asyncio.sleep(0)


async def _greedy(bucket: Bucket, time: FakeTime, out: list[float], *, reserved: bool = False) -> None:
    while True:
        await bucket.acquire(Rank.URGENT if reserved else Rank.USUAL, patience_s=1e9)
        out.append(time.now)


async def _sent_by(per_minute: int, seconds: float, *kinds: bool) -> tuple[list[float], FakeTime]:
    time = FakeTime()
    out: list[float] = []
    bucket = Bucket(per_minute, clock=time.clock, sleep=time.sleep)
    tasks = [asyncio.create_task(_greedy(bucket, time, out, reserved=kind)) for kind in kinds or (False, True)]
    await time.pass_until(time.now + seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return out, time


@pytest.mark.parametrize("per_minute", [2, 7, 19, 30, 90, 100])
async def test_no_minute_ever_holds_more_than_the_limit(per_minute: int) -> None:
    out, _ = await _sent_by(per_minute, 400.0)
    busiest = max(sum(start <= moment < start + 60.0 for moment in out) for start in out)
    assert busiest <= per_minute
    assert len(out) >= per_minute * 400 / 60 * 0.45


async def test_it_is_empty_at_start() -> None:
    out, _ = await _sent_by(90, 0.5)
    assert out == []


async def test_a_full_one_lets_the_first_go_at_once() -> None:
    time = FakeTime()
    await Bucket(600, clock=time.clock, sleep=time.sleep, full=True).acquire(patience_s=0.0)


async def test_one_a_minute_is_one_a_minute() -> None:
    out, _ = await _sent_by(1, 600.0, False)
    assert 9 <= len(out) <= 10
    assert all(later - earlier >= 59.99 for earlier, later in itertools.pairwise(out))


async def test_a_storm_of_reports_leaves_a_share_for_tokens() -> None:
    time = FakeTime()
    out: list[float] = []
    bucket = Bucket(90, clock=time.clock, sleep=time.sleep)
    storm = asyncio.create_task(_greedy(bucket, time, out))
    await time.pass_until(time.now + 30.0)
    await bucket.acquire(Rank.URGENT, patience_s=0.0)  # at once
    await bucket.acquire(Rank.URGENT, patience_s=0.0)
    storm.cancel()
    await asyncio.gather(storm, return_exceptions=True)


async def test_who_would_wait_too_long_is_told_so() -> None:
    time = FakeTime()
    bucket = Bucket(6, clock=time.clock, sleep=time.sleep)
    with pytest.raises(BudgetSpent) as caught:
        await bucket.acquire(patience_s=1.0)
    assert caught.value.wait_s == pytest.approx(30.0)
    assert bucket.state().waiting == 0


async def test_a_retry_after_is_a_floor_for_its_method() -> None:
    time = FakeTime()
    budget = _budget(time, 600)
    await time.pass_until(time.now + 60.0)
    budget.hold_back("check", "search", 20.0)
    assert budget.state()["limited"].held_back_s == 20.0
    with pytest.raises(BudgetSpent) as caught:
        await budget.acquire("check", "search", patience_s=19.0)
    assert caught.value.method == "search" and caught.value.wait_s == 20.0
    await time.pass_until(time.now + 20.0)
    await budget.acquire("check", "search", patience_s=0.0)


async def test_no_retry_after_silences_us_for_longer_than_an_hour() -> None:
    time = FakeTime()
    budget = _budget(time, 60)
    budget.hold_back("submit", "utilisation", 1e12)
    assert budget.state()["limited"].held_back_s == LONGEST_FLOOR_S
    budget.hold_back("submit", "utilisation", -5.0)
    assert budget.state()["limited"].held_back_s == LONGEST_FLOOR_S


@pytest.mark.parametrize("per_minute", range(1, 31))
async def test_a_storm_of_reports_leaves_one_request_a_minute_whatever_the_rate(per_minute: int) -> None:
    time = FakeTime()
    bucket = Bucket(per_minute, clock=time.clock, sleep=time.sleep)
    out: list[float] = []
    storm = [asyncio.create_task(_greedy(bucket, time, out)) for _ in range(3)]
    await time.pass_until(time.now + 600.0)
    for _ in range(10):
        asked = time.now
        looking = asyncio.create_task(bucket.acquire(Rank.URGENT, patience_s=61.0))
        while not looking.done():
            await time.pass_until(time.now + 1.0)
        await looking
        assert time.now - asked <= 61.0
    assert out
    for task in storm:
        task.cancel()
    await asyncio.gather(*storm, return_exceptions=True)


async def test_a_cancelled_waiter_takes_nothing() -> None:
    time = FakeTime()
    bucket = Bucket(60, clock=time.clock, sleep=time.sleep)
    waiter = asyncio.create_task(bucket.acquire())
    await time.pass_until(time.now)
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    assert bucket.state().waiting == 0
    other = asyncio.create_task(bucket.acquire())
    await time.pass_until(time.now + 10.0)
    await other


def _budget(time: FakeTime, per_minute: int) -> Budget:
    reads = Bucket(600, clock=time.clock, sleep=time.sleep, full=True)
    return Budget(Bucket(per_minute, clock=time.clock, sleep=time.sleep), reads, clock=time.clock)


async def test_submissions_tokens_and_looking_for_what_is_in_doubt_share_one_budget() -> None:
    """And the two that cannot wait have a share that submissions leave them."""
    time = FakeTime()
    budget = _budget(time, 60)
    out: list[tuple[float, str]] = []

    async def greedy(kind: str, pause_s: float) -> None:
        while True:
            asked = time.now
            await budget.acquire(kind, kind, patience_s=1e9)
            out.append((time.now, kind))
            assert kind == "submit" or time.now - asked < 3.0, f"{kind} waited {time.now - asked:.1f} s"
            await time.sleep(pause_s)

    kinds = (("submit", 0.0), ("check", 5.0), ("token", 20.0))
    tasks = [asyncio.create_task(greedy(*kind)) for kind in kinds]
    await time.pass_until(time.now + 300.0)
    for task in tasks:
        assert not task.done()
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    moments = [moment for moment, _ in out]
    assert max(sum(start <= moment < start + 60.0 for moment in moments) for start in moments) <= 60
    assert {kind for _, kind in out} == {"submit", "check", "token"}


async def test_a_retry_after_holds_back_one_method_and_no_other() -> None:
    """And what was saved up is not used by the others at once."""
    time = FakeTime()
    budget = _budget(time, 60)
    await time.pass_until(time.now + 60.0)
    budget.hold_back("submit", "utilisation", 3000.0)
    budget.hold_back("read", "key_check", 3000.0)
    with pytest.raises(BudgetSpent):
        budget.need_open("utilisation")
    for kind, method in (("submit", "aggregation"), ("read", "document")):
        with pytest.raises(BudgetSpent) as caught:
            await budget.acquire(kind, method, patience_s=0.0)
        assert not caught.value.method and caught.value.wait_s < 10.0
    await time.pass_until(time.now + 20.0)
    for kind, method in (("submit", "aggregation"), ("check", "search"), ("token", "login"), ("read", "document")):
        await budget.acquire(kind, method, patience_s=0.0)
    assert budget.state()["limited"].held_back_s == pytest.approx(2980.0)
    assert budget.state()["reads"].held_back_s == pytest.approx(2980.0)


@settings(max_examples=50, deadline=None)
@given(per_minute=st.integers(2, 120), pauses=st.lists(st.floats(0, 90), min_size=1, max_size=60))
async def test_pauses_never_save_up_more_than_the_limit(per_minute: int, pauses: list[float]) -> None:
    time = FakeTime()
    out: list[float] = []
    bucket = Bucket(per_minute, clock=time.clock, sleep=time.sleep)
    for pause in pauses:
        await time.pass_until(time.now + pause)
        for _ in range(12):
            try:
                await bucket.acquire(Rank.URGENT, patience_s=0.0)
            except BudgetSpent:
                break
            out.append(time.now)
    assert all(sum(start <= moment < start + 60.0 for moment in out) <= per_minute for start in out)
