"""The verdicts of verify stations, decided inside the writer's transaction (docs/contract.md, Verdicts).

Every reading of a grade is kept with its code. A code is judged by the job that applied it, or, before it is applied,
by the running job or the configured product of its GTIN; with `apply = true` a good read applies it in the same
transaction.
"""

from __future__ import annotations

from lined.codes import MarkingCode
from lined.journal.tables import grades
from lined.journal.tables.codes import KnownCode
from lined.journal.tables.grades import Reading
from lined.line.state import RECENT_MAX, Job
from lined.line.stations import rehearsing
from lined.line.stations.desk import Chunk, Desk, Found
from lined.line.stations.grading import Grade, Trend, is_below, read_grade
from lined.line.stations.verdicts import Candidate
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeState
from lined.vocabulary.line import JobMode
from lined.vocabulary.packages import Level
from lined.vocabulary.verdicts import ACCEPTED, Answer, Decision, Reason

RIGHT_AGAIN = 10  # grades in a row after which a verifier counts as put right
LEAST = "C"  # where nothing is known of the product: the class under which D is "unacceptable" (API 1.21.1 §13.26)


def judge(desk: Desk, chunk: Chunk, candidate: Candidate) -> Found:
    """One read of a verifier: its verdict, its grade kept, its row for the validation report."""
    code = candidate.code
    if candidate.reason:
        return Found(candidate.reason)
    if code is None:
        return Found(Reason.MALFORMED)
    if code.template == "SSCC":
        return Found(Reason.WRONG_LEVEL)
    grade = read_grade(candidate.grade)
    _watch(desk, chunk, candidate, grade)
    found = _applying(desk, chunk, code, grade) if chunk.station.applies else _only(desk, chunk, code, grade)
    job = _job_of_code(desk, code)
    if job is None or job.mode != JobMode.TEST:
        _keep(desk, chunk, candidate, code, grade, found.verdict, job)
    return found


def _applying(desk: Desk, chunk: Chunk, code: MarkingCode, grade: Grade | None) -> Found:
    """A verifier that applies too: the apply station's reasons, and `low-grade` before anything is applied."""
    job = desk.state.job
    reason = desk.before(code, job)
    if reason:
        return Found(reason)
    assert job is not None
    low = _low(grade, str(job.product.get("min_grade", LEAST)))
    known = desk.known.get(code.ident)
    if known is None:
        if low:
            return Found(Reason.LOW_GRADE)
        if job.mode == JobMode.TEST:
            rehearsing.applied(desk.state, code.ident)
            return Found(Decision.ACCEPT)
        code_id = desk.apply(chunk, code, job)
        return Found(Decision.ACCEPT, code_id, code_id)
    if low and known.tail == code.tail:
        return Found(Reason.DUPLICATE if _is_duplicate(desk, chunk, known, job) else Reason.LOW_GRADE, known.id)
    verdict, code_id = desk.seen(chunk, code, job, desk.alarms)
    return Found(verdict, code_id, code_id if verdict == Decision.ACCEPT else 0)


def _is_duplicate(desk: Desk, chunk: Chunk, known: KnownCode, job: Job) -> bool:
    """Whether a good read of the code would be a duplicate: not where it may come back, nor where its accept was not
    said, nor where it would be a repeat.
    """
    if known.own == CodeState.WITHDRAWN:
        return not desk.may_come_back(known)
    unsaid = desk.connection.execute("SELECT 1 FROM unsaid WHERE code_id = ?", (known.id,)).fetchone()
    return unsaid is None and not desk.is_repeat(chunk, known, job)


def _only(desk: Desk, chunk: Chunk, code: MarkingCode, grade: Grade | None) -> Found:
    known = desk.known.get(code.ident)
    code_id = known.id if known is not None else 0
    if known is not None and code.tail and known.tail != code.tail:
        desk.alarms.append(
            (AlarmKind.OTHER_CHECK_PART, f"{code.ident} was applied with another check part: a copied code?")
        )
    if _low(grade, _least(desk, code)):
        return Found(Reason.LOW_GRADE, code_id)
    if _is_repeat(desk, chunk, code):
        return Found(Decision.REPEAT, code_id)
    return Found(Decision.ACCEPT, code_id)


def _low(grade: Grade | None, least: str) -> bool:
    return grade is None or is_below(grade.letter, least)


def _least(desk: Desk, code: MarkingCode) -> str:
    """The least class of the code's product: as it was when its job began, else as configured."""
    job = _job_of_code(desk, code)
    if job is not None:
        return str(job.product.get("min_grade", LEAST))
    plant = desk.state.plant
    product = plant.products.get(plant.product_of_group(code.gtin) or code.gtin)
    return product.min_grade if product is not None else LEAST


