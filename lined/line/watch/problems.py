"""Problems of right now: one entry a kind and place, in memory, shown in `/status` until it is cleared."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import structlog

from lined.vocabulary.facts import Fact

log = structlog.get_logger()

PROBLEMS_MAX = 200  # different (kind, place) pairs; the oldest goes first


class Problem(NamedTuple):
    """`kind` is a word for machines, `where` the device, report or file it is about, `text` the fact for people."""

    kind: str
    where: str
    text: Fact
    since_ms: int


class Listener(Protocol):
    """Hears of a problem when it is set for the first time, and when it is `over`."""

    def __call__(self, problem: Problem, *, over: bool) -> None: ...


class Problems:
    """Set where something goes wrong, cleared where it is right again. Belongs to the event loop."""

    def __init__(self, wall_ms: Callable[[], int]) -> None:
        self.listeners: list[Listener] = []
        self._wall_ms = wall_ms
        self._now: dict[tuple[str, str], Problem] = {}

    def set(self, kind: str, where: str, text: Fact) -> None:
        """Note a problem; the time of an earlier entry of the same kind and place is kept."""
        earlier = self._now.get((kind, where))
        if earlier is None:
            log.warning("problem", kind=kind, where=where, text=text)
            if len(self._now) >= PROBLEMS_MAX:
                self._tell(self._now.pop(next(iter(self._now))), over=True)
        problem = Problem(kind, where, text, earlier.since_ms if earlier else self._wall_ms())
        self._now[(kind, where)] = problem
        if earlier is None:
            self._tell(problem, over=False)

    def clear(self, kind: str, where: str) -> None:
        """It is right again, if it was wrong."""
        problem = self._now.pop((kind, where), None)
        if problem is not None:
            log.info("problem_over", kind=kind, where=where)
            self._tell(problem, over=True)

    def all(self) -> list[Problem]:
        return list(self._now.values())

    def has(self, kind: str) -> bool:
        return any(known == kind for known, _ in self._now)

    def _tell(self, problem: Problem, *, over: bool) -> None:
        for listener in self.listeners:
            listener(problem, over=over)
