"""TCP: the wire, and `connect` for tcp://. For tcp-listen:// see `listener`."""

from __future__ import annotations

import asyncio
import select
import socket
import struct
from contextlib import suppress
from typing import Any

from lined.devices.spec import LinkLimits
from lined.devices.urls import TcpUrl, address_text
from lined.devices.wire import Wire, fault_text, unsent
from lined.vocabulary.errors import DeviceError, clause
from lined.vocabulary.facts import DeviceFact, Fact

# A peer that vanished (cable pulled, power gone) is found within about 30 s: by probes where nothing is under way,
# by the user timeout where a reply is.
KEEPALIVE_IDLE_S = 10
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_PROBES = 4
UNACKNOWLEDGED_MS = 30_000
SEND_BUFFER_BYTES = 16_384  # hundreds of verdicts; more would only hide that the device does not read them

_ABORT = struct.pack("ii", 1, 0)  # linger for 0 s: close resets the connection and forgets what was not sent


class TcpWire(Wire):
    """Owns its socket."""

    def __init__(self, sock: socket.socket, peer: str) -> None:
        super().__init__(sock.fileno(), peer)
        self._sock = sock
        self._sent_fin = False
        self._hanging_up = select.poll()
        self._hanging_up.register(sock, select.POLLRDHUP)

    def write_at_once(self, reply: bytes | memoryview) -> int:
        """To a device that has hung up nothing is said, although the kernel would take it: what it still had sent may
        lie unread before its end, and an accept that nobody heard would count as said.
        """
        if not self.gone and self._hanging_up.poll(0):
            raise DeviceError(self.at_end)
        return super().write_at_once(reply)

    def delivered(self) -> int:
        """What the peer's TCP has acknowledged, which its program need not have read. It is told after a reset, too."""
        try:
            left = unsent(self._fd) - self._sent_fin
        except OSError:
            return 0
        return self.written - max(0, left)

    def close(self) -> None:
        if not self.gone:
            self._end(Fact(DeviceFact.CLOSED))
        with suppress(OSError):
            if self.dropped:
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._sock.close()

    async def part(self, within_s: float) -> None:
        """Closing a socket with unread bytes in it resets the connection, which may eat the last replies on the other
        side: so say that no more comes, and read on until the device hangs up.
        """
        with suppress(OSError, TimeoutError, DeviceError):
            self._sock.shutdown(socket.SHUT_WR)
            self._sent_fin = True  # TCP counts it like a byte
            async with asyncio.timeout(within_s):
                while True:
                    await self.read(SEND_BUFFER_BYTES)


async def connect(url: TcpUrl, limits: LinkLimits) -> TcpWire:
    """Tries each address of the host. Raises DeviceError with the last one's reason."""
    problem = ""
    for family, address in await resolved(url.host, url.port, limits):
        try:
            sock = prepared(family)
        except DeviceError as fault:
            problem = clause(fault)
            continue
        try:
            async with asyncio.timeout(limits.connect_s):
                await asyncio.get_running_loop().sock_connect(sock, address)
            # To a free port of this very machine, TCP can connect a socket with itself.
            if sock.getsockname() != sock.getpeername():
                return TcpWire(sock, address_text(url.host, url.port))
            problem = Fact(DeviceFact.NOBODY_LISTENS)
        except TimeoutError:
            problem = Fact(DeviceFact.NO_ANSWER, within_s=f"{limits.connect_s:g}")
        except OSError as fault:
            problem = fault_text(fault)
        except BaseException:
            sock.close()
            raise
        sock.close()
    raise DeviceError(problem)


async def resolved(host: str, port: int, limits: LinkLimits) -> list[tuple[socket.AddressFamily, Any]]:
    """An address is taken as it is; only a name goes to the resolver, in a thread. Raises DeviceError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        try:
            async with asyncio.timeout(limits.connect_s):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise DeviceError(Fact(DeviceFact.NAME_LATE, within_s=f"{limits.connect_s:g}")) from None
        except (OSError, UnicodeError) as fault:
            raise DeviceError(Fact(DeviceFact.NAME_UNKNOWN, more=str(fault))) from fault
    if not found:
        raise DeviceError(Fact(DeviceFact.NO_ADDRESS))
    return [(family, address) for family, _, _, _, address in found]


def prepared(family: socket.AddressFamily) -> socket.socket:
    """Raises DeviceError: a machine may have no IPv6."""
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as fault:
        raise DeviceError(fault_text(fault)) from fault
    sock.setblocking(False)
    tune(sock)
    return sock


def tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a verdict waits for nothing
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
