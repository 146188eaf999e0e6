"""Framers without a suffix: a stream cut at a size that is known or written before each frame, or at a pause."""

from __future__ import annotations

from typing import NamedTuple

from drivers.parts.framing import Broken, Frame, too_long


class SizeFramer:
    """Frames whose size is known: always the same, or written before each of them.

    `prefix`, size field, payload, `suffix`; a frame is the payload. Out of step, it goes on byte by byte until a frame
    fits, and tells that once; a pause ends what is cut short.
    """

    def __init__(self, size: Size, prefix: bytes, suffix: bytes, max_bytes: int) -> None:
        self.dropped = 0
        self._size = size
        self._prefix = prefix
        self._suffix = suffix
        self._max_bytes = max_bytes
        self._head = len(prefix) + size.field_bytes
        self._rest = bytearray()
        self._lost = False

    @property
    def waits(self) -> bool:
        return bool(self._rest)

    def reset(self) -> None:
        self._rest.clear()
        self._lost = False

    def gap(self) -> list[Frame]:
        cut_short = bytes(self._rest[: self._max_bytes])
        was_lost = self._lost
        self.reset()
        return [] if was_lost or not cut_short else [Broken(cut_short, "a frame that was cut short")]

    def cut(self, chunk: bytes) -> list[Frame]:
        rest, at = self._rest, 0
        frames: list[Frame] = []
        rest += chunk
        while len(rest) - at >= self._head:
            begins = rest.startswith(self._prefix, at)
            length = self._size.read(bytes(rest[at + len(self._prefix) : at + self._head])) if begins else None
            if length is None or not 0 <= length <= self._max_bytes:
                at = self._step(rest, at, frames, tells=begins)
                continue
            payload, stop = at + self._head, at + self._head + length + len(self._suffix)
            if len(rest) < stop:
                break
            if not rest.startswith(self._suffix, payload + length):
                at = self._step(rest, at, frames, tells=True)
                continue
            frames.append(bytes(rest[payload : payload + length]))
            self._lost, at = False, stop
        del rest[:at]
        return frames

    def _step(self, rest: bytearray, at: int, frames: list[Frame], *, tells: bool) -> int:
        """One byte on. Line ends between two frames are nobody's fault."""
        if not tells and rest[at] in b"\r\n":
            return at + 1
        if not self._lost:
            self._lost = True
            frames.append(Broken(bytes(rest[at : at + max(1, self._head)]), "out of step: no frame begins here"))
        self.dropped += 1
        return at + 1


class Size(NamedTuple):
    """How a frame's size is told: `field_bytes` of digits or of a binary number; 0: it is always `fixed`."""

    field_bytes: int
    digits: bool = False
    little: bool = False
    fixed: int = 0

    def read(self, field: bytes) -> int | None:
        if not self.field_bytes:
            return self.fixed
        if self.digits:
            return int(field) if field.isdigit() else None
        return int.from_bytes(field, "little" if self.little else "big")


class GapFramer:
    """Whatever comes between two pauses is a frame."""

    dropped = 0

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._rest = bytearray()
        self._skipping = False

    @property
    def waits(self) -> bool:
        return bool(self._rest) or self._skipping

    def reset(self) -> None:
        self._rest.clear()
        self._skipping = False

    def cut(self, chunk: bytes) -> list[Frame]:
        if self._skipping:
            return []
        self._rest += chunk
        if len(self._rest) <= self._max_bytes:
            return []
        start = bytes(self._rest[: self._max_bytes])
        self._rest.clear()
        self._skipping = True
        return [too_long(self._max_bytes, start)]

    def gap(self) -> list[Frame]:
        frame = bytes(self._rest)
        self.reset()
        return [frame] if frame else []
