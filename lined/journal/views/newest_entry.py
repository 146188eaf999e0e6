"""The newest moment that the journal knows: a clock that shows an earlier one may be wrong."""

from __future__ import annotations

from lined.journal.database import Connection

# The newest entry is not the last one: what was written while the clock was wrong comes after it.
# `report.last_ms` is a maximum.
_MOMENTS = (
    ("code", "at_ms"),
    ("read", "at_ms"),
    ("report", "last_ms"),
    ("report_event", "at_ms"),
    ("job", "started_ms"),
)
LOOKED_AT = 1_000  # rows of each table


def newest_ms(connection: Connection) -> int:
    """The latest moment among the newest rows of each table that has them; 0 in an empty journal."""
    return max(_newest(connection, table, column) for table, column in _MOMENTS)


def _newest(connection: Connection, table: str, column: str) -> int:
    last = f"SELECT {column} FROM {table} ORDER BY id DESC LIMIT {LOOKED_AT}"
    row = connection.execute(f"SELECT max({column}) FROM ({last})").fetchone()
    return int(row[0] or 0)
