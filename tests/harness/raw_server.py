"""A raw HTTP server that can misbehave byte by byte: each connection is told by a coroutine what to do.

    async def behaviour(peer: Peer) -> None:
        seen = await peer.request()                 # the whole request, as it came
        await peer.send(answer(200, {"reportId": "x"}))

Nothing is taken care of for the behaviour: what it does not send is not sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

HEAD_BYTES = 64 * 1024


class Seen(NamedTuple):
    verb: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def bearer(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


class Peer:
    """One connection, seen from the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RawServer) -> None:
        self.reader = reader
        self.writer = writer
        self.number = server.connections
        self._server = server

    async def request(self) -> Seen:
        """The next request; raises IncompleteReadError where the other side has closed."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        verb, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        seen = Seen(verb, target, headers, body, self.number)
        self._server.seen.append(seen)
        return seen

    async def send(self, piece: bytes) -> None:
        self.writer.write(piece)
        await self.writer.drain()

    def reset(self) -> None:
        """Close with RST instead of FIN: what is under way is lost."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def hang(self) -> None:
        """Say nothing until the other side closes or the test ends."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


Behaviour = Callable[[Peer], Awaitable[None]]


class RawServer:
    """Listens on a free port; the behaviours are used one for each connection, the last one for all that follow."""

    def __init__(self, *behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.behaviours = list(behaviours)
        self.connections = 0
        self.seen: list[Seen] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_BYTES, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        behaviour = self.behaviours[min(self.connections, len(self.behaviours) - 1)]
        self.connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await behaviour(Peer(reader, writer, self))
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()


def answer(
    status: int,
    body: object = None,
    *,
    kind: str = "application/json",
    date: float | None = None,
    length: int | None = None,
    **headers: str,
) -> bytes:
    """A whole answer. `body`: bytes or str as they are, anything else as JSON; `length`: another Content-Length."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    raw = b"" if body is None else raw
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Date: {formatdate(date, usegmt=True)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(raw) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def says(*answers: bytes) -> Behaviour:
    """Answers the requests of a connection one by one, the last answer again and again."""

    async def behaviour(peer: Peer) -> None:
        for number in range(1_000_000):
            await peer.request()
            await peer.send(answers[min(number, len(answers) - 1)])

    return behaviour


def routes(**methods: Callable[[Seen], bytes]) -> Behaviour:
    """Answers by the last word of the path: `search`, `codes`, `authenticate`, ...; 404 for others."""

    async def behaviour(peer: Peer) -> None:
        while True:
            seen = await peer.request()
            route = methods.get(seen.path.rsplit("/", 1)[-1].replace("-", "_"))
            await peer.send(route(seen) if route else answer(404, {"code": "not-found"}))

    return behaviour


@contextlib.asynccontextmanager
async def loop_holds(most_s: float) -> AsyncIterator[None]:
    """Fails where one turn of the loop took more than `most_s` of the processor. Of the processor, not of the wall's
    clock: what other processes of a busy machine take from us is not what we hold the loop for.
    """
    longest_s = 0.0
    running = True

    async def watch() -> None:
        nonlocal longest_s
        while running:
            before_s = time.thread_time()
            await asyncio.sleep(0)
            longest_s = max(longest_s, time.thread_time() - before_s)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        running = False
        await watching
    assert longest_s <= most_s, f"the loop was held for {longest_s * 1000:.1f} ms"
