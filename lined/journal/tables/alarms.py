"""Rows of `alarm`: what went wrong, since when, who has seen it, and when it was over.

Each time it comes back it is a new one, with its own id and moment. A loose cable does not fill the journal: of one
kind and place the newest KEPT are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lined.journal.database import Connection
from lined.vocabulary.errors import Conflict, NotFound
from lined.vocabulary.facts import Fact, from_column, to_column

KEPT = 1_000
AGAIN_MS = 60_000  # what comes back so soon is counted with the one before
PAGE_MAX = 1_000
TEXT_MAX = 1_000  # characters


class AlarmRow(NamedTuple):
    """One alarm. `times`: the how manieth of a row that came within AGAIN_MS of each other. Milliseconds since 1970,
    UTC.
    """

    id: int
    kind: str
    place: str
    severity: str
    text: str
    raised_ms: int
    times: int
    acknowledged_ms: int | None
    acknowledged_by: str | None
    cleared_ms: int | None


class Change(NamedTuple):
    """Something became wrong (`text` says what), or is right again (`text` None)."""

    kind: str
    place: str
    severity: str
    text: str | None
    at_ms: int


_COLUMNS = ", ".join(AlarmRow._fields)
_TEXT = AlarmRow._fields.index("text")
_FORGET = (
    "DELETE FROM alarm WHERE id <= "
    "(SELECT id FROM alarm WHERE kind = ?1 AND place = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3) "
    "AND kind = ?1 AND place = ?2"
)


def write(connection: Connection, changes: Sequence[Change]) -> list[AlarmRow]:
    """Write changes down, in order. Returns the rows that changed, as they are now."""
    touched = {found: None for change in changes if (found := _write(connection, change)) is not None}
    return [row for alarm_id in touched if (row := get(connection, alarm_id)) is not None]


def _write(connection: Connection, change: Change) -> int | None:
    row = connection.execute(
        "SELECT id, cleared_ms, times FROM alarm WHERE kind = ? AND place = ? ORDER BY id DESC LIMIT 1",
        (change.kind, change.place),
    ).fetchone()
    standing = row is not None and row[1] is None
    if change.text is None:
        if not standing:
            return None
        connection.execute("UPDATE alarm SET cleared_ms = ? WHERE id = ?", (change.at_ms, row[0]))
        return int(row[0])
    text = to_column(change.text if isinstance(change.text, Fact) else change.text[:TEXT_MAX])
    if standing:
        connection.execute("UPDATE alarm SET text = ? WHERE id = ?", (text, row[0]))
        return int(row[0])
    times = row[2] + 1 if row is not None and abs(change.at_ms - row[1]) < AGAIN_MS else 1
    cursor = connection.execute(
        "INSERT INTO alarm (kind, place, severity, text, raised_ms, times) VALUES (?, ?, ?, ?, ?, ?)",
        (change.kind, change.place, change.severity, text, change.at_ms, times),
    )
    connection.execute(_FORGET, (change.kind, change.place, KEPT))
    return int(cursor.lastrowid or 0)


def acknowledge(connection: Connection, alarm_id: int, by: str, at_ms: int) -> AlarmRow:
    """Somebody has seen it. Raises CommandError 404 `unknown-alarm`, 409 `acknowledged`."""
    row = get(connection, alarm_id)
    if row is None:
        raise NotFound("unknown-alarm", f"There is no alarm {alarm_id}.")
    if row.acknowledged_ms is not None:
        raise Conflict(
            "acknowledged",
            f"{row.acknowledged_by or 'Somebody'} has acknowledged alarm {alarm_id}.",
        )
    connection.execute(
        "UPDATE alarm SET acknowledged_ms = ?, acknowledged_by = ? WHERE id = ?", (at_ms, by or None, alarm_id)
    )
    return row._replace(acknowledged_ms=at_ms, acknowledged_by=by or None)


def get(connection: Connection, alarm_id: int) -> AlarmRow | None:
    """One alarm, standing or over; None where there is no such alarm."""
    found = _select(connection, "id = ?", alarm_id)
    return found[0] if found else None


def last(connection: Connection, kind: str, place: str) -> AlarmRow | None:
    """The newest of that kind at that place."""
    found = _select(connection, "kind = ? AND place = ? ORDER BY id DESC LIMIT 1", kind, place)
    return found[0] if found else None


def standing(connection: Connection) -> list[AlarmRow]:
    """What is wrong now, the newest first."""
    return _select(connection, "cleared_ms IS NULL ORDER BY id DESC LIMIT ?", PAGE_MAX)


def page(
    connection: Connection, *, now: bool = False, limit: int = 100, after: int | None = None
) -> tuple[list[AlarmRow], int | None]:
    """Alarms, newest first, from the one after `after` on, and what to ask for next. `now`: only those that stand."""
    limit = max(1, min(limit, PAGE_MAX))
    where = "id < ?" + (" AND cleared_ms IS NULL" if now else "")
    found = _select(connection, f"{where} ORDER BY id DESC LIMIT ?", 2**62 if after is None else after, limit + 1)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def between(connection: Connection, from_ms: int, to_ms: int, limit: int = PAGE_MAX) -> list[AlarmRow]:
    """What stood at any time in that span, oldest first."""
    where = "raised_ms < ? AND coalesce(cleared_ms, ?) >= ? ORDER BY id LIMIT ?"
    return _select(connection, where, to_ms, to_ms, from_ms, limit)


def _select(connection: Connection, where: str, *parameters: object) -> list[AlarmRow]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM alarm WHERE {where}", parameters).fetchall()
    return [AlarmRow(*row)._replace(text=from_column(row[_TEXT])) for row in rows]
