"""Rows of `age`: one, with the journal's own name and the number of its newest commit."""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.database import Connection, SqliteError


class Age(NamedTuple):
    """`name`: 16 characters; `commits`: how many it has had under that name and those before."""

    name: str
    commits: int


def of(connection: Connection) -> Age | None:
    """None: a journal of a version without ages, or an empty file."""
    try:
        row = connection.execute("SELECT journal, commits FROM age").fetchone()
    except SqliteError:
        return None
    return Age(str(row[0]), int(row[1])) if row else None


def advance(connection: Connection, commits: int) -> None:
    """Within the transaction that will be of this number."""
    connection.execute("UPDATE age SET commits = ?", (commits,))


def rename(connection: Connection) -> None:
    """The journal is another one from now on: it took the place of one that it does not know to the end."""
    connection.execute("UPDATE age SET journal = lower(hex(randomblob(8)))")
