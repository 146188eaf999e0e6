"""The line as its links see it: frames go in, judgements come out, and each is acknowledged: replied, or unsaid."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from lined.vocabulary.facts import Fact


class Frame(Protocol):
    """One frame of a device; structurally `drivers.Read`."""

    @property
    def kind(self) -> str:
        """`read`, `no-read` or `malformed`."""

    @property
    def codes(self) -> Sequence[bytes]: ...

    @property
    def missed(self) -> int:
        """How many of a frame's slots the device saw nothing legible in."""

    @property
    def raw(self) -> bytes: ...

    @property
    def grade(self) -> str | None: ...


class Judgement(NamedTuple):
    """What to say to a device about the frames of one `judge` call."""

    accepts: list[bool]
    """One a frame, in order."""
    mark: int
    """Opaque to the link; for `replied` and `unsaid`."""
    kept: object = None
    """Opaque to the link; for `unacknowledged`."""
    failed: bool = False
    """The disk took nothing of it: a device that can is asked to send it again."""


class Intake(Protocol):
    """The line as its links see it. No method blocks."""

    def judge(self, device: str, frames: Sequence[Frame], arrived: float) -> asyncio.Future[Judgement]:
        """`arrived`: the loop's time of the chunk. The future completes when the commit is on disk, or at once with
        rejects where nothing can be accepted. Futures of a device complete in order.
        """
        ...

    def replied(self, device: str, judgement: Judgement) -> None:
        """All of it was written to the device."""

    def unsaid(self, device: str, judgement: Judgement, first: int, why: str) -> None:
        """The frames from index `first` on were not said."""

    def unacknowledged(self, device: str, judgement: Judgement, first: int, why: str) -> None:
        """All of it was written, and `replied` was called; but the connection has ended, and the frames from index
        `first` on never reached the device.
        """

    def flooding(self, device: str, pours: bool) -> None:
        """Whether the device sends more reads that are rejected than any line has items."""

    def silent(self, device: str, is_silent: bool) -> None:
        """Whether nothing comes from a device that is connected, though something should."""

    def fault(self, device: str, text: str) -> None:
        """The device reports an error, in its own words."""

    def connected(self, device: str, up: bool, problem: Fact | None) -> None:
        """The device's state changed; `problem` is for people."""
