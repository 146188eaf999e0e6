"""Names of the files beside a journal, and moving whole files durably."""

from __future__ import annotations

import contextlib
import os
import re
from datetime import UTC, datetime
from pathlib import Path

STAMP = "%Y%m%dT%H%M%SZ"
# What belongs to one state of a journal; the token and the lock do not.
COMPANIONS = ("", "-wal", "-shm", ".said", ".marks")
MOST_OF_A_NAME = 1_000


def private(path: Path) -> None:
    """Nobody but its owner may read it, whatever the umask is or was: a journal is full of check parts. Made where it
    is not there; where it is another's it stays as it is.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with contextlib.suppress(PermissionError):
        path.chmod(0o600)


def stamp(at_ms: int) -> str:
    """`20261123T013319Z`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime(STAMP)


def beside(journal: Path, what: str, at_ms: int) -> Path:
    """A name for a file of this kind and moment: `line-1.db.damaged-20261123T013319Z`. Behind all that are there, so
    that of several of one second the newest has the highest number, also where older ones were dropped.
    """
    base = f"{journal.name}.{what}-{stamp(at_ms)}"
    ends = "|".join(map(re.escape, COMPANIONS))
    taken = re.compile(rf"{re.escape(base)}(?:-(\d+))?(?:{ends})")
    numbers = [int(found[1] or 1) for path in journal.parent.glob("*") if (found := taken.fullmatch(path.name))]
    number = max(numbers, default=0) + 1
    if number >= MOST_OF_A_NAME:
        raise FileExistsError(f"{base}: a thousand files of this name")
    return journal.with_name(base if number == 1 else f"{base}-{number}")


def found_beside(journal: Path, folder: Path, what: str) -> list[Path]:
    """The files of this kind, newest first."""
    pattern = re.compile(rf"{re.escape(journal.name)}\.{what}-(\d{{8}}T\d{{6}}Z)(?:-(\d+))?")
    found = [(match.groups(), path) for path in folder.glob("*") if (match := pattern.fullmatch(path.name))]
    return [path for _, path in sorted(found, key=lambda one: (one[0][0], int(one[0][1] or 1)), reverse=True)]


def move_whole(journal: Path, to: Path) -> None:
    """Rename the database and what belongs to it; durable when it returns. Raises OSError.

    The database goes first: a crash in between leaves a WAL without one, which the next start moves too. The other way
    round a database without its newest commits would be taken for a sound one.
    """
    for end in COMPANIONS:
        source = journal.with_name(journal.name + end)
        if source.exists():
            source.rename(to.with_name(to.name + end))
    sync_folder(journal.parent)


def sync_folder(folder: Path) -> None:
    """Names are durable only when the folder is synced."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
