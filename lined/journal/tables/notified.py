"""Rows of `notified`: what the people at an address were last told about alarms, kept over a restart."""

from __future__ import annotations

from lined.journal.database import Connection


def of(connection: Connection, address: str) -> str | None:
    """The state that this address was last told of; None where it was told of none."""
    row = connection.execute("SELECT told FROM notified WHERE address = ?", (address,)).fetchone()
    return None if row is None else str(row[0])


def keep(connection: Connection, address: str, state: str) -> None:
    """The address has been told of this state."""
    connection.execute("INSERT OR REPLACE INTO notified (address, told) VALUES (?, ?)", (address, state))
