"""The regulator's contract watched while the line works: what its answers have that its text does not is told once a
day, before a shift meets it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from lined.line.watch.problems import Problems
from lined.regulator import adapters, strange
from lined.regulator.canary import Canary
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, ServiceFact

assert adapters.ADAPTERS  # loaded now, not with the first look

LOOK_MS = 60_000
DAY_MS = 86_400_000
MOST_TOLD = 12


def _steady_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class ContractWatch:
    """The first difference is told at once, others at the earliest a day later, all that is known then together. After
    a restart it is told again. `clock_ms` never jumps.
    """

    def __init__(
        self, problems: Problems, canary: Canary, where: str, clock_ms: Callable[[], int] = _steady_ms
    ) -> None:
        self._problems = problems
        self._canary = canary
        self._where = where
        self._clock_ms = clock_ms
        self._look_at_ms = clock_ms()
        self._told: set[tuple[str, strange.Strange]] = set()
        self._tell_at_ms = clock_ms()

    async def look(self) -> None:
        """Every now and then; costs nothing in between."""
        now_ms = self._clock_ms()
        if now_ms < self._look_at_ms:
            return
        self._look_at_ms = now_ms + LOOK_MS
        await self._canary.judge()
        new = [one for one in self._canary.counts if one not in self._told]
        if not new or now_ms < self._tell_at_ms:
            return
        self._tell_at_ms = now_ms + DAY_MS
        known = [one for one in self._canary.counts if one in self._told]
        self._told.update(new)
        self._problems.clear(AlarmKind.CONTRACT_MOVED, self._where)  # an alarm of its own, and not that of another day
        self._problems.set(AlarmKind.CONTRACT_MOVED, self._where, _fact([*new, *known], self._canary.counts))


def _fact(found: list[tuple[str, strange.Strange]], counts: Counter[tuple[str, strange.Strange]]) -> Fact:
    """In the regulator's own names, which need no translation: `document: +priority (7×); orders: status = X (1×)`."""
    told = [f"{method}: {one.short()} ({counts[method, one]}×)" for method, one in found[:MOST_TOLD]]
    more = f"; +{len(found) - MOST_TOLD} …" if len(found) > MOST_TOLD else ""
    return Fact(ServiceFact.CONTRACT_MOVED, list="; ".join(told) + more)
