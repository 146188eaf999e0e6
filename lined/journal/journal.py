"""The journal of one line: opened, bound to its account, checked, recovered, read and written.

Guarantees: one process at a time; nothing is done to a journal that belongs to another account; after an unclean stop
the file is checked before anything trusts it. What is written and why is the business of the rooms above.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlite_utils.db import Database

from lined.journal.age import Marks, refuse_lost, refuse_other
from lined.journal.care import damage
from lined.journal.care.backup import LOOK_OPERATIONS, go_on, integrity
from lined.journal.database import (
    Connection,
    SqliteError,
    cursors_end_with_errors,
    has_wal,
    journal_bytes,
    open_readonly,
    open_untouched,
    translated,
)
from lined.journal.entries import Work
from lined.journal.open_files import OpenFiles
from lined.journal.ownership import check_ours, is_begun
from lined.journal.reply_marks import DEVICES_MAX, ReplyMarks
from lined.journal.schema import migrations
from lined.journal.steps import Step, Steps
from lined.journal.tables import account, age, codes, devices, life, report_lists, unsaid
from lined.journal.tables.age import Age
from lined.journal.writer import Writer
from lined.vocabulary.errors import JournalBound, JournalBroken, JournalDamaged, JournalLocked, LinedError, Problem

log = structlog.get_logger()

READERS = 2  # threads for questions; each holds one read-only connection
CHECKED_AT_START_BYTES = 2 * 1024**3  # a larger journal is checked in the background: about 1.3 s a GB

T = TypeVar("T")
R = TypeVar("R")


class Journal:
    """One SQLite file and what belongs beside it: `<path>.lock`, `<path>.said`, `<path>.marks`, `<path>.token`.

    `open` raises JournalLocked, JournalBound, JournalNewer or JournalBroken; but for the last the file is as it was.
    """

    def __init__(self, path: Path, *, floor_bytes: int = 0, crash_point: Callable[[str], None] | None = None) -> None:
        self.path = path.resolve()
        self.writer = Writer(self.path, floor_bytes=floor_bytes, crash_point=crash_point)
        self.reply_marks: ReplyMarks | None = None
        self.files: OpenFiles | None = None
        self.on_start: Callable[[str], None] = _nobody  # hears what `open` does that may take long
        self.was_clean = True
        self._steps = Steps()
        self._lock: int | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._connections: list[Connection] = []

    async def open(
        self, binding: Mapping[str, str], devices: Sequence[str], backup: Age | None = None
    ) -> dict[str, int]:
        """Take the lock, see that it is the journal that was here last, migrate, bind, check, find what was left
        unsaid. `backup`: the newest one's age. Returns the number of each device.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(self.path)
        numbers: dict[str, int] = {}

        def prepare(connection: Connection) -> None:
            database = Database(connection)
            if migrations.pending(database):
                self.on_start("the journal becomes one of this version")
                migrations.apply(database)
            self.reply_marks = ReplyMarks(marks_path)
            self.was_clean = life.was_stopped(connection) is not False
            if damage.is_suspect(self.path):
                self.on_start("the whole journal is checked")
                check_suspect(connection, self.path)
            elif not self.was_clean and journal_bytes(self.path) <= CHECKED_AT_START_BYTES:
                self.on_start("the journal is checked after an unclean stop")
                quick_check(connection, self.path)
            connection.execute("BEGIN IMMEDIATE")
            life.note(connection, clean=False)
            account.bind(connection, binding)
            self._list_unsaid(connection)
            numbers.update(_device_numbers(connection, devices))
            connection.execute("COMMIT")
            self._settle_marks(connection)
            self._be_of_age(connection)

        marks_path = self.path.with_name(self.path.name + ".said")
        try:
            refuse_lost(self.path, earlier=marks_path.exists() or has_wal(self.path))
            refuse_foreign(self.path, binding)
            refuse_other(self.path, replacing=damage.is_suspect(self.path), backup=backup)
            self.writer.start(prepare)
        except BaseException:
            self._release()
            raise
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="journal-reader")
        return numbers

    def submit(self, work: Work[T, R], item: T) -> asyncio.Future[R]:
        """See Writer.submit."""
        return self.writer.submit(work, item)

    def do(self, step: Step) -> asyncio.Future[Any]:
        """Run one function in the writer's transaction. The future's answer is durable, or the step's LinedError."""
        return self.writer.submit(self._steps, step)

    async def read(self, question: Callable[..., R], *arguments: Any) -> R:
        """Run `question(connection, *arguments)` on a read-only connection in a thread. Keep it short.

        Raises JournalBroken where the file cannot be read.
        """
        if self._readers is None:
            raise JournalBroken("the journal is not open")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._ask, question, arguments)

    async def close(self) -> None:
        """Commit what is queued, mark the stop as clean, let go of everything. Idempotent."""
        if self._readers is not None:
            self._readers.shutdown(wait=True, cancel_futures=True)
            self._readers = None
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        if not self.writer.stopped.is_set() and self.writer.broken is None:
            try:
                await self.do(lambda connection: life.note(connection, clean=True))
            except LinedError as error:
                log.error("journal_not_marked_clean", error=str(error))
        await self.writer.stop()
        self._release()

    @property
    def token_path(self) -> Path:
        return self.path.with_name(self.path.name + ".token")

    @property
    def reading_token_path(self) -> Path:
        """For programs that only look: monitoring."""
        return self.path.with_name(self.path.name + ".reading-token")

    @property
    def people_key_path(self) -> Path:
        """What PINs and badges are digested with; it is in no backup."""
        return self.path.with_name(self.path.name + ".people-key")

    async def settle(self) -> None:
        """Have the mark of how far it has come on disk: what is sent from now on is not forgotten with a lost WAL."""
        if self.writer.marks is not None:
            await asyncio.to_thread(self.writer.marks.flush)

    def bytes(self) -> int:
        return journal_bytes(self.path)

    def _ask(self, question: Callable[..., R], arguments: tuple[Any, ...]) -> R:
        try:
            try:
                connection = self._connections.pop()
            except IndexError:  # asking first whether there is one would race with the other reader
                connection = open_readonly(self.path)
            try:
                with cursors_end_with_errors():
                    return question(connection, *arguments)
            finally:
                self._connections.append(connection)
        except SqliteError as error:
            raise translated(error) or error from error

    def _list_unsaid(self, connection: Connection) -> None:
        """What was committed but not said may be read once more: after a crash, and after a stop that could not wait.

        Called before new devices get their numbers: those have said nothing and left nothing unsaid.
        """
        assert self.reply_marks is not None
        lost: list[tuple[int, int]] = []
        numbers = devices.numbers(connection).values()
        if not self.reply_marks.new and numbers:
            least = min(self.reply_marks.get(no) for no in numbers)
            lost = [
                (i, at_ms) for i, no, at_ms in codes.applied_after(connection, least) if i > self.reply_marks.get(no)
            ]
        unsaid.after_crash(connection, lost)
        if lost:
            log.warning("verdicts_unsaid_before_the_stop", codes=len(lost), clean=self.was_clean)

    def _settle_marks(self, connection: Connection) -> None:
        """Only once the list of the unsaid is on disk: a crash in between finds the old marks and lists them again."""
        assert self.reply_marks is not None
        last = codes.last_id(connection)
        for no in devices.numbers(connection).values():
            self.reply_marks.reset(no, last)

    def _be_of_age(self, connection: Connection) -> None:
        now = age.of(connection)
        assert now is not None  # a migration made it
        self.writer.age = now.commits
        self.writer.marks = Marks(self.path, now)
        self.files = OpenFiles(self.path)

    def _release(self) -> None:
        if self.writer.marks is not None:
            self.writer.marks.close()
            self.writer.marks = None
        if self.reply_marks is not None:
            self.reply_marks.close()
            self.reply_marks = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _nobody(_what: str) -> None:
    """Nobody wants to know."""


