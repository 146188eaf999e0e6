"""Fair scheduling of devices that all send as fast as they can: one piece of bytes in one turn of the loop.

Sixteen devices with a full buffer each would otherwise be judged in one go, and everybody else would wait for it: the
verdicts that are due, the PLC, the page. A device that is alone waits for nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque


class FairScheduler:
    """Shared by the links of one line. First come, first served."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    async def acquire(self) -> None:
        """Returns when it is the caller's turn, which lasts until it waits for something. May be cancelled."""
        loop = asyncio.get_running_loop()
        if self._taken:
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiting.append(waiter)
            await waiter
        else:
            self._taken = True
            loop.call_soon(self._next)

    def _next(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():  # cancelled meanwhile
                waiter.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False
