"""A file of nothing beside the journal, to throw overboard when the disk is full.

Where SQLite finds no room, DELETE and a checkpoint fail too: they need pages of the WAL. With the ballast gone,
outcomes can be written and the WAL copied back; intake stays stopped by the floor. It is made again once there is room
for it above the floor. Without it (a disk that was full from the beginning) everything works but this.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import structlog

log = structlog.get_logger()

BYTES_MOST = 64 * 1024 * 1024
BYTES_LEAST = 256 * 1024  # below a floor as small as this it would be no help


def ballast_bytes(floor_bytes: int) -> int:
    """How large it is; 0: none, where no floor is wanted."""
    wanted = min(BYTES_MOST, floor_bytes // 4)
    return wanted if wanted >= BYTES_LEAST else 0


class Ballast:
    """`<journal>.ballast`. Called by the writer's thread only."""

    def __init__(self, journal: Path, floor_bytes: int) -> None:
        self.path = journal.with_name(journal.name + ".ballast")
        self._bytes = ballast_bytes(floor_bytes)
        self._floor_bytes = floor_bytes
        self._allocated = self._bytes > 0 and self._size() >= self._bytes

    @property
    def allocated(self) -> bool:
        return self._allocated

    def release(self) -> bool:
        """Give its room to the journal. True where that made any."""
        try:
            self.path.unlink()
        except OSError:
            self._allocated = False
            return False
        self._allocated = False
        log.warning("ballast_released", bytes=self._bytes)
        return True

    def allocate(self, free_bytes: int) -> None:
        """Make it, where that leaves more than the floor. Never raises for a disk that says no."""
        if self._allocated or not self._bytes or free_bytes - self._bytes <= self._floor_bytes:
            return
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._bytes)
            finally:
                os.close(descriptor)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                log.warning("ballast_not_made", error=str(error))
            with contextlib.suppress(OSError):
                self.path.unlink()
            return
        self._allocated = True

    def _size(self) -> int:
        try:
            return self.path.stat().st_blocks * 512
        except OSError:
            return 0
