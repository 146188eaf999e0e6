"""A copy of the journal of one moment, made beside the running writer.

Guarantees: what has its final name is a whole database that passed SQLite's integrity check and is synced; the writer
is never held: the copy is read from one snapshot, in steps with pauses between them. Functions here block; call them
in a thread of their own.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import structlog

from lined.journal.database import (
    Connection,
    SqliteError,
    free_bytes,
    journal_bytes,
    open_copy,
    open_readonly,
    open_untouched,
    translated,
)
from lined.journal.files import beside, found_beside, sync_file, sync_folder
from lined.journal.tables import life
from lined.vocabulary.errors import JournalDamaged, JournalError, JournalFull

log = structlog.get_logger()

BACKUP = "backup"
STEP_PAGES = 256  # 1 MB; then a pause, so that the disk belongs to the line
PAUSE_S = 0.002
LOOK_OPERATIONS = 100_000  # of SQLite's machine, between two looks whether to give up: some milliseconds
SYNC_PAGES = 16 * STEP_PAGES  # a sync of gigabytes at the end would keep the journal's own syncs waiting


class Backup(NamedTuple):
    """`at_ms`: the moment it shows."""

    path: Path
    at_ms: int
    bytes: int
    codes: int


def go_on() -> bool:
    """Nobody wants it to be given up."""
    return False


def back_up(
    journal: Path,
    folder: Path,
    at_ms: int,
    *,
    floor_bytes: int = 0,
    keep: int = 0,
    given_up: Callable[[], bool] = go_on,
) -> Backup:
    """Copy, check, sync, rename; then drop all but the `keep` newest (0: keep all).

    Raises JournalFull (no room for it), JournalDamaged (the copy fails SQLite's check: so does the journal),
    JournalError.
    """
    _make_room(journal, folder, floor_bytes)
    final = beside(folder / journal.name, BACKUP, at_ms)
    part = final.with_name(final.name + ".part")
    try:
        codes = _copy(journal, part, at_ms, given_up)
        check_whole(part, given_up)
        sync_file(part)
        part.rename(final)
        sync_folder(folder)
    except SqliteError as error:
        raise translated(error) or JournalError(f"the backup failed: {error}") from error
    except OSError as error:
        raise JournalError(f"the backup failed: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    _drop_old(journal, folder, keep, final)
    made = Backup(final, at_ms, final.stat().st_size, codes)
    log.info("backup_made", path=str(final), bytes=made.bytes, codes=codes)
    return made


def _make_room(journal: Path, folder: Path, floor_bytes: int) -> None:
    """The folder, without rests of an interrupted backup. Raises JournalFull, JournalError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for rest in folder.glob(f"{journal.name}.{BACKUP}-*.part*"):
            rest.unlink()
        wanted, free = journal_bytes(journal) + floor_bytes, free_bytes(folder / "any")
    except OSError as error:
        raise JournalError(f"nothing can be written to {folder}: {error}") from error
    if free < wanted:
        raise JournalFull(f"a backup needs {wanted} free bytes in {folder}")


def newest(journal: Path, folder: Path) -> Path | None:
    """The newest backup that can be opened and says of which moment it is."""
    for path in found_beside(journal, folder, BACKUP):
        try:
            moment_of(path)
        except JournalError as error:
            log.warning("backup_cannot_be_used", path=str(path), error=str(error))
        else:
            return path
    return None


def moment_of(path: Path) -> int:
    """The moment a copy shows, in milliseconds since 1970. Raises JournalError for a file that is none of ours."""
    try:
        with open_untouched(path) as connection:
            found = life.moment(connection)
    except SqliteError as error:
        raise JournalError(f"{path} is no backup of a journal: {error}") from error
    if found is None:
        raise JournalError(f"{path} is no backup of a journal: it does not say of which moment it is")
    return found


def check_whole(path: Path, given_up: Callable[[], bool] = go_on) -> None:
    """SQLite's integrity check of a file that nobody writes to. Raises JournalDamaged with its first findings."""
    with open_untouched(path) as connection:
        found = integrity(connection, given_up)
    if found:
        raise JournalDamaged(f"{path.name} is damaged: {'; '.join(found)}")


def integrity(connection: Connection, given_up: Callable[[], bool] = go_on) -> list[str]:
    """What SQLite's integrity check finds; empty: nothing. Raises SqliteError where it is given up."""
    connection.set_progress_handler(given_up, LOOK_OPERATIONS)
    found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)").fetchall()]
    return [] if found == ["ok"] else found


def _copy(journal: Path, part: Path, at_ms: int, given_up: Callable[[], bool]) -> int:
    """Everything of one snapshot into a new file, with the moment it shows. Returns how many codes are in it."""
    source, target = open_readonly(journal), open_copy(part)
    try:
        source.execute("BEGIN")  # one snapshot: without it each commit of the writer would start the copy anew
        codes = int(source.execute("SELECT coalesce(max(id), 0) FROM code").fetchone()[0])
        source.backup(target, pages=STEP_PAGES, progress=_breathing(part, given_up))
        source.execute("ROLLBACK")
        target.execute("PRAGMA journal_mode=DELETE")
        life.date(target, at_ms)
    finally:
        source.close()
        target.close()
    return codes


def _breathing(part: Path, given_up: Callable[[], bool]) -> Callable[[int, int, int], None]:
    """Pause after each step, and sync now and then what has been written."""
    synced = 0

    def step(_status: int, remaining: int, total: int) -> None:
        nonlocal synced
        if given_up():
            raise JournalError("the backup was given up")
        done = total - remaining
        if done - synced >= SYNC_PAGES:
            synced = done
            sync_file(part)
        time.sleep(PAUSE_S)

    return step


def _drop_old(journal: Path, folder: Path, keep: int, made: Path) -> None:
    """All but so many; the one just made stays, wherever a clock that was set back has put it."""
    others = [path for path in found_beside(journal, folder, BACKUP) if path != made]
    for path in others[keep - 1 :] if keep else ():
        with contextlib.suppress(OSError):
            path.unlink()
            log.info("backup_dropped", path=str(path))
