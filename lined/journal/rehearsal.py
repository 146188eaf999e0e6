"""A journal in memory, for what must be judged like the real one and kept nowhere."""

from __future__ import annotations

from sqlite_utils.db import Database

from lined.journal.database import Connection, open_memory
from lined.journal.schema import migrations


def open_rehearsal() -> Connection:
    """An empty journal with the present tables. It ends with its connection."""
    connection = open_memory()
    migrations.apply(Database(connection))
    return connection
