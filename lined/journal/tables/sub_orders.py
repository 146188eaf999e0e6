"""Rows of `sub_order`: the products of an order of codes, and of `code_pack`: the packs their codes came in.

A pack's row is there before its codes, and `whole` with the last of them: only then its id may be used to ask for the
next one, and only then its codes count in `sub_order.codes`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.vocabulary.facts import from_column, to_column
from lined.vocabulary.orders import SubOrderState

CREATED = """
CREATE TABLE sub_order (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, gtin TEXT NOT NULL, quantity INTEGER NOT NULL,
    level TEXT NOT NULL, state TEXT NOT NULL, series_no INTEGER, serial_first INTEGER, made INTEGER NOT NULL DEFAULT 0,
    passed INTEGER NOT NULL DEFAULT 0, codes INTEGER NOT NULL DEFAULT 0, problem TEXT
);
CREATE UNIQUE INDEX sub_order_of ON sub_order (order_id, gtin);
CREATE TABLE code_pack (
    no INTEGER PRIMARY KEY, sub_order_id INTEGER NOT NULL, pack_id TEXT NOT NULL, codes INTEGER NOT NULL,
    whole INTEGER NOT NULL DEFAULT 0, at_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX code_pack_id ON code_pack (sub_order_id, pack_id)
"""


class SubOrderRow(NamedTuple):
    """`level`: UNIT or GROUP. `series_no`, `serial_first`: of serials that we made. `made`, `passed`: as the regulator
    said last; `codes`: those that are here.
    """

    id: int
    order_id: int
    gtin: str
    quantity: int
    level: str
    state: str
    series_no: int | None
    serial_first: int | None
    made: int
    passed: int
    codes: int
    problem: str | None

    @property
    def left(self) -> int:
        """Codes that are not here yet."""
        return max(0, self.quantity - self.codes)


class PackRow(NamedTuple):
    """`no` stands at each of its codes."""

    no: int
    sub_order_id: int
    pack_id: str
    codes: int
    whole: int
    at_ms: int


_COLUMNS = ", ".join(SubOrderRow._fields)
_PACK = ", ".join(PackRow._fields)


def add(
    connection: Connection,
    order_id: int,
    *,
    gtin: str,
    quantity: int,
    level: str,
    series_no: int | None,
    serial_first: int | None,
) -> int:
    """A product of a new order. Returns its id."""
    found = connection.execute(
        "INSERT INTO sub_order (order_id, gtin, quantity, level, state, series_no, serial_first) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (order_id, gtin, quantity, level, SubOrderState.PENDING, series_no, serial_first),
    ).lastrowid
    assert found is not None
    return int(found)


def of_order(connection: Connection, order_id: int) -> list[SubOrderRow]:
    """In the order in which they were ordered."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM sub_order WHERE order_id = ? ORDER BY id", (order_id,))
    return [_row(row) for row in rows]


def newest_pack(connection: Connection) -> int:
    """The number of the newest pack; 0: none came yet."""
    return int(connection.execute("SELECT coalesce(max(no), 0) FROM code_pack").fetchone()[0])


def newest_of(connection: Connection, gtin: str) -> SubOrderRow | None:
    """The newest order of a product; None: it was never ordered."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM sub_order WHERE gtin = ? ORDER BY id DESC LIMIT 1", (gtin,)
    ).fetchone()
    return None if row is None else _row(row)


def first_asked_ms(connection: Connection, gtin: str) -> int | None:
    """When the first order of a product was asked for; None: it was never ordered."""
    found = connection.execute(
        "SELECT min(asked_ms) FROM code_order JOIN sub_order ON order_id = code_order.id WHERE gtin = ?", (gtin,)
    ).fetchone()[0]
    return None if found is None else int(found)


def get(connection: Connection, sub_order_id: int) -> SubOrderRow:
    """One product of an order."""
    return _row(connection.execute(f"SELECT {_COLUMNS} FROM sub_order WHERE id = ?", (sub_order_id,)).fetchone())


def _row(values: tuple[Any, ...]) -> SubOrderRow:
    row = SubOrderRow(*values)
    return row._replace(problem=from_column(row.problem))


def note(
    connection: Connection, sub_order_id: int, *, state: str, made: int, passed: int, problem: str | None = None
) -> None:
    """What the regulator said of it."""
    connection.execute(
        "UPDATE sub_order SET state = ?, made = ?, passed = ?, problem = ? WHERE id = ?",
        (state, made, passed, to_column(problem), sub_order_id),
    )


def end(connection: Connection, sub_order_id: int, state: str, problem: str | None) -> None:
    """It is over."""
    connection.execute(
        "UPDATE sub_order SET state = ?, problem = ? WHERE id = ?", (state, to_column(problem), sub_order_id)
    )


# ── packs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def packs(connection: Connection, sub_order_id: int) -> list[PackRow]:
    """Those that are here whole, in the order in which they came."""
    rows = connection.execute(
        f"SELECT {_PACK} FROM code_pack WHERE sub_order_id = ? AND whole ORDER BY no", (sub_order_id,)
    )
    return [PackRow(*row) for row in rows]


def last_pack(connection: Connection, sub_order_id: int) -> PackRow | None:
    """The newest that is here whole."""
    row = connection.execute(
        f"SELECT {_PACK} FROM code_pack WHERE sub_order_id = ? AND whole ORDER BY no DESC LIMIT 1", (sub_order_id,)
    ).fetchone()
    return None if row is None else PackRow(*row)


def pack(connection: Connection, sub_order_id: int, pack_id: str) -> PackRow | None:
    """The pack of that id, whole or not; None: it never came."""
    row = connection.execute(
        f"SELECT {_PACK} FROM code_pack WHERE sub_order_id = ? AND pack_id = ?", (sub_order_id, pack_id)
    ).fetchone()
    return None if row is None else PackRow(*row)


def begin_pack(connection: Connection, sub_order_id: int, pack_id: str, count: int, at_ms: int) -> PackRow:
    """The row of a pack whose codes come now; one that was begun before is gone on with."""
    connection.execute(
        "INSERT OR IGNORE INTO code_pack (sub_order_id, pack_id, codes, at_ms) VALUES (?, ?, ?, ?)",
        (sub_order_id, pack_id, count, at_ms),
    )
    found = pack(connection, sub_order_id, pack_id)
    assert found is not None
    return found


def end_pack(connection: Connection, no: int) -> None:
    """In the transaction of its last codes: it is here whole, and they count. Once."""
    row = connection.execute("SELECT sub_order_id, codes FROM code_pack WHERE no = ? AND NOT whole", (no,)).fetchone()
    assert row is not None, f"pack {no} is whole already"
    connection.execute("UPDATE code_pack SET whole = 1 WHERE no = ?", (no,))
    connection.execute("UPDATE sub_order SET codes = codes + ? WHERE id = ?", (row[1], row[0]))
