"""Pack stations in frame mode: all codes of a package in one frame, one verdict, all or nothing.

The parent may stand anywhere in the frame; where lined issues SSCCs it may be missing. Until every child and the parent
are found good nothing is written, so a refused frame leaves no trace but its read.
"""

from __future__ import annotations

from lined.codes import MarkingCode
from lined.journal.tables import packages, short_frames
from lined.line.plant import PackageRule
from lined.line.stations import closing, filling
from lined.line.stations.children import Child, read_as, rule_of
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.line.stations.verdicts import Verdict
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.packages import Level
from lined.vocabulary.verdicts import Decision, Reason


def judge(tx: Transaction, read: Read) -> Verdict:
    """The one verdict on a frame: the first reason, in the contract's order, that fits any of its codes."""
    left = packages.open_at(tx.connection, read.station.id)
    if read.reason or left is not None:
        tx.alarms += [filling.other_level(read, left)] if left is not None else []
        return Verdict(read.reason or Reason.CHILD_EXPECTED)
    tx.alarms.append((AlarmKind.OPEN_PACKAGE, None))
    seen = [one.code for one in read.frame or (read,) if one.code is not None]
    codes = list({code.ident: code for code in reversed(seen)}.values())[::-1]  # one label twice: two cameras saw it
    if not codes:
        return Verdict(Reason.MALFORMED)
    children: list[Child] = []
    parents: list[MarkingCode] = []
    reasons: list[str] = []
    for code in codes:
        meant = read_as(tx, read.station.level, code)
        if meant.child is not None:
            children.append(meant.child)
        elif meant.reason:
            reasons.append(meant.reason)
        else:
            parents.append(code)
    if read.station.level == Level.GROUP and any(not parent.tail for parent in parents):
        return Verdict(Reason.MALFORMED)
    rule = rule_of(tx.state.plant, children[0].gtin, read.station.level) if children else None
    if Reason.WRONG_LEVEL in reasons or (children and rule is None):
        return Verdict(Reason.WRONG_LEVEL)
    if any(closing.parent_is_unknown(tx, parent) for parent in parents):
        return Verdict(Reason.UNKNOWN_CODE)
    if reasons:
        return Verdict(reasons[0])
    reason = _against(tx, read, rule, children, parents)
    if reason:
        return Verdict(reason)
    assert rule is not None
    return _pack(tx, read, rule, children, parents[0] if parents else None)


def _against(
    tx: Transaction, read: Read, rule: PackageRule | None, children: list[Child], parents: list[MarkingCode]
) -> str:
    if any(child.inside is not None for child in children):
        return Reason.ALREADY_PACKED
    plant = tx.state.plant
    lots = {(child.gtin, child.lot) for child in children}
    groups = {plant.product_of_group(parent.gtin) for parent in parents if parent.gtin}
    if len(lots) > 1 or (children and groups and groups != {children[0].gtin}):
        return Reason.MIXED_LOT
    job_id = children[0].job_id if children else 0
    if any(closing.parent_is_used(tx, parent, job_id) for parent in parents):
        return Reason.PARENT_USED
    if rule is None or not children:
        return Reason.CHILD_EXPECTED if parents else Reason.PARENT_EXPECTED
    if len(children) > rule.capacity:
        return Reason.OVER_CAPACITY
    if len(parents) > 1:
        return Reason.CHILD_EXPECTED  # one of them should have been a child: a box that was never closed here
    if not parents and not closing.may_issue(tx.state, rule.level):
        return Reason.PARENT_EXPECTED
    short = len(children) < rule.capacity
    return Reason.CHILD_EXPECTED if short and not _may_be_short(tx, read) else ""


def _may_be_short(tx: Transaction, read: Read) -> bool:
    """Whether `packages/close` came for this station: the next frame may hold less than a full package."""
    return short_frames.is_expected(tx.connection, read.station.id)


def _pack(tx: Transaction, read: Read, rule: PackageRule, children: list[Child], parent: MarkingCode | None) -> Verdict:
    package = filling.open_package(tx, read, rule, children[0], None)
    for child in children:
        filling.put(tx, package, child)
    short_frames.has_come(tx.connection, read.station.id)
    package = package._replace(holds=len(children))
    if parent is not None:
        applied = closing.close_with(tx, read, package, parent)
        return Verdict(Decision.ACCEPT, applied, applied)
    issued = closing.close_issued(tx.connection, tx.state, package, read.at_ms)
    tx.alarms.append(closing.left_to_issue(tx.state, issued))
    if issued is None:
        packages.dissolve(tx.connection, package.id)
        return Verdict(Reason.PARENT_EXPECTED)
    return Verdict(Decision.ACCEPT)
