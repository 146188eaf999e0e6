"""Framers: a stream cut into frames at a suffix or a closing tag.

What cuts at a length or a pause is in `sized`.

What a framer keeps between two chunks is never more than a frame; its work is linear in the bytes, whether they come in
one chunk or byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Broken(NamedTuple):
    """Bytes that are no frame: `raw` is their beginning."""

    raw: bytes
    problem: str


Frame = bytes | Broken


class Framer(Protocol):
    dropped: int
    """Bytes skipped so far, in search of a frame's beginning."""

    @property
    def waits(self) -> bool:
        """Whether a pause means something now."""

    def cut(self, chunk: bytes) -> Sequence[Frame]:
        """The frames that end in `chunk`."""

    def gap(self) -> Sequence[Frame]:
        """The frames that end because nothing more came."""

    def reset(self) -> None:
        """Drop half a frame."""


def too_long(max_bytes: int, start: bytes) -> Broken:
    return Broken(start[:max_bytes], f"a frame of more than {max_bytes} bytes")


class LineFramer:
    """One suffix, or (None) any of CR, LF and CRLF: the empty frame inside a CRLF is the caller's to ignore.

    The quick one. Frames come without suffix. One longer than `max_bytes` is given once, as soon as that is certain and
    perhaps not whole; it can be told by its length, and cutting goes on after the next suffix.
    """

    dropped = 0
    waits = False

    def __init__(self, suffix: bytes | None, max_bytes: int) -> None:
        self._any_line_end = suffix is None
        self._suffix = suffix or b"\n"
        self._max_bytes = max_bytes
        # A frame may still be short enough while the first bytes of its suffix are here already.
        self._rest_max = max_bytes + len(self._suffix) - 1
        self._rest = bytearray()
        self._skipping = False

    def reset(self) -> None:
        self._rest.clear()
        self._skipping = False

    def gap(self) -> list[bytes]:
        return []

    def cut(self, chunk: bytes) -> list[bytes]:
        if self._any_line_end:
            chunk = chunk.replace(b"\r", b"\n")
        if self._skipping:
            chunk = self._skip(chunk)
        unsearched = max(0, len(self._rest) - len(self._suffix) + 1)
        self._rest += chunk
        frames: list[bytes] = []
        if self._rest.find(self._suffix, unsearched) >= 0:
            frames = bytes(self._rest).split(self._suffix)
            self._rest = bytearray(frames.pop())
        if len(self._rest) > self._rest_max:
            frames.append(bytes(self._rest[: self._max_bytes + 1]))
            self._skipping = True
            self._keep_start_of_suffix()
        return frames

    def _skip(self, chunk: bytes) -> bytes:
        """What follows the suffix of the frame that is too long; nothing while it goes on."""
        self._rest += chunk
        end = self._rest.find(self._suffix)
        if end < 0:
            self._keep_start_of_suffix()
            return b""
        after = bytes(self._rest[end + len(self._suffix) :])
        self.reset()
        return after

    def _keep_start_of_suffix(self) -> None:
        """The suffix may have been cut in two: its first bytes are all that is kept of a frame too long."""
        del self._rest[: max(0, len(self._rest) - len(self._suffix) + 1)]


class EndsFramer:
    """One of several suffixes, `behind` bytes after it, both left in the frame: for closing tags and check bytes.

    No end may be the beginning of another.
    """

    dropped = 0
    waits = False

    def __init__(self, ends: Sequence[bytes], max_bytes: int, behind: int = 0) -> None:
        self._end = re.compile(b"|".join(re.escape(end) for end in ends))
        self._overlap = max(len(end) for end in ends) - 1
        self._behind = behind
        self._max_bytes = max_bytes
        self._rest = bytearray()
        self._searched = 0
        self._skipping = False

    def reset(self) -> None:
        self._rest.clear()
        self._searched = 0
        self._skipping = False

    def gap(self) -> list[Frame]:
        return []

    def cut(self, chunk: bytes) -> list[Frame]:
        rest, start = self._rest, 0
        frames: list[Frame] = []
        rest += chunk
        while (found := self._end.search(rest, start + self._searched)) is not None:
            stop = found.end() + self._behind
            if stop > len(rest):
                self._searched = found.start() - start
                break
            if not self._skipping:
                whole = found.start() - start <= self._max_bytes
                frames.append(
                    bytes(rest[start:stop]) if whole else too_long(self._max_bytes, bytes(rest[start : found.start()]))
                )
            start, self._searched, self._skipping = stop, 0, False
        else:
            self._searched = max(0, len(rest) - start - self._overlap)
        del rest[:start]
        self._bound(frames)
        return frames

    def _bound(self, frames: list[Frame]) -> None:
        """Certainly longer than allowed: told once, and what is skipped is not kept."""
        if self._searched > self._max_bytes and not self._skipping:
            frames.append(too_long(self._max_bytes, bytes(self._rest)))
            self._skipping = True
        if self._skipping:
            del self._rest[: self._searched]
            self._searched = 0
