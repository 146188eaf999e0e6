"""Rows of `report_event`: every change of a report's state, with why and what came back."""

from __future__ import annotations

from lined.journal.database import Connection
from lined.vocabulary.facts import to_column


def add(
    connection: Connection,
    report_id: int,
    at_ms: int,
    before: str | None,
    after: str,
    why: str,
    evidence: str | None = None,
) -> None:
    """In the transaction that changes the state."""
    connection.execute(
        "INSERT INTO report_event (report_id, at_ms, before, after, why, evidence) VALUES (?, ?, ?, ?, ?, ?)",
        (report_id, at_ms, before, after, to_column(why), evidence),
    )


def was_in_doubt(connection: Connection, report_id: int) -> bool:
    """Whether an attempt of this report may have been received."""
    row = connection.execute(
        "SELECT 1 FROM report_event WHERE report_id = ? AND after = 'in_doubt' LIMIT 1", (report_id,)
    ).fetchone()
    return row is not None


def sent_after_doubt(connection: Connection, report_id: int) -> bool:
    """Whether the report was sent again after an attempt that may have been received."""
    row = connection.execute(
        "SELECT count(*) FROM report_event a JOIN report_event d ON d.report_id = a.report_id AND d.id < a.id "
        "WHERE a.report_id = ? AND a.after = 'sending' AND d.after = 'in_doubt'",
        (report_id,),
    ).fetchone()
    return bool(row[0])
