"""Rows of `serial_series`: serial numbers that we make ourselves, by length: which have been used.

A series belongs to one journal, by the journal's own name: one that took over from another, and cannot know what that
one has used, begins a series of its own under another prefix. `next` rises in the transaction that uses the numbers
before it.
"""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import age

CREATED = """
CREATE TABLE serial_series (
    no INTEGER PRIMARY KEY, length INTEGER NOT NULL, prefix TEXT NOT NULL, step INTEGER NOT NULL,
    journal TEXT NOT NULL, next INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX serial_series_prefix ON serial_series (length, prefix)
"""


class SeriesRow(NamedTuple):
    """`prefix`: what its serials begin with; `step`: what scatters the rest; `next`: the first number not used."""

    no: int
    length: int
    prefix: str
    step: int
    next: int


_COLUMNS = ", ".join(SeriesRow._fields)


def current(connection: Connection, length: int) -> SeriesRow | None:
    """The series of that length which is this journal's; None: it has none yet."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM serial_series WHERE length = ? AND journal = ? ORDER BY no DESC LIMIT 1",
        (length, _journal(connection)),
    ).fetchone()
    return None if row is None else SeriesRow(*row)


def get(connection: Connection, no: int) -> SeriesRow:
    """The series of that number."""
    return SeriesRow(*connection.execute(f"SELECT {_COLUMNS} FROM serial_series WHERE no = ?", (no,)).fetchone())


def prefixes(connection: Connection, length: int) -> set[str]:
    """Those that were ever used."""
    return {row[0] for row in connection.execute("SELECT prefix FROM serial_series WHERE length = ?", (length,))}


def begin(connection: Connection, length: int, prefix: str, step: int) -> SeriesRow:
    """A new series of this journal."""
    connection.execute(
        "INSERT INTO serial_series (length, prefix, step, journal) VALUES (?, ?, ?, ?)",
        (length, prefix, step, _journal(connection)),
    )
    found = current(connection, length)
    assert found is not None
    return found


def use(connection: Connection, series: SeriesRow, count: int) -> None:
    """So many numbers from `next` on are used."""
    connection.execute("UPDATE serial_series SET next = ? WHERE no = ?", (series.next + count, series.no))


def _journal(connection: Connection) -> str:
    found = age.of(connection)
    assert found is not None  # a migration made it
    return found.name
