"""Which documents are ours already: those of reports, and those that a report has let go."""

from __future__ import annotations

from collections.abc import Sequence

from lined.journal.database import Connection

_LET_GO = "document:"  # + its id: key of `meta`, whose value is the report
_BEFORE = "document-before:"  # + the report: key of `meta`, whose value is the document that it had


def known(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of the documents that are known: no search needs to read them, none of them is a report's in doubt."""
    marks = ",".join("?" * len(ids))
    rows = connection.execute(
        f"SELECT document_id FROM report WHERE document_id IN ({marks}) "  # noqa: S608  question marks only
        f"UNION SELECT substr(key, {len(_LET_GO) + 1}) FROM meta WHERE key IN ({marks})",
        (*ids, *(_LET_GO + document_id for document_id in ids)),
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
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_LET_GO + document_id, str(report_id))
        )


def put_by(connection: Connection, document_id: str, report_id: int) -> None:
    """Remember the document that a report had before a person named another one. The first one stays."""
    connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)", (f"{_BEFORE}{report_id}", document_id))


def take_back(connection: Connection, report_id: int) -> str | None:
    """The document that was put by for a report, which has it again; None: there is none. It is not put by any more."""
    key = f"{_BEFORE}{report_id}"
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM meta WHERE key IN (?, ?)", (key, _LET_GO + row[0]))
    return str(row[0])


def forget(connection: Connection, report_id: int) -> None:
    """What was put by for a report is not needed any more."""
    connection.execute("DELETE FROM meta WHERE key = ?", (f"{_BEFORE}{report_id}",))
