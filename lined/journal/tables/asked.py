"""Rows of `asked`: when somebody last wanted what is open to be reported as soon as it may be, by kind of report."""

from __future__ import annotations

from lined.journal.database import Connection


def ask(connection: Connection, kind: str, at_ms: int) -> None:
    """Somebody wants it now."""
    connection.execute("INSERT OR REPLACE INTO asked (kind, at_ms) VALUES (?, ?)", (kind, at_ms))


def last_ms(connection: Connection, kind: str) -> int:
    """When somebody last did, in milliseconds since 1970; 0: never."""
    row = connection.execute("SELECT at_ms FROM asked WHERE kind = ?", (kind,)).fetchone()
    return int(row[0]) if row else 0
