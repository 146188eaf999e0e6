"""Rows of `nameless`: by kind of report, how many refusals in a row named no code that is to blame."""

from __future__ import annotations

from lined.journal.database import Connection


def in_a_row(connection: Connection, kind: str) -> int:
    """How many refusals of a kind in a row named no code."""
    row = connection.execute("SELECT refusals FROM nameless WHERE kind = ?", (kind,)).fetchone()
    return int(row[0]) if row else 0


def set_in_a_row(connection: Connection, kind: str, refusals: int) -> None:
    """So many are that now."""
    connection.execute("INSERT OR REPLACE INTO nameless (kind, refusals) VALUES (?, ?)", (kind, refusals))


def by_kind(connection: Connection) -> dict[str, int]:
    """The same of every kind that has had one."""
    return dict(connection.execute("SELECT kind, refusals FROM nameless").fetchall())
