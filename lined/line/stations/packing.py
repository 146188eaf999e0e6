"""The verdicts of pack stations, decided inside the writer's transaction (docs/contract.md, Verdicts).

    children-then-parent   capacity children, then a parent closes; or lined issues an SSCC with the last child
    parent-then-children   a parent opens, the last child closes
    frame                  all at once: see `framing`

The open package is a row: nothing of it lives in memory, so a crash between any two reads leaves what was acknowledged.
"""

from __future__ import annotations

from typing import Any

from lined.codes import MarkingCode
from lined.journal.tables import packages, reads, rescans
from lined.journal.tables.packages import PackageRow
from lined.line.plant import PackageRule
from lined.line.state import RECENT_MAX
from lined.line.stations import closing, filling, framing
from lined.line.stations.children import Child, lot_in, read_as, rule_of
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.line.stations.verdicts import Verdict
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.packages import Level, PackMode
from lined.vocabulary.verdicts import Decision, Reason


def judge(tx: Transaction, read: Read) -> Verdict:
    """One read at a pack station, or one frame where it takes frames."""
    return framing.judge(tx, read) if read.station.mode == PackMode.FRAME else _single(tx, read)


def _single(tx: Transaction, read: Read) -> Verdict:
    if read.reason:
        return Verdict(read.reason)
    code = read.code
    if code is None:
        return Verdict(Reason.MALFORMED)
    package = packages.open_at(tx.connection, read.station.id)
    if package is not None and package.level != read.station.level:
        tx.alarms.append(filling.other_level(read, package))
        return Verdict(Reason.WRONG_LEVEL)
    tx.alarms.append((AlarmKind.OPEN_PACKAGE, None))
    meant = read_as(tx, read.station.level, code)
    if meant.reason:
        return Verdict(meant.reason)
    if meant.child is None:
        return _parent(tx, read, package, code)
    if meant.child.inside is not None:
        return _packed_already(tx, read, package, meant.child)
    return _child(tx, read, package, meant.child)


# ── children ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _child(tx: Transaction, read: Read, package: PackageRow | None, child: Child) -> Verdict:
    rule = rule_of(tx.state.plant, child.gtin, read.station.level)
    if rule is None:
        return Verdict(Reason.WRONG_LEVEL)
    reason = _against_child(tx, read, package, child)
    if reason:
        return Verdict(reason)
    if package is None:
        package = filling.open_package(tx, read, rule, child, None)
    elif not package.lot:
        package = _take_on(tx, package, rule, child)
    filling.put(tx, package, child)
    tx.remember(read, child.ident)
    applied = filling.close_if_full(tx, read, package.id)
    return Verdict(Decision.ACCEPT, applied, applied)


def _against_child(tx: Transaction, read: Read, package: PackageRow | None, child: Child) -> str:
    if package is None:
        return Reason.PARENT_EXPECTED if read.station.mode == PackMode.PARENT_FIRST else ""
    if package.lot and (child.gtin, child.lot) != (package.gtin, lot_in(tx, package)):
        return Reason.MIXED_LOT
    if package.gtin and child.gtin != package.gtin:
        return Reason.MIXED_LOT
    if package.lot and package.holds >= package.capacity:
        return Reason.OVER_CAPACITY
    return Reason.PARENT_EXPECTED if package.close_requested else ""


def _packed_already(tx: Transaction, read: Read, package: PackageRow | None, child: Child) -> Verdict:
    """A child of the package still open, seen again: a repeat, or the second look at a suspect package's content."""
    if package is None or child.inside != package.id:
        return Verdict(Reason.ALREADY_PACKED)
    if package.suspect:
        rescans.seen_again(tx.connection, package.id, child.id)
        applied = filling.close_if_full(tx, read, package.id)
        return Verdict(Decision.REPEAT, applied, applied)
    span_ms = read.station.repeat_ms.get(read.device, 0)
    if not span_ms:
        return Verdict(Reason.ALREADY_PACKED)
    last = tx.last_seen(read, child.ident)
    if last is None:  # after a restart, or a command's refusal
        last = reads.last_accepted(tx.connection, read.device_no, read.raw, RECENT_MAX)
    if last is not None and abs(read.at_ms - last) <= span_ms:
        tx.remember(read, child.ident)
        return Verdict(Decision.REPEAT)
    return Verdict(Reason.ALREADY_PACKED)


def _take_on(tx: Transaction, package: PackageRow, rule: PackageRule, child: Child) -> PackageRow:
    """A package opened by its parent becomes one of its first child's product and lot."""
    settled: dict[str, Any] = {
        "job_id": child.job_id,
        "gtin": child.gtin,
        "lot": child.lot,
        "child_level": rule.child_level,
        "capacity": rule.capacity,
    }
    packages.change(tx.connection, package.id, **settled)
    return package._replace(**settled)


# ── parents ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _parent(tx: Transaction, read: Read, package: PackageRow | None, code: MarkingCode) -> Verdict:
    level = read.station.level
    if level == Level.GROUP and not code.tail:
        return Verdict(Reason.MALFORMED)  # its own full code will be applied
    if level == Level.GROUP and closing.parent_is_unknown(tx, code):
        return Verdict(Reason.UNKNOWN_CODE)
    if read.station.mode == PackMode.PARENT_FIRST and (package is None or package.ident is not None):
        return _opening(tx, read, package, code)
    if package is None or not package.holds or not (package.holds >= package.capacity or package.close_requested):
        known = packages.by_ident(tx.connection, code.ident) is not None
        return Verdict(Reason.WRONG_LEVEL if known else Reason.CHILD_EXPECTED)
    if level == Level.GROUP and tx.state.plant.product_of_group(code.gtin) != package.gtin:
        return Verdict(Reason.MIXED_LOT)
    if closing.parent_is_used(tx, code, package.job_id):
        return Verdict(Reason.PARENT_USED)
    if package.suspect:
        return Verdict(Reason.CHILD_EXPECTED)
    applied = closing.close_with(tx, read, package, code)
    return Verdict(Decision.ACCEPT, applied, applied)


def _opening(tx: Transaction, read: Read, package: PackageRow | None, code: MarkingCode) -> Verdict:
    """Parent-then-children: the parent opens the package; product and lot are those of its first child."""
    running = tx.job
    if closing.parent_is_used(tx, code, running.id if running is not None else 0):
        return Verdict(Reason.PARENT_USED)
    if package is not None:
        return Verdict(Reason.CHILD_EXPECTED)
    packages.open_new(
        tx.connection,
        station=read.station.id,
        level=read.station.level,
        child_level="",
        capacity=0,
        ident=code.ident,
        tail=code.tail,
        job_id=0,
        gtin=tx.state.plant.product_of_group(code.gtin) or "",
        lot="",
        at_ms=read.at_ms,
    )
    return Verdict(Decision.ACCEPT)
