"""What the settings of a clock say about the moments that were written under them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lined.journal.database import Connection, open_writable
from lined.journal.schema import migrations
from lined.journal.tables import clock_settings, codes, reports
from lined.journal.views import packing_times
from lined.journal.views.true_time import Right, TrueTime, later

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
T0 = 1_795_417_200_000


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Connection]:
    database = open_writable(tmp_path / "line.db")
    migrations.apply(database)
    yield database.conn
    database.conn.close()


class Books:
    """True time goes on from T0; settings and codes are written as they would be."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = T0
        self.off = 0
        self.boot, self.up_since = "boot 1", T0 - HOUR
        self.truth: dict[int, int] = {}

    def set(self, off: int) -> None:
        """The clock is off by so much from now on."""
        self.off = off
        self._record()

    def reboot(self, off: int) -> None:
        self.boot, self.up_since = f"boot {int(self.boot[5:]) + 1}", self.now
        self.set(off)

    def hear(self, error: int = 0) -> None:
        clock_settings.measure(self.connection, self.off + error)

    def code(self, after: int = MINUTE) -> int:
        self.now += after
        number = codes.last_id(self.connection) + 1
        codes.insert(self.connection, [(number, f"code {number}", "", self.now + self.off, 1, 1, 1)])
        self.truth[number] = self.now
        return number

    def right(self, number: int) -> Right:
        (at_ms,) = self.connection.execute("SELECT at_ms FROM code WHERE id = ?", (number,)).fetchone()
        return TrueTime(self.connection).of_code(number, at_ms)

    def off_by(self, number: int) -> int:
        return self.right(number).ms - self.truth[number]

    def _record(self) -> None:
        wall = self.now + self.off
        clock_settings.record(self.connection, self.boot, wall - (self.now - self.up_since), wall)


def test_without_a_setting_a_moment_is_what_it_is(journal: Connection) -> None:
    books = Books(journal)
    books.off = -2 * DAY
    number = books.code()
    assert books.right(number) == Right(T0 + MINUTE - 2 * DAY)
    books.set(0)
    books.hear()
    assert books.right(number) == Right(T0 + MINUTE - 2 * DAY)


@pytest.mark.parametrize("heard", [0, 1, 2])
@pytest.mark.parametrize("off", [-10 * 365 * DAY, -HOUR, -SECOND, SECOND, HOUR, 10 * 365 * DAY])
def test_one_answer_dates_all_settings_since_the_machine_was_started(journal: Connection, off: int, heard: int) -> None:
    books = Books(journal)
    found = []
    for number, setting in enumerate((0, off, 0)):
        books.set(setting)
        if number == heard:
            books.hear(error=200)
        found.append(books.code())
    wrong = books.off_by(found[0])
    assert [books.off_by(number) for number in found] == [wrong] * 3
    assert wrong == (off if heard == 1 and abs(off) < 5 * MINUTE else -200 if heard == 1 else 0)


def test_the_setting_that_was_found_right_dates_the_others(journal: Connection) -> None:
    books = Books(journal)
    for off in (0, 4 * MINUTE):
        books.set(off)
        books.hear()
    number = books.code()
    assert books.off_by(number) == 0
    books.hear()
    assert books.right(number).now_wrong_ms == 0


@pytest.mark.parametrize("off", [301 * SECOND, -301 * SECOND, 299 * SECOND])
def test_a_clock_that_was_not_right_once_can_still_be_put_right(journal: Connection, off: int) -> None:
    books = Books(journal)
    books.set(off)
    number = books.code()
    books.hear()
    assert books.right(number).now_wrong_ms == (off if abs(off) > 5 * MINUTE else 0)
    books.reboot(0)
    books.hear()
    assert books.right(number).now_wrong_ms == 0
    assert books.off_by(number) == (0 if abs(off) > 5 * MINUTE else off)


@pytest.mark.parametrize("off", [-2 * DAY, -HOUR, -6 * MINUTE, -4 * MINUTE, 0, 4 * MINUTE, HOUR, 365 * DAY])
def test_what_nobody_heard_is_doubted_where_it_cannot_be_true(journal: Connection, off: int) -> None:
    books = Books(journal)
    books.set(0)
    books.hear()
    books.code()
    books.reboot(off)
    number = books.code(10 * SECOND)
    books.now += MINUTE
    books.reboot(0)
    books.hear()
    right = books.right(number)
    assert right.doubt == (abs(off) > 5 * MINUTE)
    assert books.off_by(number) == off


