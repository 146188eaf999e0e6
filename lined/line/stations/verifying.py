"""The verdicts of verify stations, decided inside the writer's transaction (docs/contract.md, Verdicts).

Every reading of a grade is kept with its code. A code is judged by the job that applied it, or, before it is applied,
by the running job or the configured product of its GTIN; with `apply = true` a good read applies it in the same
transaction.
"""

from __future__ import annotations

from lined.codes import MarkingCode
from lined.journal.tables import grades, unsaid
from lined.journal.tables.codes import KnownCode
from lined.journal.tables.grades import Reading
from lined.line.state import Job
from lined.line.stations import applying
from lined.line.stations.grading import Grade, Trend, is_below, read_grade
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.line.stations.verdicts import Verdict
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeState
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.line import JobMode
from lined.vocabulary.packages import Level
from lined.vocabulary.verdicts import ACCEPTED, Answer, Decision, Reason

RIGHT_AGAIN = 10  # grades in a row after which a verifier counts as put right
LEAST = "C"  # where nothing is known of the product: the class under which D is "unacceptable" (API 1.21.1 §13.26)


def judge(tx: Transaction, read: Read) -> Verdict:
    """One read of a verifier: its verdict, its grade kept, its row for the validation report."""
    code = read.code
    if read.reason:
        return Verdict(read.reason)
    if code is None:
        return Verdict(Reason.MALFORMED)
    if code.template == "SSCC":
        return Verdict(Reason.WRONG_LEVEL)
    grade = read_grade(read.grade)
    _watch(tx, read, grade)
    verdict = _applying(tx, read, code, grade) if read.station.applies else _only(tx, read, code, grade)
    job = _job_of_code(tx, code)
    if job is None or job.mode != JobMode.TEST:
        _keep(tx, read, code, grade, verdict.word, job)
    return verdict


def _applying(tx: Transaction, read: Read, code: MarkingCode, grade: Grade | None) -> Verdict:
    """A verifier that applies too: the apply station's reasons, and `low-grade` before anything is applied."""
    job = tx.job
    reason = applying.refusal(tx, code)
    if reason:
        return Verdict(reason)
    assert job is not None
    low = _low(grade, str(job.product.get("min_grade", LEAST)))
    known = tx.known.get(code.ident)
    if known is None:
        if low:
            return Verdict(Reason.LOW_GRADE)
        return applying.applied(tx, read, code, job)
    if low and known.tail == code.tail:
        return Verdict(Reason.DUPLICATE if _is_duplicate(tx, read, known, job) else Reason.LOW_GRADE, known.id)
    return applying.seen_before(tx, read, code, job, known)


def _is_duplicate(tx: Transaction, read: Read, known: KnownCode, job: Job) -> bool:
    """Whether a good read of the code would be a duplicate: not where it may come back, nor where its accept was not
    said, nor where it would be a repeat.
    """
    if known.own == CodeState.WITHDRAWN:
        return not tx.may_come_back(known)
    return not unsaid.holds(tx.connection, known.id) and not applying.is_repeat(tx, read, job, known)


def _only(tx: Transaction, read: Read, code: MarkingCode, grade: Grade | None) -> Verdict:
    known = tx.known.get(code.ident)
    code_id = known.id if known is not None else 0
    if known is not None and code.tail and known.tail != code.tail:
        applying.other_check_part(tx, code)
    if _low(grade, _least(tx, code)):
        return Verdict(Reason.LOW_GRADE, code_id)
    if _is_repeat(tx, read, code):
        return Verdict(Decision.REPEAT, code_id)
    return Verdict(Decision.ACCEPT, code_id)


def _low(grade: Grade | None, least: str) -> bool:
    return grade is None or is_below(grade.letter, least)


def _least(tx: Transaction, code: MarkingCode) -> str:
    """The least class of the code's product: as it was when its job began, else as configured."""
    job = _job_of_code(tx, code)
    if job is not None:
        return str(job.product.get("min_grade", LEAST))
    plant = tx.state.plant
    product = plant.products.get(plant.product_of_group(code.gtin) or code.gtin)
    return product.min_grade if product is not None else LEAST


