"""Rows of `package`: groups, boxes and pallets, and what lies in them. It keeps the tree whole; what may be packed is
decided by the line.

    open → closed → (batch_id: reported) …            dissolved: no more; its row stays as history
    a package re-packed after it was reported is a new row: `earlier_id` names the old one, `after_report` the
    disaggregation that must be accepted first

A unit lies in a package by `code.package_id`, a package by its own `package_id`. `holds` is the number of direct
children.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import rescans
from lined.vocabulary.facts import from_column
from lined.vocabulary.packages import Level, PackageState

DEPTH_MAX = 4  # group, box, pallet, and one more than there can be


class PackageRow(NamedTuple):
    """One package. `ident` None: its parent code is not known yet; `tail`: check part of a GROUP's code read
    beforehand.

    A package opened by its parent has `job_id` 0 and no `lot` until its first child. `lot`: what its children have in
    common, as text.

    `suspect`: why its content has to be scanned again before it closes. `own`: its own outcome in an aggregation
    report.
    """

    id: int
    ident: str | None
    level: str
    station: str
    job_id: int
    gtin: str
    lot: str
    child_level: str
    capacity: int
    holds: int
    state: str
    close_requested: int
    suspect: str | None
    package_id: int | None
    code_id: int | None
    opened_ms: int
    closed_ms: int | None
    closed_no: int | None
    batch_id: int | None
    own: str | None
    own_report: int | None
    after_report: int | None
    earlier_id: int | None
    tail: str


class Packed(NamedTuple):
    """A known code as packing sees it. `own`: its own state, `package_id`: the package it lies in."""

    id: int
    ident: str
    tail: str
    job_id: int
    batch_id: int
    own: str | None
    package_id: int | None


COLUMNS = ", ".join(PackageRow._fields)


def row_of(values: Sequence[Any]) -> PackageRow:
    """A row of COLUMNS."""
    found = PackageRow(*values)
    return found if found.suspect is None else found._replace(suspect=from_column(found.suspect))


def get(connection: Connection, package_id: int) -> PackageRow | None:
    """One package, whatever its state; None where there is no such package."""
    found = _select(connection, "id = ?", package_id)
    return found[0] if found else None


def open_at(connection: Connection, station: str) -> PackageRow | None:
    """The package that is being filled at a station."""
    found = _select(connection, "station = ? AND state = 'open'", station)
    return found[0] if found else None


def by_ident(connection: Connection, ident: str) -> PackageRow | None:
    """The package that this parent code stands for now; dissolved ones are not."""
    found = _select(connection, "ident = ? AND state <> 'dissolved'", ident)
    return found[0] if found else None


def forget(connection: Connection, newest: int) -> None:
    """Of a rehearsal: all but the newest packages, and those that are open."""
    connection.execute(
        "DELETE FROM package WHERE state <> 'open' AND id <= (SELECT max(id) FROM package) - ?", (newest,)
    )


def was_named(connection: Connection, ident: str) -> bool:
    """Whether a package ever had this parent code, dissolved ones included."""
    return connection.execute("SELECT 1 FROM package WHERE ident = ? LIMIT 1", (ident,)).fetchone() is not None


def packed_code(connection: Connection, ident: str) -> Packed | None:
    """A code that was applied here, with the package it lies in."""
    row = connection.execute(
        "SELECT id, ident, tail, job_id, batch_id, own, package_id FROM code WHERE ident = ?", (ident,)
    ).fetchone()
    return Packed(*row) if row else None


def above(connection: Connection, package: PackageRow) -> list[PackageRow]:
    """The packages around a package, the innermost first."""
    found: list[PackageRow] = []
    inner = package
    for _ in range(DEPTH_MAX):
        if inner.package_id is None:
            break
        outer = get(connection, inner.package_id)
        assert outer is not None
        found.append(outer)
        inner = outer
    return found


def containing(connection: Connection, ident: str) -> list[PackageRow]:
    """The package that this code is, or lies in, and those around it, the innermost first."""
    package = by_ident(connection, ident)
    if package is None:
        code = packed_code(connection, ident)
        package = get(connection, code.package_id) if code is not None and code.package_id is not None else None
    return [] if package is None else [package, *above(connection, package)]


def children(connection: Connection, package: PackageRow) -> list[str]:
    """Identification codes of the direct children, in the order they were packed as far as that is known."""
    if package.child_level == Level.UNIT:
        rows = connection.execute("SELECT ident FROM code WHERE package_id = ? ORDER BY id", (package.id,))
    else:
        rows = connection.execute("SELECT ident FROM package WHERE package_id = ? ORDER BY id", (package.id,))
    return [row[0] for row in rows]


def holds_with_own(connection: Connection, package: PackageRow, own: str) -> bool:
    """Whether a direct child has this state of its own."""
    if package.child_level == Level.UNIT:
        query = "SELECT 1 FROM code WHERE package_id = ? AND own = ? LIMIT 1"
    else:
        query = "SELECT 1 FROM package WHERE package_id = ? AND own = ? LIMIT 1"
    return connection.execute(query, (package.id, own)).fetchone() is not None


def child_packages(connection: Connection, package_id: int) -> list[PackageRow]:
    """The packages that lie directly in a package, oldest first."""
    return _select(connection, "package_id = ? ORDER BY id", package_id)


def open_new(
    connection: Connection,
    *,
    station: str,
    level: str,
    child_level: str,
    capacity: int,
    ident: str | None,
    tail: str = "",
    job_id: int,
    gtin: str,
    lot: str,
    at_ms: int,
) -> PackageRow:
    """A new open package with nothing in it. A station has at most one."""
    cursor = connection.execute(
        "INSERT INTO package (ident, tail, level, station, job_id, gtin, lot, child_level, capacity, opened_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (ident, tail, level, station, job_id, gtin, lot, child_level, capacity, at_ms),
    )
    found = get(connection, int(cursor.lastrowid or 0))
    assert found is not None
    return found


def put_code(connection: Connection, package_id: int, code_id: int) -> None:
    """A unit goes into a package; it must lie in none."""
    moved = connection.execute(
        "UPDATE code SET package_id = ? WHERE id = ? AND package_id IS NULL", (package_id, code_id)
    ).rowcount
    assert moved == 1, "a code in two packages"
    connection.execute("UPDATE package SET holds = holds + 1 WHERE id = ?", (package_id,))


def put_package(connection: Connection, package_id: int, child_id: int) -> None:
    """A package goes into another; it must lie in none."""
    moved = connection.execute(
        "UPDATE package SET package_id = ? WHERE id = ? AND package_id IS NULL AND id <> ?",
        (package_id, child_id, package_id),
    ).rowcount
    assert moved == 1, "a package in two packages"
    connection.execute("UPDATE package SET holds = holds + 1 WHERE id = ?", (package_id,))


def take_code(connection: Connection, package_id: int, code_id: int) -> None:
    """A unit leaves its package."""
    moved = connection.execute(
        "UPDATE code SET package_id = NULL WHERE id = ? AND package_id = ?", (code_id, package_id)
    ).rowcount
    assert moved == 1, "the code is not in this package"
    _one_less(connection, package_id, code_id)


def take_package(connection: Connection, package_id: int, child_id: int) -> None:
    """A package leaves the one around it."""
    moved = connection.execute(
        "UPDATE package SET package_id = NULL WHERE id = ? AND package_id = ?", (child_id, package_id)
    ).rowcount
    assert moved == 1, "the package is not in this package"
    _one_less(connection, package_id, child_id)


def _one_less(connection: Connection, package_id: int, child_id: int) -> None:
    connection.execute("UPDATE package SET holds = holds - 1 WHERE id = ?", (package_id,))
    rescans.remove(connection, package_id, child_id)


def change(connection: Connection, package_id: int, /, **columns: object) -> None:
    """Set columns of a package."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(f"UPDATE package SET {assignments} WHERE id = ?", (*columns.values(), package_id))


