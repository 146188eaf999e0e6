"""Rows of `audit`: who commanded what, with why, chained by hashes.

Each row's hash is over its own content and the hash of the row before it, so that a row that was changed, taken out or
put in shows. What a chain cannot show is that its end was cut off: compare `end` with a note of it elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import NamedTuple

from lined.journal.database import Connection

BEGINNING = b"\0" * 32
PAGE_MAX = 1_000
CREATED = """
CREATE TABLE audit (
    no INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    role TEXT NOT NULL,
    way TEXT NOT NULL,
    command TEXT NOT NULL,
    subject TEXT NOT NULL,
    said TEXT NOT NULL,
    hash BLOB NOT NULL
)
"""


class AuditRow(NamedTuple):
    """`way`: how it came in. `subject`: what its path named. `said`: its body in JSON, check parts masked."""

    no: int
    at_ms: int
    by: str
    role: str
    way: str
    command: str
    subject: str
    said: str


class Verified(NamedTuple):
    """`end`: the hash of the last row, in hexadecimal. `broken`: the number of the first row that does not follow from
    the one before it; None where all do.
    """

    rows: int
    end: str
    broken: int | None


_COLUMNS = ", ".join(AuditRow._fields)


def add(connection: Connection, row: AuditRow) -> None:
    """One row more; `no` is given here."""
    last = connection.execute("SELECT no, hash FROM audit ORDER BY no DESC LIMIT 1").fetchone()
    no, before = last or (0, BEGINNING)
    row = row._replace(no=no + 1)
    connection.execute(
        f"INSERT INTO audit ({_COLUMNS}, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, _hash(before, row))
    )


def page(connection: Connection, after: int | None = None, limit: int = 100) -> tuple[list[AuditRow], int | None]:
    """Rows, newest first, from the one before `after` on; and the number to go on after."""
    limit = max(1, min(limit, PAGE_MAX))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM audit WHERE no < ? ORDER BY no DESC LIMIT ?", (after or 2**62, limit + 1)
    ).fetchall()
    items = [AuditRow(*row) for row in rows[:limit]]
    return items, items[-1].no if len(rows) > limit else None


def verify(connection: Connection) -> Verified:
    """The whole chain, read in order."""
    before, number = BEGINNING, 0
    for row, kept in _in_order(connection):
        if row.no != number + 1 or _hash(before, row) != kept:
            return Verified(number, before.hex(), number + 1)
        before, number = kept, row.no
    return Verified(number, before.hex(), None)


def _in_order(connection: Connection) -> Iterator[tuple[AuditRow, bytes]]:
    for *row, kept in connection.execute(f"SELECT {_COLUMNS}, hash FROM audit ORDER BY no"):
        yield AuditRow(*row), bytes(kept)


def _hash(before: bytes, row: AuditRow) -> bytes:
    content = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return hashlib.sha256(before + content).digest()
