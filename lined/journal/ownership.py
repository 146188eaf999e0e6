"""The owner of a database file: this program, a later version of it, or another program."""

from __future__ import annotations

from pathlib import Path

from sqlite_utils.db import Database
from sqlite_utils.migrations import Migrations

from lined.journal.database import Connection
from lined.journal.schema import migrations
from lined.vocabulary.errors import JournalBound, JournalNewer, Problem


def is_begun(connection: Connection) -> bool:
    """Whether it has tables: False for a file of a crash in a journal's first moment."""
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'report'").fetchone() is not None


def check_ours(connection: Connection, path: Path) -> None:
    """Raises JournalBound for another program's database, JournalNewer for a journal of a later version of lined.

    One that was never finished (a crash in its first moment) or is empty passes. SqliteError: it cannot be read.
    """
    database = Database(connection)
    applied = {migration.name for migration in migrations.applied(database)}
    others = set(database.table_names()) - {Migrations.migrations_table}
    if others and not applied:
        named = ", ".join(sorted(others)[:3])
        message = f"{path} is another program's database (its tables: {named}): name a file of the line's own"
        raise JournalBound([Problem("journal.path", message)])
    later = applied - {migration.name for migration in migrations.pending(Database(memory=True))}
    if later:
        raise JournalNewer(
            f"{path} was made by a later version of lined ({', '.join(sorted(later))}): install that version, or give "
            "journal.path another file. Nothing was touched."
        )
