"""The meaning of a read at a pack station: a child to pack, a parent, or neither; and why a child may not be packed.

Levels: UNIT is a code of a product, GROUP one with the GTIN of a product's group, an SSCC names a box or a pallet. An
SSCC that is a closed package of the level packed here is a child; any other may only be a parent.
"""

from __future__ import annotations

from typing import NamedTuple

from lined.codes import MarkingCode
from lined.journal.tables import packages
from lined.journal.tables.packages import PackageRow
from lined.line.plant import PackageRule, Plant
from lined.line.state import lot_of
from lined.line.stations.applying import other_check_part
from lined.line.stations.transaction import Transaction
from lined.vocabulary.codes import CodeState
from lined.vocabulary.packages import Level, PackageState
from lined.vocabulary.verdicts import Reason

# An item that left, or whose code the regulator will never know as applied.
GONE = frozenset({CodeState.WITHDRAWN, CodeState.REFUSED})


class Child(NamedTuple):
    """Something that may be packed. `id`: of its row in `code` (a unit) or in `package`; `inside`: where it lies
    now.
    """

    id: int
    ident: str
    level: str
    job_id: int
    gtin: str
    lot: str
    inside: int | None

    @property
    def unit(self) -> bool:
        return self.level == Level.UNIT


class Meant(NamedTuple):
    """What a code may be here. `child` is None for what may only be a parent (`reason` empty), or nothing here."""

    child: Child | None
    reason: str = ""


def rule_of(plant: Plant, gtin: str, level: str) -> PackageRule | None:
    """How a product is packed at a level; None where it is not."""
    return plant.packing.get(gtin, {}).get(level)


def read_as(tx: Transaction, level: str, code: MarkingCode) -> Meant:
    """A code at a station that forms packages of `level`."""
    plant = tx.state.plant
    if code.template == "SSCC":
        return _sscc(tx, level, code.ident)
    group_of = plant.product_of_group(code.gtin)
    if group_of is not None:
        return _group(tx, level, code, group_of)
    rule = rule_of(plant, code.gtin, level)
    if rule is not None and rule.child_level != Level.UNIT:
        return Meant(None, Reason.WRONG_LEVEL)
    return _unit(tx, code)


def _unit(tx: Transaction, code: MarkingCode) -> Meant:
    known = packages.packed_code(tx.connection, code.ident)
    if known is None or known.own in GONE:
        return Meant(None, Reason.NOT_APPLIED)
    if code.tail and code.tail != known.tail:
        other_check_part(tx, code)
        return Meant(None, Reason.NOT_APPLIED)
    job = tx.job_of(known.job_id)
    if job is None:
        return Meant(None, Reason.NOT_APPLIED)
    return Meant(Child(known.id, known.ident, Level.UNIT, job.id, job.gtin, lot_of(job), known.package_id))


def _group(tx: Transaction, level: str, code: MarkingCode, product: str) -> Meant:
    if level == Level.GROUP:
        return Meant(None)
    rule = rule_of(tx.state.plant, product, level)
    if rule is None or rule.child_level != Level.GROUP:
        return Meant(None, Reason.WRONG_LEVEL)
    package = packages.by_ident(tx.connection, code.ident)
    own = packages.packed_code(tx.connection, code.ident)
    if package is None or own is None or own.own in GONE:
        return Meant(None, Reason.NOT_APPLIED)
    return _package(tx, package)


def _sscc(tx: Transaction, level: str, ident: str) -> Meant:
    if level == Level.GROUP:
        return Meant(None, Reason.WRONG_LEVEL)
    package = packages.by_ident(tx.connection, ident)
    if package is None:
        return Meant(None)
    rule = rule_of(tx.state.plant, package.gtin, level)
    if rule is None or rule.child_level != package.level:
        return Meant(None)
    return _package(tx, package)


def lot_in(tx: Transaction, package: PackageRow) -> str:
    """The lot of a package with children: that of its job as it is now, for a corrected job is the same lot still."""
    job = tx.job_of(package.job_id)
    return lot_of(job) if job is not None else package.lot


def _package(tx: Transaction, package: PackageRow) -> Meant:
    if package.state != PackageState.CLOSED or package.own in GONE or package.ident is None:
        return Meant(None, Reason.NOT_APPLIED)
    child = Child(
        package.id,
        package.ident,
        package.level,
        package.job_id,
        package.gtin,
        lot_in(tx, package),
        package.package_id,
    )
    return Meant(child)
