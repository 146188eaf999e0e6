"""Links to devices that are TCP servers."""

from __future__ import annotations

import asyncio
import random
import socket
from contextlib import suppress

import pytest

from drivers import Event, load
from drivers.generic import GenericDriver
from lined.devices import DeviceSpec, DeviceState, LinkLimits, parse_url, run_device
from lined.line.intake.capture import REPLIED, UNACKNOWLEDGED, UNSAID
from lined.line.intake.ports import Judgement
from tests.integration.devices.bench import FakeIntake, Link, link, scanner

LATE = "the verdict came after its deadline"


async def test_a_verdict_is_said_for_each_frame_in_one_write() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, no_read=["NOREAD"]):
        peer = await device.connection()
        await peer.send(b"good\r\nbad\r\nNOREAD\r\ngood\r\n")
        await peer.hear(b"OK\r\nNG\r\nNG\r\nOK\r\n")
        await intake.until(lambda: bool(intake.of("replied")))
        assert len(intake.of("replied")) == len(intake.judgings)


async def test_verdicts_keep_the_order_of_the_reads_when_they_come_in_one_burst() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake):
        peer = await device.connection()
        codes = [b"good", b"bad", b"bad", b"good", b"bad"]
        for count, code in enumerate(codes, 1):
            await peer.send(code + b"\n")
            await intake.until(lambda count=count: len(intake.judgings) == count)  # type: ignore[misc]
        for index in reversed(range(len(codes))):
            intake.complete(index)
        await peer.hear(b"OK\r\nNG\r\nNG\r\nOK\r\nNG\r\n")
        await intake.until(lambda: len(intake.of("replied")) == len(codes))
        assert intake.of("replied") == [("replied", index) for index in range(len(codes))]


async def test_a_verdict_whose_connection_is_gone_is_unsaid_and_never_said_to_the_next_one() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake):
        first = await device.connection()
        for count in (1, 2):
            await first.send(b"good\n")
            await intake.until(lambda count=count: len(intake.judgings) == count)  # type: ignore[misc]
        await first.hang_up()
        second = await device.connection()
        await second.send(b"bad\n")
        for index in range(2):
            intake.complete(index)
        await intake.until(lambda: len(intake.judgings) == 3)
        intake.complete(2)
        await second.hear(b"NG\r\n")
        await intake.until(lambda: len(intake.events) >= 6)
        gone = "the device closed the connection"
        assert [event for event in intake.events if event[0] != "connected"] == [
            ("unsaid", 0, 0, gone),
            ("unsaid", 1, 0, gone),
            ("replied", 2),
        ]


async def test_a_reset_connection_is_a_state_and_no_crash() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake):
        peer = await device.connection()
        await peer.send(b"good\n")
        await intake.until(lambda: bool(intake.judgings))
        await peer.hang_up(reset=True)
        await intake.down()
        intake.complete(0)
        await intake.until(lambda: bool(intake.of("unsaid")))
        await device.connection()


async def test_half_a_line_is_dropped_with_its_connection() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake):
        first = await device.connection()
        await first.send(b"whole\r\nhal")
        await intake.until(lambda: intake.raws == [b"whole"])
        await first.hang_up()
        second = await device.connection()
        await second.send(b"f\r\n")
        await intake.until(lambda: len(intake.raws) == 2)
        assert intake.raws == [b"whole", b"f"]


async def test_it_reconnects_when_the_device_comes_back_and_tells_each_state_once() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, random=intake.attempt) as running:
        await device.connection()
        await intake.up()
        assert (running.state.connected, running.state.problem) == (True, None)
        await device.stop()
        await intake.down("refused")
        await intake.until(lambda: len(intake.of("attempt")) >= 6)  # they fail in the same way
        assert not running.state.connected
        await device.start()
        peer = await device.connection()
        await peer.send(b"good\n")
        await peer.hear(b"OK\r\n")
        assert running.state.reconnects == 1
    url = device.url
    assert intake.of("connected") == [
        ("connected", True, None),
        ("connected", False, f"{url}: the device closed the connection"),
        ("connected", False, f"{url}: Connection refused"),
        ("connected", True, None),
    ]


