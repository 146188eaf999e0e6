"""Crash points, for tests: SIGKILL to ourselves at a named point of the journal's writer.

    LINED_CRASH_AT=after-commit:17            at the 17th commit
    LINED_CRASH_AT=before-commit/_received:2  before the 2nd commit that holds the step `_received`
    LINED_CRASH_AT=before-checkpoint:1

Points: before-commit, after-commit, before-checkpoint, after-checkpoint. Behind `/` the name of a work (`Judging`,
`Sealing`, `Commands`) or of a single step (`_begin`, `_received`, `conclude`, …): the function that was handed to
`Journal.do`. Without the variable nothing of this exists.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

import structlog

from lined.vocabulary.environment import variable
from lined.vocabulary.errors import Problem, SettingsError

VARIABLE = "LINED_CRASH_AT"

log = structlog.get_logger()


class CrashPoint:
    """Counts how often its point is passed, and kills the process at the given time."""

    def __init__(self, point: str, times: int, die: Callable[[], None]) -> None:
        self._point, _, self._name = point.partition("/")
        self._times = times
        self._die = die
        self._in_transaction: set[str] = set()

    def __call__(self, passed: str) -> None:
        """`in <name>`: a work or step ran in the transaction under way; else the name of a point."""
        kind, _, name = passed.partition(" ")
        if kind == "in":
            self._in_transaction.add(name)
            return
        if passed == self._point and (not self._name or self._name in self._in_transaction):
            self._times -= 1
            if not self._times:
                self._die()
        if passed == "after-commit":
            self._in_transaction.clear()


def crash_point() -> CrashPoint | None:
    """What the environment asks for; None: nothing. Raises SettingsError for what cannot be understood."""
    text = variable(VARIABLE)
    if not text:
        return None
    point, colon, times = text.rpartition(":")
    if not colon or not point or not re.fullmatch("[1-9][0-9]{0,8}", times):
        raise SettingsError([Problem(VARIABLE, f"{text!r} is not POINT:TIMES, such as after-commit:17")])
    log.warning("this_process_will_kill_itself", at=text)
    return CrashPoint(point, int(times), die)


def die() -> None:
    """As if the power had gone: nothing is flushed, nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)
