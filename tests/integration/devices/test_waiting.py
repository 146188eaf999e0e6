"""Devices that wait for an acknowledgement, are greeted and kept alive, fall silent, or end frames by a pause."""

from __future__ import annotations

import asyncio
from typing import Any

from lined.devices import LinkLimits
from lined.devices.silence import LEARNT_AFTER
from lined.line.intake.capture import OUT
from tests.integration.devices.bench import FakeIntake, link, scanner

WAITS: dict[str, Any] = {"ack": "PASS\r", "nack": "RTRY\r", "suffix": "\r"}


async def test_the_acknowledgement_goes_out_after_the_verdict_and_before_the_reply() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake, **WAITS):
        peer = await device.connection()
        await peer.send(b"good\r")
        await intake.until(lambda: len(intake.judgings) == 1)
        assert intake.of("replied") == []
        intake.complete(0)
        await peer.hear(b"PASS\rOK\r\n")
        await peer.send(b"bad\r")
        await intake.until(lambda: len(intake.judgings) == 2)
        intake.complete(1)
        await peer.hear(b"PASS\rNG\r\n")


async def test_what_could_not_be_kept_is_asked_for_again_and_judged_again() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake, **WAITS):
        peer = await device.connection()
        await peer.send(b"good\r")
        await intake.until(lambda: len(intake.judgings) == 1)
        intake.complete(0, failed=True)
        await peer.hear(b"RTRY\r")
        await peer.send(b"good\r")
        await intake.until(lambda: len(intake.judgings) == 2)
        intake.complete(1)
        await peer.hear(b"PASS\rOK\r\n")


async def test_what_could_not_be_kept_is_rejected_where_nothing_is_sent_again() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake):
        peer = await device.connection()
        await peer.send(b"good\r")
        await intake.until(lambda: len(intake.judgings) == 1)
        intake.complete(0, failed=True)
        await peer.hear(b"NG\r\n")


async def test_a_frame_sent_again_before_its_acknowledgement_is_judged_and_answered_once() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake, **WAITS) as running:
        peer = await device.connection()
        await peer.send(b"good\r")
        await intake.until(lambda: len(intake.judgings) == 1)
        await peer.send(b"good\rgood\r")
        async with asyncio.timeout(10):
            while running.state.retransmissions < 2:
                await asyncio.sleep(0)
        intake.complete(0)
        await peer.hear(b"PASS\rOK\r\n")
        await peer.send(b"good\r")  # another item now
        await intake.until(lambda: len(intake.judgings) == 2)
        intake.complete(1)
        await peer.hear(b"PASS\rOK\r\n")


async def test_a_read_whose_acknowledgement_never_arrived_is_unsaid_and_judged_anew_when_it_comes_again() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake, **WAITS):
        first = await device.connection()
        await first.send(b"good\r")
        await intake.until(lambda: len(intake.judgings) == 1)
        await first.hang_up(reset=True)
        await intake.down()
        intake.complete(0)
        await intake.until(lambda: bool(intake.of("unsaid")))
        second = await device.connection()
        await second.send(b"good\r")
        await intake.until(lambda: len(intake.judgings) == 2)
        intake.complete(1)
        await second.hear(b"PASS\rOK\r\n")


async def test_what_is_damaged_on_its_way_is_asked_for_again_and_never_judged() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, **WAITS, checksum="sum-hex") as running:
        peer = await device.connection()
        await peer.send(b"good00\r")
        await peer.hear(b"RTRY\r")
        assert intake.judgings == []
        assert running.state.garbled == 1
        await peer.send(b"good%02X\r" % (sum(b"good") % 256))
        await peer.hear(b"PASS\rOK\r\n")


async def test_a_device_is_greeted_first_on_each_connection_and_kept_alive() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, login="LON\r", keepalive="HB\r", keepalive_s=0.1):
        for _ in range(2):
            peer = await device.connection()
            await peer.hear(b"LON\rHB\rHB\rHB\r")
            await peer.hang_up()


async def test_a_greeting_may_be_a_secret_and_is_in_no_capture() -> None:
    intake, tapped = FakeIntake(), []
    async with scanner() as device, link(device.url, intake, login="user:s3cret\r") as running:
        running.state.tap = lambda what, data=b"", frames=0: tapped.append((what, data, frames))
        peer = await device.connection()
        await peer.hear(b"user:s3cret\r")
        await peer.send(b"good\r\n")
        await peer.hear(b"OK\r\n")
    assert [data for what, data, _ in tapped if what == OUT] == [b"*" * 12, b"OK\r\n"]


async def test_nothing_but_the_reply_is_written_where_nothing_is_asked_for() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake):
        peer = await device.connection()
        await peer.send(b"good\r\n")
        await peer.hear(b"OK\r\n")


async def test_a_device_that_falls_silent_is_told_and_told_well_again() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, heartbeat=["HB"], silent_s=0.2) as running:
        peer = await device.connection()
        await peer.send(b"HB\r\n")
        await intake.until(lambda: intake.of("silent") == [("silent", True)])
        assert running.state.silent
        await peer.send(b"HB\r\n")
        await intake.until(lambda: ("silent", False) in intake.of("silent"))
        assert running.state.heartbeats == 2


async def test_heartbeats_teach_how_long_a_silence_may_be() -> None:
    intake = FakeIntake()
    limits = LinkLimits(retry_first_s=0.01, retry_most_s=0.05, silence_least_s=0.2)
    async with scanner() as device, link(device.url, intake, heartbeat=["HB"], limits=limits) as running:
        peer = await device.connection()
        for count in range(1, LEARNT_AFTER + 1):
            await peer.send(b"HB\r\n")
            while running.state.heartbeats < count:
                await asyncio.sleep(0)
        await intake.until(lambda: ("silent", True) in intake.of("silent"))
        await peer.send(b"HB\r\n")
        await intake.until(lambda: ("silent", False) in intake.of("silent"))


async def test_one_that_is_gone_is_not_silent_too() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, silent_s=0.1) as running:
        peer = await device.connection()
        await intake.until(lambda: bool(intake.of("silent")))
        await device.stop()
        await peer.hang_up()
        await intake.down()
        assert intake.of("silent") == [("silent", True), ("silent", False)]
        assert not running.state.silent


async def test_an_error_that_it_reports_is_told() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, faults=["ER,.*"]) as running:
        peer = await device.connection()
        await peer.send(b"ER,LON,00\r\n")
        await intake.until(lambda: intake.of("fault") == [("fault", "ER,LON,00")])
        assert (running.state.faults, running.state.last_fault) == (1, "ER,LON,00")
        assert intake.judgings == []


async def test_a_pause_ends_a_frame() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, idle_ms=50):
        peer = await device.connection()
        await peer.send(b"go")
        await peer.send(b"od")
        await peer.hear(b"OK\r\n")
        assert intake.raws == [b"good"]
