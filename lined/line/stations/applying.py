"""The rule of apply stations (docs/contract.md, Verdicts): the first good read of a code applies it, once for ever."""

from __future__ import annotations

from lined.codes import MarkingCode
from lined.journal.tables import reads, unsaid
from lined.journal.tables.codes import KnownCode
from lined.line.state import Job
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.line.stations.verdicts import Verdict
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeState
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.line import JobMode
from lined.vocabulary.verdicts import Decision, Reason


def judge(tx: Transaction, read: Read) -> Verdict:
    """One read at an apply station."""
    code = read.code
    reason = read.reason or refusal(tx, code)
    if reason:
        return Verdict(reason)
    job = tx.state.job
    assert code is not None and job is not None
    known = tx.known.get(code.ident)
    if known is None:
        return applied(tx, read, code, job)
    return seen_before(tx, read, code, job, known)


def refusal(tx: Transaction, code: MarkingCode | None) -> str:
    """What can be said without a look at the codes applied so far; empty: nothing against it."""
    job = tx.state.job
    if code is None:
        return Reason.MALFORMED
    if code.template == "SSCC":
        return Reason.WRONG_LEVEL
    if not code.tail:
        return Reason.MALFORMED  # apply needs the full code
    if job is None:
        return Reason.NO_JOB
    if code.gtin != job.gtin:
        return Reason.WRONG_PRODUCT
    if tx.state.pools and tx.pools.refuses(code):
        return Reason.UNKNOWN_CODE
    return ""


def applied(tx: Transaction, read: Read, code: MarkingCode, job: Job) -> Verdict:
    """Accept a code that was never applied before."""
    code_id = tx.apply(read, code, job)
    return Verdict(Decision.ACCEPT, code_id, code_id)


def seen_before(tx: Transaction, read: Read, code: MarkingCode, job: Job, known: KnownCode) -> Verdict:
    """The verdict on a code that was applied: a duplicate, but for one that may come back, one whose accept was not
    told, and one that the same device sees again within `repeat_s`.
    """
    if known.tail != code.tail:
        other_check_part(tx, code)
        return Verdict(Reason.DUPLICATE, known.id)
    if known.own == CodeState.WITHDRAWN:
        if not tx.may_come_back(known):
            return Verdict(Reason.DUPLICATE, known.id)
        code_id = tx.apply_again(read, code, job, known)
        return Verdict(Decision.ACCEPT, code_id, code_id)
    if unsaid.waits(tx.connection, known.id):
        if job.mode == JobMode.TEST:
            return Verdict(Decision.ACCEPT)  # a test job takes nothing away
        unsaid.begin_reply(tx.connection, known.id)
        tx.remember(read, known.ident)
        return Verdict(Decision.AGAIN, known.id)
    if is_repeat(tx, read, job, known):
        tx.remember(read, known.ident)
        return Verdict(Decision.REPEAT, known.id)
    return Verdict(Reason.DUPLICATE, known.id)


def is_repeat(tx: Transaction, read: Read, job: Job, known: KnownCode) -> bool:
    """Accepted by this device in this job, and last accepted no longer ago than `repeat_s`, whichever way the clock
    went.
    """
    span_ms = read.station.repeat_ms.get(read.device, 0)
    if not span_ms:
        return False
    last = tx.last_seen(read, known.ident)
    if last is None:
        last = _last_accept(tx, read, job, known)
    return last is not None and abs(read.at_ms - last) <= span_ms


def other_check_part(tx: Transaction, code: MarkingCode) -> None:
    """The alarm where a known code comes with another check part."""
    tx.alarms.append((AlarmKind.OTHER_CHECK_PART, Fact(LineFact.OTHER_CHECK_PART, code=code.ident)))


def _last_accept(tx: Transaction, read: Read, job: Job, known: KnownCode) -> int | None:
    again = reads.last_accepted_again(tx.connection, known.id, read.device_no, job.id)
    mine = known.device_no == read.device_no and known.job_id == job.id
    moments = [moment for moment in (again, known.at_ms if mine else None) if moment is not None]
    return max(moments, default=None)