def take_lock(path: Path) -> int:
    """An exclusive lock beside the journal, held by the returned descriptor. Raises JournalLocked."""
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise JournalLocked(f"{path} is in use by another lined process; stop that one first") from error
    return descriptor


def refuse_foreign(path: Path, binding: Mapping[str, str]) -> None:
    """Raises JournalBound for a journal of another account or program, JournalNewer for one of a later version, before
    anything is opened that could write to it.

    Opening it for writing and closing it again would already copy a left over WAL into it.
    """
    if not path.exists():
        return
    try:
        with open_untouched(path) as connection:
            check_ours(connection, path)
            if is_begun(connection):
                check_binding(connection, binding)
    except SqliteError as error:
        meant = translated(error)
        raise error if meant is None else type(meant)(f"{path}: {meant}") from error


def check_binding(connection: Connection, binding: Mapping[str, str]) -> None:
    """A journal with unfinished reports belongs to its account. Raises JournalBound with each differing key."""
    bound = account.bound(connection)
    differing = [key for key in account.KEYS if bound[key] is not None and bound[key] != binding[key]]
    if not differing:
        return
    unfinished = report_lists.unfinished(connection)
    if unfinished:
        raise JournalBound(
            [
                Problem(
                    f"regulator.{key}",
                    f"is {binding[key]!r}, but the journal belongs to {bound[key]!r} and has {unfinished} unfinished "
                    "reports: set it back, or give journal.path another file",
                )
                for key in differing
            ]
        )


def quick_check(connection: Connection, path: Path) -> None:
    """SQLite's own look at the file's structure. Raises JournalBroken with its first findings."""
    connection.set_progress_handler(go_on, LOOK_OPERATIONS)  # SIGTERM is heard meanwhile
    found = [row[0] for row in connection.execute("PRAGMA quick_check(5)").fetchall()]
    connection.set_progress_handler(None, 0)
    if found != ["ok"]:
        raise JournalDamaged(f"{path} is damaged: {'; '.join(found)}")


def check_suspect(connection: Connection, path: Path) -> None:
    """Damage was met while the journal was used: all of it is looked at. Raises JournalDamaged."""
    found = integrity(connection)
    if found:
        raise JournalDamaged(f"{path} is damaged: {'; '.join(found)}")
    damage.clear_suspicion(path)


def _device_numbers(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    devices.add(connection, ids)
    numbers = devices.numbers(connection)
    if max(numbers.values(), default=0) >= DEVICES_MAX:
        raise JournalBroken(
            f"the journal has seen {len(numbers)} device ids; {DEVICES_MAX - 1} is the most it can tell apart"
        )
    return numbers
