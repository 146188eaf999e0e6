"""How long the event loop was held: a tick every millisecond that notices when it comes late. For measurements only.

Late is what a verdict feels: our own steps, a thread that keeps the interpreter, and a processor that others use. Busy
is our own part of it: the processor time of the thread of the loop between two ticks, however busy the machine is.
"""

from __future__ import annotations

import asyncio
import os
import time

TICK_S = 0.001


class LoopWatch:
    """Keeps the longest of both. Only where $LINED_LOOP_WATCH is set: it wakes the process again and again."""

    def __init__(self) -> None:
        self.wanted = bool(os.environ.get("LINED_LOOP_WATCH"))
        self.late_s = 0.0
        self.busy_s = 0.0

    async def run(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        used = time.thread_time()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self.late_s = max(self.late_s, loop.time() - due)
            before, used = used, time.thread_time()
            self.busy_s = max(self.busy_s, used - before)

    def longest_ms(self) -> dict[str, float]:
        """Both, for the log."""
        return {"late_ms": round(self.late_s * 1000, 2), "busy_ms": round(self.busy_s * 1000, 2)}
