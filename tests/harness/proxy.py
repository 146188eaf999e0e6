"""A TCP proxy between the daemon and the regulator's stand-in that does to requests what networks do.

    kind           what happens
    PASS           nothing
    HANG           nothing is read and nothing answered, until the other side gives up
    RESET_BEFORE   RST as soon as the request's first byte is there; nothing is passed on
    RESET_WITHIN   RST after half of the request's body; that half was passed on, and the server's side is reset too
    RESET_AFTER    the whole request is read and RST follows; nothing is passed on
    LOSE_ANSWER    the whole request is passed on and answered; RST instead of the answer
    CUT_ANSWER     half of the answer, then RST
    TRICKLE        the answer in pieces of a few bytes

Who asks is judged request by request: `plan(verb, path)` says which kind it meets.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import NamedTuple, Self

HEAD_MAX = 64 * 1024
TRICKLE_BYTES = 7
TRICKLE_S = 0.001
_LINGER_ZERO = struct.pack("ii", 1, 0)  # close() becomes RST


class Kind(StrEnum):
    PASS = "pass"
    HANG = "hang"
    RESET_BEFORE = "reset-before"
    RESET_WITHIN = "reset-within"
    RESET_AFTER = "reset-after"
    LOSE_ANSWER = "lose-answer"
    CUT_ANSWER = "cut-answer"
    TRICKLE = "trickle"


Plan = Callable[[str, str], Kind]


def passing(_verb: str, _path: str) -> Kind:
    return Kind.PASS


class Message(NamedTuple):
    """One HTTP message: its head with the empty line, its body as it came."""

    head: bytes
    body: bytes


class Proxy:
    """Listens on a free port of loopback; `async with`. `plan` may be exchanged at any time."""

    def __init__(self, upstream: tuple[str, int], plan: Plan = passing) -> None:
        self.plan = plan
        self.met: Counter[Kind] = Counter()
        self.upstream = upstream
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=2**20)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def leave(self) -> None:
        """Nobody is there any more: connections are refused, those that stand are cut."""
        assert self._server is not None
        self._port = self._server.sockets[0].getsockname()[1]
        await self.__aexit__(None, None, None)

    async def come_back(self) -> None:
        """Under the same address."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self._port, limit=2**20)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            reset(writer)
        except asyncio.CancelledError:
            reset(writer)  # the end of the proxy; a server's own task has nobody to tell
        finally:
            self._running.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Request by request, until one side ends."""
        up_reader, up_writer = await asyncio.open_connection(*self.upstream, limit=2**20)
        try:
            while True:
                head = await read_head(reader)
                if head is None:
                    break
                verb, path = head.split(b" ", 2)[:2]
                kind = self.plan(verb.decode(), path.decode())
                self.met[kind] += 1
                if not await self._one(kind, head, reader, writer, up_reader, up_writer):
                    reset(writer)
                    break
        finally:
            reset(up_writer)
            writer.close()

    async def _one(
        self,
        kind: Kind,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> bool:
        """One request and its answer. False: the connection is to be reset."""
        if kind is Kind.HANG:
            while await reader.read(2**16):
                pass
            return False
        if kind is Kind.RESET_BEFORE:
            return False
        body = await read_body(reader, head)
        if kind is Kind.RESET_AFTER:
            return False
        if kind is Kind.RESET_WITHIN:
            up_writer.write(head + body[: len(body) // 2])
            await up_writer.drain()
            return False
        up_writer.write(head + body)
        await up_writer.drain()
        answer_head = await read_head(up_reader)
        if answer_head is None:
            return False
        answer = answer_head + await read_body(up_reader, answer_head)
        if kind is Kind.LOSE_ANSWER:
            return False
        if kind is Kind.CUT_ANSWER:
            writer.write(answer[: len(answer) // 2])
            await writer.drain()
            return False
        await _give(writer, answer, trickle=kind is Kind.TRICKLE)
        return True


async def _give(writer: asyncio.StreamWriter, answer: bytes, *, trickle: bool) -> None:
    step = TRICKLE_BYTES if trickle else len(answer)
    for start in range(0, len(answer), step):
        writer.write(answer[start : start + step])
        await writer.drain()
        if trickle:
            await asyncio.sleep(TRICKLE_S)


async def read_head(reader: asyncio.StreamReader) -> bytes | None:
    """Everything up to and with the empty line; None where the connection ended before a byte of it."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None


async def read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """The body that the head announces, by length or in chunks, as it came."""
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        parts = []
        while True:
            size = await reader.readuntil(b"\r\n")
            chunk = await reader.readexactly(int(size.split(b";")[0], 16) + 2)
            parts += [size, chunk]
            if chunk == b"\r\n":
                return b"".join(parts)
    return await reader.readexactly(int(fields.get(b"content-length", b"0")))


def reset(writer: asyncio.StreamWriter) -> None:
    """RST, so that the other side sees a broken connection and no end of one."""
    transport = writer.transport
    raw = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()
