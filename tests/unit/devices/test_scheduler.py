"""One piece of bytes in one turn of the loop, first come, first served."""

from __future__ import annotations

import asyncio

from lined.devices import FairScheduler


async def took(scheduler: FairScheduler, name: str, order: list[str]) -> None:
    await scheduler.acquire()
    order.append(name)


async def test_devices_with_bytes_at_the_same_moment_take_turns_of_the_loop() -> None:
    scheduler, order = FairScheduler(), list[str]()
    tasks = [asyncio.create_task(took(scheduler, name, order)) for name in "abcde"]
    most = before = 0
    while len(order) < len(tasks):
        await asyncio.sleep(0)
        most, before = max(most, len(order) - before), len(order)
    assert (order, most) == (list("abcde"), 1)
    await asyncio.gather(*tasks)


async def test_one_that_is_alone_waits_for_nothing() -> None:
    scheduler, order = FairScheduler(), list[str]()
    for name in "ab":
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task = asyncio.create_task(took(scheduler, name, order))
        await asyncio.sleep(0)
        assert task.done()
    assert order == ["a", "b"]


async def test_one_that_gave_up_keeps_nobody_waiting() -> None:
    scheduler, order = FairScheduler(), list[str]()
    tasks = [asyncio.create_task(took(scheduler, name, order)) for name in "abcd"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    tasks[2].cancel()
    async with asyncio.timeout(60):
        await asyncio.wait(tasks)
        await took(scheduler, "e", order)
    assert order == ["a", "d", "e"]
