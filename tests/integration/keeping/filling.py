"""Rows for every table of any version of the schema, made up from the columns themselves, and how to find them."""

from __future__ import annotations

import json
from typing import Any

from lined.journal.database import Connection

ROWS = 3
GAP = {
    "why": "restore",
    "since_ms": 1,
    "until_ms": 2,
    "backup": "b",
    "aside": None,
    "confirmed_ms": 3,
    "confirmed_by": None,
    "serials_known": False,
}
DRAWER = {
    "profile": "asl-belgisi",
    "url": "http://127.0.0.1:1",
    "tin": "307797292",
    "business_place_id": "27",
    "stopped": "clean",
    "backup_at": "1795000000000",
    "gap": json.dumps(GAP),
    "sscc:0307797292": "41",
    "sscc:1307797292": "7",
    "short-frame:boxing": "1",
    "asked:aggregation": "1795000000001",
    "nameless:validation": "2",
    "notified:chat": "[1, 2]",
    "document:aa-11": "5",
    "document-before:6": "bb-22",
}
OUT_OF_DRAWER: dict[str, list[tuple[Any, ...]]] = {
    "SELECT profile, url, tin, business_place_id FROM account": [tuple(DRAWER.values())[:4]],
    "SELECT backup_ms FROM life": [(1795000000000,)],
    f"SELECT {', '.join(GAP)} FROM gap": [("restore", 1, 2, "b", None, 3, None, 0)],
    "SELECT * FROM sscc ORDER BY prefix": [("0307797292", 41), ("1307797292", 7)],
    "SELECT * FROM short_frame": [("boxing",)],
    "SELECT * FROM asked": [("aggregation", 1795000000001)],
    "SELECT * FROM nameless": [("validation", 2)],
    "SELECT * FROM notified": [("chat", "[1, 2]")],
    "SELECT * FROM let_go": [("aa-11", 5)],
    "SELECT * FROM put_by": [(6, "bb-22")],
}


def tables(connection: Connection) -> list[str]:
    """Our tables, without those of SQLite and of the migrations."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return sorted(name for (name,) in rows if not name.startswith(("sqlite_", "_")))


def fill(connection: Connection) -> None:
    """Three rows in each table, one where it holds no more, every column with a value of its type; references hold.

    The drawer `meta` of earlier journals gets what lay in it; `age` stays as it was made.
    """
    connection.execute("PRAGMA foreign_keys=OFF")
    for table in tables(connection):
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        if table == "meta":
            connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", DRAWER.items())
            continue
        if table == "age":  # it has its one row
            continue
        for number in range(1, 1 + (1 if columns[0][1] == "one" else ROWS)):
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
