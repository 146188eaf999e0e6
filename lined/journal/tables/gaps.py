"""The row of `gap`: what the journal cannot know, since a backup or an empty journal took over from another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lined.journal.database import Connection

_COLUMNS = "why, since_ms, until_ms, backup, aside, confirmed_ms, confirmed_by, serials_known"


def get(connection: Connection) -> tuple[Any, ...] | None:
    """The fields of a Gap, in its order; None: the journal has never been replaced."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM gap").fetchone()
    return None if found is None else (*found[:-1], bool(found[-1]))


def put(connection: Connection, fields: Sequence[Any]) -> None:
    """In the place of what was known of an earlier one."""
    connection.execute(f"INSERT OR REPLACE INTO gap (one, {_COLUMNS}) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)", fields)
