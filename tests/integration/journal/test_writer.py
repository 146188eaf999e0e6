"""The writer's promises: synced before told, in order, all or nothing, and what each kind of error does."""

from __future__ import annotations

import asyncio
import resource
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lined.journal import writer as writing
from lined.journal.database import Connection, open_readonly
from lined.journal.steps import Steps
from lined.journal.writer import Writer
from lined.vocabulary.errors import Conflict, Defect, JournalBroken, JournalFull, LinedError

ROW = b"x" * 3000


class Rows:
    """A work that inserts its items; `spoil` may raise before anything is written."""

    def __init__(self, *, intake: bool = False, spoil: Callable[[], None] = lambda: None) -> None:
        self.intake, self.barrier = intake, False
        self.spoil = spoil
        self.undone = 0
        self.runs: list[int] = []

    def run(self, connection: Connection, items: Sequence[int]) -> list[int | LinedError]:
        self.spoil()
        self.runs.append(len(items))
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(item, ROW) for item in items])
        return list(items)

    def rolled_back(self) -> None:
        self.undone += 1


@asynccontextmanager
async def writing_to(path: Path, **options: Any) -> AsyncIterator[Writer]:
    writer = Writer(path / "t.db", **options)

    def prepare(connection: Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, x BLOB)")

    writer.start(prepare)
    try:
        yield writer
    finally:
        await writer.stop()


def seen(path: Path) -> list[int]:
    """What another process would find."""
    connection = open_readonly(path / "t.db")
    try:
        return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]
    finally:
        connection.close()


@contextmanager
def held(writer: Writer) -> Iterator[None]:
    """The writer's thread is kept busy by a work of its own, so that what is submitted meanwhile makes one group."""
    entered, go_on = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        entered.set()
        assert go_on.wait(10)

    _ = writer.submit(Steps(), wait)
    assert entered.wait(10)
    try:
        yield
    finally:
        go_on.set()


async def errors_of(*futures: asyncio.Future[Any]) -> list[type[BaseException] | None]:
    results = await asyncio.gather(*futures, return_exceptions=True)
    return [type(result) if isinstance(result, BaseException) else None for result in results]


async def test_a_future_is_done_only_after_its_commit_can_be_seen_by_others(tmp_path: Path) -> None:
    found: list[tuple[str, list[int], bool]] = []
    futures: list[asyncio.Future[int]] = []

    def look(where: str) -> None:
        if futures and where.endswith("commit"):
            time.sleep(0.02)  # the loop runs meanwhile: a future told too early would be done by now
            found.append((where, seen(tmp_path), futures[0].done()))

    async with writing_to(tmp_path, crash_point=look) as writer:
        futures.append(writer.submit(Rows(), 7))
        assert await futures[0] == 7
    assert found == [("before-commit", [], False), ("after-commit", [7], False)]


async def test_each_commit_is_synced_and_no_other_setting_is_possible(tmp_path: Path) -> None:
    async with writing_to(tmp_path) as writer:

        def settings(connection: Connection) -> list[Any]:
            names = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "mmap_size")
            return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

        assert await writer.submit(Steps(), settings) == ["wal", 2, 1, 0, 0]


async def test_futures_complete_in_the_order_of_submission_across_works(tmp_path: Path) -> None:
    order: list[int] = []
    one, other = Rows(), Rows()
    async with writing_to(tmp_path) as writer:
        with held(writer):
            futures = [writer.submit(one if n % 3 else other, n) for n in range(900)]
        for n, future in enumerate(futures):
            future.add_done_callback(partial(_note, order, n))
        await asyncio.gather(*futures)
    assert order == list(range(900))


def _note(order: list[int], n: int, _future: asyncio.Future[int]) -> None:
    order.append(n)


async def test_everything_queued_is_one_commit_up_to_the_bound_of_a_group(tmp_path: Path) -> None:
    work = Rows()
    async with writing_to(tmp_path) as writer:
        with held(writer):
            futures = [writer.submit(work, n) for n in range(writing.GROUP_MAX + 50)]
        await asyncio.gather(*futures)
        assert work.runs == [writing.GROUP_MAX, 50]
        assert writer.commits == 3  # the one that held it, and two groups


async def test_an_error_of_one_work_undoes_that_work_alone(tmp_path: Path) -> None:
    def refuse() -> None:
        raise Conflict("no", "no")

    good, bad = Rows(), Rows(spoil=refuse)
    async with writing_to(tmp_path) as writer:
        with held(writer):
            futures = [writer.submit(good, 1), writer.submit(bad, 2), writer.submit(good, 3)]
        assert await errors_of(*futures) == [None, Conflict, None]
        assert (good.undone, bad.undone) == (0, 1)
    assert seen(tmp_path) == [1, 3]


