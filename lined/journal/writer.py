"""The one thread that writes the journal: group commit, checkpoints, and what an error does to those who wait.

Guarantees
- A future that `submit` returned completes only after the COMMIT that holds its work has been synced to disk.
- Futures complete in the order of their submission, except those that are refused on the spot.
- Everything queued since the last commit goes into one transaction with one sync. There is no timer: an idle journal
  commits a single read at once.
- When a transaction rolls back, every waiter of it gets the error, and works that keep state in memory are told first.
- A defect of a work fails that item alone, undone to its own savepoint, with the error Defect; everybody else goes on.
- After JournalBroken nothing is written any more: a sync that failed must not be tried again.

It knows nothing of codes, jobs or reports: a Work brings its own statements.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import structlog

from lined.journal.age import Marks
from lined.journal.ballast import Ballast
from lined.journal.database import (
    Connection,
    SqliteError,
    disk_is_full,
    free_bytes,
    is_fault_of_disk,
    open_writable,
    translated,
)
from lined.journal.entries import Entry, Stop, Undone, Work, complete, name_of, outcome_of, place_of, runs_of
from lined.journal.tables import age
from lined.vocabulary.errors import Defect, JournalBroken, JournalError, JournalFull, LinedError, defect_of

log = structlog.get_logger()

QUEUE_MAX = 20_000  # works waiting; each device adds one for each chunk it sent
GROUP_MAX = 400  # works in one transaction: bounds how long a single waiter can be kept by the others
CHECKPOINT_ROWS = 1_000  # changed rows after which the WAL is copied back; small steps keep each one short
IDLE_CHECKPOINT_S = 2.0  # a quiet journal is checkpointed, so that the WAL does not wait for the next shift
COMPLETED_AT_ONCE = 4  # futures completed in one turn of the loop: each of them wakes somebody
BARRIER_TRIES = 20  # then what is behind a barrier goes on without it
ROOM_CHECK_S = 0.5  # how often free space is looked at

T = TypeVar("T")
R = TypeVar("R")


class Writer:
    """Owner of the read-write connection. `submit` is called on the event loop only."""

    def __init__(self, path: Path, *, floor_bytes: int = 0, crash_point: Callable[[str], None] | None = None) -> None:
        self._path = path
        self._floor_bytes = floor_bytes
        self.ballast = Ballast(path, floor_bytes)
        self._queue: queue.SimpleQueue[Entry | Stop] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: Connection | None = None
        self._in_hand: list[Entry] = []
        self._done: deque[tuple[Entry, Any]] = deque()  # decided, and not told yet; the loop's
        self._rows_seen = 0
        self._rows_at_checkpoint = 0
        self._room_checked = 0.0
        self._busy_since: float | None = None
        self._missing: Work[Any, Any] | None = None  # a barrier that met a defect
        self._missed, self._why_missing = 0, Defect()
        self._crash_point = crash_point or _pass
        self.marks: Marks | None = None  # set by `prepare`, with `age`
        self.age = 0  # the number of the newest commit
        self.low_on_space = False
        self.full: str | None = None  # why the last transaction found no room; None once one went through
        self.broken: JournalBroken | None = None
        self.on_broken: Callable[[], None] = _pass  # from the thread, at once
        self.on_defect: Callable[[str, BaseException], None] = _log_defect  # on the loop: where, and what
        self.stopped = asyncio.Event()
        self.commits = 0

    def start(self, prepare: Callable[[Connection], None]) -> None:
        """Open the file here and now, run `prepare` on it, then hand it to the thread. Raises JournalError."""
        try:
            self._connection = open_writable(self._path).conn
            try:
                prepare(self._connection)
            except BaseException:
                self._connection.close()
                raise
        except SqliteError as error:
            raise translated(error) or error from error
        self._rows_seen = self._rows_at_checkpoint = self._connection.total_changes
        self._loop = asyncio.get_running_loop()  # from here on `submit` finds somebody who will do it
        self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._main, name="journal-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T, R], item: T) -> asyncio.Future[R]:
        """Queue one item. The future's result is durable; it raises JournalFull, JournalBroken or the work's error."""
        if self._loop is None:
            raise JournalBroken("the journal's writer has not been started")
        future: asyncio.Future[R] = self._loop.create_future()
        if self.broken is not None or self.stopped.is_set():
            future.set_exception(JournalBroken(str(self.broken or "the journal is closed")))
        elif self._queue.qsize() >= QUEUE_MAX:
            future.set_exception(JournalFull(f"{QUEUE_MAX} writes are waiting: the disk does not keep up"))
        else:
            self._queue.put(Entry(work, item, future, time.monotonic()))
        return future

    async def stop(self) -> None:
        """Commit what is queued, checkpoint, close. When it returns the thread is gone. Idempotent."""
        if self._thread is None:
            return
        if not self.stopped.is_set():
            self._queue.put(Stop())
            await self.stopped.wait()
        self._thread.join()  # its last act was to set `stopped`, also where it ended by surprise

    def fail(self, error: JournalBroken) -> None:
        """Nothing is written from now on. Of several errors the first counts. From any thread."""
        if self.broken is None:
            self.broken = error
            self.on_broken()

    def waiting_s(self) -> float:
        """Age of the oldest work under way, in seconds: what the watchdog looks at."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def queued(self) -> int:
        return self._queue.qsize()

    # ── the thread ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _main(self) -> None:
        assert self._connection is not None and self._loop is not None
        try:
            stopping = False
            while not stopping:
                group, stopping = self._gather()
                self._in_hand = group
                if group:
                    self._commit(group)
                else:
                    self._look_for_room()
                self._checkpoint_if_due(idle=not group)
                self._busy_since = None
            self._final_checkpoint()
        except BaseException as error:  # such as a disk that does not even tell its free space
            self.fail(JournalBroken(f"the journal's thread ended: {error!r}"))
            raise
        finally:
            self._connection.close()
            self._loop.call_soon_threadsafe(self._ended)

    def _ended(self) -> None:
        closed = JournalBroken(str(self.broken or "the journal is closed"))
        self._done.extend((entry, closed) for entry in self._in_hand)  # told already, where all is well
        while self._done:
            complete(*self._done.popleft())
        self.stopped.set()
        self._fail_queued(closed)

    def _gather(self) -> tuple[list[Entry], bool]:
        """Block for the first entry, take what else is there. Second: stop after this group."""
        group: list[Entry] = []
        try:
            entry = self._queue.get(timeout=IDLE_CHECKPOINT_S)
            self._busy_since = time.monotonic()
            while True:
                if isinstance(entry, Stop):
                    return group, True
                group.append(entry)
                if len(group) >= GROUP_MAX:
                    return group, False
                entry = self._queue.get_nowait()
        except queue.Empty:
            return group, False

    def _commit(self, group: list[Entry]) -> None:
        assert self._connection is not None and self._loop is not None
        if self.broken is not None:
            self._deliver([(e, JournalBroken(str(self.broken))) for e in group])
            return
        self._look_at_room()
        outcome: list[tuple[Entry, Any]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for run in runs_of(group):
                outcome.extend(self._run(run))
            if self.marks is not None:
                age.advance(self._connection, self.age + 1)
            self._crash_point("before-commit")
            self._connection.execute("COMMIT")
            self._crash_point("after-commit")
        except SqliteError as error:
            found = translated(error) or JournalBroken(f"the journal cannot commit: {error}")
            self._undo(group, found)
            self._make_room(error)
            return
        except Defect as defect:  # it took the whole transaction with it
            self._undo(group, defect)
            return
        self.full = None
        self.commits += 1
        self.age += 1
        if self.marks is not None:
            self.marks.reached(self.age)
        self._deliver(outcome)

    def _run(self, run: list[Entry]) -> list[tuple[Entry, Any]]:
        assert self._connection is not None
        work = run[0].work
        if work.intake and self.low_on_space:
            room = JournalFull(
                f"less than {self._floor_bytes} bytes are free where the journal lies: make room on the disk"
            )
            return [(entry, room) for entry in run]
        if self._crash_point is not _pass:
            for entry in run:
                self._crash_point(f"in {name_of(entry)}")
        if self._missing is not None and self._missing is not work:
            return [(entry, self._why_missing) for entry in run]
        try:
            outcome = self._together(run)
        except Undone as undone:
            if len(run) > 1:
                return [pair for entry in run for pair in self._run([entry])]
            if work.barrier:
                self._missed += 1
                self._missing = work if self._missed <= BARRIER_TRIES else None
                self._why_missing = undone.defect
            return [(run[0], undone.defect)]
        if work.barrier:
            self._missing, self._missed = None, 0
        return outcome

    def _together(self, run: list[Entry]) -> list[tuple[Entry, Any]]:
        """All items in one savepoint. Raises SqliteError for the disk's faults, Defect where the transaction is gone,
        Undone after any other exception: nothing of the run is in the transaction then.
        """
        assert self._connection is not None
        work = run[0].work
        self._connection.execute("SAVEPOINT work")
        try:
            outcome = outcome_of(run, self._connection)
        except LinedError as refusal:
            self._back(work)
            return [(entry, refusal) for entry in run]
        except Exception as error:
            if is_fault_of_disk(error):
                raise
            gone = not self._connection.in_transaction
            if gone or len(run) == 1:
                self._note_defect(place_of(run[0]), error)
            if gone:
                raise defect_of(error) from error
            self._back(work)
            raise Undone(defect_of(error)) from error
        self._connection.execute("RELEASE work")
        for entry, result in outcome:
            if isinstance(result, Defect) and result.__cause__ is not None:
                self._note_defect(place_of(entry), result.__cause__)
        return outcome

    def _back(self, work: Work[Any, Any]) -> None:
        assert self._connection is not None
        self._connection.execute("ROLLBACK TO work")
        self._connection.execute("RELEASE work")
        work.rolled_back()

    def _note_defect(self, where: str, error: BaseException) -> None:
        """From the writer's thread; told on the loop."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self.on_defect, where, error)

    def _undo(self, group: list[Entry], error: LinedError) -> None:
        assert self._connection is not None
        if isinstance(error, JournalBroken):
            self.fail(error)
        elif isinstance(error, JournalFull):
            self.full = str(error)
        log.error("journal_transaction_failed", error=str(error), waiting=len(group))
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except SqliteError as again:
            self.fail(JournalBroken(f"the journal cannot roll back: {again}"))
        for work in {id(entry.work): entry.work for entry in group}.values():
            work.rolled_back()
        self._deliver([(entry, error) for entry in group])

    def _deliver(self, outcome: list[tuple[Entry, Any]]) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._tell, outcome)

    def _tell(self, outcome: list[tuple[Entry, Any]]) -> None:
        """On the loop."""
        idle = not self._done
        self._done.extend(outcome)
        if idle:
            self._tell_some()

    def _tell_some(self) -> None:
        for _ in range(min(COMPLETED_AT_ONCE, len(self._done))):
            complete(*self._done.popleft())
        if self._done:
            asyncio.get_running_loop().call_soon(self._tell_some)

    def _look_at_room(self) -> None:
        now = time.monotonic()
        if self._floor_bytes and now - self._room_checked >= ROOM_CHECK_S:
            self._room_checked = now
            free = free_bytes(self._path)
            self.low_on_space = free < self._floor_bytes
            self.ballast.allocate(free)

    def _make_room(self, error: SqliteError) -> None:
        """SQLite found none: throw the ballast overboard, so that outcomes and checkpoints can be written."""
        if disk_is_full(error):
            self._room_checked = 0.0
            self.ballast.release()

    def _look_for_room(self) -> None:
        """Nobody writes: find out that there is room again, so that people need not send an item to see it."""
        assert self._connection is not None
        self._look_at_room()
        if self.full is None or self.broken is not None:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("PRAGMA user_version = 0")  # writes a page
            self._connection.execute("COMMIT")
            self.full = None
        except SqliteError as error:
            found = translated(error)
            if not isinstance(found, JournalFull):
                self._undo([], found or JournalBroken(f"the journal cannot be written: {error}"))
            elif self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._make_room(error)

    def _fail_queued(self, error: JournalError) -> None:
        while True:
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                return
            if isinstance(entry, Entry) and not entry.future.done():
                entry.future.set_exception(error)

    # ── checkpoints ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _checkpoint_if_due(self, *, idle: bool) -> None:
        """Between commits, never inside one: SQLite's own would do it in the middle of somebody's verdict."""
        assert self._connection is not None
        self._rows_seen = self._connection.total_changes
        changed = self._rows_seen - self._rows_at_checkpoint
        if self.broken is None and (changed >= CHECKPOINT_ROWS or (idle and changed)):
            self._checkpoint("PASSIVE")
            self._rows_at_checkpoint = self._rows_seen

    def _final_checkpoint(self) -> None:
        if self.broken is None:
            self._checkpoint("TRUNCATE")

    def _checkpoint(self, mode: str) -> None:
        assert self._connection is not None
        try:
            self._crash_point("before-checkpoint")
            _busy, frames, copied = self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            self._crash_point("after-checkpoint")
            if frames == copied and self.marks is not None:
                self.marks.copied(self.age)
        except SqliteError as error:
            found = translated(error)
            if isinstance(found, JournalBroken):
                self.fail(found)
            self._make_room(error)
            log.error("journal_checkpoint_failed", error=str(error))


def _pass(_name: str = "") -> None:
    """Nobody wants to know."""


def _log_defect(where: str, error: BaseException) -> None:
    log.error("defect", where=where, exc_info=error)
