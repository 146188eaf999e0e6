"""Defects of our own while the line runs: each is logged with its traceback, counted, told to people, and gone on
behind.

`note` says where: a place of a bounded set (a command, a loop, a device), never a text from outside. What was being
done is undone by whoever calls.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import JournalBroken, SettingsError
from lined.vocabulary.facts import Fact, LineFact

log = structlog.get_logger()

TOLD_WHOLE = 5  # of one place: with their tracebacks; after that one in LEAST
LEAST = 100
WAIT_FIRST_S, WAIT_MOST_S = 1.0, 60.0  # before a loop goes on
FATAL = (JournalBroken, SettingsError)  # the process has to end, and its exit code says why


class Defects:
    """Belongs to the event loop. `counts`: how many, by place."""

    def __init__(self, problems: Problems, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.counts: Counter[str] = Counter()
        self._problems = problems
        self._sleep = sleep

    def note(self, where: str, error: BaseException) -> None:
        """Somebody met one. Never raises."""
        self.counts[where] += 1
        times = self.counts[where]
        if times <= TOLD_WHOLE or times % LEAST == 0:
            log.error("defect", where=where, times=times, exc_info=error)
        self._problems.set(AlarmKind.DEFECT, where, _fact(where, error))

    async def keep_going(
        self, where: str, run: Callable[[], Awaitable[None]], fatal: tuple[type[BaseException], ...] = ()
    ) -> None:
        """Until `run` returns: begun anew after each defect, later and later. What is FATAL or `fatal` comes out."""
        loop, wait_s = asyncio.get_running_loop(), WAIT_FIRST_S
        while True:
            began = loop.time()
            try:
                await run()
            except Exception as error:
                if holds(error, (*FATAL, *fatal)):
                    raise
                self.note(where, error)
            else:
                return
            if loop.time() - began > WAIT_MOST_S:
                wait_s = WAIT_FIRST_S
            await self._sleep(wait_s)
            wait_s = min(WAIT_MOST_S, wait_s * 2)


def holds(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    """Whether it is one of these, or a group with one of these in it."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(kinds) is not None
    return isinstance(error, kinds)


def _fact(where: str, error: BaseException) -> Fact:
    """The kind of the error and no more: its text may hold a code."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return Fact(LineFact.DEFECT, id=type(error).__name__, where=where)
