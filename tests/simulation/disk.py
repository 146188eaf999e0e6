"""The disk: a real SQLite file, written on the virtual loop instead of by a thread, that can be slow, full or broken.

A crash leaves what the files hold at that moment: the connection of the dead is closed while another one is open for
reading, so that SQLite does not tidy up behind it, which SIGKILL would not do either.
"""

from __future__ import annotations

import asyncio
import functools
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from lined.journal.database import Connection, SqliteError, open_copy, open_writable
from lined.journal.entries import Work
from lined.journal.schema import migrations
from lined.journal.writer import Writer
from tests.simulation.mistakes import Faulty, Mistakes

T = TypeVar("T", contravariant=True)
R = TypeVar("R", covariant=True)

COMMIT_S = (0.0, 0.01)
SLOW_S = (0.05, 1.5)
IDLE = 0.1  # share of commits after which nothing happens for so long that the journal is checkpointed
MOST_PAGES = 4_294_967_294  # SQLite's default
PAGE_BYTES = 1024
FULL, IOERR = 13, 10  # primary result codes of SQLite


class Disk:
    """What can be wrong with it right now, and how often it went wrong."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.full = False
        self.tight = False  # no page more than there is: some statement in the middle of a transaction finds no room
        self.slow = False
        self.break_at = ""
        self.failures = 0
        self.broke = False  # some life on it had to end

    def commit_s(self) -> float:
        return self.chance.uniform(*(SLOW_S if self.slow else COMMIT_S))

    def crash_point(self, name: str) -> None:
        """The writer's named points: raises what SQLite would."""
        if self.break_at == name:
            self.break_at = ""
            self.failures += 1
            self.broke = True
            raise _sqlite_error(IOERR, "disk I/O error")
        if self.full and name == "before-commit":
            self.failures += 1
            raise _sqlite_error(FULL, "database or disk is full")


class InlineWriter(Writer):
    """The journal's own writer, with its thread's work done in turns of the loop."""

    def __init__(self, path: Path, disk: Disk, mistakes: Mistakes) -> None:
        super().__init__(path, crash_point=disk.crash_point)
        self._mistakes = mistakes
        self.dead = False
        self._disk = disk
        self._turn_set = False
        self._tight = False

    def start(self, prepare: Callable[[Connection], None]) -> None:
        """Without syncs: a dead process leaves what it wrote, synced or not, and nobody cuts the power here."""
        super().start(prepare)
        assert self._connection is not None
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection = cast("Connection", Faulty(self._connection, self._mistakes))

    def submit(self, work: Work[T, R], item: T) -> asyncio.Future[R]:
        if self.dead:
            return asyncio.get_running_loop().create_future()
        future = super().submit(work, item)
        if not future.done() and not self._turn_set and self._loop is not None:
            self._turn_set = True
            self._loop.call_later(self._disk.commit_s(), self._turn)
        return future

    async def stop(self) -> None:
        if self.stopped.is_set() or self._connection is None:
            return
        while self._turn_set:
            await asyncio.sleep(0.01)
        self._final_checkpoint()
        self.kill()

    def kill(self) -> None:
        """From now on nothing reaches the file; what was not committed is gone. Keep a reader open meanwhile."""
        self.dead = True
        self.stopped.set()
        if self._connection is not None:
            self._connection.close()

    def _begin(self) -> None:
        """No thread: the loop does its work."""

    def _turn(self) -> None:
        self._turn_set = False
        if self.dead:
            return
        if self._tight != self._disk.tight and self._connection is not None:
            self._tight = self._disk.tight
            pages = self._connection.execute("PRAGMA page_count").fetchone()[0] if self._tight else MOST_PAGES
            self._connection.execute(f"PRAGMA max_page_count={pages}")
        while self.queued:
            group, _ = self._gather()
            self._commit(group)
            self._checkpoint_if_due(idle=self._disk.chance.random() < IDLE)


@functools.cache
def empty_journal() -> bytes:
    """A journal's file as the migrations leave it: made once a process, since every run begins with one. Its pages are
    small: with so few rows most of each would be copied for nothing at every commit.
    """
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "empty.db"
        new = open_copy(path)
        new.execute(f"PRAGMA page_size={PAGE_BYTES}")
        new.execute("VACUUM")
        new.close()
        database = open_writable(path)
        migrations.apply(database)
        database.conn.close()
        return path.read_bytes()


def _sqlite_error(code: int, text: str) -> Any:
    error = SqliteError(text)
    error.sqlite_errorcode = code
    error.sqlite_errorname = text
    return error
