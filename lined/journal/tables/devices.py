"""Rows of `device`: the small numbers that stand for the ids of devices."""

from __future__ import annotations

from lined.journal.database import Connection


def name_of(connection: Connection, number: int) -> str:
    """The id of the device with that number."""
    row = connection.execute("SELECT id FROM device WHERE no = ?", (number,)).fetchone()
    return str(row[0])
