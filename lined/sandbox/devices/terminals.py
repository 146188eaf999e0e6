"""Pseudo terminals and serial ports for simulated devices, read and written without blocking."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import termios
import tty
from pathlib import Path

from lined.sandbox.devices.wires import READ_BYTES, RETRY_S, Gone, Wire

POLL_S = 0.01  # how soon a terminal's being opened is noticed
SPEEDS = {rate: getattr(termios, f"B{rate}") for rate in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}


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
            settings[4] = settings[5] = SPEEDS[self._baud]
            termios.tcsetattr(fd, termios.TCSANOW, settings)
        except BaseException:
            os.close(fd)
            raise
        return FdWire(fd)

    async def close(self) -> None:
        if self._wire is not None:
            self._wire.cut()
