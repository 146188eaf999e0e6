"""How a simulated device is connected: TCP either way round, a pseudo terminal, a serial port.

tcp-listen://HOST:PORT     the device listens, lined connects with tcp://; the newest connection wins; port 0: a free one
tcp://HOST:PORT            the device connects to lined's tcp-listen://
pty:///PATH                a pseudo terminal, linked at PATH, that lined opens with serial://
serial:///PATH?baud=9600   a real port, at the other end of a cable
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import termios
import tty
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

RETRY_S = 0.05  # between two attempts to connect
READ_BYTES = 16_384
POLL_S = 0.01  # how soon a terminal's being opened is noticed
_SPEEDS = {rate: getattr(termios, f"B{rate}") for rate in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}


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


def socket_for(address: str) -> Socket:
    """The socket for an address as above. Raises ValueError."""
    parts = urlsplit(address)
    if parts.scheme == "pty" and parts.path:
        return PtySocket(Path(parts.path))
    if parts.scheme == "serial" and parts.path:
        baud = int(parse_qs(parts.query).get("baud", ["9600"])[0])
        if baud not in _SPEEDS:
            raise ValueError(f"{address}: baud is one of {', '.join(map(str, _SPEEDS))}")
        return SerialSocket(Path(parts.path), baud)
    if parts.scheme in {"tcp", "tcp-listen"} and parts.hostname and parts.port is not None:
        kind = TcpServerSocket if parts.scheme == "tcp-listen" else TcpClientSocket
        return kind(parts.hostname, parts.port)
    raise ValueError(f"{address}: must be tcp-listen://, tcp://, pty:/// or serial:///")


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
    """Listens; a new connection cuts the one before."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._server: asyncio.Server | None = None
        self._newest: TcpWire | None = None
        self._arrived = asyncio.Event()
        self.url = ""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, *self._address)
        host, port = self._server.sockets[0].getsockname()[:2]
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


class FdWire:
    """A terminal's file descriptor, read and written without blocking. Owns the descriptor."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._open = True
        os.set_blocking(fd, False)

    async def read(self) -> bytes:
        while True:
            try:
                chunk = os.read(self._checked(), READ_BYTES)
            except BlockingIOError:
                await self._ready(writing=False)
                continue
            except OSError as error:  # EIO: the other end closed the terminal
                raise Gone(str(error)) from error
            if not chunk:
                raise Gone("closed by the other end")
            return chunk

    async def write(self, chunk: bytes) -> None:
        while chunk:
            try:
                chunk = chunk[os.write(self._checked(), chunk) :]
            except BlockingIOError:
                await self._ready(writing=True)
            except OSError as error:
                raise Gone(str(error)) from error

    def _checked(self) -> int:
        if not self._open:
            raise Gone("cut")
        return self._fd

    async def _ready(self, *, writing: bool) -> None:
        """Until the descriptor can be read or written. Looks again now and then, in case it was cut meanwhile."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
        fd = self._checked()
        add(fd, ready.set)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await ready.wait()
        finally:
            if self._open:
                remove(fd)

    def cut(self) -> None:
        if self._open:
            self._open = False
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._fd)
            loop.remove_writer(self._fd)
            os.close(self._fd)


class PtySocket:
    """A pseudo terminal per connection, each linked at the same path: a pulled cable takes the device file away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wire: FdWire | None = None
        self._master: int | None = None
        self.url = f"serial://{path.absolute()}"

    async def open(self) -> None:
        self._plug_in()

    async def connect(self) -> Wire:
        """Wait until somebody has opened the terminal."""
        if self._wire is not None:
            self._wire.cut()
            self._wire = None
        if self._master is None:
            self._plug_in()
        assert self._master is not None
        poll = select.poll()
        poll.register(self._master, select.POLLHUP)
        while poll.poll(0):  # noqa: ASYNC110  # a terminal tells nobody that it is opened
            await asyncio.sleep(POLL_S)
        self._wire, self._master = FdWire(self._master), None
        return self._wire

    def _plug_in(self) -> None:
        self._master, slave = os.openpty()
        try:
            tty.setraw(slave)
            self._path.unlink(missing_ok=True)
            self._path.symlink_to(os.ttyname(slave))
        finally:
            os.close(slave)

    async def close(self) -> None:
        if self._wire is not None:
            self._wire.cut()
        if self._master is not None:
            os.close(self._master)
            self._master = None
        self._path.unlink(missing_ok=True)


class SerialSocket:
    """A real port: there is always a connection, whether somebody listens or not."""

    def __init__(self, path: Path, baud: int) -> None:
        self._path = path
        self._baud = baud
        self._wire: FdWire | None = None
        self.url = f"serial://{path}?baud={baud}"

    async def open(self) -> None:
        """The port is opened with the connection."""

    async def connect(self) -> Wire:
        if self._wire is not None:
            self._wire.cut()
        while True:
            try:
                self._wire = self._open_port()
            except (OSError, termios.error):
                await asyncio.sleep(RETRY_S)
            else:
                return self._wire

    def _open_port(self) -> FdWire:
        fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            tty.setraw(fd)
            settings = termios.tcgetattr(fd)
            settings[4] = settings[5] = _SPEEDS[self._baud]
            termios.tcsetattr(fd, termios.TCSANOW, settings)
        except BaseException:
            os.close(fd)
            raise
        return FdWire(fd)

    async def close(self) -> None:
        if self._wire is not None:
            self._wire.cut()
