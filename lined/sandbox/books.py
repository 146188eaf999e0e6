"""The sandbox's books: a SQLite file, one thread that writes, a few that read.

What a write returned is kept when this process is killed at any moment (WAL); a power cut may take the newest commits,
which a stand-in may afford and the real journal may not. Every write is one transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # the library it chose: pysqlite3 where it is

from lined.sandbox.schema import SCHEMA, VERSION
from lined.vocabulary.errors import JournalError, JournalLocked

Connection = sqlite3.Connection
IntegrityError = sqlite3.IntegrityError

T = TypeVar("T")

READERS = 4
BUSY_TIMEOUT_S = 5.0
CACHE_KIB = 32_768


class Books:
    """Opened by `open`, closed by `close`; `path` None is a temporary file that goes with it."""

    def __init__(self, path: Path | None) -> None:
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if path is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="lined-sandbox-")
            path = Path(self._temporary.name) / "books.db"
        self.path = path
        self._writer = ThreadPoolExecutor(1, "sandbox-writer")
        self._readers = ThreadPoolExecutor(READERS, "sandbox-reader", initializer=self._open_reader)
        self._thread = threading.local()
        self._connections: list[Connection] = []
        self._write_connection: Connection | None = None
        self._lock: int | None = None

    async def open(self) -> None:
        """Make the file or go on with it. Raises JournalLocked where another sandbox does, JournalError where it is no
        state of a sandbox.
        """
        await self._in(self._writer, self._open_writer)

    async def close(self) -> None:
        """Finish what is under way and close the file."""
        await asyncio.to_thread(self._close)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction; committed when this returns, rolled back when `work` raises."""
        return await self._in(self._writer, lambda: self._transaction(work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a consistent view of the committed state, beside a write that is under way."""
        return await self._in(self._readers, lambda: self._view(work))

    async def aside(self, work: Callable[[], T]) -> T:
        """Run pure computation off the event loop."""
        return await self._in(self._readers, work)

    @staticmethod
    async def _in(executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, work)

    def _open_writer(self) -> None:
        self._take_lock()
        try:
            connection = self._connect(writable=True)
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        except sqlite3.Error as error:
            raise JournalError(f"{self.path}: cannot be opened as the state of a sandbox: {error}") from error
        if version != VERSION and tables:
            connection.close()
            raise JournalError(f"{self.path}: not the state of a sandbox of this version (it says {version})")
        if not tables:
            connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT")
        self._write_connection = connection

    def _take_lock(self) -> None:
        """In a file of its own: closing a second descriptor of the database would drop SQLite's locks."""
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"{self.path}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise JournalLocked(f"{self.path}: another sandbox works on it") from error
        self._lock = lock

    def _open_reader(self) -> None:
        connection = self._connect(writable=False)
        connection.execute("PRAGMA query_only=1")
        self._thread.connection = connection
        self._connections.append(connection)

    def _connect(self, *, writable: bool) -> Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        if writable:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        return connection

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        connection = self._write_connection
        assert connection is not None, "open() comes first"
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _view(self, work: Callable[[Connection], T]) -> T:
        connection: Connection = self._thread.connection
        connection.execute("BEGIN")
        try:
            return work(connection)
        finally:
            connection.execute("ROLLBACK")

    def _close(self) -> None:
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
        if self._write_connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._write_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._write_connection.close()
        if self._lock is not None:
            os.close(self._lock)
        if self._temporary is not None:
            self._temporary.cleanup()


def one(connection: Connection, sql: str, parameters: tuple[object, ...] = ()) -> Any | None:
    """The first column of the first row, or None."""
    row = connection.execute(sql, parameters).fetchone()
    return None if row is None else row[0]
