"""The protocol of a driver: what it is given and what it gives. A driver is pure: bytes in, reads out; no I/O, no
clock, no randomness.

What a driver guarantees:
- the same bytes give the same reads, wherever the stream is cut into chunks;
- no bytes make `feed` raise, and what it keeps between two chunks is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

Kind = Literal["read", "no-read", "malformed"]


class Read(NamedTuple):
    """One frame of a device. `raw` is the payload as received, without prefix and suffix, bounded by the driver."""

    kind: Kind
    codes: tuple[bytes, ...]
    """One, or several where the driver knows a separator (then a slot may be empty); none for the other kinds."""
    raw: bytes
    grade: str | None = None
    """As the device wrote it: a letter, a number, a formal grade. Not checked here."""
    at: str | None = None
    image: str | None = None
    problem: str = ""
    """Why it is malformed."""
    missed: int = 0
    """Slots of a frame with several codes in which the device says it saw nothing legible; they are not in `codes`."""


class OptionProblem(NamedTuple):
    """One wrong option: `path` is its name, with an index for an element of a list (`no_read[1]`)."""

    path: str
    message: str


class DriverOptionError(ValueError):
    """Options that a driver cannot work with; `problems` names all of them."""

    def __init__(self, problems: Sequence[OptionProblem]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = list(problems)


class UnknownDriver(LookupError):
    """There is no driver of that name."""


class Driver(Protocol):
    """One device's stream. Keeps half a frame between two chunks and nothing else."""

    heartbeats: int
    """Heartbeats seen so far."""
    dropped_bytes: int
    """Bytes dropped so far because they cannot belong to a code."""

    def __init__(self, options: Mapping[str, object]) -> None:
        """`options` as TOML gives them. Raises DriverOptionError with all problems at once."""

    def feed(self, chunk: bytes) -> list[Read]:
        """The reads that `chunk` completes, in order. Never raises."""

    def reset(self) -> None:
        """The connection is gone: half a frame is dropped, never glued to what comes next."""
