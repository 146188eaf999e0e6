"""Rows of `notified`: what the people at an address were last told about alarms, kept over a restart."""

from __future__ import annotations

from lined.journal.database import Connection


def of(connection: Connection, address: str) -> str | None:
    row = connection.execute("SELECT told FROM notified WHERE address = ?", (address,)).fetchone()
    return None if row is None else str(row[0])


def keep(connection: Connection, address: str, state: str) -> None:
    connection.execute("INSERT OR REPLACE INTO notified (address, told) VALUES (?, ?)", (address, state))
