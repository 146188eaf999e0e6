"""How long the event loop was held: a tick every millisecond that notices when it comes late. For measurements only."""

from __future__ import annotations

import asyncio
import os

TICK_S = 0.001


class LoopWatch:
    """Keeps the longest hold. Only where $LINED_LOOP_WATCH is set: it wakes the process a thousand times a second."""

    def __init__(self) -> None:
        self.wanted = bool(os.environ.get("LINED_LOOP_WATCH"))
        self.longest_s = 0.0

    async def run(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self.longest_s = max(self.longest_s, loop.time() - due)
