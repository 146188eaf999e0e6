"""Rows of `device`: the small numbers that stand for the ids of devices."""

from __future__ import annotations

from collections.abc import Iterable

from lined.journal.database import Connection


def name_of(connection: Connection, number: int) -> str:
    """The id of the device with that number."""
    row = connection.execute("SELECT id FROM device WHERE no = ?", (number,)).fetchone()
    return str(row[0])


def add(connection: Connection, ids: Iterable[str]) -> None:
    """Numbers for those that have none yet."""
    connection.executemany("INSERT OR IGNORE INTO device (id) VALUES (?)", [(device,) for device in ids])


def numbers(connection: Connection) -> dict[str, int]:
    """The number of each device that was ever seen, by its id."""
    return dict(connection.execute("SELECT id, no FROM device").fetchall())
