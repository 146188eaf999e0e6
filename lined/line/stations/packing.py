"""The verdicts of pack stations, decided inside the writer's transaction (docs/contract.md, Verdicts).

    children-then-parent   capacity children, then a parent closes; or lined issues an SSCC with the last child
    parent-then-children   a parent opens, the last child closes
    frame                  all at once: see `framing`

The open package is a row: nothing of it lives in memory, so a crash between any two reads leaves what was acknowledged.
"""

from __future__ import annotations

from typing import Any

from lined.codes import MarkingCode
from lined.journal.tables import packages
from lined.journal.tables.packages import PackageRow
from lined.line.plant import PackageRule
from lined.line.state import RECENT_MAX
from lined.line.stations import closing
from lined.line.stations.children import Child, lot_in, read_as, rule_of
from lined.line.stations.desk import Chunk, Desk, Found
from lined.line.stations.verdicts import Candidate
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.packages import Level, PackMode
from lined.vocabulary.verdicts import Decision, Reason


def judge(desk: Desk, chunk: Chunk, candidate: Candidate) -> Found:
    """One read at a pack station that does not take whole frames."""
    if candidate.reason:
        return Found(candidate.reason)
    code = candidate.code
    if code is None:
        return Found(Reason.MALFORMED)
    package = packages.open_at(desk.connection, chunk.station.id)
    if package is not None and package.level != chunk.station.level:
        desk.alarms.append(other_level(chunk, package))
        return Found(Reason.WRONG_LEVEL)
    desk.alarms.append((AlarmKind.OPEN_PACKAGE, ""))
    read = read_as(desk, chunk.station.level, code)
    if read.reason:
        return Found(read.reason)
    if read.child is None:
        return _parent(desk, chunk, package, code)
    if read.child.inside is not None:
        return _packed_already(desk, chunk, package, read.child, candidate.raw)
    return _child(desk, chunk, package, read.child)


# ── children ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _child(desk: Desk, chunk: Chunk, package: PackageRow | None, child: Child) -> Found:
    rule = rule_of(desk.state.plant, child.gtin, chunk.station.level)
    if rule is None:
        return Found(Reason.WRONG_LEVEL)
    reason = _against_child(desk, chunk, package, child)
    if reason:
        return Found(reason)
    if package is None:
        package = open_package(desk, chunk, rule, child, None)
    elif not package.lot:
        package = _take_on(desk, package, rule, child)
    put(desk, package, child)
    _remember(desk, chunk, child.ident)
    applied = close_if_full(desk, chunk, package.id)
    return Found(Decision.ACCEPT, applied, applied)


def _against_child(desk: Desk, chunk: Chunk, package: PackageRow | None, child: Child) -> str:
    if package is None:
        return Reason.PARENT_EXPECTED if chunk.station.mode == PackMode.PARENT_FIRST else ""
    if package.lot and (child.gtin, child.lot) != (package.gtin, lot_in(desk, package)):
        return Reason.MIXED_LOT
    if package.gtin and child.gtin != package.gtin:
        return Reason.MIXED_LOT
    if package.lot and package.holds >= package.capacity:
        return Reason.OVER_CAPACITY
    return Reason.PARENT_EXPECTED if package.close_requested else ""


def _packed_already(desk: Desk, chunk: Chunk, package: PackageRow | None, child: Child, raw: bytes) -> Found:
    """A child of the package still open, seen again: a repeat, or the second look at a suspect package's content."""
    if package is None or child.inside != package.id:
        return Found(Reason.ALREADY_PACKED)
    if package.suspect:
        packages.seen_again(desk.connection, package, child.id)
        applied = close_if_full(desk, chunk, package.id)
        return Found(Decision.REPEAT, applied, applied)
    span_ms = chunk.station.repeat_ms.get(chunk.device, 0)
    if not span_ms:
        return Found(Reason.ALREADY_PACKED)
    last = desk.state.recent.get(chunk.device_no, {}).get(child.ident) or _last_read(desk, chunk, raw)
    if last is not None and abs(chunk.at_ms - last) <= span_ms:
        _remember(desk, chunk, child.ident)
        return Found(Decision.REPEAT)
    return Found(Reason.ALREADY_PACKED)


def _last_read(desk: Desk, chunk: Chunk, raw: bytes) -> int | None:
    """When the device last had this accepted, where memory does not know: after a restart, or a command's refusal."""
    row = desk.connection.execute(
        "SELECT max(at_ms) FROM read WHERE id > (SELECT max(id) FROM read) - ? AND device_no = ? AND verdict IN (?, ?) "
        "AND raw = ?",
        (RECENT_MAX, chunk.device_no, Decision.ACCEPT, Decision.REPEAT, raw),
    ).fetchone()
    return None if row[0] is None else int(row[0])


