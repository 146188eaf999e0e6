"""A canary among the answers: what of them is not as the regulator's text has it, counted while lined works.

Guarantees: `note` costs nothing that can be felt, whatever the answer; `judge` holds the loop no longer than any
reading of answers does. Of a list the first rows are looked at. Nothing is decided by it. What reads the answers is
built when this file is imported, before the line is ready: later it would hold every verdict for a tenth of a second.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from lined.regulator.methods import CALLS
from lined.regulator.profile import Profile
from lined.regulator.slices import in_slices
from lined.regulator.strange import Strange, strange_of

ROWS = 20  # of each list: a new word stands on many rows, a new member on all
MOST_NOTED = 100  # answers between two judgements; a line asks some ten a minute
MOST_COUNTED = 200  # different things


def _built(answer: Any) -> TypeAdapter[Any]:
    """What reads such an answer, whole: the models put off what they can."""
    adapter: TypeAdapter[Any] = TypeAdapter(answer)
    adapter.rebuild()
    return adapter


ADAPTERS: Mapping[str, TypeAdapter[Any]] = {name: _built(call.answer) for name, call in CALLS.items()}
"""What reads a method's answer, by its name."""


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
