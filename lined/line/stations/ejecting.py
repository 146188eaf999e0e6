"""Items that leave the line after they were accepted: confirmed by the PLC, or seen by a reader at the reject bin.

Withdrawn is only an item that was accepted earlier and ejected later. What cannot have been the good item changes no
code:
the reject of a duplicate, of a code packed already, of one that was never applied. What is reported already becomes a
task.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lined.journal.database import Connection
from lined.journal.tables import codes, grades, packages, reads, reports, tasks
from lined.line.state import LineState
from lined.line.stations import rework
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.line.stations.verdicts import Verdict
from lined.vocabulary.codes import CodeEvent, CodeState, Withdrawal
from lined.vocabulary.errors import CommandError, clause
from lined.vocabulary.facts import CodeFact, Fact
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


def eject(connection: Connection, state: LineState, ident: str, why: Callable[[str], Fact], by: str, at_ms: int) -> str:
    """The good item of this code left the line; `why` takes what is to be added to it. Returns what became of the
    code: `withdrawn`, `task`, or `none` where it is not applied now.
    """
    code = codes.find(connection, [ident]).get(ident)
    if code is None or code.own in {CodeState.WITHDRAWN, CodeState.REFUSED}:
        return "none"
    more = ""
    grades.take_out(connection, ident)
    packed = packages.packed_code(connection, ident)
    if packed is not None and packed.package_id is not None:
        try:
            rework.take_out(connection, state, ident, by, at_ms)
        except CommandError as refusal:
            more = Fact(CodeFact.STILL_PACKED, refusal=refusal.code, more=clause(refusal))
    report = reports.current_report(connection, code.batch_id)
    frozen = report is not None and report.frozen_ms is not None
    if codes.bucket_of(connection, code) == CodeState.UNREPORTED and not frozen:
        codes.set_own(connection, code, CodeState.WITHDRAWN, at_ms, detail=Withdrawal.OTHER, by=by)
        rework.without_its_code(connection, state, ident, by, at_ms)
        return CodeState.WITHDRAWN
    codes.record(connection, code.id, at_ms, CodeEvent.EJECTED, why(more), by=by)
    tasks.add(
        connection,
        TaskKind.EJECTED_REPORTED,
        at_ms,
        ident=ident,
        reason=why(more),
        report_id=report.id if report is not None else None,
    )
    return "task"


def judge(tx: Transaction, read: Read) -> Verdict:
    """A reader at the reject bin: the item is out. Whether it was the good one says the code's last verdict."""
    code = read.code
    if read.reason or code is None:
        return Verdict(read.reason or Reason.MALFORMED)
    known = tx.look_up(code.ident)
    if known is None or (code.tail and code.tail != known.tail):
        return Verdict(Decision.ACCEPT)
    if reads.last_verdict(tx.connection, known.id) in NOT_THE_GOOD_ITEM:
        return Verdict(Decision.ACCEPT)
    eject(tx.connection, tx.state, code.ident, partial(_seen_out, read.station.id), read.device, read.at_ms)
    tx.look_up(code.ident)  # its state has changed
    return Verdict(Decision.ACCEPT)


def after_verdict(verdict: str, station: str, more: str) -> Fact:
    """Why, where a confirmed reject says that it was ejected."""
    return Fact(CodeFact.EJECTED, verdict=str(verdict), station=station, more=more)


def _seen_out(station: str, more: str) -> Fact:
    return Fact(CodeFact.SEEN_OUT, station=station, more=more)
