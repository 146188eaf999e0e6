"""Rows of `sscc`: the next serial number of each range of SSCCs that lined issues."""

from __future__ import annotations

from collections.abc import Mapping

from lined.journal.database import Connection
from lined.journal.tables import drawer


def next_of(connection: Connection, prefix: str) -> int | None:
    """The next serial of a range; None where none was issued yet."""
    row = connection.execute("SELECT next FROM sscc WHERE prefix = ?", (prefix,)).fetchone()
    return None if row is None else int(row[0])


def set_next(connection: Connection, prefix: str, serial: int) -> None:
    """In the transaction that uses the serials before it."""
    connection.execute("INSERT OR REPLACE INTO sscc (prefix, next) VALUES (?, ?)", (prefix, serial))


def all_of(connection: Connection) -> dict[str, int]:
    """By prefix. Also of a journal not migrated yet."""
    if drawer.is_there(connection):
        return drawer.serials(connection)
    return dict(connection.execute("SELECT prefix, next FROM sscc").fetchall())


def go_on_from(connection: Connection, issued: Mapping[str, int]) -> None:
    """What another journal has issued is not issued again."""
    connection.executemany(
        "INSERT INTO sscc (prefix, next) VALUES (?, ?) "
        "ON CONFLICT (prefix) DO UPDATE SET next = max(next, excluded.next)",
        list(issued.items()),
    )