def _job_of_code(desk: Desk, code: MarkingCode) -> Job | None:
    """The job that applied the code; for one not applied yet the running job, where it is of that product."""
    known = desk.known.get(code.ident)
    if known is not None:
        return desk.job(known.job_id)
    running = desk.state.job
    if running is not None and running.gtin in (code.gtin, desk.state.plant.product_of_group(code.gtin)):
        return running
    return None


def _is_repeat(desk: Desk, chunk: Chunk, code: MarkingCode) -> bool:
    """A good read within `repeat_s` of the last one of the same code by the same device."""
    span_ms = chunk.station.repeat_ms.get(chunk.device, 0)
    if not span_ms:
        return False
    recent = desk.state.recent.setdefault(chunk.device_no, {})
    before = recent.pop(code.ident, None)
    recent[code.ident] = chunk.at_ms
    if len(recent) > RECENT_MAX:
        del recent[next(iter(recent))]
    return before is not None and chunk.at_ms - before <= span_ms


def _keep(
    desk: Desk,
    chunk: Chunk,
    candidate: Candidate,
    code: MarkingCode,
    grade: Grade | None,
    verdict: str,
    job: Job | None,
) -> None:
    """The reading as a row, and what it means for the validation report."""
    good = verdict in ACCEPTED
    reading = Reading(
        ident=code.ident,
        at_ms=chunk.at_ms,
        device_no=chunk.device_no,
        job_id=job.id if job is not None else 0,
        class_=grade.letter if grade else None,
        said=(candidate.grade or "")[:40] or None,
        value=grade.value if grade else None,
        formal=grade.formal if grade else "",
        device_at=(candidate.at or "")[:40],
        verdict=Answer.ACCEPT if good else verdict,
    )
    grade_id = grades.keep(desk.connection, reading)
    if verdict == Reason.DUPLICATE:
        return  # perhaps a copied label: nothing is known of the good item's print
    if not good:
        grades.take_out(desk.connection, code.ident)
    elif grade is not None and job is not None and desk.state.plant.validation is not None:
        _report(desk, code, grade.letter, grade_id, job, chunk.at_ms)


def _report(desk: Desk, code: MarkingCode, letter: str, grade_id: int, job: Job, at_ms: int) -> None:
    plant = desk.state.plant
    assert plant.validation is not None
    member = grades.membership(desk.connection, code.ident)
    if member is not None:
        if not member.frozen:
            grades.change_class(desk.connection, member, letter)
        return
    attributes = {
        "group": job.product["group"],
        "business_place_id": plant.business_place_id,
        "order": job.attributes.get("order"),
        "package_type": Level.GROUP if plant.product_of_group(code.gtin) else Level.UNIT,
    }
    batch_id = grades.open_batch(desk.connection, job.id, attributes, plant.validation.max_codes, grade_id, at_ms)
    grades.join(desk.connection, grade_id, letter, batch_id, at_ms)


def _watch(desk: Desk, chunk: Chunk, candidate: Candidate, grade: Grade | None) -> None:
    """What a grade says about its device and about the printer."""
    in_order = 0 if grade is None or grade.contradiction else desk.state.well_graded.get(chunk.device_no, 0) + 1
    desk.state.well_graded[chunk.device_no] = in_order
    if in_order == RIGHT_AGAIN:
        desk.alarms += [(AlarmKind.NO_GRADE, ""), (AlarmKind.GRADE_CONTRADICTION, "")]
    if grade is None:
        said = f"{candidate.grade!r}" if candidate.grade else "nothing"
        text = f"{chunk.device} gives no grade that can be understood (it said {said}): its reads are rejected"
        desk.alarms.append((AlarmKind.NO_GRADE, text))
        return
    if grade.contradiction:
        text = (
            f"{chunk.device} contradicts itself: {candidate.grade!r} is class {grade.letter} at best; check its set-up"
        )
        desk.alarms.append((AlarmKind.GRADE_CONTRADICTION, text))
    trend = desk.state.trends.setdefault(chunk.device_no, Trend())
    if trend.add(grade.number):
        text = (
            f"The print quality that {chunk.device} sees is falling: {trend.quick:.1f} now, {trend.best:.1f} at "
            "its best. Look after the printer before items are rejected."
        )
        desk.alarms.append((AlarmKind.PRINT_QUALITY_FALLING, text if trend.falling else ""))
