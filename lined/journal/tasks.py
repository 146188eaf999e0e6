"""Rows of `task`: the work list. A task stays until a person, or what a person did, ends it."""

from __future__ import annotations

from lined.journal.database import Connection

REFUSED_CODE = "refused-code"
REFUSED_PACKAGE = "refused-package"
PACKAGE_HOLDS_REFUSED = "package-holds-refused"
EJECTED_REPORTED = "ejected-reported"  # an item that left the line after its code had been reported
KINDS = (REFUSED_CODE, REFUSED_PACKAGE, PACKAGE_HOLDS_REFUSED, EJECTED_REPORTED)


def add(
    connection: Connection,
    kind: str,
    at_ms: int,
    *,
    ident: str | None,
    reason: str,
    package_id: int | None = None,
    report_id: int | None = None,
) -> None:
    """Put something before people. The same kind about the same code and report stands once."""
    there = connection.execute(
        "SELECT 1 FROM task WHERE done_ms IS NULL AND kind = ? AND ident IS ? AND report_id IS ? AND package_id IS ? "
        "AND reason = ?",
        (kind, ident, report_id, package_id, reason),
    ).fetchone()
    if there is None:
        connection.execute(
            "INSERT INTO task (kind, ident, package_id, report_id, reason, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
            (kind, ident, package_id, report_id, reason, at_ms),
        )


def end(connection: Connection, task_id: int, at_ms: int, by: str, note: str) -> bool:
    """A person has dealt with it. False: there is no such open task."""
    return bool(
        connection.execute(
            "UPDATE task SET done_ms = ?, done_by = ?, note = ? WHERE id = ? AND done_ms IS NULL",
            (at_ms, by or None, note or None, task_id),
        ).rowcount
    )


def end_of_code(connection: Connection, ident: str, at_ms: int, by: str, note: str) -> None:
    """What was done to the item ends everything that stood about its code, and about packages because of it."""
    connection.execute(
        "UPDATE task SET done_ms = ?, done_by = ?, note = ? WHERE done_ms IS NULL AND ident = ?",
        (at_ms, by or None, note, ident),
    )


def end_of_package(connection: Connection, package_id: int, at_ms: int, by: str, note: str) -> None:
    """The package is what it should be again, or is no more."""
    connection.execute(
        "UPDATE task SET done_ms = ?, done_by = ?, note = ? WHERE done_ms IS NULL AND package_id = ?",
        (at_ms, by or None, note, package_id),
    )
