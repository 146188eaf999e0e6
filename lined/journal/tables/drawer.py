"""Keys of the drawer `meta`, which journals had before each of its things got a table: for a look at one as it lies.

A journal that is opened for writing is migrated first, and has no drawer.
"""

from __future__ import annotations

from lined.journal.database import Connection


def is_there(connection: Connection) -> bool:
    """Whether the journal still has its drawer."""
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is not None


def value(connection: Connection, key: str) -> str | None:
    """What lies under a key."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else None


def serials(connection: Connection) -> dict[str, int]:
    """The next serial of each range of SSCCs, by prefix."""
    rows = connection.execute("SELECT substr(key, 6), CAST(value AS INTEGER) FROM meta WHERE key GLOB 'sscc:*'")
    return dict(rows.fetchall())
