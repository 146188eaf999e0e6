"""One minute of an account, shared by all processes of a computer: together never more than the limit."""

from __future__ import annotations

import fcntl
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lined.regulator.budget import Bucket, Budget, BudgetSpent
from lined.regulator.minute import WINDOW_S, Minute


@pytest.fixture
def minute(tmp_path: Path) -> Minute:
    return Minute.of(tmp_path, "https://one.example", "307797292", 20)


def at(seconds: float, minute: Minute) -> float:
    return minute.take(lambda: seconds)


def test_whoever_comes_takes_from_the_same_minute(minute: Minute) -> None:
    """Each opens the file for itself, as processes do: the lock is between open files."""
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: minute.take(), range(60)))
    assert waits.count(0.0) == 20
    assert all(0 < wait <= WINDOW_S + 1 for wait in waits if wait)


def test_in_no_60_s_are_there_more_than_the_limit(minute: Minute) -> None:
    taken: list[float] = []
    for tick in range(400):
        now = tick / 2
        taken += [now for _ in range(3) if at(now, minute) == 0]
    assert len(taken) > 40
    assert all(sum(first <= one < first + 60 for one in taken) <= 20 for first in taken)


def test_the_wait_is_as_long_as_it_says(minute: Minute) -> None:
    for _ in range(20):
        assert at(100.4, minute) == 0
    wait_s = at(130.0, minute)
    assert at(129.9 + wait_s, minute) > 0
    assert at(130.0 + wait_s, minute) == 0


def test_another_account_has_another_minute(minute: Minute, tmp_path: Path) -> None:
    for url, tin in (("https://one.example", "1"), ("https://two.example", "307797292")):
        other = Minute.of(tmp_path, url, tin, 20)
        assert other.path != minute.path
    assert Minute.of(tmp_path, "https://one.example", "307797292", 5).path == minute.path
    minute.take()
    assert minute.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"x": 1}', b'{"1": []}', b"\xff" * 99_999, b'{"9999999999": 7}']
)
def test_a_file_of_nonsense_or_of_another_start_of_the_machine_is_a_new_one(minute: Minute, content: bytes) -> None:
    minute.path.write_bytes(content)
    assert at(1_000.0, minute) == 0
    assert minute.path.read_bytes() == b'{"1000": 1}'


def test_a_lock_that_nobody_lets_go_of_is_not_waited_for(minute: Minute) -> None:
    minute.take()
    holder = os.open(minute.path, os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX)
    began = time.monotonic()
    try:
        with pytest.raises(OSError):
            minute.take()
    finally:
        os.close(holder)
    assert 0.5 < time.monotonic() - began < 10


def budget(minute: Minute, slept: list[float] | None = None) -> Budget:
    async def sleep(seconds: float) -> None:
        assert slept is not None
        slept.append(seconds)

    buckets = [Bucket(1_000_000, clock=time.monotonic, full=True) for _ in range(2)]
    return Budget(buckets[0], buckets[1], clock=time.monotonic, sleep=sleep, minute=minute)


async def test_two_processes_with_budgets_of_their_own_keep_to_the_accounts_limit(tmp_path: Path) -> None:
    minute = Minute(tmp_path / "minute", 3)
    daemon, hand = budget(minute), budget(minute)
    await daemon.acquire("submit", "utilisation")
    await daemon.acquire("check", "search")
    await hand.acquire("check", "orders")
    for one in (daemon, hand):
        with pytest.raises(BudgetSpent) as spent:
            await one.acquire("check", "orders", patience_s=1)
        assert 50 < spent.value.wait_s <= 61
        await one.acquire("read", "document")  # nothing limits these


async def test_a_file_that_cannot_be_used_takes_nothing_from_the_own_budget(tmp_path: Path) -> None:
    one = budget(Minute(tmp_path / "no" / "folder", 1))
    for _ in range(3):
        await one.acquire("submit", "utilisation", patience_s=0.5)
