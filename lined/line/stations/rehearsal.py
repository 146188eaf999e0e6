"""What a test job has applied and packed. It lives in memory, for as long as the job runs in this process."""

from __future__ import annotations

from dataclasses import dataclass, field

REMEMBERED = 100_000  # items; the oldest are forgotten first


@dataclass(slots=True)
class Rehearsed:
    """An open package: its parent where that came first, and when each child was last read."""

    parent: str | None = None
    children: dict[str, int] = field(default_factory=dict)
    closing: bool = False


class Rehearsal:
    """What one test job has done. `levels`: of each item that was applied or closed; `packed`: what lies in something;
    `short`: stations whose next frame may hold less than a full package.
    """

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        self.levels: dict[str, str] = {}
        self.packed: dict[str, None] = {}
        self.open: dict[str, Rehearsed] = {}
        self.short: set[str] = set()

    def made(self, ident: str, level: str) -> None:
        """A unit was applied, or a package closed."""
        self.levels[ident] = level
        if len(self.levels) > REMEMBERED:
            oldest = next(iter(self.levels))
            del self.levels[oldest]
            self.packed.pop(oldest, None)
