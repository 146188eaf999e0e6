"""TCP in both directions: `connect` for tcp://, a `Door` for tcp-listen://."""

from __future__ import annotations

import asyncio
import select
import socket
import struct
from contextlib import ExitStack, suppress
from typing import Any, NoReturn

from lined.devices.device import Device
from lined.devices.dial import Backoff
from lined.devices.spec import LinkLimits
from lined.devices.urls import ListenUrl, TcpUrl, address_text
from lined.devices.wire import Wire, fault_text
from lined.vocabulary.errors import DeviceError

# A peer that vanished (cable pulled, power gone) is found within about 30 s: by probes where nothing is under way,
# by the user timeout where a reply is.
KEEPALIVE_IDLE_S = 10
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_PROBES = 4
UNACKNOWLEDGED_MS = 30_000
SEND_BUFFER_BYTES = 16_384  # hundreds of verdicts; more would only hide that the device does not read them
REPLACED = "a newer connection took its place"
ACCEPT_PAUSE_S = 1.0
BACKLOG = 8

_ABORT = struct.pack("ii", 1, 0)  # linger for 0 s: close resets the connection and forgets what was not sent


class TcpWire(Wire):
    """Owns its socket."""

    def __init__(self, sock: socket.socket, peer: str) -> None:
        super().__init__(sock.fileno(), peer)
        self._sock = sock
        self._hanging_up = select.poll()
        self._hanging_up.register(sock, select.POLLRDHUP)

    def write_at_once(self, reply: bytes | memoryview) -> int:
        """To a device that has hung up nothing is said, although the kernel would take it: what it still had sent may
        lie unread before its end, and an accept that nobody heard would count as said.
        """
        if not self.gone and self._hanging_up.poll(0):
            raise DeviceError(self.at_end)
        return super().write_at_once(reply)

    def close(self) -> None:
        if not self.gone:
            self._end("closed")
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
            async with asyncio.timeout(within_s):
                while True:
                    await self.read(SEND_BUFFER_BYTES)


async def connect(url: TcpUrl, limits: LinkLimits) -> TcpWire:
    """Tries each address of the host. Raises DeviceError with the last one's reason."""
    problem = ""
    for family, address in await _addresses(url.host, url.port, limits):
        try:
            sock = _prepared(family)
        except DeviceError as fault:
            problem = str(fault)
            continue
        try:
            async with asyncio.timeout(limits.connect_s):
                await asyncio.get_running_loop().sock_connect(sock, address)
            # To a free port of this very machine, TCP can connect a socket with itself.
            if sock.getsockname() != sock.getpeername():
                return TcpWire(sock, address_text(url.host, url.port))
            problem = "nobody listens there"
        except TimeoutError:
            problem = f"no answer within {limits.connect_s:g} s"
        except OSError as fault:
            problem = fault_text(fault)
        except BaseException:
            sock.close()
            raise
        sock.close()
    raise DeviceError(problem)


async def keep_listening(device: Device, url: ListenUrl, backoff: Backoff) -> NoReturn:
    """Bind for ever, then serve the newest connection for ever."""
    door = await _open_door(device, url, backoff)
    try:
        device.state.listening_on = door.address
        device.down(f"{url}: no device is connected")
        while True:
            wire = await door.newest()
            try:
                await device.serve(wire)
            except DeviceError as gone:
                device.down(f"{url}: {gone}")
    finally:
        door.close()


class Door:
    """Listening sockets. A new connection drops the one before it, served or still waiting."""

    def __init__(self, listening: list[socket.socket]) -> None:
        self.address = address_text(*listening[0].getsockname()[:2])
        self._listening = listening
        self._loop = asyncio.get_running_loop()
        self._guest: TcpWire | None = None
        self._waiting: TcpWire | None = None
        self._rang = asyncio.Event()
        self._pause: asyncio.TimerHandle | None = None
        self._open()

    async def newest(self) -> TcpWire:
        """The caller owns the wire, and closes it."""
        while self._waiting is None:
            self._rang.clear()
            await self._rang.wait()
        self._guest, self._waiting = self._waiting, None
        return self._guest

    def close(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        for sock in self._listening:
            self._loop.remove_reader(sock)
            sock.close()
        if self._waiting is not None:
            self._waiting.drop("stopping")
            self._waiting.close()

    def _open(self) -> None:
        for sock in self._listening:
            self._loop.add_reader(sock, self._accept, sock)

    def _accept(self, listening: socket.socket) -> None:
        try:
            sock, peer = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:  # no descriptors or no memory: the connection waits in the kernel, and would ring for ever
            for other in self._listening:
                self._loop.remove_reader(other)
            self._pause = self._loop.call_later(ACCEPT_PAUSE_S, self._open)
            return
        try:
            _tune(sock)
        except OSError:  # reset before it was let in
            sock.close()
            return
        if self._guest is not None:
            self._guest.drop(REPLACED)
        if self._waiting is not None:
            self._waiting.drop(REPLACED)
            self._waiting.close()
        self._waiting = TcpWire(sock, peer[0])
        self._rang.set()


async def _open_door(device: Device, url: ListenUrl, backoff: Backoff) -> Door:
    while True:
        try:
            door = await _listen(url, device.limits)
        except DeviceError as fault:
            device.down(f"{url}: {fault}")
            await asyncio.sleep(backoff.next_s())
        else:
            return door


async def _listen(url: ListenUrl, limits: LinkLimits) -> Door:
    """On every address of the host, or on none. Raises DeviceError."""
    addresses = await _addresses(url.host, url.port, limits)
    with ExitStack() as half_done:
        listening = [half_done.enter_context(_bound(family, address)) for family, address in addresses]
        half_done.pop_all()
        return Door(listening)


def _bound(family: socket.AddressFamily, address: Any) -> socket.socket:
    sock = _prepared(family)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as fault:
        sock.close()
        raise DeviceError(fault_text(fault)) from fault
    return sock


async def _addresses(host: str, port: int, limits: LinkLimits) -> list[tuple[socket.AddressFamily, Any]]:
    """An address is taken as it is; only a name goes to the resolver, in a thread. Raises DeviceError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        try:
            async with asyncio.timeout(limits.connect_s):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise DeviceError(f"the name was not resolved within {limits.connect_s:g} s") from None
        except (OSError, UnicodeError) as fault:
            raise DeviceError(f"the name cannot be resolved: {fault}") from fault
    if not found:
        raise DeviceError("the name has no address")
    return [(family, address) for family, _, _, _, address in found]


def _prepared(family: socket.AddressFamily) -> socket.socket:
    """Raises DeviceError: a machine may have no IPv6."""
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as fault:
        raise DeviceError(fault_text(fault)) from fault
    sock.setblocking(False)
    _tune(sock)
    return sock


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a verdict waits for nothing
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
