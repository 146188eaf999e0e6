"""Rows of `freed`: what left a package that the regulator knows. It is that package's until the disaggregation named
here is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable

from lined.journal.database import Connection


def add(connection: Connection, idents: Iterable[str], report_id: int) -> None:
    """These children leave with this disaggregation; an earlier one of theirs counts no more."""
    connection.executemany(
        "INSERT OR REPLACE INTO freed (ident, report_id) VALUES (?, ?)", [(ident, report_id) for ident in idents]
    )
