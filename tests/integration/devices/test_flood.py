"""One device's rejects are bounded, its accepts are not, and it is told when that begins and when it is over."""

from __future__ import annotations

import asyncio

import pytest

from lined.devices import LinkLimits, flood
from tests.integration.devices.bench import FakeIntake, link, scanner

TIGHT = LinkLimits(rejects_at_once=20, rejects_per_s=10, chunk_bytes=40)


async def test_rejects_are_read_no_faster_than_the_limit_and_it_is_told_until_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flood, "TELL_AFTER_S", 0.2)
    monkeypatch.setattr(flood, "OVER_AFTER_S", 0.5)
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, limits=TIGHT):
        peer = await device.connection()
        begun = asyncio.get_running_loop().time()
        await peer.send(b"bad\n" * 60)
        await intake.until(lambda: intake.of("flooding") == [("flooding", True)])
        await peer.hear(b"NG\r\n" * 60)
        lasted_s = asyncio.get_running_loop().time() - begun
        assert lasted_s > 1.0, "sixty of them, of which twenty at once and ten a second: about three seconds"
        await intake.until(lambda: intake.of("flooding")[-1] == ("flooding", False))
        await peer.send(b"good\n")
        await peer.hear(b"OK\r\n")


async def test_accepts_are_never_slowed() -> None:
    intake = FakeIntake()
    slow = LinkLimits(rejects_at_once=1, rejects_per_s=1)
    async with scanner() as device, link(device.url, intake, limits=slow):
        peer = await device.connection()
        await peer.send(b"good\n" * 20_000)
        await peer.hear(b"OK\r\n" * 20_000)
    assert not intake.of("flooding")


async def test_a_buffer_that_is_emptied_at_once_is_no_flood() -> None:
    intake = FakeIntake()
    limits = LinkLimits(rejects_at_once=100, rejects_per_s=10_000)
    async with scanner() as device, link(device.url, intake, limits=limits):
        peer = await device.connection()
        await peer.send(b"bad\n" * 2_000)
        await peer.hear(b"NG\r\n" * 2_000)
    assert not intake.of("flooding")


async def test_one_that_floods_can_be_stopped() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, limits=TIGHT) as running:
        peer = await device.connection()
        await peer.send(b"bad\n" * 2_000)
        await intake.until(lambda: len(intake.raws) > 20)
        running.stopping.set()
        await peer.hang_up()
        async with asyncio.timeout(20):
            await asyncio.wait([running.task])
        assert running.task.done()
