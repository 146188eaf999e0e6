"""The check that the files that are open are still those under the journal's name: deleted, replaced or cut short by
somebody, they go on taking commits that nobody will ever find again.
"""

from __future__ import annotations

from pathlib import Path

FILES = {"": "the journal", "-wal": "its -wal", "-shm": "its -shm"}


class OpenFiles:
    """Made right after the opening. `wrong` costs three looks at the folder, and no read of a file."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._paths = {end: journal.with_name(journal.name + end) for end in FILES}
        self._opened = {end: _identity(path) for end, path in self._paths.items()}
        self._bytes = journal.stat().st_size

    def wrong(self) -> str | None:
        """What is not as it was opened, for people; None where all is well."""
        for end, what in FILES.items():
            found = _identity(self._paths[end])
            if found is None:
                return f"{what} was deleted or moved away: {self._paths[end]}"
            if found != self._opened[end]:
                return f"{what} was replaced by another file: {self._paths[end]}"
        size = self._journal.stat().st_size
        if size < self._bytes:  # it never shrinks
            return f"the journal was cut from {self._bytes} to {size} bytes: {self._journal}"
        self._bytes = size
        if not self._paths["-wal"].stat().st_size:  # it has been written to, and is only emptied at the end
            return f"its -wal was emptied: {self._paths['-wal']}"
        return None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
