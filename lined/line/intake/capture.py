"""A capture: a device's bytes with their times, both ways, and the verdicts that were given (docs/capture.md).

A text, one event a line, each a JSON object with `t`, seconds since the beginning, and `what`. The first line is the
head. Bytes are a text in which each character is one byte.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

VERSION: Final = 1
SECONDS_MAX: Final = 3_600
BYTES_MAX: Final = 32 * 1024 * 1024
"""Of a whole capture, as its lines are."""
WAITING_MAX: Final = 4 * 1024 * 1024
"""Recorded, and not fetched yet."""
PART_MAX: Final = 256 * 1024
"""Of one fetch, about: what is answered in a millisecond or two."""
LEASE_S: Final = 15.0
"""A capture that nobody fetches ends after so long."""
LINE_MAX: Final = 4 * 1024 * 1024
"""Characters of a line of a file: a chunk is at most 2,048 bytes, but others may write captures too."""

HEAD, UP, DOWN, IN, OUT, GAP, VERDICT, END = "head", "up", "down", "in", "out", "gap", "verdict", "end"
REPLIED, UNSAID, UNACKNOWLEDGED = "replied", "unsaid", "unacknowledged"
WORDS: Final = frozenset({HEAD, UP, DOWN, IN, OUT, GAP, VERDICT, END, REPLIED, UNSAID, UNACKNOWLEDGED})

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class NoCapture(ValueError):
    """A file that is no capture, or one of another version; the text says where."""


class CaptureEvent(NamedTuple):
    """`data`: of IN and OUT. `more`: of the head, of a verdict, why something ended; `frames`: how many a reply is for,
    or had reached the device where it is UNACKNOWLEDGED.
    """

    at_s: float
    what: str
    data: bytes = b""
    more: Mapping[str, Any] = NOTHING

    @property
    def line(self) -> str:
        """With its line end."""
        told: dict[str, Any] = {"t": round(self.at_s, 6), "what": self.what}
        if self.what in {IN, OUT}:
            told["bytes"] = self.data.decode("latin-1")
        return json.dumps({**told, **self.more}, ensure_ascii=True, separators=(",", ":")) + "\n"


class Tap(Protocol):
    """Where a link tells what it reads and writes, while somebody captures it."""

    def __call__(self, what: str, data: bytes = b"", frames: int = 0) -> None: ...


def parsed(line: str, number: int) -> CaptureEvent:
    """An event out of a line of a file. Raises NoCapture."""
    try:
        found = json.loads(line)
        at_s, what, text = float(found.pop("t")), found.pop("what"), found.pop("bytes", "")
        data = text.encode("latin-1")
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise NoCapture(f"line {number}: no event of a capture ({type(wrong).__name__})") from None
    if what not in WORDS or not at_s >= 0:
        raise NoCapture(f"line {number}: no event of a capture")
    return CaptureEvent(at_s, what, data, found)


def read_capture(text: str) -> list[CaptureEvent]:
    """The events of a file, the head first. Raises NoCapture."""
    lines = text.splitlines()
    if any(len(line) > LINE_MAX for line in lines):
        raise NoCapture(f"a line of more than {LINE_MAX} characters")
    events = [parsed(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    if not events or events[0].what != HEAD:
        raise NoCapture("line 1: no head of a capture")
    version = events[0].more.get("capture")
    if version != VERSION:
        raise NoCapture(f"a capture of version {version!r}; this program reads version {VERSION}")
    _check(events[0].more)
    return events


def _check(head: Mapping[str, Any]) -> None:
    try:
        known = isinstance(head["device"], str) and datetime.fromisoformat(head["at"]).tzinfo is not None
    except (KeyError, ValueError, TypeError):
        known = False
    if not known:
        raise NoCapture("line 1: the head names no device, or no moment")


class Recording:
    """The recorder of one capture. `tap` is called on the loop; what is recorded waits until it is fetched. `ended`:
    why it is over; empty while it goes on.
    """

    def __init__(self, now: Callable[[], float], seconds: float) -> None:
        self.ended = ""
        self._now = now
        self._began = now()
        self._fetched = now()
        self._seconds = seconds
        self._lines: deque[str] = deque()
        self._waiting = 0
        self._whole = 0

    def tap(self, what: str, data: bytes = b"", frames: int = 0) -> None:
        """Something happened on the link."""
        self.put(what, data, {"frames": frames} if frames else NOTHING)

    def put(self, what: str, data: bytes = b"", more: Mapping[str, Any] = NOTHING) -> None:
        """An event of now. Once the capture is over it is dropped."""
        self.look()
        if self.ended:
            return
        line = CaptureEvent(self._now() - self._began, what, data, more).line
        self._waiting += len(line)
        self._whole += len(line)
        if self._whole > BYTES_MAX or self._waiting > WAITING_MAX:
            self.ended = "bytes"
            return
        self._lines.append(line)

    def look(self) -> None:
        """It ends by itself: after its time, or where nobody fetches it."""
        if not self.ended and self._now() - self._began >= self._seconds:
            self.ended = "time"
        if not self.ended and self.is_left:
            self.ended = "nobody"

    @property
    def is_left(self) -> bool:
        """Nobody has fetched anything for LEASE_S."""
        return self._now() - self._fetched >= LEASE_S

    def take(self) -> list[str]:
        """What was recorded since the last time, a part of it where that is much: see `is_empty`."""
        self._fetched = self._now()
        self.look()
        taken: list[str] = []
        size = 0
        while self._lines and size < PART_MAX:
            taken.append(self._lines.popleft())
            size += len(taken[-1])
        self._waiting -= size
        return taken

    @property
    def is_empty(self) -> bool:
        """Nothing waits to be fetched."""
        return not self._lines