@pytest.mark.parametrize("heard", [False, True], ids=["nothing heard before", "heard before"])
@pytest.mark.parametrize("reads", [False, True], ids=["none read under the first", "some read"])
@pytest.mark.parametrize("wrong", [0, 1, 2], ids=["no", "first", "second"])
@pytest.mark.parametrize("off", [-10 * 365 * DAY, -2 * DAY, -HOUR, -6 * MINUTE, -4 * MINUTE, 4 * MINUTE, HOUR, DAY])
def test_two_starts_that_nobody_heard_and_that_contradict_each_other_are_both_doubted(
    journal: Connection, off: int, wrong: int, *, reads: bool, heard: bool
) -> None:
    """Whichever of them was wrong, unless what is known tells: what is dated wrong is doubted wherever it can be."""
    books = Books(journal)
    if heard:
        books.set(0)
        books.hear()
        books.now += 7 * DAY
    books.reboot(off if wrong == 1 else 0)
    first = books.code(SECOND) if reads else None
    books.reboot(off if wrong == 2 else 0)
    second = books.code(SECOND)
    books.now += 4 * HOUR
    books.reboot(0)
    books.hear()
    own = abs(off) > 5 * MINUTE and bool(wrong)
    known_wrong = own and (off > 4 * HOUR or (heard and off < -7 * DAY))
    back = off if wrong == 2 else -off  # so far the second one shows less than the first
    contradict = own and not known_wrong and back < 0
    found = {1: first, 2: second}
    for start, number in found.items():
        if number is not None:
            assert books.right(number).doubt == (contradict or (known_wrong and start == wrong)), start


def test_a_start_that_is_known_to_have_been_wrong_says_nothing_about_others(journal: Connection) -> None:
    """A battery died: the clock began in another century, ahead or behind, and nobody was heard."""
    books = Books(journal)
    books.set(0)
    books.hear()
    for off in (-20 * 365 * DAY, 20 * 365 * DAY):
        books.now += DAY
        books.reboot(off)
        books.code()
        books.now += DAY
        books.reboot(0)
        number = books.code()
        books.now += DAY
        books.reboot(off)
        books.code()
        books.now += DAY
        books.reboot(0)
        books.hear()
        assert books.right(number) == Right(books.truth[number])


@pytest.mark.parametrize(("step", "doubt"), [(4 * MINUTE, False), (-6 * MINUTE, True), (HOUR, True)])
def test_where_the_clock_was_stepped_and_nobody_heard_which_setting_was_right_both_are_doubted(
    journal: Connection, step: int, doubt: bool
) -> None:
    books = Books(journal)
    books.set(0)
    books.hear()
    books.now += DAY
    books.reboot(0)
    found = [books.code()]
    books.set(step)
    found.append(books.code())
    books.now += DAY
    books.reboot(0)
    books.hear()
    assert [books.right(number).doubt for number in found] == [doubt, doubt]


def test_a_machine_that_stood_still_is_dated_by_what_was_heard_under_each_setting(journal: Connection) -> None:
    """A virtual machine was put by for eight hours: its uptime did not go on, its clock was set when it woke."""
    books = Books(journal)
    books.set(0)
    books.hear()
    before = books.code()
    books.now += 8 * HOUR
    books.up_since += 8 * HOUR
    books.set(0)
    books.hear()
    after = books.code()
    assert [books.off_by(number) for number in (before, after)] == [0, 0]


def test_what_another_journal_dated_is_left_alone(journal: Connection) -> None:
    books = Books(journal)
    clock_settings.record(journal, clock_settings.UNKNOWN, 0, T0)
    books.off = 3 * DAY
    number = books.code()
    books.set(0)
    books.hear()
    assert books.right(number) == Right(books.truth[number] + 3 * DAY)


def test_the_later_of_two_keeps_the_doubts_of_both() -> None:
    assert later(Right(1, doubt=True), Right(2, now_wrong_ms=7)) == Right(2, doubt=True, now_wrong_ms=7)
    assert later(Right(3), Right(2, doubt=True)) == Right(3, doubt=True)


def _row(connection: Connection, table: str, **values: Any) -> None:
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))


def test_packing_is_dated_by_the_youngest_child_in_true_time(journal: Connection) -> None:
    """By the clock of then the box was closed two days before its last unit was read."""
    books = Books(journal)
    books.set(0)
    books.hear()
    first = books.code()
    books.set(-2 * DAY)
    second = books.code()
    books.now += MINUTE
    closed = books.now
    _row(journal, "package", id=1, ident="box", level="BOX_LV_1", station="pack", job_id=1, gtin="", lot="",
         child_level="UNIT", capacity=2, holds=2, state="closed", opened_ms=0, closed_ms=closed - 2 * DAY, closed_no=1,
         batch_id=9)  # fmt: skip
    journal.execute("UPDATE code SET package_id = 1")
    books.set(0)
    _row(journal, "job", id=1, gtin="", product="{}", mode="normal", attributes="{}", started_ms=0)
    _row(journal, "report", id=9, batch_id=9, kind="aggregation", state="open", job_id=1, attributes="{}", opened_ms=0)
    report = reports.get(journal, 9)
    assert report is not None
    packed = packing_times.packed(TrueTime(journal), journal, report)
    assert packed.ms == closed > books.truth[second] > books.truth[first]
    around = packing_times.first_containing(TrueTime(journal), journal, [first, second])
    assert around is not None and around.ms == closed
