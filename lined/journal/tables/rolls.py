"""Rows of `roll`: codes given out together into a file, for a printer's own software, and of `roll_code`: these codes.

    unwritten → written      the file is under its name; see lined/vocabulary/printing.py

A code is in one roll at most, and its row is there, durably, before a file can have it. `n`: its place in the roll and
in the file, from 1 on without a gap, so that the same file can be written again. `seen`: it was applied
since, and is counted in its roll's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lined.journal.database import Connection
from lined.vocabulary.errors import Conflict
from lined.vocabulary.printing import ROLL_TRANSITIONS, RollState

CREATED = """
CREATE TABLE roll (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, gtin TEXT NOT NULL, order_id INTEGER, state TEXT NOT NULL,
    wanted INTEGER NOT NULL, codes INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL DEFAULT 0,
    looked_code INTEGER NOT NULL, asked_ms INTEGER NOT NULL, asked_by TEXT, written_ms INTEGER
);
CREATE INDEX roll_unseen ON roll (looked_code) WHERE seen < codes;
CREATE TABLE roll_code (
    roll_id INTEGER NOT NULL, n INTEGER NOT NULL, ident TEXT NOT NULL UNIQUE, tail TEXT NOT NULL,
    PRIMARY KEY (roll_id, n)
) WITHOUT ROWID
"""
SEEN = """
ALTER TABLE roll_code ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
UPDATE roll_code SET seen = 1 WHERE EXISTS (
    SELECT 1 FROM code CROSS JOIN roll ON roll.id = roll_code.roll_id
    WHERE code.ident = roll_code.ident AND code.id <= roll.looked_code
);
UPDATE roll SET seen = (SELECT count(*) FROM roll_code WHERE roll_id = roll.id AND roll_code.seen = 1)
"""
_CHUNK = 250


class RollRow(NamedTuple):
    """`name`: the print order's. `order_id`: where it takes codes of that order only. `wanted`: how many it is to have;
    `codes`: how many it has; `seen`: how many of these were applied since. `looked_code`: up to which row of `code`.
    """

    id: int
    name: str
    gtin: str
    order_id: int | None
    state: str
    wanted: int
    codes: int
    seen: int
    looked_code: int
    asked_ms: int
    asked_by: str | None
    written_ms: int | None

    @property
    def missing(self) -> int:
        """Codes that it does not have yet."""
        return max(0, self.wanted - self.codes)


class Looked(NamedTuple):
    """`last`: the row of `code` up to which was looked; `seen`: by roll, the places of its codes that stand there."""

    last: int
    seen: Mapping[int, Sequence[int]]


_COLUMNS = ", ".join(RollRow._fields)


def begin(
    connection: Connection, *, name: str, gtin: str, order_id: int | None, wanted: int, at_ms: int, by: str
) -> RollRow:
    """A roll that has no codes yet."""
    roll_id = connection.execute(
        "INSERT INTO roll (name, gtin, order_id, state, wanted, looked_code, asked_ms, asked_by) "
        "VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM code), ?, ?)",
        (name, gtin, order_id, RollState.UNWRITTEN, wanted, at_ms, by or None),
    ).lastrowid
    row = get(connection, int(roll_id or 0))
    assert row is not None
    return row


def get(connection: Connection, roll_id: int) -> RollRow | None:
    """One roll; None: there is none."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM roll WHERE id = ?", (roll_id,)).fetchone()
    return None if row is None else RollRow(*row)


def named(connection: Connection, name: str) -> RollRow | None:
    """The roll of a print order; None: there is none."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM roll WHERE name = ?", (name,)).fetchone()
    return None if row is None else RollRow(*row)


def page(connection: Connection, most: int, before: int | None) -> list[RollRow]:
    """Newest first, from before a number."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM roll WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2", (before, most)
    )
    return [RollRow(*row) for row in rows]


def put(connection: Connection, roll: RollRow, codes: Sequence[tuple[str, str]]) -> None:
    """Codes that were given out for it, as (identification code, check part), behind those that it has."""
    rows = [(roll.id, n, ident, tail) for n, (ident, tail) in enumerate(codes, roll.codes + 1)]
    connection.executemany("INSERT INTO roll_code (roll_id, n, ident, tail) VALUES (?, ?, ?, ?)", rows)
    connection.execute("UPDATE roll SET codes = codes + ? WHERE id = ?", (len(rows), roll.id))


