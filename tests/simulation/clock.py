"""Time that stands still while anything can run, and then jumps to the next timer: hours pass in milliseconds.

A loop of its own, without sockets or selector. What would run in a thread runs here and now, between two delays drawn
from the seed, so that every interleaving that threads could make is made again by the same seed. Steps run in rounds as
asyncio's own do, but without a context of their own: nothing here has context variables.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from contextvars import Context
from heapq import heappop, heappush
from typing import Any, TypeVar, TypeVarTuple

Ts = TypeVarTuple("Ts")
R = TypeVar("R")

READ_S = (0.0, 0.02)  # how long a question to the journal takes, before and after it looks


MOST_STEPS = 400_000  # of the loop in one run; a run that works needs a tenth


class Stalled(Exception):
    """Nothing can run and no timer is set, or much too much runs without time going on."""


class _Step(asyncio.TimerHandle):
    """Something that will be called: a handle of asyncio's without what only debugging needs."""

    __slots__ = ()
    _callback: Callable[..., object]
    _args: tuple[Any, ...]
    _cancelled: bool

    def __init__(self, at_s: float, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._when = at_s
        self._callback = callback
        self._args = args
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True


class VirtualLoop(asyncio.BaseEventLoop):
    """`time()` is in seconds since the loop's beginning."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.steps = 0
        self._chance = chance
        self._now_s = 0.0
        self._soon: deque[_Step] = deque()
        self._timers: list[tuple[float, int, _Step]] = []
        self._timed = 0

    def time(self) -> float:
        return self._now_s

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,  # noqa: ARG002
    ) -> asyncio.Handle:
        step = _Step(self._now_s, callback, args)
        self._soon.append(step)
        return step

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,  # noqa: ARG002
    ) -> asyncio.Handle:
        """There are no threads."""
        return self.call_soon(callback, *args)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,  # noqa: ARG002
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now_s + delay, callback, *args)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,  # noqa: ARG002
    ) -> asyncio.TimerHandle:
        """Of two for the same moment the earlier one asked for comes first."""
        step = _Step(when, callback, args)
        self._timed += 1
        heappush(self._timers, (when, self._timed, step))
        return step

    def _run_once(self) -> None:
        """One round: what is ready now, and not what that makes ready. If nothing is, it is later."""
        soon, timers = self._soon, self._timers
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Stalled(f"more than {MOST_STEPS} steps")
        while timers and timers[0][2]._cancelled:
            heappop(timers)
        if not soon:
            if not timers:
                raise Stalled("everything waits for what will never come")
            self._now_s = max(self._now_s, timers[0][0])
        while timers and timers[0][0] <= self._now_s:
            soon.append(heappop(timers)[2])
        for _ in range(len(soon)):
            step = soon.popleft()
            if step._cancelled:
                continue
            try:
                step._callback(*step._args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001  whatever it was, the loop goes on and says so
                self.call_exception_handler({"message": f"Exception in {step._callback!r}", "exception": error})

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], R], *args: *Ts) -> asyncio.Future[R]:  # noqa: ARG002
        """As a thread would: begun a little later, its answer seen later still."""
        answer: asyncio.Future[R] = self.create_future()
        self.call_later(self._chance.uniform(*READ_S), self._in_thread, answer, func, args)
        return answer

    def _in_thread(self, answer: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if answer.done():
            return
        seen_s = self._chance.uniform(*READ_S)
        try:
            result = func(*args)
        except BaseException as error:  # noqa: BLE001  a future carries whatever it was
            self.call_later(seen_s, _fail, answer, error)
        else:
            self.call_later(seen_s, _answer, answer, result)


def _answer(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