async def test_a_device_that_never_reads_its_replies_is_disconnected_and_holds_no_memory() -> None:
    intake = FakeIntake()
    reply = b"x" * 4096 + b"\r\n"
    async with scanner(receive_bytes=4096) as device, link(device.url, intake, reply=(reply, reply)) as running:
        peer = await device.connection()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            await peer.send(b"good\n" * 10)
        await intake.until(lambda: bool(intake.of("unsaid")))
        assert "does not read" in str(intake.of("unsaid")[0])
        again = await device.connection()
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises(ConnectionResetError):  # an end that leaves no old verdicts on their way
            await peer.reader.read()
        await intake.until(lambda: running.state.unanswered == 0)
        await again.send(b"good\n")
        await again.hear(reply)


@pytest.mark.parametrize("reply", [b"OK\r\n", b"x" * 510 + b"\r\n"])
async def test_what_the_peer_never_acknowledged_was_not_said(reply: bytes) -> None:
    """Replies wait in the kernel for a device that reads none: it takes some of them, and the connection ends."""
    intake, tapped = FakeIntake(), []
    async with scanner(receive_bytes=4096) as device, link(device.url, intake, reply=(reply, reply)) as running:
        running.state.tap = lambda what, data=b"", frames=0: tapped.append((what, data, frames))
        peer = await device.connection()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        sent = 0
        while not intake.of("unsaid") and sent < 400_000:  # at last one that the kernel does not take
            await peer.send(b"good\n" * 4)
            sent += 4
            await intake.until(lambda sent=sent: len(intake.raws) >= sent or bool(intake.of("unsaid")))  # type: ignore[misc]
        await intake.until(lambda: bool(intake.of("unacknowledged")))
        got = bytearray()
        with suppress(ConnectionError):
            peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
            async with asyncio.timeout(20):
                while chunk := await peer.reader.read(65_536):
                    got += chunk
        await device.connection()
    counts = [len(judging.frames) for judging in intake.judgings]
    (first, *_), heard = intake.of("unacknowledged"), 0
    for mark, count in enumerate(counts):
        told = count if mark < first[1] else first[2] if mark == first[1] else 0  # type: ignore[operator]
        heard += int(told)  # type: ignore[call-overload]
    assert heard * len(reply) <= len(got) + len(reply)
    said, listed = {event[1] for event in intake.of("replied")}, {event[1] for event in intake.of("unacknowledged")}
    assert listed == {mark for mark in said if mark >= first[1]}  # type: ignore[operator]
    captured = [frames for what, _, frames in tapped if what == UNACKNOWLEDGED]
    assert captured == [event[2] for event in reversed(intake.of("unacknowledged"))], "a capture tells the newest first"
    for what in (REPLIED, UNSAID):
        assert len([one for one in tapped if one[0] == what]) == len(intake.of(what))


async def test_what_the_peer_acknowledged_stays_said_however_the_connection_ends() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake) as running:
        for reset in (False, True, False, True):
            peer = await device.connection()
            await peer.send(b"good\n" * 500)
            await peer.hear(b"OK\r\n" * 500)
            ended = running.state.connections
            await peer.hang_up(reset=reset)
            await intake.up(ended + 1)
        await running_out(running)
    assert not intake.of("unacknowledged")
    assert not intake.of("unsaid")


async def running_out(running: Link) -> None:
    running.stopping.set()
    async with asyncio.timeout(20):
        await asyncio.wait([running.task])


async def test_a_device_that_ends_its_half_and_then_reads_its_replies_was_told_them() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake) as running:
        peer = await device.connection()
        await peer.send(b"good\n")
        await peer.hear(b"OK\r\n")
        await peer.send(b"bad\n")
        await intake.until(lambda: len(intake.of("replied")) == 2)
        peer.writer.write_eof()
        await peer.hear(b"NG\r\n")
        assert await peer.hear_end() == b""
        await intake.down("closed the connection")
        await running_out(running)
    assert not intake.of("unacknowledged")


async def test_reading_pauses_while_too_many_frames_are_unanswered() -> None:
    intake = FakeIntake(at_once=False)
    limits = LinkLimits(chunk_bytes=8, unanswered_frames=10)
    async with scanner() as device, link(device.url, intake, limits=limits) as running:
        peer = await device.connection()
        await peer.send(b"a\n" * 100)
        await intake.until(lambda: running.state.unanswered >= 10)
        for _ in range(100):  # plenty of turns of the loop to read on
            await asyncio.sleep(0)
        assert running.state.unanswered <= 10 + 4
        intake.at_once = True
        for index in range(len(intake.judgings)):
            intake.complete(index)
        await peer.hear(b"OK\r\n" * 100)


