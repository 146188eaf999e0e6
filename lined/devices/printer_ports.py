"""The port of a printer: where its labels come from, and who hears what it says of them.

Whoever gives labels guarantees that what `take` returns is durably marked as given: the bytes leave after that, and the
same label is never returned again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from drivers.printers import Condition, Label


class LabelSource(Protocol):
    """Durable when they return; they raise JournalError where that cannot be."""

    async def set_aside(self, printer: str, *, cut_off: bool) -> None:
        """What was given to it and is not known to be printed is set aside. `cut_off`: a connection ended; otherwise
        the process begins.
        """

    async def take(self, printer: str, most: int) -> Sequence[tuple[int, Label]]:
        """Some labels for it with their numbers, rising and never used again; none where there are none now."""

    async def printed(self, printer: str, numbers: Sequence[int]) -> None:
        """The printer says that these are printed; it may name some that were set aside."""

    async def not_taken(self, printer: str, number: int, why: str) -> None:
        """The printer refused it; or its driver cannot say it, `why` says why not."""

    def connected(self, printer: str, up: bool, why: str | None) -> None:
        """A connection begins or has ended."""

    def condition(self, printer: str, told: Condition) -> None:
        """How it says that it is."""

    def answers(self, printer: str, well: bool) -> None:
        """Whether it answers what it is asked, while it is connected."""

    def stands(self, printer: str, in_flight: int) -> None:
        """It has had so many labels for a while, and has printed none; 0: it prints, or has none."""
