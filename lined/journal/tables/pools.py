"""Rows of `pool` and `pool_code`: the codes that were issued for a product, as far as they were loaded.

    loading → active        codes of a pool that is loading refuse nothing; more may be loaded into an active one
    loading | active → dropped      its codes are deleted in small steps, then its row

`codes`, `applied` and `gone` are sums changed in the transaction they count: a code is counted as applied once, when it
is both in the pool and in `code`, whichever came later; as gone once, when it is applied or given out. `pack_no`: of
the pack of an order that the code came in; none where it was loaded by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import codes, labels, rolls

CREATED = """
CREATE TABLE pool (
    no INTEGER PRIMARY KEY, gtin TEXT NOT NULL, state TEXT NOT NULL, codes INTEGER NOT NULL DEFAULT 0,
    applied INTEGER NOT NULL DEFAULT 0, began_ms INTEGER NOT NULL, began_by TEXT, complete_ms INTEGER
);
CREATE UNIQUE INDEX pool_gtin ON pool (gtin) WHERE state <> 'dropped';
CREATE TABLE pool_code (
    pool_no INTEGER NOT NULL, serial TEXT NOT NULL, PRIMARY KEY (pool_no, serial)
) WITHOUT ROWID
"""
LOADING, ACTIVE, DROPPED = "loading", "active", "dropped"
SWEEP_ROWS = 1_000  # deleted in one transaction: neighbours, about a millisecond of somebody's verdict
# What was loaded before was kept without check parts: load it again where it is to be printed.
TAILS = "ALTER TABLE pool_code ADD COLUMN tail TEXT NOT NULL DEFAULT ''"
PACKED = "ALTER TABLE pool_code ADD COLUMN pack_no INTEGER"
GONE = """
ALTER TABLE pool ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
UPDATE pool SET gone = applied + (
    SELECT count(*) FROM pool_code WHERE pool_no = pool.no AND given_ms IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM code WHERE code.ident =
            CASE WHEN length(serial) > 20 THEN serial ELSE '01' || pool.gtin || '21' || serial END
    )
) WHERE state <> 'dropped'
"""

_CHUNK = 250  # as in codes.find: SQLite compiles the statement once
_LISTED = (
    f"SELECT serial, given_ms IS NOT NULL FROM pool_code WHERE pool_no = ? AND serial IN ({','.join('?' * _CHUNK)})"
)
_TAILS = f"SELECT serial, tail, pack_no FROM pool_code WHERE pool_no = ? AND serial IN ({','.join('?' * _CHUNK)})"
_LISTED_ONE = "SELECT serial, given_ms IS NOT NULL FROM pool_code WHERE pool_no = ? AND serial = ?"


class PoolRow(NamedTuple):
    """`complete_ms`: when it began to refuse what is not in it. `gone`: codes applied or given out."""

    no: int
    gtin: str
    state: str
    codes: int
    applied: int
    began_ms: int
    began_by: str | None
    complete_ms: int | None
    gone: int

    @property
    def left(self) -> int:
        """Codes that were neither applied nor given out."""
        return self.codes - self.gone


class OtherCheckPart(Exception):
    """Codes that are in the pool with another check part; `idents` are theirs."""

    def __init__(self, idents: Sequence[str]) -> None:
        super().__init__(f"{len(idents)} codes are in the pool with another check part")
        self.idents = list(idents)


class OtherPack(Exception):
    """Codes that came in another pack already; `idents` are theirs."""

    def __init__(self, idents: Sequence[str]) -> None:
        super().__init__(f"{len(idents)} codes came in another pack")
        self.idents = list(idents)


class Added(NamedTuple):
    """What one page of codes changed: how many were new to the pool, and how many of those were applied before."""

    codes: int
    applied: int


_COLUMNS = ", ".join(PoolRow._fields)


def present(connection: Connection) -> dict[str, PoolRow]:
    """The pools by GTIN, dropped ones aside."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM pool WHERE state <> 'dropped' ORDER BY no DESC").fetchall()
    return {row[1]: PoolRow(*row) for row in rows}


def begin(connection: Connection, gtin: str, at_ms: int, by: str) -> PoolRow:
    """The pool of a GTIN, made where there is none."""
    connection.execute(
        "INSERT OR IGNORE INTO pool (gtin, state, began_ms, began_by) VALUES (?, ?, ?, ?)",
        (gtin, LOADING, at_ms, by or None),
    )
    return present(connection)[gtin]


class _There(NamedTuple):
    """A code that is in the pool."""

    tail: str
    pack_no: int | None