async def test_a_verdict_after_its_deadline_is_not_said() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, deadline_s=1e-9):
        peer = await device.connection()
        await peer.send(b"good\n")
        await intake.until(lambda: bool(intake.of("unsaid")))
        await device.stop()
        assert await peer.hear_end() == b""
    assert intake.of("unsaid") == [("unsaid", 0, 0, LATE)]
    assert not intake.of("replied")


async def test_a_verdict_before_its_deadline_is_said() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, deadline_s=30.0):
        peer = await device.connection()
        await peer.send(b"good\n")
        await peer.hear(b"OK\r\n")


async def test_without_replies_a_verdict_counts_as_said_even_when_the_device_is_gone() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake, reply=(b"", b"")):
        peer = await device.connection()
        await peer.send(b"good\n")
        await intake.until(lambda: bool(intake.judgings))
        await peer.hang_up()
        await intake.down()
        intake.complete(0)
        await intake.until(lambda: intake.of("replied") == [("replied", 0)])
        assert await peer.hear_end() == b""


async def test_where_accept_is_silent_it_is_unsaid_once_the_device_is_gone() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake, reply=(b"", b"NG\r\n")):
        peer = await device.connection()
        await peer.send(b"good\n")
        await intake.until(lambda: bool(intake.judgings))
        await peer.hang_up()
        await intake.down()
        intake.complete(0)
        await intake.until(lambda: bool(intake.of("unsaid")))
    assert not intake.of("replied")


async def test_garbage_never_crashes_a_link() -> None:
    intake = FakeIntake()
    noise = random.Random(7)
    async with scanner() as device, link(device.url, intake, max_bytes=64, prefix="\x02") as running:
        for _ in range(20):
            peer = await device.connection()
            await peer.send(noise.randbytes(noise.randrange(1, 20_000)))
            await peer.hang_up(reset=noise.random() < 0.5)
        peer = await device.connection()
        await peer.send(b"\n\x02good\n")
        await intake.until(lambda: b"good" in intake.raws)
        assert running.state.connected


async def test_a_link_that_trickles_byte_by_byte_gives_the_same_reads() -> None:
    intake = FakeIntake()
    stream = b"one\r\n\r\ntwo\rNOREAD\nthree\r\n"
    async with scanner() as device, link(device.url, intake, limits=LinkLimits(chunk_bytes=1), no_read=["NOREAD"]):
        peer = await device.connection()
        await peer.send(stream)
        await peer.hear(b"OK\r\nOK\r\nNG\r\nOK\r\n")
    assert intake.raws == [b"one", b"two", b"NOREAD", b"three"]
    assert all(len(judging.frames) == 1 for judging in intake.judgings)


async def test_stopping_reads_no_more_and_says_what_is_under_way() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake) as running:
        peer = await device.connection()
        await peer.send(b"good\n")
        await intake.until(lambda: bool(intake.judgings))
        running.stopping.set()
        await asyncio.sleep(0)
        await peer.send(b"good\n" * 100)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not running.task.done()
        intake.complete(0)
        async with asyncio.timeout(60):
            assert await peer.reader.read() == b"OK\r\n"  # and no reset, which could eat the verdict
            await peer.hang_up()
            await running.task
    assert intake.raws == [b"good"]
    assert intake.of("replied") == [("replied", 0)]


async def test_stopping_ends_at_once_while_nobody_is_connected() -> None:
    intake = FakeIntake()
    patient = LinkLimits(retry_first_s=1000, retry_most_s=1000)
    async with scanner() as device, link(device.url, intake, limits=patient) as running:
        await (await device.connection()).hang_up()
        await intake.down()
        running.stopping.set()
        async with asyncio.timeout(60):
            await running.task


async def test_cancelled_it_says_the_verdicts_that_are_there_already() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device, link(device.url, intake) as running:
        peer = await device.connection()
        for count in (1, 2, 3):
            await peer.send(b"good\n")
            await intake.until(lambda count=count: len(intake.judgings) == count)  # type: ignore[misc]
        intake.complete(0)
        intake.complete(1)
        running.task.cancel()
        assert await peer.hear_end() == b"OK\r\nOK\r\n"
    assert intake.of("replied") == [("replied", 0), ("replied", 1)]
    assert not intake.of("unsaid")


