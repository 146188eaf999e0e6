"""The journal's present tables as SQL: `python -m tests.unit.papers.journal > docs/journal.sql`.

The schema itself is its migrations; this is what they come to.
"""

from __future__ import annotations

import re
import sys

from sqlite_utils.db import Database
from sqlite_utils.migrations import Migrations

from lined.journal.schema import migrations

HEAD = "-- The tables of a fresh journal. lined/journal/schema.py makes them, step by step, and says what each holds.\n"


def text() -> str:
    database = Database(memory=True)
    migrations.apply(database)
    rows = database.execute(
        "SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> ? "
        "ORDER BY tbl_name, type <> 'table', name",
        (Migrations.migrations_table,),
    ).fetchall()
    tables: dict[str, list[str]] = {}
    for table, sql in rows:
        tables.setdefault(table, []).append(_laid_out(sql))
    return HEAD + "".join("\n" + "".join(f"{sql};\n" for sql in every) for every in tables.values())


def _laid_out(sql: str) -> str:
    """One column a line."""
    flat = re.sub(r"\s+", " ", sql).replace("( ", "(").replace(" )", ")").strip()
    if not flat.startswith("CREATE TABLE"):
        return flat
    head, _, rest = flat.partition("(")
    body, _, tail = rest.rpartition(")")
    columns = [column.strip() for column in re.split(r", (?![^(]*\))", body)]
    return f"{head.strip()} (\n    " + ",\n    ".join(columns) + f"\n){tail}"


if __name__ == "__main__":
    sys.stdout.write(text())
