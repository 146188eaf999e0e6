"""Serial ports by pyserial: it opens, locks and sets up; reading and writing is the wire's, as for TCP."""

from __future__ import annotations

import asyncio
import errno
import os
import termios
from contextlib import suppress

import serial

from lined.devices.spec import LinkLimits
from lined.devices.urls import SerialUrl
from lined.devices.wire import Wire, fault_text, unsent
from lined.vocabulary.errors import DeviceError
from lined.vocabulary.facts import DeviceFact, Fact

DRAIN_POLL_S = 0.01


class SerialWire(Wire):
    """Owns its descriptor. A hot-unplug is the end of the connection, like any other."""

    at_end = Fact(DeviceFact.UNPLUGGED)

    def __init__(self, fd: int, peer: str) -> None:
        super().__init__(fd, peer)
        self._delivered = 0

    def delivered(self) -> int:
        """As it was last seen: a port that was unplugged tells nothing any more."""
        if not self.gone:
            with suppress(OSError):
                self._delivered = max(self._delivered, self.written - unsent(self._fd))
        return self._delivered

    def close(self) -> None:
        if self._fd < 0:
            return
        unsent_is_void = bool(self.gone)
        if not self.gone:
            self._end(Fact(DeviceFact.CLOSED))
        if unsent_is_void:  # the kernel would keep `close` waiting for a device that takes nothing
            with suppress(OSError, termios.error):
                termios.tcflush(self._fd, termios.TCOFLUSH)
        with suppress(OSError):
            os.close(self._fd)
        self._fd = -1

    async def part(self, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                while unsent(self._fd):  # noqa: ASYNC110 - the kernel tells nobody when a port has sent all
                    await asyncio.sleep(DRAIN_POLL_S)
        except TimeoutError:
            self.drop(Fact(DeviceFact.NOT_READING))
        except OSError as fault:
            self.drop(fault_text(fault))


async def open_port(url: SerialUrl, limits: LinkLimits) -> SerialWire:
    """In a thread: a USB device that hangs must not hold the other devices. Raises DeviceError."""
    opening = asyncio.get_running_loop().run_in_executor(None, _open, url)
    try:
        async with asyncio.timeout(limits.connect_s):
            fd = await asyncio.shield(opening)
    except TimeoutError:
        opening.add_done_callback(_close_late)
        raise DeviceError(Fact(DeviceFact.PORT_LATE, within_s=f"{limits.connect_s:g}")) from None
    except asyncio.CancelledError:
        opening.add_done_callback(_close_late)
        raise
    return SerialWire(fd, url.path)


def _open(url: SerialUrl) -> int:
    """A descriptor of the port, locked for us and set up."""
    try:
        port = serial.Serial(
            url.path,
            baudrate=url.baud,
            bytesize=url.bits,
            parity=url.parity,
            stopbits=url.stop,
            timeout=0,
            exclusive=True,
        )
    except (OSError, termios.error, ValueError) as fault:
        raise DeviceError(_open_text(fault)) from fault
    try:
        return os.dup(port.fileno())  # lock and settings belong to the open file, which lives on in the copy
    except OSError as fault:
        raise DeviceError(fault_text(fault)) from fault
    finally:
        with suppress(OSError):
            port.close()


def _open_text(fault: Exception) -> str:
    if isinstance(fault, OSError) and fault.errno == errno.EWOULDBLOCK:
        return Fact(DeviceFact.PORT_IN_USE)
    if isinstance(fault, OSError):
        return fault_text(fault)
    return Fact(DeviceFact.PORT_SETTINGS, more=str(fault.args[-1] if fault.args else fault))


def _close_late(opening: asyncio.Future[int]) -> None:
    """The port opened after everybody had stopped waiting."""
    if not opening.cancelled() and opening.exception() is None:
        with suppress(OSError):
            os.close(opening.result())
