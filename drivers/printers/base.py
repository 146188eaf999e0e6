"""The interface of a printer's driver: labels in, bytes out; bytes in, events out. No I/O, no clock, no randomness.

What a driver guarantees:
- `Printed` is the printer's own word: that it has taken a label is never taken for that;
- a label is printed, refused, or in flight; which of those of a connection that ended were printed nobody knows;
- the same bytes give the same events, wherever the stream is cut; none makes it raise, and what it keeps is bounded.

Time enters only as `ask`, every `ask_s` seconds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from drivers.base import Manual, Option

LABELS_MOST = 1_000  # in flight at once


class Trouble(Enum):
    """Why a printer does not print."""

    RIBBON = "ribbon"
    HEAD = "head"
    MEDIA = "media"
    JAM = "jam"
    PAUSED = "paused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Label:
    """One label. `code`: the full marking code, GS (1D) between its parts and nothing before it; of a package its SSCC,
    `00` and 18 digits.
    """

    code: bytes
    text: str = ""
    """For people, beside the symbol."""
    package: bool = False
    """A GS1-128 with an SSCC instead of a DataMatrix."""
    gs1: bool = True
    """Whether the DataMatrix begins with FNC1; TOBACCO has none."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The printer has taken a label into its queue. It is not printed."""

    raw: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The printer says that it does not take a label."""

    raw: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer says that a label is printed. A printer that names its labels may name one of an earlier
    connection.
    """

    raw: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Condition:
    """How the printer says that it is. Told when it changes, and with each word about a trouble."""

    raw: bytes
    ready: bool
    troubles: frozenset[Trouble]
    queue: int | None
    """Labels that it says it still has to print; None: it has not said."""
    text: str = ""
    """Its own words about a trouble, printable, at most 100 characters."""


PrinterEvent = Accepted | Refused | Printed | Condition


class Unprintable(ValueError):
    """A label that this printer cannot be told; the message says why, and holds no code."""


class PrinterDriver(ABC):
    """One printer's stream. `number`s are those of whoever loads the labels, rising, and never used again."""

    OPTIONS: ClassVar[Sequence[Option]] = ()
    MANUAL: ClassVar[Manual] = Manual()

    ask_s: float | None = None
    """How often `ask` is due; None: never."""
    most: int = LABELS_MOST
    """Labels that may be in flight at once, as far as the printer's words can tell them apart."""

    def __init__(self, options: Mapping[str, object]) -> None:  # noqa: B027 - what every driver can be made with
        """`options` as TOML gives them. Raises DriverOptionError with all problems at once."""

    @abstractmethod
    def opening(self) -> bytes:
        """A connection begins: what to write first. What was in flight on the one before is forgotten."""

    @property
    @abstractmethod
    def takes(self) -> bool:
        """Whether a label may be loaded now: the printer is ready, what was in its queue before this connection cannot
        be taken for ours, and fewer than `most` are in flight.
        """

    @abstractmethod
    def load(self, number: int, label: Label) -> bytes:
        """The bytes of a label, which is in flight from now on. Raises Unprintable: then it is not."""

    @abstractmethod
    def feed(self, chunk: bytes) -> list[PrinterEvent]:
        """The events that `chunk` completes, in order. Never raises."""

    @property
    def gap_s(self) -> float | None:
        """After so long without a byte `gap` is due; None: a gap means nothing now. May change with each chunk."""
        return None

    def gap(self) -> list[PrinterEvent]:
        """Nothing has come for `gap_s` seconds: the events that this completes. Never raises."""
        return []

    def ask(self) -> bytes:
        """Ask how the printer is, and how far; none: it cannot be asked."""
        return b""

    @property
    def unanswered(self) -> int:
        """Questions that it has not answered. A printer without paper or with its head open may answer none."""
        return 0
