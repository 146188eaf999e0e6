"""A backup has its name only when it is whole, checked and synced, and the writer is not held by it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lined.journal import Journal
from lined.journal.care import backup
from lined.journal.care.backup import back_up, check_whole, moment_of, newest
from lined.journal.care.keeping import Keeping, KeepingRules
from lined.journal.database import Connection
from lined.journal.files import beside
from lined.vocabulary.errors import JournalDamaged, JournalError, JournalFull

BINDING = {"profile": "asl-belgisi", "url": "http://127.0.0.1:1", "tin": "307797292", "business_place_id": "27"}
ROW = "INSERT INTO code (ident, tail, at_ms, device_no, job_id, batch_id) VALUES (?, ?, 1, 1, 1, 1)"


def _insert(connection: Connection, number: int) -> None:
    connection.execute(ROW, (f"later-{number}", "t"))


async def opened(path: Path, codes: int) -> Journal:
    journal = Journal(path)
    await journal.open(BINDING, [])
    await journal.do(lambda c: c.executemany(ROW, [(f"code-{n}", "t" * 100) for n in range(codes)]))
    return journal


async def test_it_is_the_journal_of_one_moment_while_the_writer_goes_on(tmp_path: Path) -> None:
    journal = await opened(tmp_path / "line.db", 60_000)
    making = asyncio.create_task(asyncio.to_thread(back_up, journal.path, tmp_path / "other", 7))
    longest_s, written = 0.0, 0
    loop = asyncio.get_running_loop()
    while not making.done():
        began = loop.time()
        await journal.do(partial(_insert, number=written))
        longest_s = max(longest_s, loop.time() - began)
        written += 1
    made = await making
    await journal.close()
    assert written > 5  # on a busy machine too; a writer that waits for the backup makes one or two
    assert longest_s < 2, "a verdict would have waited for the backup"
    assert made.codes >= 60_000
    assert made.bytes > 60_000 * 100
    assert moment_of(made.path) == 7
    check_whole(made.path)
    assert [path.name for path in (tmp_path / "other").iterdir()] == [made.path.name]


async def test_a_write_goes_through_in_the_middle_of_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await opened(tmp_path / "line.db", 1_000)
    begun, written = threading.Event(), threading.Event()
    waited: list[bool] = []
    breathing = backup._breathing

    def halfway(*about: Any) -> Callable[[int, int, int], None]:
        step = breathing(*about)

        def wait(status: int, remaining: int, total: int) -> None:
            begun.set()
            if not waited:
                waited.append(written.wait(10) and remaining > 0)
            step(status, remaining, total)

        return wait

    monkeypatch.setattr(backup, "_breathing", halfway)
    monkeypatch.setattr(backup, "STEP_PAGES", 8)
    making = asyncio.create_task(asyncio.to_thread(back_up, journal.path, tmp_path / "other", 7))
    await asyncio.to_thread(begun.wait, 10)
    try:
        await journal.do(partial(_insert, number=0))
        written.set()
    finally:
        await making
        await journal.close()
    assert waited == [True], "a write waits for the whole copy"


async def test_it_is_checked_then_synced_then_named_then_its_name_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing short of cutting the power shows a missing sync, so the order of the steps is looked at."""
    journal = await opened(tmp_path / "line.db", 10)
    folder, steps = tmp_path / "other", []

    def noted(name: str) -> None:
        step = getattr(backup, name)

        def told(path: Path, *more: object) -> None:
            named = any(not found.name.endswith(".part") for found in folder.iterdir())
            steps.append((name, "named" if named else "no name yet"))
            step(path, *more)

        monkeypatch.setattr(backup, name, told)

    for name in ("check_whole", "sync_file", "sync_folder"):
        noted(name)
    back_up(journal.path, folder, 7)
    await journal.close()
    assert steps == [("check_whole", "no name yet"), ("sync_file", "no name yet"), ("sync_folder", "named")]


async def test_one_that_is_not_whole_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await opened(tmp_path / "line.db", 10)
    monkeypatch.setattr(backup, "integrity", lambda *_: ["row 3 missing from index"])
    with pytest.raises(JournalDamaged):
        back_up(journal.path, tmp_path / "other", 7)
    await journal.close()
    assert list((tmp_path / "other").iterdir()) == []


async def test_the_newest_are_kept_and_rests_of_an_interrupted_one_go(tmp_path: Path) -> None:
    journal = await opened(tmp_path / "line.db", 10)
    rest = tmp_path / f"{beside(journal.path, 'backup', 1).name}.part"
    rest.write_bytes(b"half")
    made = [back_up(journal.path, tmp_path, day * 86_400_000, keep=2).path for day in (1, 2, 3)]
    await journal.close()
    assert not rest.exists()
    assert [path.exists() for path in made] == [False, True, True]
    assert newest(journal.path, tmp_path) == made[2]


async def test_a_broken_newest_one_is_passed_over(tmp_path: Path) -> None:
    journal = await opened(tmp_path / "line.db", 10)
    first, second = (back_up(journal.path, tmp_path, day * 86_400_000).path for day in (1, 2))
    await journal.close()
    second.write_bytes(b"\xa5" * second.stat().st_size)
    assert newest(journal.path, tmp_path) == first
    with pytest.raises(JournalError):
        moment_of(second)


async def test_without_room_for_it_none_is_begun(tmp_path: Path) -> None:
    journal = await opened(tmp_path / "line.db", 10)
    with pytest.raises(JournalFull):
        back_up(journal.path, tmp_path / "other", 7, floor_bytes=2**62)
    await journal.close()
    assert list((tmp_path / "other").iterdir()) == []


async def test_the_end_of_the_daemon_does_not_wait_for_a_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await opened(tmp_path / "line.db", 20_000)
    monkeypatch.setattr(backup, "PAUSE_S", 0.5)
    monkeypatch.setattr(backup, "STEP_PAGES", 4)  # minutes, if nobody gave it up; the thread must be gone at the end
    keeping = Keeping(journal, KeepingRules(tmp_path / "other"), lambda: 7)
    async with keeping:
        making = asyncio.create_task(keeping.back_up())
        while not list((tmp_path / "other").glob("*.part")):
            await asyncio.sleep(0.01)
    with pytest.raises(JournalError, match="given up"):
        await asyncio.wait_for(making, 60)
    await journal.close()
    assert list((tmp_path / "other").iterdir()) == []


async def test_a_folder_that_cannot_be_written_is_told_and_ends_nothing(tmp_path: Path) -> None:
    journal = await opened(tmp_path / "line.db", 10)
    (tmp_path / "other").write_text("a file stands where the folder should be")
    async with Keeping(journal, KeepingRules(tmp_path / "other"), lambda: 7) as keeping:
        with pytest.raises(JournalError):
            await keeping.back_up()
        assert "could not be backed up" in keeping.problems["backup"]
    await journal.close()


async def test_of_several_in_one_second_and_under_a_clock_set_back_the_one_just_made_is_there(tmp_path: Path) -> None:
    """Found by random requests: the fourth got the name of the first, which had been dropped, and went as that."""
    journal = await opened(tmp_path / "line.db", 10)
    day_ms = 86_400_000
    for folder in (tmp_path, tmp_path / "other"):
        made = [back_up(journal.path, folder, day_ms, keep=3).path for _ in range(5)]
        assert [path.exists() for path in made] == [False, False, True, True, True]
        assert newest(journal.path, folder) == made[-1]
        back = back_up(journal.path, folder, day_ms // 2, keep=3).path
        assert [path.exists() for path in (back, *made)] == [True, False, False, False, True, True]
    await journal.close()