def _job_of_code(tx: Transaction, code: MarkingCode) -> Job | None:
    """The job that applied the code; for one not applied yet the running job, where it is of that product."""
    known = tx.known.get(code.ident)
    if known is not None:
        return tx.job_of(known.job_id)
    running = tx.job
    if running is not None and running.gtin in (code.gtin, tx.state.plant.product_of_group(code.gtin)):
        return running
    return None


def _is_repeat(tx: Transaction, read: Read, code: MarkingCode) -> bool:
    """A good read within `repeat_s` of the last one of the same code by the same device."""
    span_ms = read.station.repeat_ms.get(read.device, 0)
    if not span_ms:
        return False
    before = tx.last_seen(read, code.ident)
    tx.remember(read, code.ident)
    return before is not None and read.at_ms - before <= span_ms


def _keep(
    tx: Transaction,
    read: Read,
    code: MarkingCode,
    grade: Grade | None,
    verdict: str,
    job: Job | None,
) -> None:
    """The reading as a row, and what it means for the validation report."""
    good = verdict in ACCEPTED
    reading = Reading(
        ident=code.ident,
        at_ms=read.at_ms,
        device_no=read.device_no,
        job_id=job.id if job is not None else 0,
        class_=grade.letter if grade else None,
        said=(read.grade or "")[:40] or None,
        value=grade.value if grade else None,
        formal=grade.formal if grade else "",
        device_at=(read.at or "")[:40],
        verdict=Answer.ACCEPT if good else verdict,
    )
    grade_id = grades.keep(tx.connection, reading)
    if verdict == Reason.DUPLICATE:
        return  # perhaps a copied label: nothing is known of the good item's print
    if not good:
        grades.take_out(tx.connection, code.ident)
    elif grade is not None and job is not None and tx.state.plant.validation is not None:
        _report(tx, code, grade.letter, grade_id, job, read.at_ms)


def _report(tx: Transaction, code: MarkingCode, letter: str, grade_id: int, job: Job, at_ms: int) -> None:
    plant = tx.state.plant
    assert plant.validation is not None
    member = grades.membership(tx.connection, code.ident)
    if member is not None:
        if not member.frozen:
            grades.change_class(tx.connection, member, letter)
        return
    attributes = {
        "group": job.product["group"],
        "business_place_id": plant.business_place_id,
        "order": job.attributes.get("order"),
        "package_type": Level.GROUP if plant.product_of_group(code.gtin) else Level.UNIT,
    }
    batch_id = grades.open_batch(tx.connection, job.id, attributes, plant.validation.max_codes, grade_id, at_ms)
    grades.join(tx.connection, grade_id, letter, batch_id, at_ms)


def _watch(tx: Transaction, read: Read, grade: Grade | None) -> None:
    """What a grade says about its device and about the printer."""
    in_order = 0 if grade is None or grade.contradiction else tx.state.well_graded.get(read.device_no, 0) + 1
    tx.state.well_graded[read.device_no] = in_order
    if in_order == RIGHT_AGAIN:
        tx.alarms += [(AlarmKind.NO_GRADE, None), (AlarmKind.GRADE_CONTRADICTION, None)]
    if grade is None:
        fact = Fact(LineFact.NO_GRADE, device=read.device)
        if read.grade:
            fact = Fact(LineFact.STRANGE_GRADE, device=read.device, said=f"{read.grade!r}")
        tx.alarms.append((AlarmKind.NO_GRADE, fact))
        return
    if grade.contradiction:
        said = f"{read.grade!r}"
        fact = Fact(LineFact.GRADE_CONTRADICTION, device=read.device, said=said, grade=grade.letter)
        tx.alarms.append((AlarmKind.GRADE_CONTRADICTION, fact))
    trend = tx.state.trends.setdefault(read.device_no, Trend())
    if trend.add(grade.number):
        now, best = f"{trend.quick:.1f}", f"{trend.best:.1f}"
        falling = Fact(LineFact.PRINT_FALLING, device=read.device, now=now, best=best)
        tx.alarms.append((AlarmKind.PRINT_QUALITY_FALLING, falling if trend.falling else None))
