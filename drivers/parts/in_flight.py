"""Labels in flight: loaded on this connection, and neither printed nor refused so far, oldest first."""

from __future__ import annotations

from collections import deque

ASKS_MOST = 8  # what is asked beyond is answered as if it had been asked before: that counts fewer labels, never more


class InFlight:
    """`loaded` counts what was loaded on this connection, `settled` how much of it left the queue in order."""

    def __init__(self) -> None:
        self._waiting: dict[int, bool] = {}  # number: whether it was accepted
        self._asked: deque[int] = deque()
        self._before: int | None = None
        self.silent = 0
        """Questions in a row that nothing answered."""
        self.loaded = 0
        self.settled = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def load(self, number: int) -> None:
        self._waiting[number] = False
        self.loaded += 1

    def accepted(self, number: int | None) -> int | None:
        """The one that was accepted, the oldest where none is named; None: none is meant."""
        if number is None:
            number = next((one for one, known in self._waiting.items() if not known), None)
        if number is None or self._waiting.get(number) is not False:
            return None
        self._waiting[number] = True
        return number

    def refused(self, number: int | None) -> int | None:
        """The one that was refused: named, or the oldest that was not accepted."""
        if number is None:
            number = next((one for one, known in self._waiting.items() if not known), None)
        return number if number is not None and self._settle(number) else None

    def printed(self, number: int) -> bool:
        """Whether it was in flight."""
        return self._settle(number)

    def first(self, count: int) -> list[int]:
        """The oldest are printed, so many."""
        numbers = list(self._waiting)[: max(0, count)]
        for number in numbers:
            self._settle(number)
        return numbers

    def up_to(self, number: int) -> list[int]:
        """All up to this one are printed, where it is in flight."""
        if number not in self._waiting:
            return []
        numbers = list(self._waiting)
        return self.first(numbers.index(number) + 1)

    def asked(self) -> None:
        """A printer may throw questions away while it is in trouble: an answer is always held for that of the
        oldest.
        """
        self.silent += 1
        if len(self._asked) < ASKS_MOST:
            self._asked.append(self.loaded)

    def answered(self) -> int | None:
        """How many had been loaded when the question was asked that is answered now; None: nothing was asked."""
        self.silent = 0
        return self._asked.popleft() if self._asked else None

    def left(self, loaded_then: int, left: int) -> list[int]:
        """Asked when so many were loaded, the printer says that so many are left. Two answers in a row have to agree:
        between two stages of a printer a label may be in neither for a moment.
        """
        now = max(0, loaded_then - left)
        agreed = now if self._before is None else min(now, self._before)
        first_answer, self._before = self._before is None, now
        return [] if first_answer else self.first(agreed - self.settled)

    def no_agreement(self) -> None:
        """What the last answer said does not count: the printer reports a trouble."""
        self._before = None

    def _settle(self, number: int) -> bool:
        if number not in self._waiting:
            return False
        del self._waiting[number]
        self.settled += 1
        return True
