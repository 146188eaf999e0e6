"""Rows of `warning`: codes that the regulator processed with a remark, and what it remarked."""

from __future__ import annotations

from collections.abc import Sequence

from lined.journal.database import Connection
from lined.journal.tables import counters, reports
from lined.journal.tables.reports import ReportRow

COUNTED = "remark"  # name of the sum


def keep(connection: Connection, report: ReportRow, rows: Sequence[tuple[str, str]], at_ms: int) -> None:
    """Codes of a report with their remarks. May be repeated."""
    before = connection.total_changes
    connection.executemany(
        "INSERT OR IGNORE INTO warning (report_id, ident, result, at_ms) VALUES (?, ?, ?, ?)",
        [(report.id, ident, result, at_ms) for ident, result in rows],
    )
    counters.add(connection, report.job_id, {COUNTED: connection.total_changes - before})


def counted(connection: Connection, report: ReportRow) -> None:
    """All that the regulator has to remark about a report was asked for."""
    row = connection.execute("SELECT count(*) FROM warning WHERE report_id = ?", (report.id,)).fetchone()
    reports.change(connection, report.id, warnings=int(row[0]))


def of_report(connection: Connection, report_id: int, most: int) -> list[tuple[str, str]]:
    """The first of a report's codes with a remark."""
    rows = connection.execute(
        "SELECT ident, result FROM warning WHERE report_id = ? ORDER BY ident LIMIT ?", (report_id, most)
    )
    return [(row[0], row[1]) for row in rows]


def of_code(connection: Connection, ident: str, most: int) -> list[tuple[int, str, int]]:
    """What was remarked about a code, oldest first: when, what, and in which report."""
    rows = connection.execute(
        "SELECT at_ms, result, report_id FROM warning WHERE ident = ? ORDER BY at_ms LIMIT ?", (ident, most)
    )
    return [(row[0], row[1], row[2]) for row in rows]
