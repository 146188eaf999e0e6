"""Pack stations in frame mode: all codes of a package in one frame, one verdict, all or nothing.

The parent may stand anywhere in the frame; where lined issues SSCCs it may be missing. Until every child and the parent
are found good nothing is written, so a refused frame leaves no trace but its read.
"""

from __future__ import annotations

from lined.codes import MarkingCode
from lined.journal.tables import packages
from lined.line.plant import PackageRule
from lined.line.stations import closing, packing
from lined.line.stations.children import Child, read_as, rule_of
from lined.line.stations.desk import Chunk, Desk, Found
from lined.line.stations.verdicts import Candidate
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.packages import Level
from lined.vocabulary.verdicts import Decision, Reason


def judge(desk: Desk, chunk: Chunk, candidate: Candidate) -> Found:
    """The one verdict on a frame: the first reason, in the contract's order, that fits any of its codes."""
    left = packages.open_at(desk.connection, chunk.station.id)
    if candidate.reason or left is not None:
        desk.alarms += [packing.other_level(chunk, left)] if left is not None else []
        return Found(candidate.reason or Reason.CHILD_EXPECTED)
    desk.alarms.append((AlarmKind.OPEN_PACKAGE, ""))
    codes = [one.code for one in candidate.frame or (candidate,) if one.code is not None]
    if not codes or len({code.ident for code in codes}) != len(codes):
        return Found(Reason.MALFORMED)  # a frame that does not fit: the same code twice
    children: list[Child] = []
    parents: list[MarkingCode] = []
    reasons: list[str] = []
    for code in codes:
        read = read_as(desk, chunk.station.level, code)
        if read.child is not None:
            children.append(read.child)
        elif read.reason:
            reasons.append(read.reason)
        else:
            parents.append(code)
    if chunk.station.level == Level.GROUP and any(not parent.tail for parent in parents):
        return Found(Reason.MALFORMED)
    rule = rule_of(desk.state.plant, children[0].gtin, chunk.station.level) if children else None
    if Reason.WRONG_LEVEL in reasons or (children and rule is None):
        return Found(Reason.WRONG_LEVEL)
    if any(closing.parent_is_unknown(desk, parent) for parent in parents):
        return Found(Reason.UNKNOWN_CODE)
    if reasons:
        return Found(reasons[0])
    reason = _against(desk, chunk, rule, children, parents)
    if reason:
        return Found(reason)
    assert rule is not None
    return _pack(desk, chunk, rule, children, parents[0] if parents else None)


def _against(
    desk: Desk, chunk: Chunk, rule: PackageRule | None, children: list[Child], parents: list[MarkingCode]
) -> str:
    if any(child.inside is not None for child in children):
        return Reason.ALREADY_PACKED
    plant = desk.state.plant
    lots = {(child.gtin, child.lot) for child in children}
    groups = {plant.product_of_group(parent.gtin) for parent in parents if parent.gtin}
    if len(lots) > 1 or (children and groups and groups != {children[0].gtin}):
        return Reason.MIXED_LOT
    job_id = children[0].job_id if children else 0
    if any(closing.parent_is_used(desk, parent, job_id) for parent in parents):
        return Reason.PARENT_USED
    if rule is None or not children:
        return Reason.CHILD_EXPECTED if parents else Reason.PARENT_EXPECTED
    if len(children) > rule.capacity:
        return Reason.OVER_CAPACITY
    if len(parents) > 1:
        return Reason.CHILD_EXPECTED  # one of them should have been a child: a box that was never closed here
    if not parents and not closing.may_issue(desk.state, rule.level):
        return Reason.PARENT_EXPECTED
    short = len(children) < rule.capacity
    return Reason.CHILD_EXPECTED if short and not _may_be_short(desk, chunk) else ""


def _may_be_short(desk: Desk, chunk: Chunk) -> bool:
    """Whether `packages/close` came for this station: the next frame may hold less than a full package."""
    key = f"short-frame:{chunk.station.id}"
    return desk.connection.execute("SELECT 1 FROM meta WHERE key = ?", (key,)).fetchone() is not None


def _pack(desk: Desk, chunk: Chunk, rule: PackageRule, children: list[Child], parent: MarkingCode | None) -> Found:
    package = packing.open_package(desk, chunk, rule, children[0], None)
    for child in children:
        packing.put(desk, package, child)
    desk.connection.execute("DELETE FROM meta WHERE key = ?", (f"short-frame:{chunk.station.id}",))
    package = package._replace(holds=len(children))
    if parent is not None:
        applied = closing.close_with(desk, chunk, package, parent)
        return Found(Decision.ACCEPT, applied, applied)
    issued = closing.close_issued(desk.connection, desk.state, package, chunk.at_ms)
    desk.alarms.append(closing.left_to_issue(desk.state, issued))
    if issued is None:
        packages.dissolve(desk.connection, package.id)
        return Found(Reason.PARENT_EXPECTED)
    return Found(Decision.ACCEPT)
