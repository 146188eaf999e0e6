"""The sums people see: rows of `counter`, changed in the transaction that changes what they count.

Names: `read.accepted`, `read.repeats`, `read.no-read`, `read.rejected`, `reason.<reason>`, `code.<bucket>`,
`code.applied`. Reads and what the PLC counts also stand under each station: `station.<id>.read.accepted`,
`station.<id>.triggers`; `station.<id>.typed` are those of its reads that somebody typed in. What only a sum knows
stands by minutes too, in `minute`.
"""

from __future__ import annotations

from collections.abc import Mapping

from lined.journal.database import Connection

LIFE = 0  # the job number under which the whole life of the journal is counted

MINUTE_MS = 60_000

_ADD_MINUTE = (
    "INSERT INTO minute (minute, job_id, name, n) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (minute, job_id, name) DO UPDATE SET n = n + excluded.n"
)
_ADD = (
    "INSERT INTO counter (job_id, name, n) VALUES (?, ?, ?) ON CONFLICT (job_id, name) DO UPDATE SET n = n + excluded.n"
)


def add(connection: Connection, job_id: int, changes: Mapping[str, int]) -> None:
    """Add to the job's counters and to those of the journal's life. Job 0: only the latter."""
    rows = [(LIFE, name, n) for name, n in changes.items() if n]
    if job_id != LIFE:
        rows += [(job_id, name, n) for _, name, n in rows]
    if rows:
        connection.executemany(_ADD, rows)


def add_in_time(connection: Connection, job_id: int, changes: Mapping[str, int], at_ms: int) -> None:
    """The same for sums that no rows stand behind: they are kept by the minute too."""
    add(connection, job_id, changes)
    rows = [(at_ms // MINUTE_MS, job_id, name, n) for name, n in changes.items() if n]
    connection.executemany(_ADD_MINUTE, rows)


def between(connection: Connection, from_ms: int, to_ms: int, job_id: int | None = None) -> dict[str, int]:
    """What `add_in_time` added from a moment until before another, to the minute."""
    rows = connection.execute(
        "SELECT name, sum(n) FROM minute WHERE minute >= ? AND minute < ? AND (? IS NULL OR job_id = ?) GROUP BY name",
        (from_ms // MINUTE_MS, -(-to_ms // MINUTE_MS), job_id, job_id),
    ).fetchall()
    return {name: int(n) for name, n in rows}


def forget_minutes(connection: Connection, before_ms: int, most: int) -> int:
    """Delete the oldest minutes before a moment; returns how many rows went, `most` at most."""
    limit = connection.execute(
        "SELECT max(minute) FROM (SELECT minute FROM minute WHERE minute < ? ORDER BY minute LIMIT ?)",
        (before_ms // MINUTE_MS, most),
    ).fetchone()[0]
    if limit is None:
        return 0
    return int(connection.execute("DELETE FROM minute WHERE minute <= ?", (limit,)).rowcount)


def of_job(connection: Connection, job_id: int = LIFE) -> dict[str, int]:
    """All counters of one job, or of the journal's life."""
    return dict(connection.execute("SELECT name, n FROM counter WHERE job_id = ?", (job_id,)).fetchall())
