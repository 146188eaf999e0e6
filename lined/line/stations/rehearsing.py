"""Packing in a test job: the verdicts are the usual ones, and nothing of it is kept, reported, issued or announced.

Items of the journal are judged as ever, so that the conveyor can be emptied, and never come into one package with items
of the rehearsal. An SSCC that lined would issue is not issued: what is packed under one cannot be packed any further.
"""

from __future__ import annotations

from lined.codes import MarkingCode
from lined.journal.tables import codes, packages
from lined.line.plant import PackageRule
from lined.line.state import LineState
from lined.line.stations import closing
from lined.line.stations.children import rule_of
from lined.line.stations.desk import Chunk, Desk, Found
from lined.line.stations.rehearsal import Rehearsal, Rehearsed
from lined.line.stations.verdicts import Candidate
from lined.vocabulary.line import JobMode
from lined.vocabulary.packages import Level, PackageState, PackMode
from lined.vocabulary.verdicts import Decision, Reason


def of(state: LineState) -> Rehearsal | None:
    """The rehearsal of the running test job; None where no test job runs."""
    job = state.job
    if job is None or job.mode != JobMode.TEST:
        return None
    if state.rehearsal is None or state.rehearsal.job_id != job.id:
        state.rehearsal = Rehearsal(job.id)
    return state.rehearsal


def applied(state: LineState, ident: str) -> None:
    """A test job accepted this code at a station that applies."""
    rehearsal = of(state)
    if rehearsal is not None and ident not in rehearsal.levels:
        rehearsal.made(ident, Level.UNIT)


def judge(desk: Desk, chunk: Chunk, candidate: Candidate) -> Found | None:
    """The verdict on a read at a pack station that belongs to the rehearsal; None: it does not, judge it as ever."""
    rehearsal = of(desk.state)
    if rehearsal is None or candidate.reason:
        return None
    assert desk.state.job is not None
    rule = rule_of(desk.state.plant, desk.state.job.gtin, chunk.station.level)
    if rule is None:
        return None
    if chunk.station.mode == PackMode.FRAME:
        word = _frame(desk, chunk, rehearsal, rule, candidate)
    else:
        word = _single(desk, chunk, rehearsal, rule, candidate.code) if candidate.code else None
    return None if word is None else Found(word)


def close(desk: Desk, chunk: Chunk) -> dict[str, object] | None:
    """`packages/close` for a station with something of the rehearsal; None: there is nothing of it."""
    rehearsal, station = of(desk.state), chunk.station
    if rehearsal is None or packages.open_at(desk.connection, station.id) is not None:
        return None
    if station.mode == PackMode.FRAME:
        rehearsal.short.add(station.id)
        return {"station": station.id, "parent": None, "count": 0, "state": "short-frame-expected"}
    package = rehearsal.open.get(station.id)
    if package is None:
        return None
    parent, count = package.parent, len(package.children)
    if parent is not None or not count or closing.may_issue(desk.state, station.level):
        _close(rehearsal, chunk, parent if count else None)
        return {
            "station": station.id,
            "parent": parent,
            "count": count,
            "state": PackageState.CLOSED if count else PackageState.DISSOLVED,
        }
    package.closing = True
    return {"station": station.id, "parent": None, "count": count, "state": PackageState.OPEN}


# ── one code a read ─────────────────────────────────────────────────────────────────────────────────────────────────


def _single(desk: Desk, chunk: Chunk, rehearsal: Rehearsal, rule: PackageRule, code: MarkingCode) -> str | None:
    level = rehearsal.levels.get(code.ident)
    package = rehearsal.open.get(chunk.station.id)
    if level == rule.child_level:
        return _child(desk, chunk, rehearsal, rule, code.ident)
    if level is not None:
        waits = package is not None and _is_full(package, rule) and level == rule.level
        return Reason.PARENT_USED if waits else Reason.WRONG_LEVEL
    if package is not None and package.parent == code.ident:
        return Reason.PARENT_USED
    if _is_real(desk, code):
        return None if package is None else Reason.MIXED_LOT
    if not _may_be_parent(desk, rule.level, code):
        return None
    return _parent(desk, chunk, rehearsal, rule, code)


def _child(desk: Desk, chunk: Chunk, rehearsal: Rehearsal, rule: PackageRule, ident: str) -> str:
    station = chunk.station
    package = rehearsal.open.get(station.id)
    if ident in rehearsal.packed:
        last = package.children.get(ident) if package is not None else None
        if package is None or last is None or abs(chunk.at_ms - last) > station.repeat_ms.get(chunk.device, -1):
            return Reason.ALREADY_PACKED
        package.children[ident] = chunk.at_ms
        return Decision.REPEAT
    if packages.open_at(desk.connection, station.id) is not None:
        return Reason.MIXED_LOT
    if package is None and station.mode == PackMode.PARENT_FIRST:
        return Reason.PARENT_EXPECTED
    package = package or rehearsal.open.setdefault(station.id, Rehearsed())
    if package.closing or len(package.children) >= rule.capacity:
        return Reason.PARENT_EXPECTED if package.closing else Reason.OVER_CAPACITY
    package.children[ident] = chunk.at_ms
    rehearsal.packed[ident] = None
    full = len(package.children) >= rule.capacity
    if full and (package.parent is not None or closing.may_issue(desk.state, rule.level)):
        _close(rehearsal, chunk, package.parent)
    return Decision.ACCEPT


