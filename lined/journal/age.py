"""The age of a journal: a number in it that rises with every commit, and a mark outside it that says as much.

    <journal>.marks    the journal's name, its newest commit, the newest commit that its main file holds

The mark is a mapped page: it costs no sync, and SIGKILL leaves it. It is set only once a commit is on disk, so a
journal that is behind its mark is not the one that was acknowledged: its WAL was lost, an older copy was put in its
place, or another journal. A copy that took over (a backup, an older journal) gets a name of its own, so that the one it
replaced is known for another one when it comes back. What nothing here can tell: a disk image of an earlier moment with
the mark of that moment in it, where no newer backup lies elsewhere.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import NamedTuple

from lined.journal.database import SqliteError, has_wal, open_main, open_untouched
from lined.journal.files import private, sync_folder
from lined.journal.tables import age
from lined.journal.tables.age import Age
from lined.vocabulary.errors import JournalLost, JournalOlder, JournalSpliced

ENDING = ".marks"
_MAGIC = b"lined-m1"
_LAYOUT = struct.Struct("<8s16sqq")
_NUMBER = struct.Struct("<q")
_COMMITS, _COPIED = 24, 32  # where the two numbers stand
_BYTES = 4096


class Mark(NamedTuple):
    """`copied`: what the main file held after its last whole checkpoint; the rest was in the WAL."""

    name: str
    commits: int
    copied: int


def age_in(path: Path) -> Age | None:
    """Of a file that nobody has open, such as a backup; None where it does not tell."""
    try:
        with open_untouched(path) as connection:
            return age.of(connection)
    except SqliteError:
        return None


def read_mark(journal: Path) -> Mark | None:
    """None: there is none, or none that can be read."""
    try:
        with journal.with_name(journal.name + ENDING).open("rb") as file:
            magic, name, commits, copied = _LAYOUT.unpack(file.read(_LAYOUT.size))
    except (OSError, struct.error):
        return None
    return Mark(name.decode("ascii", "replace"), commits, copied) if magic == _MAGIC else None


class Marks:
    """The mapped page. `reached` and `copied` are called by the writer's thread."""

    def __init__(self, journal: Path, now: Age) -> None:
        path = journal.with_name(journal.name + ENDING)
        mark = read_mark(journal)
        if mark is None or mark.name != now.name or path.stat().st_size != _BYTES:
            _make(path, now)
        with path.open("r+b") as file:
            private(path)
            self._map = mmap.mmap(file.fileno(), _BYTES)
        self.reached(now.commits)

    def reached(self, commits: int) -> None:
        """The commit of that number is on disk."""
        _NUMBER.pack_into(self._map, _COMMITS, commits)

    def copied(self, commits: int) -> None:
        """The main file holds everything up to this commit, and is synced."""
        _NUMBER.pack_into(self._map, _COPIED, commits)

    def flush(self) -> None:
        """Have it on disk, too: for the day on which the power fails and the WAL is lost. Blocks."""
        self._map.flush()

    def close(self) -> None:
        self._map.flush()
        self._map.close()


def _make(path: Path, now: Age) -> None:
    """Whole or not at all."""
    part = path.with_name(path.name + ".new")
    part.unlink(missing_ok=True)
    private(part)
    with part.open("r+b") as file:
        file.write(_LAYOUT.pack(_MAGIC, now.name.encode("ascii", "replace")[:16], now.commits, 0).ljust(_BYTES, b"\0"))
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    sync_folder(path.parent)


def refuse_lost(journal: Path, *, earlier: bool) -> None:
    """Raises JournalLost where there was a journal and is none. `earlier`: other files than its mark show that. To be
    asked before anything opens an empty file: SQLite would delete its WAL.
    """
    if (read_mark(journal) is None and not earlier) or (journal.exists() and journal.stat().st_size):
        return
    raise JournalLost(
        f"{journal} is {'empty' if journal.exists() else 'gone'}, and what lies beside it shows that there was one: "
        "put it back, or a backup of it (lined restore), or begin with nothing known (lined journal new)"
    )


def refuse_other(journal: Path, *, replacing: bool, backup: Age | None) -> None:
    """Raises JournalSpliced or JournalOlder where it is not the journal that was here last. The lock is held, and
    nothing is changed. `replacing`: the start before was putting another in its place; `backup`: the newest one's age.
    """
    if not journal.exists():
        return
    mark = read_mark(journal)
    main = _main_age(journal)
    whole = age_in(journal)
    if not replacing:
        _refuse_spliced(journal, main, whole, mark)
    if mark is not None and (whole is None or mark.name != whole.name):
        raise JournalOlder(f"{journal} is another journal than the one that was here last")
    if whole is None:
        return
    known = max(
        mark.commits if mark is not None else 0,
        backup.commits if backup is not None and backup.name == whole.name else 0,
    )
    if whole.commits < known:
        raise JournalOlder(f"{journal} ends {known - whole.commits} commits before the newest that were acknowledged")


def _refuse_spliced(journal: Path, main: Age | None, whole: Age | None, mark: Mark | None) -> None:
    """A main file and a WAL that do not belong together: SQLite would mix their pages."""
    if main is None or whole is None or not has_wal(journal):
        return
    if main.name != whole.name or main.commits > whole.commits:
        raise JournalSpliced(f"the -wal beside {journal} is older than the file, or another one's")
    if mark is not None and mark.name == main.name and main.commits < mark.copied:
        raise JournalSpliced(f"{journal} is an older copy, and the -wal beside it is not its own")


def _main_age(journal: Path) -> Age | None:
    """Of the main file alone, as if there were no WAL."""
    try:
        with open_main(journal) as connection:
            return age.of(connection)
    except SqliteError:
        return None
