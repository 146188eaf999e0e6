"""Stock of pools: the codes of `pool_code` that were not given out so far.

`given_ms`: when a code was given out, to a printer or into a file; it is never given out again. Without its check part
a code cannot be printed, and is no stock.
"""

from __future__ import annotations

from lined.journal.database import Connection
from lined.journal.tables import codes, labels
from lined.journal.tables.pools import PoolRow

GIVEN = """
ALTER TABLE pool_code ADD COLUMN given_ms INTEGER;
CREATE INDEX pool_code_stock ON pool_code (pool_no, serial) WHERE given_ms IS NULL
"""
LOOKS_MOST = 20  # looks for codes where those found were out already: of a pool that was dropped and loaded again
SERIAL_MOST = 20


def give(connection: Connection, pool: PoolRow, most: int, at_ms: int) -> list[tuple[str, str]]:
    """Give out codes: (identification code, check part), fewer where there are not so many. Those that were applied, or
    had a label, are passed over for good.
    """
    found: list[tuple[str, str]] = []
    for _ in range(LOOKS_MOST):
        rows = connection.execute(
            "SELECT serial, tail FROM pool_code WHERE pool_no = ? AND given_ms IS NULL AND tail <> '' "
            "ORDER BY serial LIMIT ?",
            (pool.no, most - len(found)),
        ).fetchall()
        connection.executemany(
            "UPDATE pool_code SET given_ms = ? WHERE pool_no = ? AND serial = ?",
            [(at_ms, pool.no, serial) for serial, _ in rows],
        )
        tails = {_ident(serial, pool.gtin): tail for serial, tail in rows}
        out = codes.find(connection, list(tails)).keys() | labels.known(connection, list(tails))
        found += [(ident, tail) for ident, tail in tails.items() if ident not in out]
        if not rows or len(found) >= most:
            break
    return found


def left(connection: Connection, pool: PoolRow, most: int) -> int:
    """How many can still be given out; no more than `most` are counted."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM pool_code WHERE pool_no = ? AND given_ms IS NULL AND tail <> '' LIMIT ?)",
        (pool.no, most),
    ).fetchone()
    return int(row[0])


def _ident(serial: str, gtin: str) -> str:
    """The other way round than in `pools`: what is longer than any serial is a TOBACCO code whole."""
    return serial if len(serial) > SERIAL_MOST else f"01{gtin}21{serial}"
