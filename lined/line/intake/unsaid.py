"""The list of codes whose accept could not be said: their next read at an apply station is accepted once more."""

from __future__ import annotations

from collections.abc import Sequence

from lined.journal.database import Connection
from lined.journal.tables import unsaid


class ListUnsaid:
    """Work: codes whose accept could not be said."""

    intake = False
    barrier = False

    def run(self, connection: Connection, items: Sequence[list[tuple[int, int, str]]]) -> list[int]:
        for rows in items:
            unsaid.add(connection, rows)
        return [len(rows) for rows in items]

    def rolled_back(self) -> None:
        """Keeps nothing in memory."""


class UnlistUnsaid:
    """Work: codes of that list whose accept has been said after all."""

    intake = False
    barrier = False

    def run(self, connection: Connection, items: Sequence[list[int]]) -> list[int]:
        for ids in items:
            unsaid.remove(connection, ids)
        return [len(ids) for ids in items]

    def rolled_back(self) -> None:
        """Keeps nothing in memory."""
