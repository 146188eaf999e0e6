"""Connections to the journal's SQLite file, and the meaning of its errors. Nothing else touches the SQLite library.

`pysqlite3` brings a SQLite without the WAL-reset bug (fixed in 3.51.3); sqlite-utils picks it up by itself. Where it is
missing, the system's library serves and `affected_by_wal_reset()` says so to people.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils.db import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # the library it chose: pysqlite3 where it is

from lined.journal.files import private
from lined.vocabulary.errors import JournalBroken, JournalDamaged, JournalError, JournalFull

Connection = sqlite3.Connection
SqliteError = sqlite3.Error
SQLITE_VERSION: str = sqlite3.sqlite_version

BUSY_TIMEOUT_MS = 5_000
CACHE_KIB = 8_192  # of the connection that writes the journal
SMALL_CACHE_KIB = 2_048  # of all others: they run along an index or copy; the system's own cache holds the file
# A commit of one read writes a handful of pages whole: at half of SQLite's usual size 20 KiB instead of 27, and as fast
# with millions of codes. Only a new file takes it; an older journal keeps its own.
PAGE_BYTES = 2_048
JOURNAL_SIZE_LIMIT = 16 * 1024 * 1024  # a WAL that an open reader let grow is cut back to this

# Primary result codes, https://sqlite.org/rescode.html
_FULL = 13
_BUSY = frozenset({5, 6})  # BUSY, LOCKED
_BROKEN = frozenset({8, 10, 14})  # READONLY, IOERR, CANTOPEN
_DAMAGED = frozenset({11, 26})  # CORRUPT, NOTADB


def affected_by_wal_reset() -> bool:
    """True where the running SQLite can corrupt a WAL database on a checkpoint race (3.7.0 to 3.51.2)."""
    return tuple(int(part) for part in SQLITE_VERSION.split(".")[:3]) < (3, 51, 3)


def open_writable(path: Path) -> Database:
    """The one read-write connection. Raises JournalError where the durability settings do not take.

    FULL, not NORMAL: with unsynced writes dropped, NORMAL lost acknowledged commits (docs/decisions.md, The journal).
    """
    for end in ("", "-wal", "-shm"):
        if not end or path.with_name(path.name + end).exists():
            private(path.with_name(path.name + end))
    connection = _connect(path.as_uri())
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    wanted = (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("wal_autocheckpoint", 0))
    for pragma, value in wanted:
        connection.execute(f"PRAGMA {pragma}={value}")
        found = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
        if found != value:
            connection.close()
            raise JournalBroken(
                f"{path}: SQLite did not take {pragma}={value} (it says {found}); is the disk writable?"
            )
    connection.execute(f"PRAGMA journal_size_limit={JOURNAL_SIZE_LIMIT}")
    return Database(connection)


def open_readonly(path: Path) -> Connection:
    """A connection for short reads; it can never write."""
    connection = _connect(f"{path.as_uri()}?mode=ro")
    connection.execute("PRAGMA query_only=1")
    return connection


def open_copy(path: Path) -> Connection:
    """A new file that nobody relies on yet. It is synced by whoever gives it its name."""
    private(path)
    connection = _connect(path.as_uri())
    connection.execute("PRAGMA synchronous=0")
    return connection


def open_archive(path: Path) -> Connection:
    """An archive for one step of writing. What a COMMIT returned from is synced; readers see whole steps."""
    private(path)
    connection = _connect(path.as_uri())
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=2")
    return connection


def open_memory() -> Connection:
    """A database of its own that ends with its connection."""
    return _connect("file::memory:")


def has_wal(path: Path) -> bool:
    """Whether there is a WAL with something in it."""
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


@contextmanager
def open_main(path: Path) -> Iterator[Connection]:
    """A look at the main file alone, as if there were no WAL. Nobody may have it open."""
    connection = _connect(f"{path.as_uri()}?immutable=1")
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def open_untouched(path: Path) -> Iterator[Connection]:
    """A look at a journal that nobody has open, leaving the database and its WAL byte for byte as they are.

    Without a WAL nothing is created; with one, SQLite needs an index beside it, which is removed again.
    """
    index = path.with_name(path.name + "-shm")
    left_over = has_wal(path)
    foreign_index = not index.exists()
    connection = _connect(f"{path.as_uri()}?{'mode=ro' if left_over else 'immutable=1'}")
    try:
        yield connection
    finally:
        connection.close()
        if left_over and foreign_index:
            index.unlink(missing_ok=True)


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """What is written inside is kept together, or not at all. For a connection that nobody else writes with."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def cursors_end_with_errors() -> Iterator[None]:
    """What is raised inside leaves no cursor behind, however long the error itself is kept.

    An error keeps the variables of every function it came through, and a cursor that was not read to its end keeps the
    connection at what the file held then: a reader answers from the past, a writer cannot checkpoint. One of an
    `executemany` that goes later, in the middle of the next, even spoils that one's statement, which both share.
    """
    try:
        yield
    except BaseException as error:
        _let_go(error)
        raise


def _let_go(error: BaseException) -> None:
    """Of the variables of all functions that the error, or one behind it, has ended. Those that go on keep theirs."""
    left: list[BaseException | None] = [error]
    done: set[int] = set()
    while left:
        one = left.pop()
        if one is not None and id(one) not in done:
            done.add(id(one))
            traceback.clear_frames(one.__traceback__)
            left += [one.__cause__, one.__context__]


def checkpoint(connection: Connection) -> None:
    """Everything in the WAL goes into the database itself, and the WAL is emptied."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _connect(uri: str) -> Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA mmap_size=0")
    connection.execute(f"PRAGMA cache_size=-{SMALL_CACHE_KIB}")
    return connection


def translated(error: SqliteError) -> JournalError | None:
    """What a SQLite error means for the journal; None for a mistake in our own SQL or in what was bound to it."""
    primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    text = f"{getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}"
    if primary == _FULL:
        return JournalFull(f"the journal's disk is full ({text})")
    if primary in _BUSY:
        return JournalFull(f"the journal is busy: another program holds it open for writing ({text})")
    if primary in _DAMAGED:
        return JournalDamaged(f"the journal is damaged ({text})")
    if primary in _BROKEN:
        return JournalBroken(f"the journal cannot be written or read ({text})")
    return None


def is_fault_of_disk(error: BaseException) -> bool:
    """False for a defect of ours: no SQLite error at all, or one that says nothing of the disk."""
    return isinstance(error, SqliteError) and translated(error) is not None


def disk_is_full(error: SqliteError) -> bool:
    """True where SQLite found no room; False for a busy journal, which is told as JournalFull too."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF == _FULL


def free_bytes(path: Path) -> int:
    """Free disk space, in bytes, where the journal lies, as an unprivileged process sees it."""
    found = os.statvfs(path.parent)
    return found.f_bavail * found.f_frsize


def journal_bytes(path: Path) -> int:
    """Size of the database and its WAL, in bytes."""
    return sum(part.stat().st_size for part in (path, path.with_name(path.name + "-wal")) if part.exists())
