"""Rows for every table of any version of the schema, made up from the columns themselves, and how to find them."""

from __future__ import annotations

from typing import Any

from lined.journal.database import Connection

ROWS = 3


def tables(connection: Connection) -> list[str]:
    """Our tables, without those of SQLite and of the migrations."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return sorted(name for (name,) in rows if not name.startswith(("sqlite_", "_")))


def fill(connection: Connection) -> None:
    """Three rows in each table that is empty, every column with a value of its type; references hold."""
    connection.execute("PRAGMA foreign_keys=OFF")
    for table in tables(connection):
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        for number in range(1, ROWS + 1):
            values = [_value(name, kind, number) for _, name, kind, *_ in columns]
            marks = ",".join("?" * len(values))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)
    connection.execute("PRAGMA foreign_keys=ON")
    assert not connection.execute("PRAGMA foreign_key_check").fetchall()


def _value(name: str, kind: str, number: int) -> Any:
    if kind == "TEXT":
        return f"{name}-{number}"
    if kind == "BLOB":
        return bytes([number]) * 4
    return number if kind == "INTEGER" else float(number)


def contents(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as columns by name."""
    found = {}
    for table in tables(connection):
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return found


def shape(connection: Connection) -> dict[str, str]:
    """The whole schema: name → statement, white space aside."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sql.split()) for name, sql in rows if not name.startswith("_")}
