"""The simulated scanner against a peer that answers as a line would, over every kind of connection."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from drivers import load
from lined.codes import Shape, parse
from lined.sandbox.devices.items import spoiled
from lined.sandbox.devices.player import LineFaults, ScannerSettings, SimulatedScanner, faulty
from tests.harness.drivers import reads_of

CODES = [f"010489921512237121{number:013d}\x1d93test".encode() for number in range(200)]
Judge = Callable[[bytes], bytes | None]


def accept(_code: bytes) -> bytes:
    return b"OK\r\n"


class Line:
    """Reads frames, answers each by `judge` (None: silence), and ends connections on demand."""

    def __init__(self, judge: Judge = accept) -> None:
        self.judge = judge
        self.frames: list[bytes] = []
        self.halves: list[bytes] = []
        self.hang_up_after = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                frame = await reader.readuntil(b"\r\n")
                self.frames.append(frame[:-2])
                if self.hang_up_after and len(self.frames) >= self.hang_up_after:
                    self.hang_up_after = 0
                    return
                answer = self.judge(frame[:-2])
                if answer is not None:
                    writer.write(answer)
        except asyncio.IncompleteReadError as rest:
            if rest.partial:
                self.halves.append(rest.partial)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    async def dial(self, url: str) -> None:
        """Stay connected with a device that listens, as lined's tcp:// does."""
        host, _, port = url.removeprefix("tcp://").partition(":")
        while True:
            await self.serve(*await asyncio.open_connection(host, int(port)))


@asynccontextmanager
async def dialled(line: Line, scanner: SimulatedScanner) -> AsyncIterator[None]:
    async with scanner:
        dialling = asyncio.create_task(line.dial(scanner.url))
        try:
            yield
        finally:
            dialling.cancel()
            await asyncio.gather(dialling, return_exceptions=True)


async def test_every_item_is_sent_once_and_its_answer_noted() -> None:
    def judge(code: bytes) -> bytes:
        return b"NG\r\n" if code in CODES[::3] else b"OK\r\n"

    line, scanner = Line(judge), SimulatedScanner("tcp-listen://127.0.0.1:0", CODES)
    async with dialled(line, scanner):
        results = await scanner.play()
    assert line.frames == CODES
    assert results.rejected == set(CODES[::3])
    assert results.accepted == set(CODES) - set(CODES[::3])
    assert results.counts == {"sent": 200, "accepted": 133, "rejected": 67, "connections": 1}


async def test_the_device_may_be_the_one_that_connects() -> None:
    line = Line()
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with SimulatedScanner(f"tcp://127.0.0.1:{port}", CODES) as scanner:
        assert scanner.url == f"tcp-listen://127.0.0.1:{port}"
        results = await scanner.play()
    server.close()
    await server.wait_closed()
    assert results.accepted == set(CODES)


async def test_a_pseudo_terminal_serves_as_serial_port(tmp_path: Path) -> None:
    port = tmp_path / "scanner"
    async with SimulatedScanner(f"pty://{port}", CODES) as scanner:
        assert scanner.url == f"serial://{port}"
        answering = asyncio.create_task(asyncio.to_thread(answer_on_terminal, port, len(CODES)))
        results = await scanner.play()
        assert await answering == CODES
    assert results.accepted == set(CODES)
    assert not port.is_symlink()


def answer_on_terminal(port: Path, count: int) -> list[bytes]:
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        received = b""
        answered = 0
        while answered < count:
            received += os.read(fd, 4096)
            while answered < received.count(b"\r\n"):
                os.write(fd, b"OK\r\n")
                answered += 1
        return received.split(b"\r\n")[:-1]
    finally:
        os.close(fd)


async def test_an_item_without_an_answer_passes_again_after_a_reconnect() -> None:
    line, scanner = Line(), SimulatedScanner("tcp-listen://127.0.0.1:0", CODES, ScannerSettings(window=5))
    line.hang_up_after = 50
    async with dialled(line, scanner):
        results = await scanner.play()
    assert results.accepted == set(CODES)
    assert results.counts["connections"] == 2
    assert 1 <= results.counts["unanswered"] <= 5
    assert results.counts["sent"] == len(CODES) + results.counts["unanswered"]
    assert list(dict.fromkeys(line.frames)) == CODES  # passing again keeps the order of the belt


async def test_silence_counts_as_unanswered_and_starts_a_new_connection() -> None:
    silent = {CODES[7]}

    def judge(code: bytes) -> bytes | None:
        if code in silent:
            silent.clear()
            return None
        return b"OK\r\n"

    settings = ScannerSettings(window=1, reply_timeout_s=0.1)
    line, scanner = Line(judge), SimulatedScanner("tcp-listen://127.0.0.1:0", CODES[:20], settings)
    async with dialled(line, scanner):
        results = await scanner.play()
    assert results.counts["unanswered"] == 1
    assert results.accepted == set(CODES[:20])


