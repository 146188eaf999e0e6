"""What is wrong right now: one entry a kind and place, in memory, shown in `/status` until it is cleared."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import structlog

log = structlog.get_logger()

PROBLEMS_MAX = 200  # different (kind, place) pairs; the oldest goes first


class Problem(NamedTuple):
    """`kind` is a word for machines, `where` the device, report or file it is about, `text` for people."""

    kind: str
    where: str
    text: str
    since_ms: int


class Problems:
    """Set where something goes wrong, cleared where it is right again."""

    def __init__(self, wall_ms: Callable[[], int]) -> None:
        self._wall_ms = wall_ms
        self._now: dict[tuple[str, str], Problem] = {}

    def set(self, kind: str, where: str, text: str) -> None:
        """Note a problem; the time of an earlier entry of the same kind and place is kept."""
        earlier = self._now.get((kind, where))
        if earlier is None:
            log.warning("problem", kind=kind, where=where, text=text)
            if len(self._now) >= PROBLEMS_MAX:
                del self._now[next(iter(self._now))]
        self._now[(kind, where)] = Problem(kind, where, text, earlier.since_ms if earlier else self._wall_ms())

    def clear(self, kind: str, where: str) -> None:
        if self._now.pop((kind, where), None) is not None:
            log.info("problem_over", kind=kind, where=where)

    def all(self) -> list[Problem]:
        return list(self._now.values())

    def has(self, kind: str) -> bool:
        return any(known == kind for known, _ in self._now)
