"""Serial numbers of our own: none twice, in one series or across series."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.journal.database import Connection, open_writable
from lined.journal.schema import migrations
from lined.journal.tables import age, serial_series
from lined.supply.orders.serials import BASE, CHARACTERS, reserve, serials
from lined.vocabulary.errors import Conflict


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Connection]:
    database = open_writable(tmp_path / "line-1.db")
    migrations.apply(database)
    yield database.conn
    database.conn.close()


@pytest.mark.parametrize("length", [6, 7, 13, 20])
def test_serials_have_their_length_and_none_comes_twice(journal: Connection, length: int) -> None:
    seen: list[str] = []
    for count in (1, 5_000, 17, 5_000):
        series, first = reserve(journal, length, count)
        seen += serials(series, first, count)
    assert len(set(seen)) == len(seen) == 10_018
    assert {len(one) for one in seen} == {length}
    assert set("".join(seen)) <= set(CHARACTERS)


def test_serials_of_the_same_numbers_are_the_same(journal: Connection) -> None:
    series, first = reserve(journal, 13, 100)
    assert serials(serial_series.get(journal, series.no), first, 100) == serials(series, first, 100)


def test_serials_do_not_count_up(journal: Connection) -> None:
    series, first = reserve(journal, 13, 1_000)
    made = serials(series, first, 1_000)
    assert made != sorted(made) and len({one[3] for one in made}) > BASE // 2


def test_a_journal_that_took_over_begins_under_another_prefix(journal: Connection) -> None:
    before, first = reserve(journal, 7, 1_000)
    age.rename(journal)
    after, second = reserve(journal, 7, 1_000)
    assert before.prefix != after.prefix and second == 0
    assert not set(serials(before, first, 1_000)) & set(serials(after, second, 1_000))


def test_a_prefix_that_was_used_is_drawn_again(journal: Connection) -> None:
    drawn = iter([5, 900, 5, 5, 6, 901])
    first, _ = reserve(journal, 7, 1, lambda _most: next(drawn))
    age.rename(journal)
    second, _ = reserve(journal, 7, 1, lambda _most: next(drawn))
    assert (first.prefix, second.prefix) == ("05", "06")


def test_a_whole_series_is_gone_through_before_another_begins(journal: Connection) -> None:
    size = BASE**4
    series, first = reserve(journal, 6, size - 10)
    other, second = reserve(journal, 6, 11)
    assert (first, second) == (0, 0) and other.prefix != series.prefix
    sample = random.Random(1).sample(range(size), 2_000)
    assert len({serials(series, number, 1)[0] for number in sample}) == 2_000
    with pytest.raises(Conflict):
        reserve(journal, 6, size + 1)
