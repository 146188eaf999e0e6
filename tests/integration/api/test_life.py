"""How the endpoint begins and ends: its port, its patience, its stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from pathlib import Path

import pytest

from lined.journal.database import Connection
from lined.web import connections
from lined.web import server as serving
from lined.web.server import StatusServer, StatusUnavailable
from tests.harness.served import Line, served
from tests.harness.served_lines import a_line


def taken_port() -> socket.socket:
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.listen()
    return holder


def another(line: Line, port: int, port_s: float) -> StatusServer:
    """A second endpoint of the same line."""
    return StatusServer(line.server.view, "127.0.0.1", port, token=line.token, port_s=port_s)


async def test_a_port_that_stays_taken_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with taken_port() as holder:
        async with a_line(tmp_path) as line:
            server = another(line, holder.getsockname()[1], 0.3)
            with pytest.raises(StatusUnavailable, match=r"status port 127\.0\.0\.1:\d+ cannot be had.*status\.listen"):
                await server.serve()
            assert not server.started.is_set()


async def test_a_port_that_becomes_free_in_time_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = taken_port()
    refused = asyncio.Event()
    listen_on = serving.listen_on

    def watched(host: str, port: int) -> socket.socket:
        try:
            return listen_on(host, port)
        except OSError:
            refused.set()
            raise

    monkeypatch.setattr(serving, "listen_on", watched)
    async with a_line(tmp_path) as line:
        server = another(line, holder.getsockname()[1], 10)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(server.serve())
            await refused.wait()
            holder.close()
            await asyncio.wait_for(server.started.wait(), 30)
            task.cancel()


async def test_a_free_port_is_told(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        assert line.server.port > 0
        assert line.server.url == f"http://127.0.0.1:{line.server.port}"


async def test_it_leaves_the_signals_alone(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with a_line(tmp_path) as line:
        await line.get("/livez")
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_at_the_end_idle_connections_are_closed_and_the_port_is_free(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        server = another(line, 0, 1)
        async with served(server):
            idle = await asyncio.open_connection("127.0.0.1", server.port)
            kept = await asyncio.open_connection("127.0.0.1", server.port)
            kept[1].write(f"GET /livez HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n".encode())
            await kept[0].readuntil(b"}")
        for reader, writer in (idle, kept):
            assert await asyncio.wait_for(reader.read(), 30) == b""
            writer.close()
        serving.listen_on("127.0.0.1", server.port).close()


async def test_a_request_under_way_is_answered_before_the_end(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        server = another(line, 0, 1)
        free = threading.Event()
        async with served(server):
            held = await hold_writer(line, free)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            request = line.request("POST", "/api/v1/reports/seal", headers=json_headers(line, server), body=b"{}")
            writer.write(request)
            await until_queued(line)
            asyncio.get_running_loop().call_later(0.2, free.set)
        assert (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.1 200")
        writer.close()
        await held


async def test_a_request_that_never_ends_does_not_keep_the_process(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        server = another(line, 0, 1)
        free = threading.Event()
        loop = asyncio.get_running_loop()
        try:
            async with served(server):
                held = await hold_writer(line, free)
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(
                    line.request("POST", "/api/v1/reports/seal", headers=json_headers(line, server), body=b"{}")
                )
                await until_queued(line)
                began = loop.time()
            assert loop.time() - began < 20  # 2 s where nothing else runs; the request would last for ever
        finally:
            free.set()
            await held
        writer.close()


async def test_who_asks_nothing_is_disconnected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.1)
    async with a_line(tmp_path) as line:
        for begun in (b"", b"GET /live", b"GET /livez HTTP/1.1\r\nHost: x\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", line.server.port)
            writer.write(begun)
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 30) == b""
            writer.close()


async def test_where_there_is_no_room_who_has_been_waited_for_longest_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS_MAX", 2)
    async with a_line(tmp_path) as line:
        request = f"GET /livez HTTP/1.1\r\nHost: localhost:{line.server.port}\r\n\r\n".encode()
        kept = [await asyncio.open_connection("127.0.0.1", line.server.port) for _ in range(2)]
        for reader, writer in kept:
            writer.write(request)
            assert b"200" in await reader.readuntil(b"}")
        reader, writer = await asyncio.open_connection("127.0.0.1", line.server.port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(kept[0][0].read(), 30) == b""
        for asks, answers in ((writer, reader), (kept[1][1], kept[1][0])):
            asks.write(request)
            assert b"200" in await answers.readuntil(b"}")
        for _, one in [*kept, (reader, writer)]:
            one.close()


def json_headers(line: Line, server: StatusServer) -> dict[str, str]:
    return {
        "Host": f"127.0.0.1:{server.port}",
        "Authorization": f"Bearer {line.token}",
        "Content-Type": "application/json",
    }


async def hold_writer(line: Line, free: threading.Event) -> asyncio.Future[object]:
    """The writer is busy, and its queue empty, until `free` is set."""
    busy = threading.Event()

    def step(_: Connection) -> bool:
        busy.set()
        return free.wait(20)

    held = line.journal.do(step)
    async with asyncio.timeout(30):
        while not busy.is_set():
            await asyncio.sleep(0.005)
    return held


async def until_queued(line: Line) -> None:
    """Until a command waits behind what holds the writer."""
    async with asyncio.timeout(30):
        while not line.journal.writer.queued:
            await asyncio.sleep(0.005)
