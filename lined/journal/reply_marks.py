"""Marks of replies, up to which code each device has had its verdicts: a small mapped file beside the journal.

A crash between the commit and the reply leaves a code accepted but unsaid. Writing "said" into the journal would cost a
second sync for each read; a mapped page survives SIGKILL for nothing. After a power cut the page may be older than the
truth: a code may then count as unsaid although it was said, and its next read is accepted once more. Without the file
nothing counts as unsaid.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

from lined.journal.files import private

_SLOT = struct.Struct("<q")
DEVICES_MAX = 512
_BYTES = _SLOT.size * DEVICES_MAX


class ReplyMarks:
    """One number a device: the highest code id of which the device has been told the verdict."""

    def __init__(self, path: Path) -> None:
        self.new = not path.exists() or path.stat().st_size != _BYTES
        private(path)
        with path.open("r+b" if not self.new else "w+b") as file:
            if self.new:  # real zeros: touching a hole of a mapped file on a full disk ends the process by SIGBUS
                file.write(bytes(_BYTES))
                file.flush()
                os.fsync(file.fileno())
            self._map = mmap.mmap(file.fileno(), _BYTES)

    def get(self, device_no: int) -> int:
        return int(_SLOT.unpack_from(self._map, device_no * _SLOT.size)[0])

    def set(self, device_no: int, code_id: int) -> None:
        """Never lowers a number: replies of one device come in the order of its codes."""
        if code_id > self.get(device_no):
            _SLOT.pack_into(self._map, device_no * _SLOT.size, code_id)

    def reset(self, device_no: int, code_id: int) -> None:
        """At the start: also lowers a number, which may be that of another journal that stood in this place."""
        _SLOT.pack_into(self._map, device_no * _SLOT.size, code_id)

    def close(self) -> None:
        self._map.flush()
        self._map.close()
