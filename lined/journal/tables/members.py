"""Rows of `member`: the codes that disaggregation and correction reports are lists of. `own`: as in `code`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lined.journal.database import Connection
from lined.journal.tables import reports
from lined.journal.tables.reports import ReportRow


def add(connection: Connection, batch_id: int, idents: Iterable[str]) -> None:
    """These codes are in the batch."""
    connection.executemany("INSERT INTO member (batch_id, ident) VALUES (?, ?)", [(batch_id, one) for one in idents])


def set_own(connection: Connection, report: ReportRow, ident: str, own: str) -> bool:
    """Give one member of a report's batch a state of its own; its report counts it no more. False: it is no member."""
    key = (report.batch_id, ident)
    row = connection.execute("SELECT own FROM member WHERE batch_id = ? AND ident = ?", key).fetchone()
    if row is None:
        return False
    connection.execute(
        "UPDATE member SET own = ?, own_report = ? WHERE batch_id = ? AND ident = ?", (own, report.id, *key)
    )
    if row[0] is None:
        reports.lose(connection, report.id, 1)
    return True


def with_own(connection: Connection, report: ReportRow, own: str) -> list[str]:
    """The members of its batch that have this state of their own."""
    rows = connection.execute("SELECT ident FROM member WHERE batch_id = ? AND own = ?", (report.batch_id, own))
    return [row[0] for row in rows]


def count_left(connection: Connection, report: ReportRow) -> int:
    """How many members of its batch have no state of their own."""
    row = connection.execute("SELECT count(*) FROM member WHERE batch_id = ? AND own IS NULL", (report.batch_id,))
    return int(row.fetchone()[0])


def left(connection: Connection, report: ReportRow, size: int) -> Iterator[list[str]]:
    """The members of its batch without a state of their own, by code, in slices read as they are asked for."""
    cursor = connection.execute(
        "SELECT ident FROM member WHERE batch_id = ? AND own IS NULL ORDER BY ident", (report.batch_id,)
    )
    while rows := cursor.fetchmany(size):
        yield [row[0] for row in rows]
