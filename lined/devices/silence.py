"""A bound on the silence of a connected device that says how often something comes: a heartbeat, at least.

The connection may be up for hours after the device behind it has hung itself up. Where its driver sets no bound, its
heartbeats do: after LEARNT_AFTER of them, TIMES the longest pause from one to the next, whatever came between. A bound
that was learnt too short grows with each silence that a heartbeat ends, TIMES at the most: it may have been a true one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LEARNT_AFTER = 5
TIMES = 3


class Silence:
    """`begin` with a connection, `received` with each piece of bytes, `heartbeat` where there was one in it, `end`
    after it. `tell`: is it silent now? `least_s`: no bound that is learnt is shorter.
    """

    def __init__(self, limit_s: float | None, tell: Callable[[bool], None], least_s: float) -> None:
        self._limit_s = limit_s
        self._learns = limit_s is None
        self._least_s = least_s
        self._tell = tell
        self._received_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._told = False
        self._ended_silence = False  # what came last did
        self._beat_at = 0.0
        self._heartbeats = 0
        self._longest_s = 0.0

    def begin(self) -> None:
        self.received()
        self._beat_at = self._received_at
        self._watch()

    def received(self) -> None:
        self._received_at = asyncio.get_running_loop().time()
        self._ended_silence, self._told = self._told, False
        if self._ended_silence:
            self._tell(False)

    def heartbeat(self) -> None:
        """There is a heartbeat in what was received last; several are one, that came late."""
        pause_s, self._beat_at = self._received_at - self._beat_at, self._received_at
        if not self._learns or not pause_s:
            return
        if self._limit_s is not None and pause_s > self._limit_s:
            if not self._ended_silence:  # reads came between: nothing says that it beats so seldom
                return
            pause_s = self._limit_s
        self._heartbeats += 1
        self._longest_s = max(self._longest_s, pause_s)
        if self._heartbeats >= LEARNT_AFTER:
            self._limit_s = max(self._least_s, TIMES * self._longest_s)
            self._watch()

    def end(self) -> None:
        """What is not connected is another problem."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.received()

    def _watch(self) -> None:
        if self._limit_s is not None and self._timer is None:
            self._wait(self._limit_s)

    def _wait(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._look)

    def _look(self) -> None:
        assert self._limit_s is not None
        left_s = self._received_at + self._limit_s - asyncio.get_running_loop().time()
        if left_s <= 0 and not self._told:
            self._told = True
            self._tell(True)
        self._wait(left_s if left_s > 0 else self._limit_s)
