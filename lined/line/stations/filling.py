"""Packages while they are being filled: opened, filled child by child, and closed where nothing more is needed."""

from __future__ import annotations

from lined.journal.tables import packages, rescans
from lined.journal.tables.packages import PackageRow
from lined.line.plant import PackageRule
from lined.line.stations import closing
from lined.line.stations.children import Child
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, LineFact


def open_package(tx: Transaction, read: Read, rule: PackageRule, child: Child, parent: str | None) -> PackageRow:
    """A new open package for this child."""
    return packages.open_new(
        tx.connection,
        station=read.station.id,
        level=rule.level,
        child_level=rule.child_level,
        capacity=rule.capacity,
        ident=parent,
        job_id=child.job_id,
        gtin=child.gtin,
        lot=child.lot,
        at_ms=read.at_ms,
    )


def put(tx: Transaction, package: PackageRow, child: Child) -> None:
    """The child lies in the package from now on, and has been seen there."""
    if child.unit:
        packages.put_code(tx.connection, package.id, child.id)
    else:
        packages.put_package(tx.connection, package.id, child.id)
    if package.suspect:
        rescans.seen_again(tx.connection, package.id, child.id)


def close_if_full(tx: Transaction, read: Read, package_id: int) -> int:
    """After a child: what closes by itself is closed, unless its content has to be scanned again first.

    Returns the id of a GROUP's code that was applied by it, 0 for none.
    """
    package = packages.get(tx.connection, package_id)
    assert package is not None
    if package.suspect or (package.holds < package.capacity and not package.close_requested):
        return 0
    return closing.close_by_itself(tx, read, package) or 0


def other_level(read: Read, package: PackageRow) -> tuple[str, Fact]:
    """The alarm where the configuration was changed over an open package."""
    return AlarmKind.OPEN_PACKAGE, Fact(LineFact.OTHER_LEVEL_OPEN, station=read.station.id, level=package.level)
