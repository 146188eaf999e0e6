"""The framer: a stream cut into frames at a suffix. What it keeps between two chunks is never more than a frame."""

from __future__ import annotations


class Framer:
    """`suffix` None means any of CR, LF and CRLF: the empty frame inside a CRLF is the caller's to ignore.

    Work is linear in the bytes, whether they come in one chunk or byte by byte.
    """

    def __init__(self, suffix: bytes | None, max_bytes: int) -> None:
        self._any_line_end = suffix is None
        self._suffix = suffix or b"\n"
        self._max_bytes = max_bytes
        # A frame may still be short enough while the first bytes of its suffix are here already.
        self._rest_max = max_bytes + len(self._suffix) - 1
        self._rest = bytearray()
        self._skipping = False

    def reset(self) -> None:
        """Drop half a frame."""
        self._rest.clear()
        self._skipping = False

    def cut(self, chunk: bytes) -> list[bytes]:
        """The frames that end in `chunk`, without suffix.

        A frame longer than `max_bytes` is given once, as soon as that is certain and perhaps not whole; it can be told
        by its length, and cutting goes on after the next suffix.
        """
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
            self._keep_start_of_suffix(self._rest)
        return frames

    def _skip(self, chunk: bytes) -> bytes:
        """What follows the suffix of the frame that is too long; nothing while it goes on."""
        self._rest += chunk
        end = self._rest.find(self._suffix)
        if end < 0:
            self._keep_start_of_suffix(self._rest)
            return b""
        after = bytes(self._rest[end + len(self._suffix) :])
        self.reset()
        return after

    def _keep_start_of_suffix(self, skipped: bytearray) -> None:
        """The suffix may have been cut in two: its first bytes are all that is kept of a frame too long."""
        del skipped[: max(0, len(skipped) - len(self._suffix) + 1)]
