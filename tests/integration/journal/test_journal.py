"""Opening and closing the journal: one process, one account, checked after an unclean stop, nothing lost on the way."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from pathlib import Path

import pytest

from lined.journal import Journal
from lined.journal import journal as opening
from lined.journal.database import PAGE_BYTES, Connection, free_bytes, open_readonly
from lined.journal.reply_marks import DEVICES_MAX, ReplyMarks
from lined.vocabulary.errors import JournalBound, JournalBroken, JournalFull, JournalLocked
from tests.harness.line import BINDING, NOON, Line, frame, ident, oil

OTHER = {**BINDING, "tin": "999999999"}


def crashed(source: Path, target: Path) -> Path:
    """What a crash right now would leave behind: the files as they are."""
    target.mkdir()
    for file in source.iterdir():
        shutil.copyfile(file, target / file.name)
    return target


def contents(place: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in place.iterdir() if not file.name.endswith((".lock", "-shm"))}


async def test_a_second_process_is_turned_away_and_disturbs_nobody(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        with pytest.raises(JournalLocked):
            await Journal(tmp_path / "j.db").open(BINDING, [])
        assert await line.word("cam-1", oil(1)) == "accept"
    async with Line(tmp_path / "j.db") as line:
        assert await line.word("cam-1", oil(1)) == "duplicate"


@pytest.mark.parametrize("clean", [True, False])
async def test_a_journal_of_another_account_is_left_byte_for_byte(tmp_path: Path, *, clean: bool) -> None:
    place = tmp_path / "j"
    place.mkdir()
    async with Line(place / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1))
        copy = crashed(place, tmp_path / "copy")
    if not clean:
        place = copy
        assert (place / "j.db-wal").stat().st_size > 0
    before = contents(place)
    names = {file.name for file in place.iterdir()}
    for key in BINDING:
        journal = Journal(place / "j.db")
        with pytest.raises(JournalBound) as caught:
            await journal.open({**BINDING, key: "other"}, ["new-device"])
        assert [problem.path for problem in caught.value.problems] == [f"regulator.{key}"]
        await journal.close()
    assert contents(place) == before
    assert {file.name for file in place.iterdir()} == names
    async with Line(place / "j.db") as line:  # the lock was let go, and the rightful owner finds everything
        assert (await line.sums())["code.unreported"] == 1


async def test_a_journal_without_unfinished_reports_may_change_its_account(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
    journal = Journal(tmp_path / "j.db")
    await journal.open(OTHER, [])
    assert await journal.do(lambda c: c.execute("SELECT tin FROM account").fetchone()[0]) == "999999999"
    await journal.close()


async def test_the_file_is_checked_after_an_unclean_stop_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[Path] = []
    real = opening.quick_check

    def count(connection: Connection, path: Path) -> None:
        checks.append(path)
        real(connection, path)

    monkeypatch.setattr(opening, "quick_check", count)
    place = tmp_path / "j"
    place.mkdir()
    async with Line(place / "j.db") as line:
        await line.job()
        copy = crashed(place, tmp_path / "copy")
    async with Line(place / "j.db") as line:
        assert line.journal.was_clean
    assert checks == []
    async with Line(copy / "j.db") as line:
        assert not line.journal.was_clean
    assert checks == [copy / "j.db"]
    async with Line(copy / "j.db"):
        pass
    assert len(checks) == 1


async def test_a_damaged_file_is_refused_after_an_unclean_stop(tmp_path: Path) -> None:
    place = tmp_path / "j"
    place.mkdir()
    async with Line(place / "j.db") as line:
        await line.job()
        await line.words("cam-1", *[oil(n) for n in range(400)])
    async with Line(place / "j.db"):
        copy = crashed(place, tmp_path / "copy")
    data = bytearray((copy / "j.db").read_bytes())
    connection = open_readonly(place / "j.db")
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'code'").fetchone()[0]
    connection.close()
    data[(root - 1) * PAGE_BYTES : (root - 1) * PAGE_BYTES + 200] = os.urandom(200)
    (copy / "j.db").write_bytes(data)
    journal = Journal(copy / "j.db")
    with pytest.raises(JournalBroken):
        await journal.open(BINDING, [])
    await journal.close()


async def test_what_is_no_database_is_refused_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "j.db").write_bytes(b"this is not a database " * 300)
    before = contents(tmp_path)
    with pytest.raises(JournalBroken):
        await Journal(tmp_path / "j.db").open(BINDING, [])
    assert contents(tmp_path) == before


async def test_a_place_where_nothing_can_be_opened_is_a_journal_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "j.db").mkdir()
    with pytest.raises(JournalBroken):
        await Journal(tmp_path / "j.db").open(BINDING, [])


async def test_device_numbers_stay_whatever_the_configuration_says(tmp_path: Path) -> None:
    async def open_with(*devices: str) -> dict[str, int]:
        journal = Journal(tmp_path / "j.db")
        numbers = await journal.open(BINDING, devices)
        await journal.close()
        return numbers

    first = await open_with("a", "b", "c")
    assert len(set(first.values())) == 3
    await open_with("c")
    later = await open_with("d", "c", "b", "a")
    assert {name: later[name] for name in first} == first
    assert later["d"] not in first.values()


async def test_too_many_devices_are_refused_and_not_mixed_up(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db")
    with pytest.raises(JournalBroken):
        await journal.open(BINDING, [f"d{n}" for n in range(DEVICES_MAX)])
    await journal.close()


async def test_a_full_disk_does_not_keep_the_journal_from_closing(tmp_path: Path) -> None:
    line = Line(tmp_path / "j.db")
    await line.start()
    line.fail_next = True
    with pytest.raises(JournalFull):
        await line.read(lambda c: c.execute("SELECT 1"))
    line.fail_next = True
    await line.journal.close()
    assert line.journal.writer.stopped.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("journal")]
    async with Line(tmp_path / "j.db") as again:  # the lock was let go; nothing else says that the stop was clean
        assert not again.journal.was_clean


async def test_closing_twice_and_closing_what_was_never_opened_is_fine(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db")
    await journal.close()
    await journal.open(BINDING, [])
    await journal.close()
    await journal.close()
    with pytest.raises(JournalBroken):
        await journal.read(lambda c: c.execute("SELECT 1").fetchone())


def _same(_connection: Connection, n: int) -> int:
    return n


async def test_many_questions_at_once_are_all_answered(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        answers = await asyncio.gather(*[line.journal.read(_same, n) for n in range(2000)])
    assert answers == list(range(2000))


async def test_a_question_cannot_write(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        with pytest.raises(JournalBroken):
            await line.journal.read(lambda c: c.execute("DELETE FROM account"))


async def test_a_question_that_fails_keeps_nobody_after_it_in_the_past(tmp_path: Path) -> None:
    def fails(connection: Connection) -> None:
        rows = connection.execute("SELECT no FROM device")
        for _ in rows:
            raise ZeroDivisionError

    async with Line(tmp_path / "j.db") as line:
        kept = await asyncio.gather(
            *[line.journal.read(fails) for _ in range(2 * opening.READERS)], return_exceptions=True
        )
        assert [type(one) for one in kept] == [ZeroDivisionError] * 2 * opening.READERS
        await line.journal.do(lambda c: c.execute("INSERT INTO device (id) VALUES ('new')").rowcount)
        answers = await asyncio.gather(*[line.journal.read(_devices) for _ in range(2 * opening.READERS)])
    assert {"new" in answer for answer in answers} == {True}


def _devices(connection: Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT id FROM device")]


# ── the marks of what was said ──────────────────────────────────────────────────────────────────────────────────────


def test_marks_are_never_lowered_by_saying_and_survive_reopening(tmp_path: Path) -> None:
    marks = ReplyMarks(tmp_path / "s")
    assert marks.new
    marks.set(3, 10)
    marks.set(3, 7)
    marks.set(DEVICES_MAX - 1, 2**60)
    marks.close()
    marks = ReplyMarks(tmp_path / "s")
    assert not marks.new
    assert (marks.get(3), marks.get(4), marks.get(DEVICES_MAX - 1)) == (10, 0, 2**60)
    marks.reset(3, 1)
    assert marks.get(3) == 1
    marks.close()


def test_a_file_of_another_size_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"short")
    marks = ReplyMarks(tmp_path / "s")
    assert marks.new
    assert marks.get(0) == 0
    marks.close()


def test_the_marks_have_their_room_on_the_disk_before_they_are_mapped(tmp_path: Path) -> None:
    ReplyMarks(tmp_path / "s").close()
    assert (tmp_path / "s").stat().st_blocks * 512 >= (tmp_path / "s").stat().st_size
    assert free_bytes(tmp_path / "s") > 0


async def test_marks_of_another_journal_do_not_hide_what_was_left_unsaid(tmp_path: Path) -> None:
    place = tmp_path / "j"
    place.mkdir()
    async with Line(place / "j.db"):
        pass
    marks = ReplyMarks(place / "j.db.said")  # the journal was replaced, its marks were not
    for number in range(20):
        marks.set(number, 1_000_000)
    marks.close()
    async with Line(place / "j.db") as line:
        await line.job()
        await line.submit("cam-1", frame(oil(1)))
        copy = crashed(place, tmp_path / "copy")
    async with Line(copy / "j.db") as line:
        assert await line.unsaid() == [ident(1)]


async def test_without_its_marks_nothing_counts_as_unsaid(tmp_path: Path) -> None:
    place = tmp_path / "j"
    place.mkdir()
    async with Line(place / "j.db") as line:
        await line.job()
        await line.submit("cam-1", frame(oil(1)))
        copy = crashed(place, tmp_path / "copy")
    (copy / "j.db.said").unlink()
    async with Line(copy / "j.db") as line:
        assert await line.unsaid() == []
        assert await line.word("cam-1", oil(1)) == "duplicate"


async def test_a_device_new_in_the_configuration_makes_nothing_unsaid(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.words("cam-1", oil(1), oil(2))
    journal = Journal(tmp_path / "j.db")
    await journal.open(BINDING, ["cam-1", "brand-new"])
    assert await journal.do(lambda c: c.execute("SELECT count(*) FROM unsaid").fetchone()[0]) == 0
    await journal.close()


async def test_verdicts_that_an_orderly_stop_could_not_say_are_unsaid_too(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1))
        await line.submit("cam-1", frame(oil(2)))
        await line.word("cam-2", oil(3))
        line.intake.settle_marks()
    async with Line(tmp_path / "j.db", now=NOON + 1) as line:
        assert line.journal.was_clean
        assert await line.unsaid() == [ident(2)]
        assert await line.word("cam-2", oil(2)) == "accept"
        assert await line.word("cam-2", oil(2)) == "duplicate"
        assert await line.word("cam-1", oil(1)) == "duplicate"