def _remember(desk: Desk, chunk: Chunk, ident: str) -> None:
    if not chunk.station.repeat_ms.get(chunk.device):
        return
    recent = desk.state.recent.setdefault(chunk.device_no, {})
    recent.pop(ident, None)
    recent[ident] = chunk.at_ms
    if len(recent) > RECENT_MAX:
        del recent[next(iter(recent))]


def open_package(desk: Desk, chunk: Chunk, rule: PackageRule, child: Child, parent: str | None) -> PackageRow:
    """A new open package for this child."""
    return packages.open_new(
        desk.connection,
        station=chunk.station.id,
        level=rule.level,
        child_level=rule.child_level,
        capacity=rule.capacity,
        ident=parent,
        job_id=child.job_id,
        gtin=child.gtin,
        lot=child.lot,
        at_ms=chunk.at_ms,
    )


def _take_on(desk: Desk, package: PackageRow, rule: PackageRule, child: Child) -> PackageRow:
    """A package opened by its parent becomes one of its first child's product and lot."""
    settled: dict[str, Any] = {
        "job_id": child.job_id,
        "gtin": child.gtin,
        "lot": child.lot,
        "child_level": rule.child_level,
        "capacity": rule.capacity,
    }
    packages.change(desk.connection, package.id, **settled)
    return package._replace(**settled)


def put(desk: Desk, package: PackageRow, child: Child) -> None:
    """The child lies in the package from now on, and has been seen there."""
    if child.unit:
        packages.put_code(desk.connection, package.id, child.id)
    else:
        packages.put_package(desk.connection, package.id, child.id)
    if package.suspect:
        packages.seen_again(desk.connection, package, child.id)


def close_if_full(desk: Desk, chunk: Chunk, package_id: int) -> int:
    """After a child: what closes by itself is closed, unless its content has to be scanned again first.

    Returns the id of a GROUP's code that was applied by it, 0 for none.
    """
    package = packages.get(desk.connection, package_id)
    assert package is not None
    if package.suspect or (package.holds < package.capacity and not package.close_requested):
        return 0
    if package.ident is not None:
        gtin = package.ident[2:16] if package.level == Level.GROUP else ""
        return closing.close_with(desk, chunk, package, MarkingCode("", package.ident, package.tail, gtin, 0))
    if closing.may_issue(desk.state, package.level):
        issued = closing.close_issued(desk.connection, desk.state, package, chunk.at_ms)
        desk.alarms.append(closing.left_to_issue(desk.state, issued))
    return 0


# ── parents ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _parent(desk: Desk, chunk: Chunk, package: PackageRow | None, code: MarkingCode) -> Found:
    level = chunk.station.level
    if level == Level.GROUP and not code.tail:
        return Found(Reason.MALFORMED)  # its own full code will be applied
    if level == Level.GROUP and closing.parent_is_unknown(desk, code):
        return Found(Reason.UNKNOWN_CODE)
    if chunk.station.mode == PackMode.PARENT_FIRST and (package is None or package.ident is not None):
        return _opening(desk, chunk, package, code)
    if package is None or not package.holds or not (package.holds >= package.capacity or package.close_requested):
        known = packages.by_ident(desk.connection, code.ident) is not None
        return Found(Reason.WRONG_LEVEL if known else Reason.CHILD_EXPECTED)
    if level == Level.GROUP and desk.state.plant.product_of_group(code.gtin) != package.gtin:
        return Found(Reason.MIXED_LOT)
    if closing.parent_is_used(desk, code, package.job_id):
        return Found(Reason.PARENT_USED)
    if package.suspect:
        return Found(Reason.CHILD_EXPECTED)
    applied = closing.close_with(desk, chunk, package, code)
    return Found(Decision.ACCEPT, applied, applied)


def _opening(desk: Desk, chunk: Chunk, package: PackageRow | None, code: MarkingCode) -> Found:
    """Parent-then-children: the parent opens the package; product and lot are those of its first child."""
    running = desk.state.job
    if closing.parent_is_used(desk, code, running.id if running is not None else 0):
        return Found(Reason.PARENT_USED)
    if package is not None:
        return Found(Reason.CHILD_EXPECTED)
    packages.open_new(
        desk.connection,
        station=chunk.station.id,
        level=chunk.station.level,
        child_level="",
        capacity=0,
        ident=code.ident,
        tail=code.tail,
        job_id=0,
        gtin=desk.state.plant.product_of_group(code.gtin) or "",
        lot="",
        at_ms=chunk.at_ms,
    )
    return Found(Decision.ACCEPT)


def other_level(chunk: Chunk, package: PackageRow) -> tuple[str, str]:
    """The alarm where the configuration was changed over an open package."""
    text = (
        f"Station {chunk.station.id} still has an open {package.level} from before its configuration was changed: "
        "close or dissolve it."
    )
    return AlarmKind.OPEN_PACKAGE, text
