"""The loop of a link that lined opens: open, serve, wait, again, for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol

from lined.devices.spec import LinkLimits, LinkState
from lined.devices.wire import Wire
from lined.vocabulary.errors import DeviceError


class Link(Protocol):
    """A device or a printer, over all its connections."""

    @property
    def state(self) -> LinkState: ...

    @property
    def limits(self) -> LinkLimits: ...

    async def serve(self, wire: Wire) -> NoReturn:
        """Until the connection ends; raises DeviceError with the reason, the wire closed."""

    def down(self, why: DeviceError) -> None:
        """There is no connection, and why."""


class Backoff:
    """Delays that double up to a bound, each between half and whole, so that devices do not come back in step."""

    def __init__(self, limits: LinkLimits, random: Callable[[], float]) -> None:
        self._first_s = limits.retry_first_s
        self._most_s = limits.retry_most_s
        self._random = random
        self._next_s = self._first_s

    def reset(self) -> None:
        self._next_s = self._first_s

    def next_s(self) -> float:
        delay_s = self._next_s
        self._next_s = min(self._most_s, delay_s * 2)
        return delay_s * (0.5 + 0.5 * self._random())


async def keep_open(device: Link, open_wire: Callable[[], Awaitable[Wire]], backoff: Backoff) -> NoReturn:
    """A connection that said something, or lasted, was a good one: after it the first attempt comes soon."""
    loop = asyncio.get_running_loop()
    while True:
        opened, bytes_before = loop.time(), device.state.received_bytes
        try:
            wire = await open_wire()
            opened = loop.time()
            await device.serve(wire)
        except DeviceError as gone:
            lasted_s = loop.time() - opened
            if device.state.received_bytes > bytes_before or (
                device.state.connected and lasted_s > device.limits.retry_most_s
            ):
                backoff.reset()
            device.down(gone)
        await asyncio.sleep(backoff.next_s())
