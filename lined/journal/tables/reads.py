"""Rows of `read`: every read that did not apply a code, and every read at a pack station."""

from __future__ import annotations

from collections.abc import Sequence

from lined.journal.database import Connection
from lined.vocabulary.verdicts import Decision

Row = tuple[int, int, int, str, int | None, bytes | None]
"""at_ms, device_no, job_id, verdict, code_id where a known code is meant, else what was read."""


def keep(connection: Connection, rows: Sequence[Row]) -> None:
    """New reads, in order."""
    connection.executemany(
        "INSERT INTO read (at_ms, device_no, job_id, verdict, code_id, raw) VALUES (?, ?, ?, ?, ?, ?)", rows
    )


def last_accepted_again(connection: Connection, code_id: int, device_no: int, job_id: int) -> int | None:
    """When that device last had a code accepted that it had applied before, in that job."""
    row = connection.execute(
        "SELECT max(at_ms) FROM read WHERE code_id = ? AND device_no = ? AND job_id = ? AND verdict IN (?, ?)",
        (code_id, device_no, job_id, Decision.REPEAT, Decision.AGAIN),
    ).fetchone()
    return None if row[0] is None else int(row[0])


def last_accepted(connection: Connection, device_no: int, raw: bytes, newest: int) -> int | None:
    """When that device last had exactly this accepted, among the `newest` rows of the table."""
    row = connection.execute(
        "SELECT max(at_ms) FROM read WHERE id > (SELECT max(id) FROM read) - ? AND device_no = ? AND verdict IN (?, ?) "
        "AND raw = ?",
        (newest, device_no, Decision.ACCEPT, Decision.REPEAT, raw),
    ).fetchone()
    return None if row[0] is None else int(row[0])


def last_verdict(connection: Connection, code_id: int) -> str | None:
    """The newest verdict on a known code, where one was kept."""
    row = connection.execute(
        "SELECT verdict FROM read WHERE code_id = ? ORDER BY id DESC LIMIT 1", (code_id,)
    ).fetchone()
    return str(row[0]) if row else None


def move_to(connection: Connection, before: int, after: int) -> None:
    """The reads of a code follow it to its new id."""
    connection.execute("UPDATE read SET code_id = ? WHERE code_id = ?", (after, before))
