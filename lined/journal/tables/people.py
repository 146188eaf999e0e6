"""Rows of `person`: who may sign in at the page, and as what. Of PINs and badges it holds digests, made with a secret
that lies outside the journal: a copy of the journal opens nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.database import Connection

MOST = 200
CREATED = """
CREATE TABLE person (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    pin BLOB,
    badge BLOB UNIQUE,
    set_ms INTEGER NOT NULL,
    set_by TEXT NOT NULL
) WITHOUT ROWID
"""


class PersonRow(NamedTuple):
    """`pin`, `badge`: whether there is one."""

    name: str
    role: str
    pin: bool
    badge: bool
    set_ms: int
    set_by: str


_SELECT = "SELECT name, role, pin IS NOT NULL, badge IS NOT NULL, set_ms, set_by FROM person"


def everybody(connection: Connection) -> list[PersonRow]:
    """By name."""
    return [_row(row) for row in connection.execute(f"{_SELECT} ORDER BY name").fetchall()]


def get(connection: Connection, name: str) -> PersonRow | None:
    """The person of this name; None where there is none."""
    row = connection.execute(f"{_SELECT} WHERE name = ?", (name,)).fetchone()
    return None if row is None else _row(row)


def is_there(connection: Connection) -> bool:
    """Whether anybody may sign in."""
    return connection.execute("SELECT 1 FROM person LIMIT 1").fetchone() is not None


def by_pin(connection: Connection, name: str, pin: bytes) -> PersonRow | None:
    """The person of that name, if that is the digest of their PIN."""
    row = connection.execute(f"{_SELECT} WHERE name = ? AND pin = ?", (name, pin)).fetchone()
    return None if row is None else _row(row)


def by_badge(connection: Connection, badge: bytes) -> PersonRow | None:
    """The person with that badge."""
    row = connection.execute(f"{_SELECT} WHERE badge = ?", (badge,)).fetchone()
    return None if row is None else _row(row)


def put(
    connection: Connection, name: str, role: str, pin: bytes | None, badge: bytes | None, at_ms: int, by: str
) -> None:
    """A person, new or changed. None keeps the PIN or badge that there was; another's badge goes over to this one."""
    if badge is not None:
        connection.execute("UPDATE person SET badge = NULL WHERE badge = ?", (badge,))
    connection.execute(
        "INSERT INTO person (name, role, pin, badge, set_ms, set_by) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO "
        "UPDATE SET role = excluded.role, pin = coalesce(excluded.pin, pin), badge = coalesce(excluded.badge, badge), "
        "set_ms = excluded.set_ms, set_by = excluded.set_by",
        (name, role, pin, badge, at_ms, by),
    )


def remove(connection: Connection, name: str) -> bool:
    """False where there is nobody of that name."""
    return bool(connection.execute("DELETE FROM person WHERE name = ?", (name,)).rowcount)


def _row(row: tuple[str, str, int, int, int, str]) -> PersonRow:
    name, role, pin, badge, set_ms, set_by = row
    return PersonRow(name, role, bool(pin), bool(badge), set_ms, set_by)
