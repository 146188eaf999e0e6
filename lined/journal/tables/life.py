"""The row of `life`: whether the journal was stopped in order, and of which moment a copy of it is."""

from __future__ import annotations

from lined.journal.database import Connection
from lined.journal.tables import drawer


def was_stopped(connection: Connection) -> bool | None:
    """True: in order. False: it is in use, or its process died. None: no daemon has had it yet."""
    row = connection.execute("SELECT clean FROM life").fetchone()
    return None if row is None or row[0] is None else bool(row[0])


def note(connection: Connection, *, clean: bool) -> None:
    """It is being used, or was stopped in order."""
    connection.execute(
        "INSERT INTO life (one, clean) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET clean = excluded.clean", (clean,)
    )


def moment(connection: Connection) -> int | None:
    """The moment that a copy shows; None where it is no copy. Also of a journal not migrated yet."""
    if drawer.is_there(connection):
        found = drawer.value(connection, "backup_at")
        return None if found is None else int(found)
    row = connection.execute("SELECT backup_ms FROM life").fetchone()
    return None if row is None or row[0] is None else int(row[0])


def date(connection: Connection, at_ms: int) -> None:
    """The journal is a copy, of that moment."""
    connection.execute(
        "INSERT INTO life (one, backup_ms) VALUES (1, ?) "
        "ON CONFLICT (one) DO UPDATE SET backup_ms = excluded.backup_ms",
        (at_ms,),
    )
