"""Rows of `body`: the exact bytes of frozen reports, compressed."""

from __future__ import annotations

from lined.journal.database import Connection


def packed(connection: Connection, report_id: int) -> bytes | None:
    """The body of a report; None where it has none (yet)."""
    row = connection.execute("SELECT packed FROM body WHERE report_id = ?", (report_id,)).fetchone()
    return None if row is None else bytes(row[0])


def store(connection: Connection, report_id: int, body: bytes) -> None:
    """In the transaction that freezes the report."""
    connection.execute("INSERT OR REPLACE INTO body (report_id, packed) VALUES (?, ?)", (report_id, body))
