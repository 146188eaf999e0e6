"""The measure of the longest turn of the event loop. For benchmarks only.

It is a selector: a turn is what happens between one answer of the system and the next question to it. Held is what
others wait, with all that a busy machine and other threads add; busy is our own part, the loop's processor time.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable

from lined.vocabulary.environment import variable


class LoopWatch(selectors.DefaultSelector):
    """Keeps the longest of both since `begin`."""

    def __init__(self) -> None:
        super().__init__()
        self.begin()

    def begin(self) -> None:
        """Forget what was before, the turn under way included."""
        self.held_s = self.busy_s = 0.0
        self._held = self._busy = float("inf")

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.held_s = max(self.held_s, time.perf_counter() - self._held)
        self.busy_s = max(self.busy_s, time.thread_time() - self._busy)
        events = super().select(timeout)
        self._held, self._busy = time.perf_counter(), time.thread_time()
        return events

    def longest_ms(self) -> dict[str, float]:
        """Both, for the log."""
        return {"held_ms": round(self.held_s * 1000, 2), "busy_ms": round(self.busy_s * 1000, 2)}


def wanted_watch() -> LoopWatch | None:
    """A watch where $LINED_LOOP_WATCH is set."""
    return LoopWatch() if variable("LINED_LOOP_WATCH") else None


def loop_under(watch: LoopWatch | None) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What a Runner makes its loop with; None: as it usually does."""
    return None if watch is None else lambda: asyncio.SelectorEventLoop(watch)
