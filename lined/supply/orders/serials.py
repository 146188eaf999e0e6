"""Serial numbers that we make ourselves: none twice, across restarts and restores.

    xR 7Qa2b…    prefix of the series, then a number that the series has not used, scattered

A number is turned into characters by a step that shares no factor with how many there are, so that each number of a
series gives another serial. Which numbers are used is on disk before a serial leaves (`serial_series`), and a journal
that took over from another begins a series of its own, under a prefix drawn by chance.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable

from lined.journal.database import Connection
from lined.journal.tables import serial_series
from lined.journal.tables.serial_series import SeriesRow
from lined.vocabulary.errors import Conflict

CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase  # of GS1's set 82; none needs escaping
BASE = len(CHARACTERS)
SHORTEST = 6  # 2 characters of prefix leave 14 million serials a series
LONGEST = 20
PREFIX_LEAST = 2
COUNTED_MOST = 10  # characters that count: 62^10 fits a column of the journal
TRIES = 100  # prefixes drawn before all are taken for used


def reserve(
    connection: Connection, length: int, count: int, draw: Callable[[int], int] = secrets.randbelow
) -> tuple[SeriesRow, int]:
    """Have so many serials of that length used. Returns their series and the first number; in the transaction that
    writes down what they are for. Raises Conflict where none are left.
    """
    series = serial_series.current(connection, length)
    if series is None or series.next + count > _size(length):
        series = _begin(connection, length, draw)
    if series.next + count > _size(length):
        raise Conflict("serials-used-up", f"There are no {count:,} serial numbers of {length} characters left.")
    serial_series.use(connection, series, count)
    return series, series.next


def serials(series: SeriesRow, first: int, count: int) -> list[str]:
    """The serials of these numbers: the same each time."""
    size, width = _size(series.length), series.length - len(series.prefix)
    return [series.prefix + _text(number * series.step % size, width) for number in range(first, first + count)]


def _begin(connection: Connection, length: int, draw: Callable[[int], int]) -> SeriesRow:
    assert SHORTEST <= length <= LONGEST
    width = _counted(length)
    used = serial_series.prefixes(connection, length)
    for _ in range(TRIES):
        prefix = _text(draw(BASE ** (length - width)), length - width)
        if prefix not in used:
            return serial_series.begin(connection, length, prefix, _step(width, draw))
    raise Conflict("serials-used-up", f"There are no serial numbers of {length} characters left.")


def _step(width: int, draw: Callable[[int], int]) -> int:
    """Odd, and no multiple of 31: it shares no factor with a power of 62."""
    while True:
        step = draw(BASE**width // 2) * 2 + 1
        if step % 31 and step > BASE:
            return step


def _counted(length: int) -> int:
    return min(length - PREFIX_LEAST, COUNTED_MOST)


def _size(length: int) -> int:
    return int(BASE ** _counted(length))


def _text(number: int, width: int) -> str:
    characters = ""
    for _ in range(width):
        number, digit = divmod(number, BASE)
        characters = CHARACTERS[digit] + characters
    return characters