def cut(connection: Connection, roll_id: int) -> None:
    """There were no more codes for it: what it has is all."""
    connection.execute("UPDATE roll SET wanted = codes WHERE id = ?", (roll_id,))


def part(connection: Connection, roll_id: int, after: int, most: int) -> list[tuple[str, str]]:
    """Its codes behind a place, in their order: (identification code, check part)."""
    rows = connection.execute(
        "SELECT ident, tail FROM roll_code WHERE roll_id = ? AND n > ? ORDER BY n LIMIT ?", (roll_id, after, most)
    )
    return [(ident, tail) for ident, tail in rows]


def written(connection: Connection, roll: RollRow, at_ms: int) -> None:
    """Its file is under its name; of a roll that was written before it changes the moment. Raises Conflict where codes
    of it are missing.
    """
    if roll.missing:
        raise Conflict("wrong-state", f"Roll {roll.id} has {roll.codes:,} of {roll.wanted:,} codes: it is not whole.")
    if roll.state != RollState.WRITTEN:
        assert RollState.WRITTEN in ROLL_TRANSITIONS[roll.state]
    connection.execute("UPDATE roll SET state = ?, written_ms = ? WHERE id = ?", (RollState.WRITTEN, at_ms, roll.id))


def known(connection: Connection, idents: Sequence[str]) -> set[str]:
    """Those of the identification codes that are in any roll."""
    found: set[str] = set()
    marks = ",".join("?" * _CHUNK)
    for start in range(0, len(idents), _CHUNK):
        some = [*idents[start : start + _CHUNK]]
        some += [""] * (_CHUNK - len(some))
        rows = connection.execute(f"SELECT ident FROM roll_code WHERE ident IN ({marks})", some)
        found.update(ident for (ident,) in rows)
    return found


# ── seen ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def look(connection: Connection, most: int) -> Looked | None:
    """Which codes of rolls were applied since the last look, in the next rows of `code`; None: there are none."""
    first = connection.execute("SELECT min(looked_code) FROM roll WHERE seen < codes").fetchone()[0]
    if first is None:
        return None
    last = connection.execute(
        "SELECT max(id) FROM (SELECT id FROM code WHERE id > ? ORDER BY id LIMIT ?)", (first, most)
    ).fetchone()[0]
    if last is None:
        return None
    rows = connection.execute(
        "SELECT roll.id, roll_code.n FROM code CROSS JOIN roll_code ON roll_code.ident = code.ident "
        "CROSS JOIN roll ON roll.id = roll_code.roll_id "
        "WHERE code.id > ? AND code.id <= ? AND code.id > roll.looked_code",
        (first, last),
    )
    seen: dict[int, list[int]] = {}
    for roll_id, n in rows:
        seen.setdefault(int(roll_id), []).append(int(n))
    return Looked(int(last), seen)


def note(connection: Connection, looked: Looked) -> None:
    """Count what was looked at: each code once, also one that was withdrawn and is applied again."""
    connection.execute("UPDATE roll SET looked_code = ?1 WHERE seen < codes AND looked_code < ?1", (looked.last,))
    for roll_id, places in looked.seen.items():
        new = connection.executemany(
            "UPDATE roll_code SET seen = 1 WHERE roll_id = ? AND n = ? AND seen = 0", [(roll_id, n) for n in places]
        ).rowcount
        connection.execute("UPDATE roll SET seen = seen + ? WHERE id = ?", (new, roll_id))


def sums(connection: Connection) -> tuple[int, int]:
    """How many codes are in rolls, and how many of them were applied since."""
    codes, seen = connection.execute("SELECT coalesce(sum(codes), 0), coalesce(sum(seen), 0) FROM roll").fetchone()
    return int(codes), int(seen)


def unseen(connection: Connection, most: int) -> list[RollRow]:
    """The newest of those whose codes were not all applied."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM roll WHERE seen < codes ORDER BY id DESC LIMIT ?", (most,))
    return [RollRow(*row) for row in rows]