def _parent(desk: Desk, chunk: Chunk, rehearsal: Rehearsal, rule: PackageRule, code: MarkingCode) -> str | None:
    package = rehearsal.open.get(chunk.station.id)
    if package is None and packages.open_at(desk.connection, chunk.station.id) is not None:
        return None
    reason = _against_parent(desk, rehearsal, rule, code)
    if reason:
        return reason
    if package is None and chunk.station.mode == PackMode.PARENT_FIRST:
        rehearsal.open[chunk.station.id] = Rehearsed(code.ident)
        return Decision.ACCEPT
    if package is None or package.parent is not None or not _is_full(package, rule):
        return Reason.CHILD_EXPECTED
    _close(rehearsal, chunk, code.ident)
    return Decision.ACCEPT


def _close(rehearsal: Rehearsal, chunk: Chunk, parent: str | None) -> None:
    rehearsal.open.pop(chunk.station.id, None)
    if parent is not None:
        rehearsal.made(parent, chunk.station.level)


def _is_full(package: Rehearsed, rule: PackageRule) -> bool:
    return package.closing or len(package.children) >= rule.capacity


# ── all codes in one frame ──────────────────────────────────────────────────────────────────────────────────────────


def _frame(desk: Desk, chunk: Chunk, rehearsal: Rehearsal, rule: PackageRule, candidate: Candidate) -> str | None:
    found = [one.code for one in candidate.frame or (candidate,) if one.code is not None]
    levels = [rehearsal.levels.get(code.ident) for code in found]
    if not any(levels):
        return None
    if len({code.ident for code in found}) != len(found):
        return Reason.MALFORMED
    children = [code.ident for code, level in zip(found, levels, strict=True) if level == rule.child_level]
    parents = [code for code, level in zip(found, levels, strict=True) if level != rule.child_level]
    wrong = next((reason for code in parents if (reason := _against_parent(desk, rehearsal, rule, code))), "")
    reason = wrong or _against_frame(desk, chunk, rehearsal, rule, children, parents)
    if reason:
        return reason
    rehearsal.short.discard(chunk.station.id)
    rehearsal.packed.update(dict.fromkeys(children))
    if parents:
        rehearsal.made(parents[0].ident, rule.level)
    return Decision.ACCEPT


def _against_frame(
    desk: Desk,
    chunk: Chunk,
    rehearsal: Rehearsal,
    rule: PackageRule,
    children: list[str],
    parents: list[MarkingCode],
) -> str:
    if any(child in rehearsal.packed for child in children):
        return Reason.ALREADY_PACKED
    if any(_is_real(desk, code) for code in parents):
        return Reason.MIXED_LOT
    if any(code.ident in rehearsal.levels for code in parents):
        return Reason.PARENT_USED
    if len(children) > rule.capacity:
        return Reason.OVER_CAPACITY
    if not parents and not closing.may_issue(desk.state, rule.level):
        return Reason.PARENT_EXPECTED
    short = len(children) < rule.capacity and chunk.station.id not in rehearsal.short
    return Reason.CHILD_EXPECTED if len(parents) > 1 or not children or short else ""


# ── what a code may be ──────────────────────────────────────────────────────────────────────────────────────────────


def _may_be_parent(desk: Desk, level: str, code: MarkingCode) -> bool:
    if level == Level.GROUP:
        return desk.state.plant.product_of_group(code.gtin) is not None
    return code.template == "SSCC"


def _against_parent(desk: Desk, rehearsal: Rehearsal, rule: PackageRule, code: MarkingCode) -> str:
    """Why what is no child here can be no parent either, whether or not it is used already."""
    level = rehearsal.levels.get(code.ident)
    if level is not None:
        return "" if level == rule.level else Reason.WRONG_LEVEL
    if not _may_be_parent(desk, rule.level, code):
        return Reason.MIXED_LOT if _is_real(desk, code) else Reason.NOT_APPLIED
    if rule.level != Level.GROUP:
        return ""
    if not code.tail:
        return Reason.MALFORMED
    if desk.pooling.refuses(code):
        return Reason.UNKNOWN_CODE
    return "" if code.gtin == rule.gtin else Reason.MIXED_LOT


def _is_real(desk: Desk, code: MarkingCode) -> bool:
    """Whether the journal knows it, as an item or a package."""
    if packages.by_ident(desk.connection, code.ident) is not None:
        return True
    return bool(codes.find(desk.connection, [code.ident]))
