"""Rows of `code_order`: orders of codes, one row each, and of `code_order_event`: how each came to its state.

`marker` is our mark in the order, by which it is found again; it is on disk before a byte of the order leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.vocabulary.errors import Conflict
from lined.vocabulary.facts import from_column, to_column
from lined.vocabulary.orders import ORDER_FINAL, ORDER_TRANSITIONS, OrderState

CREATED = """
CREATE TABLE code_order (
    id INTEGER PRIMARY KEY, marker TEXT NOT NULL UNIQUE, product_group TEXT NOT NULL, method TEXT NOT NULL,
    state TEXT NOT NULL, regulator_id TEXT, asked_ms INTEGER NOT NULL, asked_by TEXT,
    completes INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, attempt_ms INTEGER,
    attempt_server_ms INTEGER, due_ms INTEGER, misses INTEGER NOT NULL DEFAULT 0,
    confirmed INTEGER NOT NULL DEFAULT 0, placed_ms INTEGER, problem TEXT
);
CREATE UNIQUE INDEX code_order_regulator ON code_order (regulator_id) WHERE regulator_id IS NOT NULL;
CREATE INDEX code_order_state ON code_order (state);
CREATE TABLE code_order_event (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, at_ms INTEGER NOT NULL, before TEXT, after TEXT NOT NULL,
    why TEXT NOT NULL, evidence TEXT
);
CREATE INDEX code_order_story ON code_order_event (order_id)
"""
BY_ITSELF = "ALTER TABLE code_order ADD COLUMN by_itself INTEGER NOT NULL DEFAULT 0"


class OrderRow(NamedTuple):
    """`completes`: once all is fetched its pools refuse what is not in them. `attempt_server_ms`: a moment of the
    regulator's clock before the first attempt. `misses`: complete looks in a row that did not find it. `confirmed`: a
    person said that it did not arrive. `by_itself`: nobody asked for it, its product ran low.
    """

    id: int
    marker: str
    product_group: str
    method: str
    state: str
    regulator_id: str | None
    asked_ms: int
    asked_by: str | None
    completes: int
    attempts: int
    attempt_ms: int | None
    attempt_server_ms: int | None
    due_ms: int | None
    misses: int
    confirmed: int
    placed_ms: int | None
    problem: str | None
    by_itself: int

    @property
    def final(self) -> bool:
        return self.state in ORDER_FINAL


class OrderEvent(NamedTuple):
    """A change of state. `evidence`: what came back, redacted."""

    at_ms: int
    before: str | None
    after: str
    why: str
    evidence: str | None


_COLUMNS = ", ".join(OrderRow._fields)
_CHANGEABLE = frozenset(OrderRow._fields) - {"id", "marker", "state", "by_itself"}


def _row(values: tuple[Any, ...]) -> OrderRow:
    row = OrderRow(*values)
    return row._replace(problem=from_column(row.problem))


def add(
    connection: Connection,
    *,
    marker: str,
    product_group: str,
    method: str,
    completes: bool,
    at_ms: int,
    by: str,
    why: str,
    by_itself: bool = False,
) -> int:
    """A new order that waits to be sent. Returns its id."""
    order_id = connection.execute(
        "INSERT INTO code_order (marker, product_group, method, state, asked_ms, asked_by, completes, by_itself) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (marker, product_group, method, OrderState.QUEUED, at_ms, by or None, int(completes), int(by_itself)),
    ).lastrowid
    assert order_id is not None
    _note(connection, order_id, at_ms, None, OrderState.QUEUED, why, None)
    return int(order_id)


def get(connection: Connection, order_id: int) -> OrderRow | None:
    """One order; None: there is none."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM code_order WHERE id = ?", (order_id,)).fetchone()
    return None if row is None else _row(row)


def in_states(connection: Connection, states: Iterable[str]) -> list[OrderRow]:
    """Those in these states, oldest first: no more than may be active."""
    found: list[OrderRow] = []
    for state in states:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM code_order WHERE state = ?", (state,))
        found += [_row(row) for row in rows]
    return sorted(found, key=lambda row: row.id)


def active(connection: Connection) -> list[OrderRow]:
    """Those that are not over."""
    return in_states(connection, ORDER_TRANSITIONS)


def page(connection: Connection, limit: int, after: int | None) -> list[OrderRow]:
    """Newest first, behind that id."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM code_order WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2", (after, limit)
    )
    return [_row(row) for row in rows]


def owner(connection: Connection, regulator_id: str) -> int | None:
    """Which of our orders has this id at the regulator."""
    row = connection.execute("SELECT id FROM code_order WHERE regulator_id = ?", (regulator_id,)).fetchone()
    return None if row is None else int(row[0])


def newest_change(connection: Connection) -> int:
    """The number of the newest change of any order's state; 0: none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM code_order_event").fetchone()[0])


def story(connection: Connection, order_id: int) -> list[OrderEvent]:
    """Its changes of state, oldest first."""
    rows = connection.execute(
        "SELECT at_ms, before, after, why, evidence FROM code_order_event WHERE order_id = ? ORDER BY id", (order_id,)
    )
    return [OrderEvent(at_ms, before, after, from_column(why), more) for at_ms, before, after, why, more in rows]


def change(connection: Connection, order_id: int, **changes: Any) -> None:
    """Columns of an order that change without its state."""
    assert changes.keys() <= _CHANGEABLE, changes.keys() - _CHANGEABLE
    if not changes:
        return
    if "problem" in changes:
        changes["problem"] = to_column(changes["problem"])
    settings = ", ".join(f"{name} = ?" for name in changes)
    connection.execute(f"UPDATE code_order SET {settings} WHERE id = ?", (*changes.values(), order_id))


def move(
    connection: Connection, order_id: int, after: str, at_ms: int, why: str, *, evidence: str | None = None, **more: Any
) -> OrderRow:
    """Into another state, with its line in the story. Returns the row as it was before.

    Raises CommandError 409 `wrong-state` where no edge of ORDER_TRANSITIONS leads there.
    """
    before = get(connection, order_id)
    assert before is not None, f"no order {order_id}"
    if after not in ORDER_TRANSITIONS.get(before.state, {}):
        raise Conflict("wrong-state", f"Order {order_id} is {before.state}: this comes too late.")
    connection.execute("UPDATE code_order SET state = ? WHERE id = ?", (after, order_id))
    change(connection, order_id, **more)
    _note(connection, order_id, at_ms, before.state, after, why, evidence)
    return before


def _note(
    connection: Connection, order_id: int, at_ms: int, before: str | None, after: str, why: str, evidence: str | None
) -> None:
    connection.execute(
        "INSERT INTO code_order_event (order_id, at_ms, before, after, why, evidence) VALUES (?, ?, ?, ?, ?, ?)",
        (order_id, at_ms, before, after, to_column(why), evidence),
    )


def doubt(connection: Connection, states: Iterable[str], at_ms: int, why: str, since_ms: int | None = None) -> int:
    """Orders in these states may have arrived, at the latest from `since_ms` on: they are looked for. Returns how
    many.
    """
    found = in_states(connection, states)
    for row in found:
        earliest = row.attempt_server_ms if since_ms is None else min(since_ms, row.attempt_server_ms or since_ms)
        if row.state == OrderState.IN_DOUBT:
            change(connection, row.id, misses=0, confirmed=0, due_ms=at_ms, attempt_server_ms=earliest)
            continue
        move(
            connection, row.id, OrderState.IN_DOUBT, at_ms, why,
            misses=0, confirmed=0, due_ms=at_ms, attempt_server_ms=earliest, problem=why,
        )  # fmt: skip
    return len(found)
