"""Rows of `command`: what was carried out, so that the same `id` again is answered again and not done again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lined.codes import masked
from lined.journal.database import Connection
from lined.vocabulary.errors import Conflict

KEPT_MS = 7 * 24 * 3600 * 1000  # docs/contract.md, HTTP: the same id within 7 days

CODES = ("code", "codes", "parent", "with")  # what of a body may hold a check part


class Command(NamedTuple):
    """What was asked: `id` (empty: no protection against repetition), `by` whom, `name` and `body` as given."""

    id: str
    by: str
    name: str
    body: dict[str, Any]
    at_ms: int


def once(connection: Connection, command: Command, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer of `action`, or the one that a command of the same id got in the last 7 days.

    Raises what `action` raises (nothing is remembered then), and CommandError 409 `id-reused` where the id belonged to
    another command.
    """
    if not command.id:
        return action()
    answered = earlier(connection, command)
    if answered is not None:
        return answered
    answer = action()
    connection.execute("DELETE FROM command WHERE at_ms < ?", (command.at_ms - KEPT_MS,))
    connection.execute(
        "INSERT OR REPLACE INTO command (id, at_ms, name, by, body, answer) VALUES (?, ?, ?, ?, ?, ?)",
        (command.id, command.at_ms, command.name, command.by or None, _body_of(command), json.dumps(answer)),
    )
    return answer


def postpone(connection: Connection, by_ms: int) -> None:
    """The clock was set by so much: what was carried out is remembered as long as it would have been."""
    connection.execute("UPDATE command SET at_ms = at_ms + ?", (by_ms,))


def earlier(connection: Connection, command: Command) -> dict[str, Any] | None:
    """What a command of the same id was answered in the last 7 days. Raises CommandError 409 `id-reused`."""
    row = connection.execute(
        "SELECT name, body, answer FROM command WHERE id = ? AND at_ms > ?", (command.id, command.at_ms - KEPT_MS)
    ).fetchone()
    if row is None:
        return None
    if (row[0], row[1]) != (command.name, _body_of(command)):
        raise Conflict(
            "id-reused",
            f"The id {command.id!r} belongs to another command ({row[0]}); use a new one.",
        )
    answer: dict[str, Any] = json.loads(row[2])
    return answer


def without_tails(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body for people: the check parts of its codes masked."""
    return {key: _masked(value) if key in CODES else value for key, value in body.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return masked(value) if isinstance(value, str) else value


def _body_of(command: Command) -> str:
    return json.dumps(command.body, sort_keys=True)
