"""Rows of the journal by a clause of SQL: for tests, which may ask anything."""

from __future__ import annotations

from typing import Any

from lined.journal.database import Connection
from lined.journal.tables.packages import PackageRow
from lined.journal.tables.packages import row_of as row_of_package
from lined.journal.tables.reports import ReportRow, row_of


def reports_where(connection: Connection, where: str = "1 ORDER BY id", *parameters: Any) -> list[ReportRow]:
    """Reports that fit a WHERE clause, with its ORDER BY and LIMIT; without one all, oldest first."""
    columns = ", ".join(ReportRow._fields)
    return [row_of(row) for row in connection.execute(f"SELECT {columns} FROM report WHERE {where}", parameters)]


def packages_where(connection: Connection, where: str = "1 ORDER BY id", *parameters: Any) -> list[PackageRow]:
    """Packages that fit a WHERE clause, with its ORDER BY and LIMIT; without one all, oldest first."""
    columns = ", ".join(PackageRow._fields)
    return [
        row_of_package(row) for row in connection.execute(f"SELECT {columns} FROM package WHERE {where}", parameters)
    ]
