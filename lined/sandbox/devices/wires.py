"""The connection of a simulated device, and TCP either way round."""

from __future__ import annotations

import asyncio
from typing import Protocol

RETRY_S = 0.05  # between two attempts to connect
READ_BYTES = 16_384


class Gone(Exception):
    """The other end is not there any more."""


class Wire(Protocol):
    """One connection. `read` and `write` raise Gone where it has ended."""

    async def read(self) -> bytes: ...

    async def write(self, chunk: bytes) -> None: ...

    def cut(self) -> None:
        """End it now, as a pulled cable does."""


class Socket(Protocol):
    """Where connections come from. `url` is what lined's configuration says about this device."""

    url: str

    async def open(self) -> None: ...

    async def connect(self) -> Wire:
        """Wait for the other end, however long."""

    async def close(self) -> None: ...


class TcpWire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        try:
            chunk = await self._reader.read(READ_BYTES)
        except OSError as error:
            raise Gone(str(error)) from error
        if not chunk:
            raise Gone("closed by the other end")
        return chunk

    async def write(self, chunk: bytes) -> None:
        try:
            self._writer.write(chunk)
            await self._writer.drain()
        except OSError as error:
            raise Gone(str(error)) from error

    def cut(self) -> None:
        self._writer.transport.abort()


class TcpServerSocket:
    """Listens; a new connection cuts the one before. Opened again after `close`, it has the port it had."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._server: asyncio.Server | None = None
        self._newest: TcpWire | None = None
        self._arrived = asyncio.Event()
        self.url = ""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, *self._address)
        host, port = self._address = self._server.sockets[0].getsockname()[:2]
        self.url = f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._newest is not None:
            self._newest.cut()
        self._newest = TcpWire(reader, writer)
        self._arrived.set()

    async def connect(self) -> Wire:
        await self._arrived.wait()
        self._arrived.clear()
        assert self._newest is not None
        return self._newest

    async def close(self) -> None:
        if self._newest is not None:
            self._newest.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()


class TcpClientSocket:
    """Connects, and tries again for ever."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._wire: TcpWire | None = None
        self.url = f"tcp-listen://{host}:{port}"

    async def open(self) -> None:
        """Nothing to hold before there is a connection."""

    async def connect(self) -> Wire:
        while True:
            try:
                self._wire = TcpWire(*await asyncio.open_connection(*self._address))
            except OSError:
                await asyncio.sleep(RETRY_S)
            else:
                return self._wire

    async def close(self) -> None:
        if self._wire is not None:
            self._wire.cut()