def close(connection: Connection, package_id: int, ident: str, code_id: int | None, at_ms: int) -> None:
    """The package is complete under this parent code. `code_id`: a GROUP's own code."""
    row = connection.execute("SELECT coalesce(max(closed_no), 0) + 1 FROM package WHERE closed_no > 0").fetchone()
    change(
        connection,
        package_id,
        state=PackageState.CLOSED,
        ident=ident,
        code_id=code_id,
        closed_ms=at_ms,
        closed_no=int(row[0]),
        close_requested=0,
    )
    rescans.end(connection, package_id)


def dissolve(connection: Connection, package_id: int) -> None:
    """The package is no more: what lay in it lies in nothing, and it lies in nothing."""
    package = get(connection, package_id)
    assert package is not None
    if package.package_id is not None:
        take_package(connection, package.package_id, package_id)
    connection.execute("UPDATE code SET package_id = NULL WHERE package_id = ?", (package_id,))
    connection.execute("UPDATE package SET package_id = NULL WHERE package_id = ?", (package_id,))
    rescans.end(connection, package_id)
    change(connection, package_id, state=PackageState.DISSOLVED, suspect=None)


def form_anew(connection: Connection, package: PackageRow, after_report: int, at_ms: int) -> PackageRow:
    """A new row for a package that was reported: the same parent, children and place, closed now, to be reported
    anew.
    """
    change(connection, package.id, state=PackageState.DISSOLVED)
    row = connection.execute("SELECT coalesce(max(closed_no), 0) + 1 FROM package WHERE closed_no > 0").fetchone()
    cursor = connection.execute(
        "INSERT INTO package (ident, tail, level, station, job_id, gtin, lot, child_level, capacity, holds, state, "
        "package_id, code_id, opened_ms, closed_ms, closed_no, after_report, earlier_id) "
        "SELECT ident, tail, level, station, job_id, gtin, lot, child_level, capacity, holds, 'closed', "
        "package_id, code_id, opened_ms, ?, ?, ?, id FROM package WHERE id = ?",
        (at_ms, row[0], after_report, package.id),
    )
    anew = get(connection, int(cursor.lastrowid or 0))
    assert anew is not None
    connection.execute("UPDATE code SET package_id = ? WHERE package_id = ?", (anew.id, package.id))
    connection.execute("UPDATE package SET package_id = ? WHERE package_id = ?", (anew.id, package.id))
    change(connection, package.id, package_id=None, holds=0)
    return anew


def _select(connection: Connection, where: str, *parameters: object) -> list[PackageRow]:
    rows = connection.execute(f"SELECT {COLUMNS} FROM package WHERE {where}", parameters).fetchall()
    return [row_of(row) for row in rows]
