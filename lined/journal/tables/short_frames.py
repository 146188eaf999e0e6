"""Rows of `short_frame`: pack stations whose next frame may hold less than a full package."""

from __future__ import annotations

from lined.journal.database import Connection


def expect(connection: Connection, station: str) -> None:
    """Somebody closes the station's package early."""
    connection.execute("INSERT OR IGNORE INTO short_frame (station) VALUES (?)", (station,))


def is_expected(connection: Connection, station: str) -> bool:
    """Whether the next frame of the station may hold less than a full package."""
    return connection.execute("SELECT 1 FROM short_frame WHERE station = ?", (station,)).fetchone() is not None


def has_come(connection: Connection, station: str) -> None:
    """The next frame is a full one again."""
    connection.execute("DELETE FROM short_frame WHERE station = ?", (station,))
