"""A canary among the answers: what of them is not as the regulator's text has it, counted while lined works.

Guarantees: `note` costs nothing that can be felt, whatever the answer; `judge` holds the loop no longer than any
reading of answers does, once `lined.regulator.adapters` was imported: whoever judges sees to that before the line is
ready. Of a list the first rows are looked at. Nothing is decided by it.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from lined.regulator.profile import Profile
from lined.regulator.slices import in_slices

if TYPE_CHECKING:
    from lined.regulator.strange import Strange

ROWS = 20  # of each list: a new word stands on many rows, a new member on all
MOST_NOTED = 100  # answers between two judgements; a line asks some ten a minute
MOST_COUNTED = 200  # different things


class Canary:
    """`counts`: in how many answers each difference stood, by method, since the start."""

    def __init__(self, profile: Profile) -> None:
        self.counts: Counter[tuple[str, Strange]] = Counter()
        self._profile = profile
        self._noted: deque[tuple[str, object]] = deque(maxlen=MOST_NOTED)

    def note(self, method: str, value: object) -> None:
        """An answer that could be read; its lists may be emptied afterwards."""
        self._noted.append((method, _first(value)))

    async def judge(self) -> None:
        """Look at what was noted since the last time."""
        if not self._noted:
            return
        noted = list(self._noted)
        self._noted.clear()
        await in_slices(self._look, noted, clock_every=1)

    def _look(self, noted: tuple[str, object]) -> None:
        from lined.regulator.adapters import ADAPTERS
        from lined.regulator.strange import strange_of

        method, value = noted
        for one in strange_of(value, ADAPTERS[method], self._profile):
            if (method, one) in self.counts or len(self.counts) < MOST_COUNTED:
                self.counts[method, one] += 1


def _first(value: object) -> object:
    """The value with the first rows of its lists."""
    if isinstance(value, list):
        return value[:ROWS]
    if isinstance(value, dict):
        return {name: member[:ROWS] if isinstance(member, list) else member for name, member in value.items()}
    return value
