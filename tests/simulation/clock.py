"""Time that stands still while anything can run, and then jumps to the next timer: hours pass in milliseconds.

A loop of its own, without sockets or selector. What would run in a thread runs here and now, between two delays drawn
from the seed, so that every interleaving that threads could make is made again by the same seed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

READ_S = (0.0, 0.02)  # how long a question to the journal takes, before and after it looks


MOST_STEPS = 400_000  # of the loop in one run; a run that works needs a tenth


class Stalled(Exception):
    """Nothing can run and no timer is set, or much too much runs without time going on."""


class VirtualLoop(asyncio.BaseEventLoop):
    """`time()` is in seconds since the loop's beginning."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.steps = 0
        self._chance = chance
        self._now_s = 0.0
        self._selector = self

    def time(self) -> float:
        return self._now_s

    def select(self, timeout: float | None) -> list[Any]:
        """What the loop believes to be its selector: instead of waiting, it is later."""
        self.steps += 1
        if timeout is None:
            raise Stalled("everything waits for what will never come")
        if self.steps > MOST_STEPS:
            raise Stalled(f"more than {MOST_STEPS} steps")
        self._now_s += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who could be woken."""

    def run_in_executor(  # type: ignore[override]  # typeshed spells it with type variable tuples
        self, _executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """As a thread would: begun a little later, its answer seen later still."""
        answer: asyncio.Future[Any] = self.create_future()

        def work() -> None:
            if answer.done():
                return
            try:
                result = func(*args)
            except BaseException as error:  # noqa: BLE001  a future carries whatever it was
                self.call_later(self._chance.uniform(*READ_S), _fail, answer, error)
            else:
                self.call_later(self._chance.uniform(*READ_S), _answer, answer, result)

        self.call_later(self._chance.uniform(*READ_S), work)
        return answer


def _answer(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
