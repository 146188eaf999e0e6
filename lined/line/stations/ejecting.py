"""Items that leave the line after they were accepted: confirmed by the PLC, or seen by a reader at the reject bin.

Withdrawn is only an item that was accepted earlier and ejected later. What cannot have been the good item changes no
code:
the reject of a duplicate, of a code packed already, of one that was never applied. What is reported already becomes a
task.
"""

from __future__ import annotations

from lined.codes import MarkingCode
from lined.journal.database import Connection
from lined.journal.tables import codes, grades, packages, reports, tasks
from lined.line.state import LineState
from lined.line.stations import rework
from lined.line.stations.desk import Chunk, Desk, Found
from lined.line.stations.verdicts import Candidate
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeEvent, CodeState, Withdrawal
from lined.vocabulary.errors import CommandError
from lined.vocabulary.tasks import TaskKind
from lined.vocabulary.verdicts import Decision, Reason

NOT_THE_GOOD_ITEM = frozenset(
    {
        Reason.UNKNOWN_CODE,
        Reason.DUPLICATE,
        Reason.ALREADY_PACKED,
        Reason.PARENT_USED,
        Reason.NOT_APPLIED,
        Reason.MALFORMED,
        Reason.NO_READ,
        Reason.NOT_DURABLE,
        Reason.DEFECT,
    }
)


def eject(connection: Connection, state: LineState, ident: str, why: str, by: str, at_ms: int) -> str:
    """The good item of this code left the line. Returns what became of the code: `withdrawn`, `task`, or `none` where
    it is not applied now.
    """
    code = codes.find(connection, [ident]).get(ident)
    if code is None or code.own in {CodeState.WITHDRAWN, CodeState.REFUSED}:
        return "none"
    grades.take_out(connection, ident)
    packed = packages.packed_code(connection, ident)
    if packed is not None and packed.package_id is not None:
        try:
            rework.take_out(connection, state, ident, by, at_ms)
        except CommandError as refusal:
            why = f"{why}; it still lies in its package: {refusal}"
    report = reports.current_report(connection, code.batch_id)
    frozen = report is not None and report.frozen_ms is not None
    if codes.bucket_of(connection, code) == CodeState.UNREPORTED and not frozen:
        codes.set_own(connection, code, CodeState.WITHDRAWN, at_ms, detail=Withdrawal.OTHER, by=by)
        rework.without_its_code(connection, state, ident, by, at_ms)
        return CodeState.WITHDRAWN
    codes.record(connection, code.id, at_ms, CodeEvent.EJECTED, why, by=by)
    tasks.add(
        connection,
        TaskKind.EJECTED_REPORTED,
        at_ms,
        ident=ident,
        reason=why,
        report_id=report.id if report is not None else None,
    )
    return "task"


def at_reject_bin(desk: Desk, chunk: Chunk, candidate: Candidate) -> Found:
    """A reader at the reject bin: the item is out. Whether it was the good one says the code's last verdict."""
    code = candidate.code
    if candidate.reason or code is None:
        return Found(candidate.reason or Reason.MALFORMED)
    known = codes.find(desk.connection, [code.ident]).get(code.ident)
    if known is None:
        return Found(Decision.ACCEPT)
    if (code.tail and code.tail != known.tail) or _last_verdict(desk.connection, known.id) in NOT_THE_GOOD_ITEM:
        return Found(Decision.ACCEPT)
    eject(desk.connection, desk.state, code.ident, f"seen at {chunk.station.id}", chunk.device, chunk.at_ms)
    _know_again(desk, code)
    return Found(Decision.ACCEPT)


def at_rework(desk: Desk, chunk: Chunk, candidate: Candidate) -> Found:
    """A reader at the rework bench: a parent's code dissolves its package, a child's takes it out of its own."""
    code = candidate.code
    if candidate.reason or code is None:
        return Found(candidate.reason or Reason.MALFORMED)
    connection, state = desk.connection, desk.state
    package = packages.by_ident(connection, code.ident)
    try:
        if package is not None and package.package_id is None:
            rework.dissolve(connection, state, package, chunk.device, chunk.at_ms)
        else:
            rework.take_out(connection, state, code.ident, chunk.device, chunk.at_ms)
    except CommandError as refusal:
        if refusal.code not in {"not-packed", "unknown-code"}:
            desk.alarms.append((AlarmKind.REWORK, str(refusal)))
        return Found(Reason.NOT_APPLIED if refusal.code == "unknown-code" else Decision.ACCEPT)
    _know_again(desk, code)
    return Found(Decision.ACCEPT)


def _last_verdict(connection: Connection, code_id: int) -> str:
    row = connection.execute(
        "SELECT verdict FROM read WHERE code_id = ? ORDER BY id DESC LIMIT 1", (code_id,)
    ).fetchone()
    return str(row[0]) if row else Decision.ACCEPT


def _know_again(desk: Desk, code: MarkingCode) -> None:
    """The code's state changed under what this transaction knows of it."""
    desk.known.update(codes.find(desk.connection, [code.ident]))
