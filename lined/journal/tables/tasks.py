"""Rows of `task`: the work list. A task stays until a person, or what a person did, ends it."""

from __future__ import annotations

from lined.journal.database import Connection
from lined.vocabulary.facts import Fact, column_forms, to_column

OF_GROUP = "done_ms IS NULL AND report_id = :report AND (:word IS NULL OR word = :word)"
"""SQL: the open tasks of a report and word; without `word`: of the report."""


def word_of(reason: str) -> str:
    """What groups tasks: the code of a fact, or the regulator's word without what follows its colon."""
    return reason.code if isinstance(reason, Fact) else reason.partition(":")[0]


def add(
    connection: Connection,
    kind: str,
    at_ms: int,
    *,
    ident: str | None,
    reason: str,
    about: str | None = None,
    package_id: int | None = None,
    report_id: int | None = None,
) -> None:
    """Put something before people. The same kind about the same code and report stands once. `about`: the code to
    blame, where that is another than `ident`.
    """
    there = connection.execute(  # +: by the code; a report may have 30,000
        "SELECT 1 FROM task WHERE done_ms IS NULL AND kind = ? AND ident IS ? AND +report_id IS ? AND package_id IS ? "
        "AND about IS ? AND reason IN (?, ?)",
        (kind, ident, report_id, package_id, about, *column_forms(reason)),
    ).fetchone()
    if there is None:
        connection.execute(
            "INSERT INTO task (kind, ident, package_id, report_id, reason, word, about, created_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (kind, ident, package_id, report_id, to_column(reason), word_of(reason), about, at_ms),
        )


def end(connection: Connection, task_id: int, at_ms: int, by: str, note: str) -> bool:
    """A person has dealt with it. False: there is no such open task."""
    return bool(
        connection.execute(
            "UPDATE task SET done_ms = ?, done_by = ?, note = ? WHERE id = ? AND done_ms IS NULL",
            (at_ms, by or None, to_column(note or None), task_id),
        ).rowcount
    )


def newest_of(connection: Connection, report_id: int, word: str | None) -> int:
    """The newest open task of a report and word, or of a report; 0 where there is none."""
    row = connection.execute(f"SELECT max(id) FROM task WHERE {OF_GROUP}", {"report": report_id, "word": word})
    return int(row.fetchone()[0] or 0)


def more_than(connection: Connection, report_id: int, word: str | None, newest: int, most: int) -> bool:
    """Whether more is open of a report and word, up to a task."""
    values = {"report": report_id, "word": word, "newest": newest, "most": most}
    query = f"SELECT 1 FROM task WHERE {OF_GROUP} AND id <= :newest LIMIT 1 OFFSET :most"
    return connection.execute(query, values).fetchone() is not None


def end_some(
    connection: Connection, report_id: int, word: str | None, newest: int, at_ms: int, by: str, note: str, most: int
) -> int:
    """A person has dealt with what a report put before people, up to a task: `most` of it. Returns how many ended."""
    values = {"report": report_id, "word": word, "newest": newest, "most": most}
    values |= {"at": at_ms, "by": by or None, "note": to_column(note or None)}
    return connection.execute(
        "UPDATE task SET done_ms = :at, done_by = :by, note = :note "
        f"WHERE id IN (SELECT id FROM task WHERE {OF_GROUP} AND id <= :newest LIMIT :most)",
        values,
    ).rowcount


def end_of_code(connection: Connection, ident: str, at_ms: int, by: str, note: str) -> None:
    """What was done to the item ends everything that stood about its code, and about packages because of it."""
    connection.execute(
        "UPDATE task SET done_ms = ?, done_by = ?, note = ? WHERE done_ms IS NULL AND ident = ?",
        (at_ms, by or None, to_column(note), ident),
    )


def end_of_package(connection: Connection, package_id: int, at_ms: int, by: str, note: str) -> None:
    """The package is what it should be again, or is no more."""
    connection.execute(
        "UPDATE task SET done_ms = ?, done_by = ?, note = ? WHERE done_ms IS NULL AND package_id = ?",
        (at_ms, by or None, to_column(note), package_id),
    )