async def test_an_error_of_one_step_undoes_that_step_alone(tmp_path: Path) -> None:
    def step(n: int, *, fail: bool) -> Callable[[Connection], int]:
        def run(connection: Connection) -> int:
            connection.execute("INSERT INTO t VALUES (?, '')", (n,))
            if fail:
                raise Conflict("no", "no")
            return n

        return run

    steps = Steps()
    async with writing_to(tmp_path) as writer:
        with held(writer):
            futures = [writer.submit(steps, step(n, fail=n == 2)) for n in (1, 2, 3)]
        assert await errors_of(*futures) == [None, Conflict, None]
    assert seen(tmp_path) == [1, 3]


def is_full(writer: Writer) -> bool:
    """Whether the last transaction found no room."""
    return writer.full is not None


async def limit_pages(writer: Writer, pages: int) -> None:
    def limit(connection: Connection) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    await writer.submit(Steps(), limit)


async def fill(writer: Writer) -> None:
    """From now on not a single page can be added."""

    def pages(connection: Connection) -> int:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])

    await limit_pages(writer, await writer.submit(Steps(), pages))


@pytest.mark.parametrize("by_steps", [False, True])
async def test_a_full_disk_fails_the_whole_group_and_recovers_by_itself(tmp_path: Path, *, by_steps: bool) -> None:
    work, steps = Rows(), Steps()

    def insert(n: int) -> Callable[[Connection], None]:
        def run(connection: Connection) -> None:
            for i in range(20):
                connection.execute("INSERT INTO t VALUES (?, ?)", (n + i, ROW))

        return run

    async with writing_to(tmp_path) as writer:
        await writer.submit(work, 1)
        await fill(writer)
        with held(writer):
            futures: list[asyncio.Future[Any]] = [writer.submit(work, 2)]
            if by_steps:
                futures += [writer.submit(steps, insert(n)) for n in (100, 200)]
            else:
                futures += [writer.submit(work, n) for n in range(3, 30)]
        assert set(await errors_of(*futures)) == {JournalFull}
        assert work.undone == 1
        assert [is_full(writer), writer.broken] == [True, None]
        assert seen(tmp_path) == [1]
        await limit_pages(writer, 100_000)
        assert await writer.submit(work, 2) == 2
        assert not is_full(writer)
    assert seen(tmp_path) == [1, 2]


async def test_room_on_the_disk_is_noticed_without_anybody_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "IDLE_CHECKPOINT_S", 0.02)
    monkeypatch.setattr(writing, "ROOM_CHECK_S", 0.0)
    free = [10**12]
    monkeypatch.setattr(writing, "free_bytes", lambda _path: free[0])
    async with writing_to(tmp_path, floor_bytes=1000) as writer:
        free[0] = 999
        assert await errors_of(writer.submit(Rows(intake=True), 1)) == [JournalFull]
        writer.full = "no room"
        free[0] = 10**12
        deadline = time.monotonic() + 60
        while (writer.low_on_space or writer.full) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        assert not writer.low_on_space
        assert not is_full(writer)


async def test_below_the_floor_intake_is_refused_and_everything_else_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "free_bytes", lambda _path: 999)
    async with writing_to(tmp_path, floor_bytes=1000) as writer:
        with held(writer):
            futures = [writer.submit(Rows(intake=True), 1), writer.submit(Rows(), 2)]
        assert await errors_of(*futures) == [JournalFull, None]
        assert writer.low_on_space
    assert seen(tmp_path) == [2]


async def test_more_than_the_bound_is_refused_on_the_spot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "QUEUE_MAX", 5)
    work = Rows()
    async with writing_to(tmp_path) as writer:
        with held(writer):
            futures = [writer.submit(work, n) for n in range(8)]
            assert [future.done() for future in futures] == [False] * 5 + [True] * 3
        assert await errors_of(*futures) == [None] * 5 + [JournalFull] * 3
    assert seen(tmp_path) == [0, 1, 2, 3, 4]


