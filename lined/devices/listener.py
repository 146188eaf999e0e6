"""TCP ports that devices connect to, for tcp-listen://: the newest connection wins.

A connection takes the place of the one before when it sends its first byte: one that sends nothing (a port scanner, a
health check) replaces nobody. What had arrived on the one before is read first.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from contextlib import ExitStack
from typing import Any, NoReturn

from lined.devices.dial import Backoff, Link
from lined.devices.spec import LinkLimits
from lined.devices.tcp import TcpWire, prepared, resolved, tune
from lined.devices.urls import ListenUrl, address_text
from lined.devices.wire import fault_text
from lined.vocabulary.errors import DeviceError
from lined.vocabulary.facts import DeviceFact, Fact

ACCEPT_PAUSE_S = 1.0
BACKLOG = 8
CONNECTIONS_MAX = (
    8  # that have sent nothing yet, and that wait to be read: of a device that dials and dials, the newest
)


async def keep_listening(device: Link, url: ListenUrl, backoff: Backoff) -> NoReturn:
    """Bind for ever, then serve the newest connection for ever."""
    listener = await _opened(device, url, backoff)
    try:
        device.state.listening_on = listener.address
        device.down(DeviceError(Fact(DeviceFact.NO_DEVICE)))
        while True:
            wire = await listener.newest()
            try:
                await device.serve(wire)
            except DeviceError as gone:
                device.down(gone)
    finally:
        listener.close()


async def _opened(device: Link, url: ListenUrl, backoff: Backoff) -> Listener:
    while True:
        try:
            listener = await _listen(url, device.limits)
        except DeviceError as fault:
            device.down(fault)
            await asyncio.sleep(backoff.next_s())
        else:
            return listener


async def _listen(url: ListenUrl, limits: LinkLimits) -> Listener:
    """On every address of the host, or on none. Raises DeviceError."""
    addresses = await resolved(url.host, url.port, limits)
    with ExitStack() as half_done:
        listening = [half_done.enter_context(_bound(family, address)) for family, address in addresses]
        half_done.pop_all()
        return Listener(listening)


def _bound(family: socket.AddressFamily, address: Any) -> socket.socket:
    sock = prepared(family)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as fault:
        sock.close()
        raise DeviceError(fault_text(fault)) from fault
    return sock


class Listener:
    """Listening sockets, the connection that is served, those that have sent something and come after it, and those
    that are silent.
    """

    def __init__(self, listening: list[socket.socket]) -> None:
        self.address = address_text(*listening[0].getsockname()[:2])
        self._listening = listening
        self._loop = asyncio.get_running_loop()
        self._served: TcpWire | None = None
        self._following: deque[TcpWire] = deque()
        self._silent: dict[TcpWire, socket.socket] = {}
        self._some = asyncio.Event()
        self._pause: asyncio.TimerHandle | None = None
        self._open()

    async def newest(self) -> TcpWire:
        """The next to be served, when the one before has ended. The caller owns the wire, and closes it."""
        self._served = None
        while not self._following:
            if self._silent:
                self._follows(next(reversed(self._silent)))
                break
            self._some.clear()
            await self._some.wait()
        self._served = self._following.popleft()
        return self._served

    def close(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        for sock in self._listening:
            self._loop.remove_reader(sock)
            sock.close()
        for wire in [*self._following, *self._silent]:
            self._refuse(wire, Fact(DeviceFact.STOPPING))

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
            tune(sock)
        except OSError:  # reset before it was let in
            sock.close()
            return
        wire = TcpWire(sock, peer[0])
        self._silent[wire] = sock
        self._loop.add_reader(sock, self._woken, wire)
        if self._served is None and not self._following:
            self._follows(wire)
        elif len(self._silent) > CONNECTIONS_MAX:
            self._refuse(next(iter(self._silent)), Fact(DeviceFact.ONE_TOO_MANY))

    def _woken(self, wire: TcpWire) -> None:
        """A silent connection has sent something, or has ended."""
        try:
            first = self._silent[wire].recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            first = b""
        if first:
            self._follows(wire)
        else:
            self._refuse(wire, wire.at_end)

    def _follows(self, wire: TcpWire) -> None:
        """It is served as soon as what has arrived on those before it is read."""
        self._loop.remove_reader(self._silent.pop(wire))
        for earlier in (self._served, *self._following):
            if earlier is not None:
                earlier.supersede(Fact(DeviceFact.REPLACED))
        self._following.append(wire)
        if len(self._following) > CONNECTIONS_MAX:
            self._refuse(self._following.popleft(), Fact(DeviceFact.REPLACED))
        self._some.set()

    def _refuse(self, wire: TcpWire, why: str) -> None:
        sock = self._silent.pop(wire, None)
        if sock is not None:
            self._loop.remove_reader(sock)
        wire.drop(why)
        wire.close()