def add(connection: Connection, pool: PoolRow, tails: Mapping[str, str], pack_no: int | None = None) -> Added:
    """Put codes of the pool's GTIN into it: identification codes to check parts, empty where they came without. Those
    that are there already only gain a check part, and the pack that they came in. Those that were applied, had a label
    or are in a roll are no stock from the first, as of a pool that is loaded again. Raises OtherCheckPart, OtherPack.
    """
    there = _there(connection, pool, list(tails))
    other = [ident for ident, found in there.items() if found.tail and tails[ident] and tails[ident] != found.tail]
    if other:
        raise OtherCheckPart(other)
    packed = [ident for ident, found in there.items() if pack_no and found.pack_no not in (None, pack_no)]
    if packed:
        raise OtherPack(packed)
    new = [ident for ident in tails if ident not in there]
    applied = codes.find(connection, new).keys()
    gone = applied | labels.known(connection, new) | rolls.known(connection, new)
    connection.executemany(
        "INSERT INTO pool_code (pool_no, serial, tail, pack_no, given_ms) VALUES (?, ?, ?, ?, ?)",
        [
            (pool.no, _serial(ident, pool.gtin), tails[ident], pack_no, pool.began_ms if ident in gone else None)
            for ident in new
        ],
    )
    connection.executemany(
        "UPDATE pool_code SET tail = ?, pack_no = ? WHERE pool_no = ? AND serial = ?",
        [
            (tails[ident] or found.tail, found.pack_no or pack_no, pool.no, _serial(ident, pool.gtin))
            for ident, found in there.items()
            if (tails[ident] and not found.tail) or (pack_no and not found.pack_no)
        ],
    )
    added = Added(len(new), len(applied))
    connection.execute(
        "UPDATE pool SET codes = codes + ?, applied = applied + ?, gone = gone + ? WHERE no = ?",
        (*added, len(gone), pool.no),
    )
    return added


def _there(connection: Connection, pool: PoolRow, idents: Sequence[str]) -> dict[str, _There]:
    """Those of the identification codes that are in the pool."""
    by_serial = {_serial(ident, pool.gtin): ident for ident in idents}
    serials = list(by_serial)
    found: dict[str, _There] = {}
    for start in range(0, len(serials), _CHUNK):
        part = serials[start : start + _CHUNK]
        part += [""] * (_CHUNK - len(part))
        rows = connection.execute(_TAILS, (pool.no, *part)).fetchall()
        found.update((by_serial[serial], _There(tail, pack_no)) for serial, tail, pack_no in rows)
    return found


def complete(connection: Connection, pool: PoolRow, at_ms: int) -> None:
    """From now on what is not in the pool is refused."""
    connection.execute("UPDATE pool SET state = ?, complete_ms = ? WHERE no = ?", (ACTIVE, at_ms, pool.no))


def drop(connection: Connection, pool: PoolRow) -> None:
    """The pool is no more. Its codes go with `sweep`."""
    connection.execute("UPDATE pool SET state = ? WHERE no = ?", (DROPPED, pool.no))


def sweep(connection: Connection) -> bool:
    """Delete some codes of dropped pools. False: there are none left."""
    row = connection.execute("SELECT no FROM pool WHERE state = 'dropped' LIMIT 1").fetchone()
    if row is None:
        return False
    deleted = connection.execute(
        "DELETE FROM pool_code WHERE pool_no = ?1 AND serial IN "
        "(SELECT serial FROM pool_code WHERE pool_no = ?1 ORDER BY serial LIMIT ?2)",
        (row[0], SWEEP_ROWS),
    ).rowcount
    if deleted < SWEEP_ROWS:
        connection.execute("DELETE FROM pool WHERE no = ?", (row[0],))
    return True


def listed(connection: Connection, pool: PoolRow, idents: Sequence[str]) -> dict[str, bool]:
    """Those of the identification codes that are in the pool, and whether each was given out."""
    by_serial = {_serial(ident, pool.gtin): ident for ident in idents}
    serials = list(by_serial)
    if len(serials) < 8:
        rows = [row for serial in serials for row in connection.execute(_LISTED_ONE, (pool.no, serial)).fetchall()]
        return {by_serial[serial]: bool(given) for serial, given in rows}
    found: dict[str, bool] = {}
    for start in range(0, len(serials), _CHUNK):
        part = serials[start : start + _CHUNK]
        part += [""] * (_CHUNK - len(part))
        rows = connection.execute(_LISTED, (pool.no, *part)).fetchall()
        found.update((by_serial[serial], bool(given)) for serial, given in rows)
    return found


def count_applied(connection: Connection, pool_no: int, count: int, gone: int) -> None:
    """So many codes of the pool were applied for the first time; `gone`: of these, how many were not given out."""
    connection.execute("UPDATE pool SET applied = applied + ?, gone = gone + ? WHERE no = ?", (count, gone, pool_no))


def count_given(connection: Connection, pool_no: int, gone: int) -> None:
    """So many codes of the pool were given out that were not applied."""
    connection.execute("UPDATE pool SET gone = gone + ? WHERE no = ?", (gone, pool_no))


def _serial(ident: str, gtin: str) -> str:
    """What tells codes of one GTIN apart: half the bytes. A TOBACCO code stays whole, longer than any serial."""
    return ident.removeprefix(f"01{gtin}21")
