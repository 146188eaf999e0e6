"""What the people at an address were last told about alarms: one small text an address, kept over a restart."""

from __future__ import annotations

from lined.journal.database import Connection

_KEY = "notified:"


def of(connection: Connection, address: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY + address,)).fetchone()
    return None if row is None else str(row[0])


def keep(connection: Connection, address: str, state: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_KEY + address, state))
