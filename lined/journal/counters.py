"""The sums people see: rows of `counter`, changed in the transaction that changes what they count.

Names: `read.accepted`, `read.repeats`, `read.no-read`, `read.rejected`, `reason.<reason>`, `code.<bucket>`,
`code.applied`. Reads and what the PLC counts also stand under each station: `station.<id>.read.accepted`,
`station.<id>.triggers`.
"""

from __future__ import annotations

from collections.abc import Mapping

from lined.journal.database import Connection

LIFE = 0  # the job number under which the whole life of the journal is counted

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


def of_job(connection: Connection, job_id: int = LIFE) -> dict[str, int]:
    """All counters of one job, or of the journal's life."""
    return dict(connection.execute("SELECT name, n FROM counter WHERE job_id = ?", (job_id,)).fetchall())
