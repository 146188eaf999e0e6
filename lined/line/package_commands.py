"""Commands about open packages: close one before it is full, and what becomes of them when a job ends."""

from __future__ import annotations

from typing import Any

from lined.codes import MarkingCode, masked
from lined.journal.database import Connection
from lined.journal.tables import packages, short_frames
from lined.journal.tables.packages import PackageRow
from lined.line.commands import Action
from lined.line.state import LineState
from lined.line.stations import closing, rehearsing
from lined.line.stations.judging import Judging
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.vocabulary.errors import Conflict, Invalid, Problem
from lined.vocabulary.line import Role
from lined.vocabulary.packages import Level, OpenPackages, PackageState, PackMode

KEEP, CLOSE, DISSOLVE = OpenPackages.KEEP, OpenPackages.CLOSE, OpenPackages.DISSOLVE
CHOICES = (KEEP, CLOSE, DISSOLVE)


def close(judging: Judging, at: Read, parent: MarkingCode | None) -> Action:
    """`packages/close`: the station's open package takes no more children. `at`: the command at that station.

    It is closed at once where its parent is known, given, or issued by lined; else the next parent read closes it. The
    answer: `station`, `parent` (None: it waits for one), `count`, `state`. Raises CommandError 409.
    """

    def action(connection: Connection, _state: LineState, _at_ms: int) -> dict[str, Any]:
        return judging.decide(connection, lambda tx: _close(rehearsing.for_command(tx, at), at, parent))

    return action


def _close(tx: Transaction, at: Read, parent: MarkingCode | None) -> dict[str, Any]:
    station = at.station
    if station.role != Role.PACK:
        raise Conflict("no-packing", f"Station {station.id} does not pack: there is no package to close.")
    package = packages.open_at(tx.connection, station.id)
    if package is None and station.mode == PackMode.FRAME:
        short_frames.expect(tx.connection, station.id)
        return {"station": station.id, "parent": None, "count": 0, "state": "short-frame-expected"}
    if package is None:
        raise Conflict("no-open-package", f"Station {station.id} has no open package.")
    if package.suspect:
        raise Conflict("suspect", f"Scan the content of this package again before it is closed: {package.suspect}")
    if not package.holds:
        packages.dissolve(tx.connection, package.id)
        return {"station": station.id, "parent": package.ident, "count": 0, "state": PackageState.DISSOLVED}
    if parent is not None:
        _take_parent(tx, at, package, parent)
    else:
        finish(tx, at, package)
    after = packages.get(tx.connection, package.id)
    assert after is not None
    return {"station": station.id, "parent": after.ident, "count": after.holds, "state": after.state}


def finish(tx: Transaction, at: Read, package: PackageRow) -> None:
    """Close a package with children, as far as its parent is known or can be issued; else its next parent closes it."""
    if package.ident is not None:
        gtin = package.ident[2:16] if package.level == Level.GROUP else ""
        closing.close_with(tx, at, package, MarkingCode("", package.ident, package.tail, gtin, 0))
    elif not (
        closing.may_issue(tx.state, package.level) and closing.close_issued(tx.connection, tx.state, package, at.at_ms)
    ):
        packages.change(tx.connection, package.id, close_requested=1)


def _take_parent(tx: Transaction, at: Read, package: PackageRow, parent: MarkingCode) -> None:
    if package.ident is not None and package.ident != parent.ident:
        raise Conflict("other-parent", f"This package was opened by {package.ident}.")
    group_of = tx.state.plant.product_of_group(parent.gtin)
    fits = (
        (group_of == package.gtin and bool(parent.tail)) if package.level == Level.GROUP else parent.template == "SSCC"
    )
    if not fits:
        wanted = "the full code of a group of its product" if package.level == Level.GROUP else "an SSCC"
        raise Invalid("wrong-level", f"The parent of a {package.level} is {wanted}.", [Problem("parent", wanted)])
    if package.ident is None and closing.parent_is_unknown(tx, parent):
        raise Conflict("unknown-code", f"{masked(parent.ident)} is not in the code pool of its product.")
    if package.ident is None and closing.parent_is_used(tx, parent, package.job_id):
        raise Conflict("parent-used", f"{parent.ident} is the parent of another package.")
    closing.close_with(tx, at, package, parent)


def at_job_end(judging: Judging, stations: dict[str, Read], choice: str, action: Action) -> Action:
    """`action` ends the running job; before it, its open packages are kept, closed or dissolved. commands at
    `stations`, by their ids.
    """
    if choice not in CHOICES:
        raise Invalid("wrong-values", "packages is keep, close or dissolve.", [Problem("packages", "unknown")])

    def ending(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:
        state.refresh(connection)
        if choice != KEEP and state.job is not None:
            job_id = state.job.id
            judging.decide(connection, lambda tx: _settle(tx, stations, job_id, choice))
        return action(connection, state, at_ms)

    return ending


def _settle(tx: Transaction, stations: dict[str, Read], job_id: int, choice: str) -> None:
    for package in packages.select(tx.connection, "state = 'open' AND job_id IN (?, 0) ORDER BY id", job_id):
        at = stations.get(package.station)
        if choice == DISSOLVE or not package.holds:
            packages.dissolve(tx.connection, package.id)
        elif at is not None and not package.suspect:
            finish(tx, at, package)
        else:
            packages.change(tx.connection, package.id, close_requested=1)
