"""Rows of `unsaid`: codes whose accept could not be told to their device. Their next read is accepted once more."""

from __future__ import annotations

from collections.abc import Sequence

from lined.journal.database import Connection

BEING_REPLIED = "being said"
"""`why` of a code that was accepted once more and has not been told that yet."""


def add(connection: Connection, rows: Sequence[tuple[int, int, str]]) -> None:
    """(code_id, at_ms, why) each."""
    connection.executemany("INSERT OR REPLACE INTO unsaid (code_id, at_ms, why) VALUES (?, ?, ?)", rows)


def remove(connection: Connection, code_ids: Sequence[int]) -> None:
    """They have been told after all, or are no longer what they were."""
    connection.executemany("DELETE FROM unsaid WHERE code_id = ?", [(code_id,) for code_id in code_ids])


def holds(connection: Connection, code_id: int) -> bool:
    """Whether the code is on the list, told or being told."""
    return connection.execute("SELECT 1 FROM unsaid WHERE code_id = ?", (code_id,)).fetchone() is not None


def waits(connection: Connection, code_id: int) -> bool:
    """Whether the code waits for a read that is accepted once more."""
    row = connection.execute("SELECT why FROM unsaid WHERE code_id = ?", (code_id,)).fetchone()
    return row is not None and row[0] != BEING_REPLIED


def begin_reply(connection: Connection, code_id: int) -> None:
    """Its row stays until the new accept has been told: a crash before that makes it unsaid again."""
    connection.execute("UPDATE unsaid SET why = ? WHERE code_id = ?", (BEING_REPLIED, code_id))