async def test_answers_cut_into_bytes_are_understood() -> None:
    line = Line()
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    scanner = SimulatedScanner("tcp-listen://127.0.0.1:0", CODES[:10], ScannerSettings(window=10))
    async with scanner:
        playing = asyncio.create_task(scanner.play())
        host, _, port = scanner.url.removeprefix("tcp://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in CODES[:10]:
            await reader.readuntil(b"\r\n")
        for byte in b"NG\r\n" + b"OK\r\n" * 9:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        results = await playing
        writer.close()
    server.close()
    await server.wait_closed()
    assert (results.counts["rejected"], results.counts["accepted"]) == (1, 9)
    assert results.rejected == {CODES[0]}


async def test_a_pulled_cable_leaves_half_a_frame_and_the_item_passes_again() -> None:
    items = list(faulty(CODES[:20], LineFaults(pulls=0.3), Random(1)))
    pulls = sum(item.pull for item in items)
    line, scanner = Line(), SimulatedScanner("tcp-listen://127.0.0.1:0", items)
    async with dialled(line, scanner):
        results = await scanner.play()
    assert pulls > 2
    assert results.counts["connections"] == pulls + 1
    assert line.frames == CODES[:20]
    assert results.accepted == set(CODES[:20])


async def test_each_fault_passes_and_every_code_is_read_well_in_the_end() -> None:
    strange = b"010307797292004621strange\x1d93test"
    faults = LineFaults(
        duplicates=0.2, wrong_products=0.2, no_reads=0.2, garbage=0.2, separators_lost=0.2, spoiled=0.2, wrong=[strange]
    )
    seen: set[bytes] = set()

    def judge(code: bytes) -> bytes:
        good = code in CODES and code not in seen
        seen.add(code)
        return b"OK\r\n" if good else b"NG\r\n"

    line = Line(judge)
    scanner = SimulatedScanner("tcp-listen://127.0.0.1:0", faulty(CODES, faults, Random(2)), ScannerSettings(window=8))
    async with dialled(line, scanner):
        results = await scanner.play()
    assert results.accepted == set(CODES)
    kinds = {"duplicate", "wrong-product", "no-read", "garbage", "separators-lost", "spoiled"}
    assert {kind for kind, outcome in results.by_kind if outcome == "rejected"} == kinds
    assert {kind for kind, outcome in results.by_kind if outcome == "accepted"} == {"read"}
    assert not results.accepted_again


def test_what_is_spoiled_is_certain() -> None:
    chance = Random(3)
    for code in CODES * 20:
        (read,) = reads_of(load("generic")({}).feed(spoiled(code, chance) + b"\r\n"))
        text = code.decode()
        shape = Shape(None, len(text.partition("\x1d")[0]) - 18)
        assert parse(read.codes[0], {text[2:16]: shape}).full == text


async def test_the_belt_keeps_its_pace() -> None:
    line = Line()
    scanner = SimulatedScanner("tcp-listen://127.0.0.1:0", CODES[:50], ScannerSettings(rate=200))
    async with dialled(line, scanner):
        start = asyncio.get_running_loop().time()
        await scanner.play()
        took_s = asyncio.get_running_loop().time() - start
    assert took_s >= 49 / 200


async def test_playing_goes_on_where_it_was_cancelled() -> None:
    line, scanner = Line(), SimulatedScanner("tcp-listen://127.0.0.1:0", CODES, ScannerSettings(window=3, rate=400))
    async with dialled(line, scanner):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scanner.play(), 0.1)
        assert len(scanner.results.accepted) < len(CODES)
        results = await scanner.play()
    assert results.accepted == set(CODES)
    assert list(dict.fromkeys(line.frames)) == CODES


async def test_a_paused_belt_sends_nothing() -> None:
    line, scanner = Line(), SimulatedScanner("tcp-listen://127.0.0.1:0", CODES[:5])
    async with dialled(line, scanner):
        scanner.pause()
        playing = asyncio.create_task(scanner.play())
        done, _ = await asyncio.wait({playing}, timeout=0.1)
        assert not done and not line.frames
        scanner.resume()
        assert (await playing).accepted == set(CODES[:5])


async def test_without_answers_everything_sent_is_done() -> None:
    line = Line(lambda _code: None)
    settings = ScannerSettings(accept=b"", reject=b"")
    scanner = SimulatedScanner("tcp-listen://127.0.0.1:0", CODES, settings)
    async with dialled(line, scanner):
        results = await scanner.play()
        assert results.counts["sent"] == len(CODES)


async def test_the_log_tells_each_item_in_order(tmp_path: Path) -> None:
    log = tmp_path / "scanner.log"
    line = Line()
    scanner = SimulatedScanner("tcp-listen://127.0.0.1:0", CODES[:2], ScannerSettings(window=1), log_path=log)
    async with dialled(line, scanner):
        await scanner.play()
    events = [json.loads(row) for row in log.read_text().splitlines()]
    assert [event[0] for event in events] == ["sent", "accepted", "sent", "accepted"]
    assert events[3][3].encode() == CODES[1]


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ValueError, match="beginning"):
        ScannerSettings(accept=b"1", reject=b"10")
    with pytest.raises(ValueError, match="needs accept"):
        ScannerSettings(accept=b"")
    with pytest.raises(ValueError, match="tcp-listen"):
        SimulatedScanner("udp://127.0.0.1:1", [])


async def test_a_taken_port_is_told_at_opening() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        scanner = SimulatedScanner(f"tcp-listen://127.0.0.1:{taken.getsockname()[1]}", [])
        with pytest.raises(OSError, match="in use"):
            await scanner.open()
        await scanner.close()
