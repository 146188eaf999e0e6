"""Commands that were carried out, so that the same `id` again is answered again and not done again."""

from __future__ import annotations

import json
from typing import Any

from lined.journal.database import Connection

KEPT_MS = 7 * 24 * 3600 * 1000  # contract, section 3: the same id within 7 days


def answered(connection: Connection, command_id: str, at_ms: int) -> tuple[int, dict[str, Any]] | None:
    """The status and answer that a command of this id got in the last 7 days, or None."""
    row = connection.execute(
        "SELECT status, answer FROM command WHERE id = ? AND at_ms > ?", (command_id, at_ms - KEPT_MS)
    ).fetchone()
    return (int(row[0]), json.loads(row[1])) if row else None


def remember(
    connection: Connection,
    command_id: str,
    at_ms: int,
    *,
    name: str,
    by: str,
    body: dict[str, Any],
    status: int,
    answer: dict[str, Any],
) -> None:
    """Keep an answer, and forget those older than 7 days."""
    connection.execute("DELETE FROM command WHERE at_ms < ?", (at_ms - KEPT_MS,))
    connection.execute(
        "INSERT OR REPLACE INTO command (id, at_ms, name, by, body, status, answer) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (command_id, at_ms, name, by or None, json.dumps(body), status, json.dumps(answer)),
    )
