"""Documents that are ours: those of reports, those that a report has let go (`let_go`), and those that a report had
before a person named another one (`put_by`).
"""

from __future__ import annotations

from collections.abc import Sequence

from lined.journal.database import Connection


def known(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of the documents that are known: no search needs to read them, none of them is a report's in doubt."""
    marks = ",".join("?" * len(ids))
    rows = connection.execute(
        f"SELECT document_id FROM report WHERE document_id IN ({marks}) "
        f"UNION SELECT document_id FROM let_go WHERE document_id IN ({marks})",
        (*ids, *ids),
    )
    return {row[0] for row in rows}


def owner(connection: Connection, document_id: str) -> int | None:
    """The report that has this document, or None."""
    row = connection.execute("SELECT id FROM report WHERE document_id = ?", (document_id,)).fetchone()
    return int(row[0]) if row else None


def let_go(connection: Connection, document_id: str | None, report_id: int) -> None:
    """A report goes on without this document, which stays known."""
    if document_id is not None:
        connection.execute(
            "INSERT OR REPLACE INTO let_go (document_id, report_id) VALUES (?, ?)", (document_id, report_id)
        )


def put_by(connection: Connection, document_id: str, report_id: int) -> None:
    """Remember the document that a report had before a person named another one. The first one stays."""
    connection.execute("INSERT OR IGNORE INTO put_by (report_id, document_id) VALUES (?, ?)", (report_id, document_id))


def before(connection: Connection, report_id: int) -> str | None:
    """The document that was put by for a report; None: there is none."""
    row = connection.execute("SELECT document_id FROM put_by WHERE report_id = ?", (report_id,)).fetchone()
    return None if row is None else str(row[0])


def take_back(connection: Connection, document_id: str, report_id: int) -> None:
    """A report has the document again that was put by for it."""
    forget(connection, report_id)
    connection.execute("DELETE FROM let_go WHERE document_id = ?", (document_id,))


def forget(connection: Connection, report_id: int) -> None:
    """What was put by for a report is not needed any more."""
    connection.execute("DELETE FROM put_by WHERE report_id = ?", (report_id,))
