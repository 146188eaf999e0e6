"""A bound on the rejected reads of one device, so that one lane's garbage costs the other lanes no time.

The fastest line makes 40 items a second, and lined is tested with 1,000: a device that has more than 2,000 reads a
second rejected is not reading items. It is read no faster than that, and an alarm says so. Accepts are never slowed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lined.devices.spec import LinkLimits

TELL_AFTER_S = 1.0  # a buffer that is emptied at once is no flood
OVER_AFTER_S = 10.0
STEP_S = 0.1


class FloodGuard:
    """`rejected` from the replies; `slow_down` before a read over the bound. `tell`: whether it floods now."""

    def __init__(self, limits: LinkLimits, tell: Callable[[bool], None]) -> None:
        self._most = float(limits.rejects_at_once)
        self._per_s = float(limits.rejects_per_s)
        self._tell = tell
        self._left = self._most
        self._counted_at = 0.0
        self._since: float | None = None
        self._told = False
        self._over: asyncio.TimerHandle | None = None

    def rejected(self, count: int) -> None:
        if not count:
            return
        self._refill()
        if self._left >= self._most / 2:
            self._since = None
        self._left -= count

    @property
    def is_over_the_bound(self) -> bool:
        return self._left <= 0

    async def slow_down(self) -> None:
        """Returns when the device may be read again."""
        self._refill()
        while self._left <= 0:
            self._flooding()
            await asyncio.sleep(STEP_S)
            self._refill()

    def close(self) -> None:
        if self._over is not None:
            self._over.cancel()

    def _refill(self) -> None:
        now = asyncio.get_running_loop().time()
        self._left = min(self._most, self._left + (now - self._counted_at) * self._per_s)
        self._counted_at = now

    def _flooding(self) -> None:
        loop = asyncio.get_running_loop()
        self._since = self._since or loop.time()
        if loop.time() - self._since < TELL_AFTER_S:
            return
        if self._over is not None:
            self._over.cancel()
        self._over = loop.call_later(OVER_AFTER_S, self._is_over)
        if not self._told:
            self._told = True
            self._tell(True)

    def _is_over(self) -> None:
        self._over, self._told = None, False
        self._tell(False)
