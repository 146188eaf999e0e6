"""Stock of pools: the codes of `pool_code` that were not given out so far.

`given_ms`: when a code was given out, to a printer or into a roll's file; it is never given out again. Of one that
was out or applied already when it was loaded, when its pool began. Without its check part a code cannot be printed,
and is no stock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import codes, labels, pools, rolls
from lined.journal.tables.pools import PoolRow

GIVEN = """
ALTER TABLE pool_code ADD COLUMN given_ms INTEGER;
CREATE INDEX pool_code_stock ON pool_code (pool_no, serial) WHERE given_ms IS NULL
"""
PACKED = """
CREATE INDEX pool_code_pack ON pool_code (pack_no, serial) WHERE pack_no IS NOT NULL AND given_ms IS NULL
"""
LOOKS_MOST = 20  # looks for codes where those found were out already: of a pool that was dropped and loaded again
ROWS_ENOUGH = 500  # marked in one transaction, with fewer than a look more: some 3 ms of somebody's verdict
SERIAL_MOST = 20
_STOCK = "given_ms IS NULL AND tail <> ''"
_PACK = "pack_no = ? AND +pool_no = ?"  # a dropped pool has codes of the pack too; + keeps to the index of packs


class Given(NamedTuple):
    """`codes`: given out, as (identification code, check part). `marked`: rows of the pool that are given out since."""

    codes: list[tuple[str, str]]
    marked: int


def give(connection: Connection, pool: PoolRow, most: int, at_ms: int, packs: Sequence[int] | None = None) -> Given:
    """Give out codes, fewer where there are not so many, or where many had to be passed over: then some are marked, and
    the next transaction finds others. Those that were applied, had a label or are in a roll are passed over for good.
    `packs`: only codes that came in these.
    """
    found: list[tuple[str, str]] = []
    marked = 0
    for _ in range(LOOKS_MOST):
        look = _look(connection, pool, most - len(found), at_ms, packs)
        found += look.codes
        marked += look.marked
        if not look.marked or len(found) >= most or marked >= ROWS_ENOUGH:
            break
    return Given(found, marked)


def _look(connection: Connection, pool: PoolRow, most: int, at_ms: int, packs: Sequence[int] | None) -> Given:
    rows = _next(connection, pool, most, packs)
    if not rows:
        return Given([], 0)
    marked = connection.executemany(
        "UPDATE pool_code SET given_ms = ? WHERE pool_no = ? AND serial = ?",
        [(at_ms, pool.no, serial) for serial, _ in rows],
    ).rowcount
    tails = {_ident(serial, pool.gtin): tail for serial, tail in rows}
    idents = list(tails)
    applied = codes.find(connection, idents).keys()
    pools.count_given(connection, pool.no, marked - len(applied))
    out = applied | labels.known(connection, idents) | rolls.known(connection, idents)
    return Given([(ident, tail) for ident, tail in tails.items() if ident not in out], marked)


def left(connection: Connection, pool: PoolRow, most: int, packs: Sequence[int] | None = None) -> int:
    """How many can still be given out; no more than `most` are counted. `packs`: only of these."""
    if packs is None:
        asked = f"SELECT count(*) FROM (SELECT 1 FROM pool_code WHERE pool_no = ? AND {_STOCK} LIMIT ?)"
        return int(connection.execute(asked, (pool.no, most)).fetchone()[0])
    asked, count = f"SELECT count(*) FROM (SELECT 1 FROM pool_code WHERE {_PACK} AND {_STOCK} LIMIT ?)", 0
    for pack in packs:
        count += int(connection.execute(asked, (pack, pool.no, most - count)).fetchone()[0])
    return count


def _next(connection: Connection, pool: PoolRow, most: int, packs: Sequence[int] | None) -> list[tuple[str, str]]:
    """The next codes that were not given out: (what follows the GTIN, check part)."""
    if packs is None:
        asked = f"SELECT serial, tail FROM pool_code WHERE pool_no = ? AND {_STOCK} ORDER BY serial LIMIT ?"
        return connection.execute(asked, (pool.no, most)).fetchall()
    asked = f"SELECT serial, tail FROM pool_code WHERE {_PACK} AND {_STOCK} ORDER BY serial LIMIT ?"
    rows: list[tuple[str, str]] = []
    for pack in packs:
        if len(rows) < most:
            rows += connection.execute(asked, (pack, pool.no, most - len(rows))).fetchall()
    return rows


def _ident(serial: str, gtin: str) -> str:
    """The other way round than in `pools`: what is longer than any serial is a TOBACCO code whole."""
    return serial if len(serial) > SERIAL_MOST else f"01{gtin}21{serial}"