@contextmanager
def files_cannot_grow(to_bytes: int) -> Iterator[None]:
    """A write beyond this fails with EFBIG, which SQLite reports as SQLITE_IOERR_WRITE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (to_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_after_a_failed_write_nothing_is_written_any_more(tmp_path: Path) -> None:
    work = Rows()
    async with writing_to(tmp_path) as writer:
        await asyncio.gather(*[writer.submit(work, n) for n in range(200)])
        wal = (tmp_path / "t.db-wal").stat().st_size
        with held(writer):
            futures = [writer.submit(work, n) for n in range(1000, 1400)]
            resource_limit = files_cannot_grow(max(wal, 500_000) + 5_000)
            resource_limit.__enter__()
        try:
            assert set(await errors_of(*futures)) == {JournalBroken}
        finally:
            resource_limit.__exit__(None, None, None)
        assert writer.broken is not None
        assert work.undone == 1
        commits = writer.commits
        assert await errors_of(writer.submit(work, 3000)) == [JournalBroken]
        assert writer.commits == commits
    assert seen(tmp_path) == list(range(200))


def divided(_connection: Connection, _n: int) -> None:
    _ = 1 // 0


def deep(connection: Connection, n: int) -> None:
    deep(connection, n)


def executed(sql: str, *values: object) -> Callable[[Connection, int], None]:
    def execute(connection: Connection, _n: int) -> None:
        connection.execute(sql, values)

    return execute


DEFECTS: dict[str, Callable[[Connection, int], None]] = {
    "in Python": divided,
    "without end": deep,
    "a number too large": executed("SELECT ?", 2**63),
    "half a character": executed("SELECT ?", "\ud800"),
    "a value of no type": executed("SELECT ?", object()),
    "no SQL": executed("nonsense"),
    "a value too few": executed("INSERT INTO t VALUES (?, ?)", 1),
    "a row that is there": executed("INSERT INTO t VALUES (2, 0), (2, 0)"),
}


class Faulty(Rows):
    """Writes its items, then meets a defect at each odd one."""

    def __init__(self, defect: Callable[[Connection, int], None]) -> None:
        super().__init__()
        self.defect = defect

    def run(self, connection: Connection, items: Sequence[int]) -> list[int | LinedError]:
        done = super().run(connection, items)
        for item in items:
            if item % 2:
                self.defect(connection, item)
        return done


@pytest.mark.parametrize("what", DEFECTS)
async def test_a_defect_fails_its_item_alone_and_is_told(tmp_path: Path, what: str) -> None:
    def step_with_a_defect(connection: Connection) -> None:
        DEFECTS[what](connection, 2)

    told: list[str] = []
    faulty, good = Faulty(DEFECTS[what]), Rows()
    async with writing_to(tmp_path) as writer:
        writer.on_defect = lambda where, error: told.append(f"{where}: {type(error).__name__}")
        with held(writer):
            futures = [writer.submit(faulty, n) for n in (2, 3, 4)]
            futures += [writer.submit(good, 10), writer.submit(Steps(), step_with_a_defect)]
            futures += [writer.submit(good, 12)]
        assert await errors_of(*futures) == [None, Defect, None, None, Defect, None]
        assert await writer.submit(good, 14) == 14
        assert writer.broken is None
        assert faulty.undone >= 1
        assert [place.partition(":")[0][:6] for place in told] == ["Faulty", "test_a"]
    assert seen(tmp_path) == [2, 4, 10, 12, 14]


async def test_what_is_behind_a_barrier_fails_with_it_until_it_is_written(tmp_path: Path) -> None:
    met: list[bool] = [True]

    def spoil() -> None:
        if met.pop():
            raise ZeroDivisionError

    barrier, good = Rows(spoil=spoil), Rows()
    barrier.barrier = True
    async with writing_to(tmp_path) as writer:
        with held(writer):
            futures = [writer.submit(good, 1), writer.submit(barrier, 2), writer.submit(good, 3)]
        assert await errors_of(*futures) == [None, Defect, Defect]
        assert await errors_of(writer.submit(good, 4)) == [Defect]
        met.append(False)
        again = [writer.submit(barrier, 2), writer.submit(good, 5)]
        assert await errors_of(*again) == [None, None]
    assert seen(tmp_path) == [1, 2, 5]


async def test_a_barrier_that_can_never_be_written_holds_nobody_up_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BARRIER_TRIES", 3)

    def spoil() -> None:
        raise ZeroDivisionError

    barrier = Rows(spoil=spoil)
    barrier.barrier = True
    async with writing_to(tmp_path) as writer:
        for _ in range(3):
            assert await errors_of(writer.submit(barrier, 1), writer.submit(Rows(), 2)) == [Defect, Defect]
        assert await errors_of(writer.submit(barrier, 1)) == [Defect]
        assert await writer.submit(Rows(), 2) == 2


@pytest.mark.parametrize("error", [ZeroDivisionError, LinedError])
@pytest.mark.parametrize("by_step", [False, True])
async def test_an_error_that_is_kept_keeps_no_cursor(tmp_path: Path, error: type[Exception], *, by_step: bool) -> None:
    cursors: list[weakref.ref[Any]] = []
    points: list[str] = []

    def fail(connection: Connection, _n: int = 1) -> None:
        written = connection.executemany("INSERT INTO t VALUES (?, ?)", [(7, ROW), (8, ROW)])
        read = connection.execute("SELECT n FROM t")
        cursors.extend((weakref.ref(written), weakref.ref(read)))
        raise error

    async with writing_to(tmp_path, crash_point=points.append) as writer:
        assert await writer.submit(Rows(), 2) == 2
        failing = writer.submit(Steps(), fail) if by_step else writer.submit(Faulty(fail), 1)
        kept = await asyncio.gather(failing, return_exceptions=True)
        assert await writer.submit(Rows(), 3) == 3
        assert [cursor() for cursor in cursors] == [None, None]
    assert isinstance(kept[0], LinedError)
    assert points[-1] == "after-checkpoint"
    assert seen(tmp_path) == [2, 3]


async def test_a_work_that_answers_too_little_is_a_defect(tmp_path: Path) -> None:
    class Short(Rows):
        def run(self, connection: Connection, items: Sequence[int]) -> list[int | LinedError]:
            return super().run(connection, items)[1:]

    async with writing_to(tmp_path) as writer:
        assert await errors_of(writer.submit(Short(), 1)) == [Defect]
        assert await writer.submit(Rows(), 2) == 2
    assert seen(tmp_path) == [2]


async def test_a_defect_that_ends_the_transaction_fails_its_group_and_nobody_after(tmp_path: Path) -> None:
    def ended(connection: Connection) -> None:
        connection.execute("ROLLBACK")
        raise ZeroDivisionError

    good = Rows()
    async with writing_to(tmp_path) as writer:
        with held(writer):
            futures = [writer.submit(good, 1), writer.submit(Steps(), ended), writer.submit(good, 2)]
        assert await errors_of(*futures) == [Defect, Defect, Defect]
        assert (good.undone, writer.broken) == (1, None)
        assert await writer.submit(good, 3) == 3
    assert seen(tmp_path) == [3]


async def test_stop_commits_what_is_queued_and_refuses_what_comes_later(tmp_path: Path) -> None:
    work = Rows()
    async with writing_to(tmp_path) as writer:
        with held(writer):
            futures = [writer.submit(work, n) for n in range(1000)]
            stopping = asyncio.ensure_future(writer.stop())
            await asyncio.sleep(0)
        await stopping
        assert await errors_of(*futures) == [None] * 1000
        assert await errors_of(writer.submit(work, 5000)) == [JournalBroken]
    assert not (tmp_path / "t.db-wal").exists()
    assert seen(tmp_path) == list(range(1000))


async def test_checkpoints_happen_between_commits_and_never_inside_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHECKPOINT_ROWS", 40)
    database, sizes = tmp_path / "t.db", []
    inside = [0]

    def look(where: str) -> None:
        if where == "before-commit":
            inside[0] = database.stat().st_size
        elif where == "after-commit" and database.stat().st_size != inside[0]:
            sizes.append("grew inside a commit")

    work = Rows()
    async with writing_to(tmp_path, crash_point=look) as writer:
        for start in range(0, 600, 20):
            await asyncio.gather(*[writer.submit(work, start + n) for n in range(20)])
        assert database.stat().st_size > 300 * len(ROW)
    assert sizes == []


async def test_the_wal_stays_bounded_and_shrinks_again_after_a_slow_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHECKPOINT_ROWS", 100)
    wal, work, written = tmp_path / "t.db-wal", Rows(), 0

    async def write(rounds: int) -> None:
        nonlocal written
        for _ in range(rounds):
            await asyncio.gather(*[writer.submit(work, written + n) for n in range(100)])
            written += 100

    async with writing_to(tmp_path) as writer:
        await write(20)
        usual = wal.stat().st_size
        assert usual < 4_000_000
        reader = open_readonly(tmp_path / "t.db")
        rows = reader.execute("SELECT n FROM t")
        rows.fetchone()
        await write(60)
        grown = wal.stat().st_size
        assert grown > 15 * 1024 * 1024
        rows.close()
        reader.close()
        await write(3)
        assert wal.stat().st_size <= 16 * 1024 * 1024
        await write(20)
        assert wal.stat().st_size <= 16 * 1024 * 1024


async def test_a_thread_that_ends_by_surprise_leaves_nobody_waiting_and_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk does not even say how much room it has: whoever waits hears of it, and the daemon ends."""
    noticed: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda hooked: noticed.append(hooked.exc_value))
    async with writing_to(tmp_path, floor_bytes=1) as writer:
        await writer.submit(Rows(), 1)

        def no_answer(_: Path) -> int:
            raise OSError(5, "Input/output error")

        with held(writer):
            monkeypatch.setattr(writing, "free_bytes", no_answer)
            monkeypatch.setattr(writing, "ROOM_CHECK_S", 0.0)
            waiting = [writer.submit(Rows(), n) for n in (2, 3)]
        async with asyncio.timeout(60):
            assert await errors_of(*waiting) == [JournalBroken, JournalBroken]
            await writer.stopped.wait()
        assert writer.broken is not None
        assert await errors_of(writer.submit(Rows(), 4)) == [JournalBroken]
    assert seen(tmp_path) == [1]
    assert [type(error) for error in noticed] == [OSError]
