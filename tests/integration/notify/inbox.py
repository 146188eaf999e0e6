"""Where people look, on this machine: an HTTP server that takes Apprise's JSON messages, or does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

TOKEN = "s3cret-t0ken"


class Inbox:
    """`mode`: "takes", "refuses" (500) or "hangs". `messages` in the order of their coming."""

    def __init__(self) -> None:
        self.mode = "takes"
        self.messages: list[dict[str, Any]] = []
        self.attempts = 0
        self.port = 0
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """With a secret in it, as such addresses have."""
        return f"json://user:{TOKEN}@127.0.0.1:{self.port}/{TOKEN}"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Nobody listens any more; the port stays ours by name only."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def until(self, holds: Callable[[], bool], bound_s: float = 60) -> None:
        """Until something came that makes it hold."""
        async with asyncio.timeout(bound_s):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line.partition(":")[2]) for line in head.split("\r\n") if line.lower().startswith("content-length")
            )
            body = await reader.readexactly(length)
            self.attempts += 1
            if self.mode == "takes":
                self.messages.append(json.loads(body))
            self._changed.set()
            if self.mode == "hangs":
                await reader.read()  # until the other side has had enough
                return
            status = "200 OK" if self.mode == "takes" else "500 Broken"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except (OSError, EOFError):
            return
        finally:
            writer.close()


async def until(holds: Callable[[], Awaitable[bool]], what: str, bound_s: float = 60) -> None:
    try:
        async with asyncio.timeout(bound_s):
            while not await holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} within {bound_s} s") from None
