"""The numbers that a device gives its triggers: where some never came, it looked at items whose results are lost.

Most readers keep nothing while nobody is connected, and many send nothing where nothing was legible unless they are set
to: neither can be seen in what does come.
"""

from __future__ import annotations

from typing import Final

from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, LineFact

DIGITS_MAX: Final = 18
MISSED_MAX: Final = 10_000
"""A number that is further away is of another count: the device was exchanged or set back."""


class Triggers:
    """`came` with the number of each result, in the order of a device's frames. Since the start, by device."""

    def __init__(self, problems: Problems) -> None:
        self.missed: dict[str, int] = {}
        self._problems = problems
        self._last: dict[str, int] = {}

    def came(self, device: str, trigger: str) -> None:
        """Several results of one trigger, and a count that begins anew, miss nothing."""
        if not trigger.isdecimal() or not trigger.isascii() or len(trigger) > DIGITS_MAX:
            return
        number = int(trigger)
        last = self._last.get(device)
        self._last[device] = number
        if last is None or not 1 < number - last <= MISSED_MAX:
            return
        n = self.missed[device] = self.missed.get(device, 0) + number - last - 1
        fact = Fact(LineFact.TRIGGERS_MISSED, device=device, n=n, first=last + 1, last=number - 1)
        self._problems.set(AlarmKind.DEVICE_MISSED, device, fact)
