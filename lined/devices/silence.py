"""A bound on the silence of a connected device whose driver says how often something comes: a heartbeat, at least.

The connection may be up for hours after the device behind it has hung itself up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Silence:
    """`begin` with a connection, `received` with each piece of bytes, `end` after it. `tell`: is it silent now?"""

    def __init__(self, limit_s: float | None, tell: Callable[[bool], None]) -> None:
        self._limit_s = limit_s
        self._tell = tell
        self._received_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._told = False

    def begin(self) -> None:
        self.received()
        if self._limit_s is not None and self._timer is None:
            self._wait(self._limit_s)

    def received(self) -> None:
        self._received_at = asyncio.get_running_loop().time()
        if self._told:
            self._told = False
            self._tell(False)

    def end(self) -> None:
        """What is not connected is another problem."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.received()

    def _wait(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._look)

    def _look(self) -> None:
        assert self._limit_s is not None
        left_s = self._received_at + self._limit_s - asyncio.get_running_loop().time()
        if left_s <= 0 and not self._told:
            self._told = True
            self._tell(True)
        self._wait(left_s if left_s > 0 else self._limit_s)
