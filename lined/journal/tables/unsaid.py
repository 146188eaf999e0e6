"""Rows of `unsaid`: codes whose accept could not be told to their device. Their next read is accepted once more."""

from __future__ import annotations

from collections.abc import Sequence

from lined.journal.database import Connection
from lined.vocabulary.facts import DeviceFact, Fact, column_forms, from_column, to_column

BEING_REPLIED = Fact(DeviceFact.BEING_REPLIED)
"""`why` of a code that was accepted once more and has not been told that yet."""


def add(connection: Connection, rows: Sequence[tuple[int, int, str]]) -> None:
    """(code_id, at_ms, why) each."""
    connection.executemany(
        "INSERT OR REPLACE INTO unsaid (code_id, at_ms, why) VALUES (?, ?, ?)",
        [(code_id, at_ms, to_column(why)) for code_id, at_ms, why in rows],
    )


def remove(connection: Connection, code_ids: Sequence[int]) -> None:
    """They have been told after all, or are no longer what they were."""
    connection.executemany("DELETE FROM unsaid WHERE code_id = ?", [(code_id,) for code_id in code_ids])


def holds(connection: Connection, code_id: int) -> bool:
    """Whether the code is on the list, told or being told."""
    return connection.execute("SELECT 1 FROM unsaid WHERE code_id = ?", (code_id,)).fetchone() is not None


def waits(connection: Connection, code_id: int) -> bool:
    """Whether the code waits for a read that is accepted once more."""
    row = connection.execute("SELECT why FROM unsaid WHERE code_id = ?", (code_id,)).fetchone()
    return row is not None and from_column(row[0]) != BEING_REPLIED


def begin_reply(connection: Connection, code_id: int) -> None:
    """Its row stays until the new accept has been told: a crash before that makes it unsaid again."""
    connection.execute("UPDATE unsaid SET why = ? WHERE code_id = ?", (to_column(BEING_REPLIED), code_id))


def after_crash(connection: Connection, rows: Sequence[tuple[int, int]]) -> None:
    """At a start: (code_id, at_ms) of codes that nobody was told, beside those that were being told once more."""
    crash = to_column(Fact(DeviceFact.CRASH))
    connection.execute("UPDATE unsaid SET why = ? WHERE why IN (?, ?)", (crash, *column_forms(BEING_REPLIED)))
    connection.executemany(
        "INSERT OR IGNORE INTO unsaid (code_id, at_ms, why) VALUES (?, ?, ?)", [(*row, crash) for row in rows]
    )
