"""What a read at a pack station is: a child to pack, a parent, or neither; and why a child may not be packed.

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
from lined.line.stations.desk import Desk
from lined.vocabulary.alarms import AlarmKind
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


class Read(NamedTuple):
    """What was read. `child` is None for what may only be a parent (`reason` empty), or for what may be nothing
    here.
    """

    child: Child | None
    reason: str = ""


def rule_of(plant: Plant, gtin: str, level: str) -> PackageRule | None:
    """How a product is packed at a level; None where it is not."""
    return plant.packing.get(gtin, {}).get(level)


def read_as(desk: Desk, level: str, code: MarkingCode) -> Read:
    """A code at a station that forms packages of `level`."""
    plant = desk.state.plant
    if code.template == "SSCC":
        return _sscc(desk, level, code.ident)
    group_of = plant.product_of_group(code.gtin)
    if group_of is not None:
        return _group(desk, level, code, group_of)
    rule = rule_of(plant, code.gtin, level)
    if rule is not None and rule.child_level != Level.UNIT:
        return Read(None, Reason.WRONG_LEVEL)
    return _unit(desk, code)


def _unit(desk: Desk, code: MarkingCode) -> Read:
    known = packages.packed_code(desk.connection, code.ident)
    if known is None or known.own in GONE:
        return Read(None, Reason.NOT_APPLIED)
    if code.tail and code.tail != known.tail:
        text = f"{code.ident} was applied with another check part: a copied code?"
        desk.alarms.append((AlarmKind.OTHER_CHECK_PART, text))
        return Read(None, Reason.NOT_APPLIED)
    job = desk.job(known.job_id)
    if job is None:
        return Read(None, Reason.NOT_APPLIED)
    return Read(Child(known.id, known.ident, Level.UNIT, job.id, job.gtin, lot_of(job), known.package_id))


def _group(desk: Desk, level: str, code: MarkingCode, product: str) -> Read:
    if level == Level.GROUP:
        return Read(None)
    rule = rule_of(desk.state.plant, product, level)
    if rule is None or rule.child_level != Level.GROUP:
        return Read(None, Reason.WRONG_LEVEL)
    package = packages.by_ident(desk.connection, code.ident)
    own = packages.packed_code(desk.connection, code.ident)
    if package is None or own is None or own.own in GONE:
        return Read(None, Reason.NOT_APPLIED)
    return _package(desk, package)


def _sscc(desk: Desk, level: str, ident: str) -> Read:
    if level == Level.GROUP:
        return Read(None, Reason.WRONG_LEVEL)
    package = packages.by_ident(desk.connection, ident)
    if package is None:
        return Read(None)
    rule = rule_of(desk.state.plant, package.gtin, level)
    if rule is None or rule.child_level != package.level:
        return Read(None)
    return _package(desk, package)


def lot_in(desk: Desk, package: PackageRow) -> str:
    """The lot of a package with children: that of its job as it is now, for a corrected job is the same lot still."""
    job = desk.job(package.job_id)
    return lot_of(job) if job is not None else package.lot


def _package(desk: Desk, package: PackageRow) -> Read:
    if package.state != PackageState.CLOSED or package.own in GONE or package.ident is None:
        return Read(None, Reason.NOT_APPLIED)
    child = Child(
        package.id,
        package.ident,
        package.level,
        package.job_id,
        package.gtin,
        lot_in(desk, package),
        package.package_id,
    )
    return Read(child)
