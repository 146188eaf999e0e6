"""Commands about open packages: close one before it is full, and what becomes of them when a job ends."""

from __future__ import annotations

from typing import Any

from lined.codes import MarkingCode, masked
from lined.journal.database import Connection
from lined.journal.tables import packages
from lined.journal.tables.packages import PackageRow
from lined.line.commands import Action
from lined.line.state import LineState
from lined.line.stations import closing, rehearsing
from lined.line.stations.desk import Chunk, Desk
from lined.line.stations.judging import Judging
from lined.vocabulary.errors import Conflict, Invalid, Problem
from lined.vocabulary.line import Role
from lined.vocabulary.packages import Level, OpenPackages, PackageState, PackMode

KEEP, CLOSE, DISSOLVE = OpenPackages.KEEP, OpenPackages.CLOSE, OpenPackages.DISSOLVE
CHOICES = (KEEP, CLOSE, DISSOLVE)


def close(judging: Judging, chunk: Chunk, parent: MarkingCode | None) -> Action:
    """`packages/close`: the station's open package takes no more children. `chunk`: of the station, without candidates.

    It is closed at once where its parent is known, given, or issued by lined; else the next parent read closes it. The
    answer: `station`, `parent` (None: it waits for one), `count`, `state`. Raises CommandError 409.
    """

    def action(connection: Connection, _state: LineState, _at_ms: int) -> dict[str, Any]:
        return judging.decide(connection, lambda desk: _close(desk, chunk, parent))

    return action


def _close(desk: Desk, chunk: Chunk, parent: MarkingCode | None) -> dict[str, Any]:
    station = chunk.station
    if station.role != Role.PACK:
        raise Conflict("no-packing", f"Station {station.id} does not pack: there is no package to close.")
    rehearsed = rehearsing.close(desk, chunk) if parent is None else None
    if rehearsed is not None:
        return rehearsed
    package = packages.open_at(desk.connection, station.id)
    if package is None and station.mode == PackMode.FRAME:
        key = f"short-frame:{station.id}"
        desk.connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, '1')", (key,))
        return {"station": station.id, "parent": None, "count": 0, "state": "short-frame-expected"}
    if package is None:
        raise Conflict("no-open-package", f"Station {station.id} has no open package.")
    if package.suspect:
        raise Conflict(
            "suspect",
            f"Scan the content of this package again before it is closed: {package.suspect}",
        )
    if not package.holds:
        packages.dissolve(desk.connection, package.id)
        return {"station": station.id, "parent": package.ident, "count": 0, "state": PackageState.DISSOLVED}
    if parent is not None:
        _take_parent(desk, chunk, package, parent)
    else:
        finish(desk, chunk, package)
    after = packages.get(desk.connection, package.id)
    assert after is not None
    return {"station": station.id, "parent": after.ident, "count": after.holds, "state": after.state}


def finish(desk: Desk, chunk: Chunk, package: PackageRow) -> None:
    """Close a package with children, as far as its parent is known or can be issued; else its next parent closes it."""
    if package.ident is not None:
        gtin = package.ident[2:16] if package.level == Level.GROUP else ""
        closing.close_with(desk, chunk, package, MarkingCode("", package.ident, package.tail, gtin, 0))
    elif not (
        closing.may_issue(desk.state, package.level)
        and closing.close_issued(desk.connection, desk.state, package, chunk.at_ms)
    ):
        packages.change(desk.connection, package.id, close_requested=1)


def _take_parent(desk: Desk, chunk: Chunk, package: PackageRow, parent: MarkingCode) -> None:
    if package.ident is not None and package.ident != parent.ident:
        raise Conflict("other-parent", f"This package was opened by {package.ident}.")
    group_of = desk.state.plant.product_of_group(parent.gtin)
    fits = (
        (group_of == package.gtin and bool(parent.tail)) if package.level == Level.GROUP else parent.template == "SSCC"
    )
    if not fits:
        wanted = "the full code of a group of its product" if package.level == Level.GROUP else "an SSCC"
        raise Invalid(
            "wrong-level",
            f"The parent of a {package.level} is {wanted}.",
            [Problem("parent", wanted)],
        )
    if package.ident is None and closing.parent_is_unknown(desk, parent):
        raise Conflict("unknown-code", f"{masked(parent.ident)} is not in the code pool of its product.")
    if package.ident is None and closing.parent_is_used(desk, parent, package.job_id):
        raise Conflict("parent-used", f"{parent.ident} is the parent of another package.")
    closing.close_with(desk, chunk, package, parent)


def at_job_end(judging: Judging, chunks: dict[str, Chunk], choice: str, action: Action) -> Action:
    """`action` ends the running job; before it, its open packages are kept, closed or dissolved. `chunks` by
    station.
    """
    if choice not in CHOICES:
        raise Invalid("wrong-values", "packages is keep, close or dissolve.", [Problem("packages", "unknown")])

    def ending(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:
        state.refresh(connection)
        if choice != KEEP and state.job is not None:
            job_id = state.job.id
            judging.decide(connection, lambda desk: _settle(desk, chunks, job_id, choice))
        return action(connection, state, at_ms)

    return ending


def _settle(desk: Desk, chunks: dict[str, Chunk], job_id: int, choice: str) -> None:
    for package in packages.select(desk.connection, "state = 'open' AND job_id IN (?, 0) ORDER BY id", job_id):
        chunk = chunks.get(package.station)
        if choice == DISSOLVE or not package.holds:
            packages.dissolve(desk.connection, package.id)
        elif chunk is not None and not package.suspect:
            finish(desk, chunk, package)
        else:
            packages.change(desk.connection, package.id, close_requested=1)
