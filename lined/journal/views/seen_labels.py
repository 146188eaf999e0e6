"""Labels that a reader has seen: whose codes were applied, or verified, on this line."""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import labels

_SEEN = (
    "SELECT id FROM label WHERE id BETWEEN ? AND ? AND seen_ms IS NULL AND package = 0 "
    "AND state IN ('printed', 'unsure') AND (EXISTS (SELECT 1 FROM code WHERE code.ident = label.ident) "
    "OR EXISTS (SELECT 1 FROM grade WHERE grade.ident = label.ident))"
)


class Looked(NamedTuple):
    """`last`: behind which to look next; 0: there are none behind."""

    seen: list[int]
    last: int


def look(connection: Connection, behind: int, most: int) -> Looked:
    """Some of the labels that nobody was known to have seen, behind a number: which of them were."""
    numbers = labels.unseen_after(connection, behind, most)
    if not numbers:
        return Looked([], 0)
    found = connection.execute(_SEEN, (numbers[0], numbers[-1])).fetchall()
    return Looked([number for (number,) in found], numbers[-1] if len(numbers) == most else 0)
