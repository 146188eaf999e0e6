"""An open connection to a device, TCP or serial: bytes in, bytes out, and one way to end for everybody who waits.

Guarantees: a write that returns has handed every byte to the kernel; nothing is buffered here. Whoever drops a wire
wakes its reader and its writer, and no callback outlives the file descriptor.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from abc import ABC, abstractmethod
from collections.abc import Callable

from lined.vocabulary.errors import DeviceError
from lined.vocabulary.facts import DeviceFact, Fact


def fault_text(fault: OSError) -> str:
    """The system's own words, without addresses that change from one attempt to the next."""
    return os.strerror(fault.errno) if fault.errno and fault.errno > 0 else fault.strerror or str(fault)


class Wire(ABC):
    """`gone` says why the connection has ended, as a fact or in the system's words; empty while it lives. The
    descriptor belongs to the subclass.
    """

    at_end: str = Fact(DeviceFact.CLOSED_BY_DEVICE)

    def __init__(self, fd: int, peer: str) -> None:
        os.set_blocking(fd, False)
        self.peer = peer
        self.gone = ""
        self.dropped = False
        self.superseded = ""
        """By what; empty: by nothing."""
        self.written = 0
        self._readable_still = 0
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Future[None]] = set()

    async def read(self, most: int) -> bytes:
        """At least one byte. Raises DeviceError when the connection has ended. Always lets the loop turn once."""
        while True:
            if not self.superseded:
                await self._ready(self._loop.add_reader, self._loop.remove_reader)
            if self.superseded:
                await asyncio.sleep(0)
                most = min(most, self._readable_still)
                if not most or self.gone:
                    raise DeviceError(self.gone or self.superseded)
            try:
                chunk = os.read(self._fd, most)
            except BlockingIOError:
                self._readable_still = 0
                continue
            except OSError as fault:
                raise self._end(fault_text(fault)) from fault
            if not chunk:
                raise self._end(self.at_end)
            self._readable_still -= len(chunk)
            return chunk

    async def read_within(self, most: int, gap_s: float | None) -> bytes:
        """The same; none where nothing came for `gap_s`, a pause that means something to the driver. None: no pause
        does.
        """
        if gap_s is None:
            return await self.read(most)
        try:
            async with asyncio.timeout(gap_s):
                return await self.read(most)
        except TimeoutError:
            return b""

    async def write(self, reply: bytes, within_s: float) -> None:
        """Raises DeviceError; then, as after a cancellation, part of the bytes may be out: the wire must be dropped."""
        left = memoryview(reply)[self.write_at_once(reply) :]
        if not left:
            return
        try:
            async with asyncio.timeout(within_s):
                while left:
                    await self._ready(self._loop.add_writer, self._loop.remove_writer)
                    left = left[self.write_at_once(left) :]
        except TimeoutError:
            raise DeviceError(Fact(DeviceFact.NOT_READING)) from None

    def write_at_once(self, reply: bytes | memoryview) -> int:
        """How many bytes the kernel took without waiting. Raises DeviceError."""
        if self.gone:
            raise DeviceError(self.gone)
        try:
            written = os.write(self._fd, reply)
        except BlockingIOError:
            return 0
        except OSError as fault:
            raise DeviceError(fault_text(fault)) from fault
        self.written += written
        return written

    def supersede(self, why: str) -> None:
        """Another connection takes the place of this one: what has arrived by now is read, then `read` raises. Replies
        may be written until it is dropped.
        """
        if self.gone or self.superseded:
            return
        self.superseded = why
        self._readable_still = _readable(self._fd)
        for waiting in self._waiting:
            _wake(waiting)

    @abstractmethod
    def delivered(self) -> int:
        """How many of the bytes written have left the kernel for good, as far as is known. Never raises."""

    def drop(self, why: str) -> None:
        """End the connection from our side; what the kernel still holds for the device is thrown away at `close`, so
        that an old verdict never meets a new item.
        """
        if not self.gone:
            self.dropped = True
            self._end(why)

    @abstractmethod
    def close(self) -> None:
        """Give the descriptor back. May be called again; never raises."""

    @abstractmethod
    async def part(self, within_s: float) -> None:
        """End in peace: what was written gets its time to arrive. Then `close` is due."""

    def _end(self, why: str) -> DeviceError:
        self.gone = why
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        for waiting in self._waiting:
            _wake(waiting)
        return DeviceError(why)

    async def _ready(self, add: Callable[..., object], remove: Callable[[int], object]) -> None:
        if self.gone:
            raise DeviceError(self.gone)
        waiting: asyncio.Future[None] = self._loop.create_future()
        self._waiting.add(waiting)
        add(self._fd, _wake, waiting)
        try:
            await waiting
        finally:
            self._waiting.discard(waiting)
            if not self.gone:
                remove(self._fd)
        if self.gone:
            raise DeviceError(self.gone)


def _readable(fd: int) -> int:
    try:
        (count,) = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, struct.pack("i", 0)))
    except OSError:
        return 0
    return int(count)


def unsent(fd: int) -> int:
    """In the kernel's output queue; of TCP: what the peer has not acknowledged (SIOCOUTQ). Raises OSError."""
    (count,) = struct.unpack("i", fcntl.ioctl(fd, termios.TIOCOUTQ, struct.pack("i", 0)))
    return int(count)


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
