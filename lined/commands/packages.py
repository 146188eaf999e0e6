"""Commands about packages: close one before it is full, put its content right; and what becomes of open ones when a job
ends.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from lined.codes import MarkingCode, masked
from lined.commands.registry.command import EVERYWHERE, PEOPLE, Answer, Body, command
from lined.commands.registry.context import typed
from lined.commands.registry.execution import Tx
from lined.commands.registry.fields import Code, Required, Short
from lined.journal.tables import package_lists, packages, short_frames
from lined.journal.tables.packages import PackageRow
from lined.line.stations import closing, rehearsing, rework
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.vocabulary.errors import Conflict, Invalid, NotFound, Problem
from lined.vocabulary.facts import Fact, FieldFact
from lined.vocabulary.line import Role
from lined.vocabulary.packages import Level, OpenPackages, PackageState, PackMode
from lined.vocabulary.people import PersonRole


class PackageClose(Body):
    station: Required
    parent: Code | None = None


class PackageDissolve(Body):
    """`parent`, or `station` for its open package."""

    station: Short | None = None
    parent: Code | None = None


class TakeOut(Body):
    """The child leaves its package."""

    code: Code


class ReplaceChild(Body):
    """`code` leaves its package, `with` takes its place."""

    code: Code
    with_: Annotated[Code, Field(alias="with")]


class ClosedPackage(Answer):
    """`parent` null: it waits for one, or is a frame that may be short."""

    station: str
    parent: str | None
    count: int
    state: str


class TakenOut(Answer):
    """`report`: the disaggregation that goes out, or null."""

    code: str
    package: str | None
    report: str | None


class Replaced(TakenOut):
    model_config = ConfigDict(extra="forbid")

    with_: Annotated[str, Field(alias="with")]


class Dissolved(Answer):
    """`report`: the disaggregation that goes out, or null."""

    package: str | None
    state: str
    report: str | None


@command(
    "package-close",
    PackageClose,
    ClosedPackage,
    "Close a station's open package before it is full.",
    path="packages/close",
    tag="packages",
    sources=EVERYWHERE,
    role=PersonRole.OPERATOR,
)
def close_package(tx: Tx, body: PackageClose) -> dict[str, Any]:
    """Closed at once where its parent is known, given, or issued by lined; else the next parent read closes it."""
    line = tx.context.line
    at = line.intake.command_at(line.station(body.station))
    parent = typed(body.parent, "parent") if body.parent else None
    return line.intake.judging.decide(tx.connection, lambda deep: close(rehearsing.for_command(deep, at), at, parent))


@command(
    "package-dissolve",
    PackageDissolve,
    Dissolved,
    "Open a package for good; one that was reported is disaggregated at the regulator too.",
    path="packages/dissolve",
    tag="packages",
    sources=PEOPLE,
    role=PersonRole.OPERATOR,
)
def dissolve_package(tx: Tx, body: PackageDissolve) -> dict[str, Any]:
    ident = tx.context.line.identification(body.parent, "parent") if body.parent else ""
    station = body.station or ""
    package = packages.by_ident(tx.connection, ident) if ident else packages.open_at(tx.connection, station)
    if package is None:
        wanted = masked(ident) if ident else f"open at {station!r}"
        raise NotFound("unknown-package", f"There is no package {wanted}.")
    return dict(rework.dissolve(tx.connection, tx.state, package, tx.by, tx.at_ms))


@command(
    "package-take-out",
    TakeOut,
    TakenOut,
    "Take a child out of its package.",
    path="packages/take-out",
    tag="packages",
    sources=PEOPLE,
    role=PersonRole.OPERATOR,
)
def take_out(tx: Tx, body: TakeOut) -> dict[str, Any]:
    ident = tx.context.line.identification(body.code)
    return dict(rework.take_out(tx.connection, tx.state, ident, tx.by, tx.at_ms))


@command(
    "package-replace",
    ReplaceChild,
    Replaced,
    "A child leaves its package, another takes its place.",
    path="packages/replace",
    tag="packages",
    sources=PEOPLE,
    role=PersonRole.OPERATOR,
)
def replace_child(tx: Tx, body: ReplaceChild) -> dict[str, Any]:
    line = tx.context.line
    old, new = line.identification(body.code), line.identification(body.with_, "with")
    child = rework.child_of_code(tx.connection, new)
    return dict(rework.replace(tx.connection, tx.state, old, child, tx.by, tx.at_ms))


def close(tx: Transaction, at: Read, parent: MarkingCode | None) -> dict[str, Any]:
    """The open package of the station of `at` takes no more children. Raises Conflict, Invalid."""
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
    if closing.close_by_itself(tx, at, package) is None:
        packages.change(tx.connection, package.id, close_requested=1)


def _take_parent(tx: Transaction, at: Read, package: PackageRow, parent: MarkingCode) -> None:
    if package.ident is not None and package.ident != parent.ident:
        raise Conflict("other-parent", f"This package was opened by {package.ident}.")
    group_of = tx.state.plant.product_of_group(parent.gtin)
    fits = (
        (group_of == package.gtin and bool(parent.tail)) if package.level == Level.GROUP else parent.template == "SSCC"
    )
    if not fits:
        wanted = Fact(FieldFact.GROUP_CODE if package.level == Level.GROUP else FieldFact.SSCC)
        raise Invalid("wrong-level", f"The parent of a {package.level} is {wanted}.", [Problem("parent", wanted)])
    if package.ident is None and closing.parent_is_unknown(tx, parent):
        raise Conflict("unknown-code", f"{masked(parent.ident)} is not in the code pool of its product.")
    if package.ident is None and closing.parent_is_used(tx, parent, package.job_id):
        raise Conflict("parent-used", f"{parent.ident} is the parent of another package.")
    closing.close_with(tx, at, package, parent)


# ── when a job ends ─────────────────────────────────────────────────────────────────────────────────────────────────


def settle_open_packages(tx: Tx, choice: str) -> None:
    """What becomes of the running job's open packages: kept, closed or dissolved."""
    tx.state.refresh(tx.connection)
    if choice == OpenPackages.KEEP or tx.state.job is None:
        return
    line, job_id = tx.context.line, tx.state.job.id
    stations = [station for station in line.plant.stations.values() if station.role == Role.PACK]
    at_stations = {station.id: line.intake.command_at(station) for station in stations}
    line.intake.judging.decide(tx.connection, lambda deep: _settle(deep, at_stations, job_id, choice))


def _settle(tx: Transaction, stations: dict[str, Read], job_id: int, choice: str) -> None:
    for package in package_lists.open_of_job(tx.connection, job_id):
        at = stations.get(package.station)
        if choice == OpenPackages.DISSOLVE or not package.holds:
            packages.dissolve(tx.connection, package.id)
        elif at is not None and not package.suspect:
            finish(tx, at, package)
        else:
            packages.change(tx.connection, package.id, close_requested=1)