async def test_a_fault_of_the_line_is_not_taken_for_a_fault_of_the_device() -> None:
    class Broken(FakeIntake):
        def judge(self, *_: object) -> asyncio.Future[Judgement]:
            raise ZeroDivisionError

    async with scanner() as device:
        with pytest.RaisesGroup(ZeroDivisionError):
            async with link(device.url, Broken()) as running:
                peer = await device.connection()
                await peer.send(b"good\n")
                assert await peer.hear_end() == b""
                await asyncio.wait([running.task])


async def test_a_verdict_that_fails_comes_out_too() -> None:
    intake = FakeIntake(at_once=False)
    async with scanner() as device:
        with pytest.RaisesGroup(ZeroDivisionError):
            async with link(device.url, intake) as running:
                await (await device.connection()).send(b"good\n")
                await intake.until(lambda: bool(intake.judgings))
                intake.judgings[0].future.set_exception(ZeroDivisionError())
                await asyncio.wait([running.task])


async def test_a_name_that_does_not_resolve_is_a_state() -> None:
    intake = FakeIntake()
    async with link("tcp://no-such-host.invalid:9004", intake):
        await intake.down("the name cannot be resolved")


async def test_the_state_tells_the_status_page_what_came() -> None:
    intake = FakeIntake()
    async with scanner() as device, link(device.url, intake, heartbeat=["HB"]) as running:
        peer = await device.connection()
        await peer.send(b"HB\r\ngood\r\n" + b"z" * 1000 + b"\r\n")
        await peer.hear(b"OK\r\nOK\r\n")
        state = running.state
        assert (state.frames, state.received_bytes, state.heartbeats) == (2, 4 + 6 + 1002, 1)
        assert state.last_raw == b"z" * 256
        assert state.peer == device.url.removeprefix("tcp://")
        assert state.last_read_at is not None
        assert state.since is not None
    assert not running.state.connected


async def test_keepalive_finds_a_vanished_peer_within_half_a_minute() -> None:
    from lined.devices import tcp

    with socket.socket() as sock:
        tcp.tune(sock)
        idle, interval, probes, unacknowledged, prompt, on = (
            sock.getsockopt(level, option)
            for level, option in (
                (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
                (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
                (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
                (socket.IPPROTO_TCP, socket.TCP_NODELAY),
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            )
        )
    assert idle + interval * probes <= 30
    assert unacknowledged <= 30_000
    assert prompt
    assert on


async def test_a_defect_of_the_driver_costs_the_connection_and_no_verdict_is_said_to_the_wrong_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A device that counts replies would take the next one's for that of the read nobody understood."""
    intake, noted = FakeIntake(), []
    feed = GenericDriver.feed

    def spoilt(driver: GenericDriver, chunk: bytes) -> list[Event]:
        if b"poison" in chunk:
            raise IndexError("list index out of range")
        return list(feed(driver, chunk))

    monkeypatch.setattr(GenericDriver, "feed", spoilt)
    note = lambda where, error: noted.append((where, type(error)))  # noqa: E731
    async with scanner() as device, link(device.url, intake, note=note):
        first = await device.connection()
        await first.send(b"good\n")
        await first.hear(b"OK\r\n")
        await first.send(b"poison\n")
        await intake.down("a mistake in lined")
        second = await device.connection()
        await second.send(b"bad\n")
        await second.hear(b"NG\r\n")
        assert noted == [("driver of cam-1", IndexError)]


async def test_a_link_that_meets_a_defect_leaves_nothing_half_said_and_may_be_begun_again() -> None:
    class Deaf(FakeIntake):
        def replied(self, device: str, judgement: Judgement) -> None:
            super().replied(device, judgement)
            raise ZeroDivisionError

    intake, state = Deaf(at_once=False), DeviceState()
    async with scanner() as device:
        spec = DeviceSpec("cam-1", parse_url(device.url), b"OK\r\n", b"NG\r\n")
        running = asyncio.create_task(run_device(spec, load("generic")({}), intake, state=state))
        peer = await device.connection()
        for count in (1, 2):
            await peer.send(b"good\n")
            await intake.until(lambda count=count: len(intake.judgings) == count)  # type: ignore[misc]
        intake.complete(0)
        await asyncio.wait([running], timeout=20)
        assert isinstance(running.exception(), ExceptionGroup)
        assert state.unanswered == 0
        intake.complete(1)
        await intake.until(lambda: len(intake.of("unsaid")) == 2)
        assert intake.of("unsaid") == [("unsaid", n, 0, "a mistake in lined itself") for n in (0, 1)]
