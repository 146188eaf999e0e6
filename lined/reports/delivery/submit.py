"""Sending one report: `sending` on disk, bytes out, and the outcome that the answer means."""

from __future__ import annotations

import json

import structlog

from lined.journal import outcomes
from lined.journal.database import Connection
from lined.journal.outcomes import ReportOutcome
from lined.journal.tables import report_lists
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery import dating, echo
from lined.reports.delivery.applying import apply_in_time, apply_outcome
from lined.reports.delivery.blame import blamed
from lined.reports.delivery.freezing import freeze
from lined.reports.delivery.frozen import stored_body
from lined.reports.delivery.ports import Surroundings
from lined.reports.delivery.search import Search
from lined.reports.outcomes.held import Held
from lined.reports.outcomes.refusals import Refused as RefusedByName
from lined.reports.outcomes.refusals import RefusedNameless
from lined.reports.outcomes.searching import FoundEcho
from lined.reports.outcomes.sending import (
    CutShort,
    PerhapsEcho,
    Received,
    Waits,
    begun,
    not_received,
    put_off,
    unanswered,
)
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import JournalFull, LookupFailed, NotSent, OutcomeUnknown, Refused, fact_or_text
from lined.vocabulary.facts import Fact, ReportFact

log = structlog.get_logger()

DISK_S = 1.0  # between two tries to write down an answer on a full disk


async def send(around: Surroundings, search: Search, sealed: ReportRow, failures: int) -> ReportOutcome | None:
    """Freeze and send a report that is sealed and due. Returns what became known, which the journal has already; None:
    there was nothing to send.

    `failures`: how many sendings in a row were not received; the next try is put off accordingly.
    """
    if not sealed.codes and sealed.fingerprint is None:
        await freeze(around, sealed)  # void
        return None
    try:
        await _learn_the_time(around, sealed.kind)
        if (kept := await _kept_back(around, sealed)) is not None:
            return kept
        report = await freeze(around, sealed)
        if report is None:
            return None
        if report.revision != sealed.revision and (kept := await _kept_back(around, report)) is not None:
            return kept
        await around.regulator.wait_for_permit(report.kind)
    except NotSent as error:
        outcome = put_off(sealed, error, failures, around.rules, around.chance)
        await apply_in_time(around, sealed, outcome)
        return outcome
    body = await around.journal.read(stored_body, report.id)
    await apply_outcome(around, report, begun(report, around.server_floor_ms()))
    await around.journal.settle()
    answered = await _sent(around, search, report, body, failures)
    await _kept(around, report, answered)
    return answered


async def _sent(around: Surroundings, search: Search, report: ReportRow, body: bytes, failures: int) -> ReportOutcome:
    """Put it on the wire; what the answer means."""
    group = str(json.loads(report.attributes)["group"])
    try:
        receipt = await around.regulator.submit(report.kind, body, product_group=group)
    except NotSent as error:
        return not_received(report, error, failures, around.rules, around.chance)
    except OutcomeUnknown as error:
        return unanswered(report, error, around.rules)
    except Refused as error:
        return await _refused(around, search, report, error)
    return Received(document_id=receipt.document_id, wait_ms=around.rules.poll_ms)


async def _refused(around: Surroundings, search: Search, report: ReportRow, error: Refused) -> ReportOutcome:
    refusal = Fact(ReportFact.REFUSED, more=fact_or_text(error))
    named = await around.journal.read(blamed, report, error.named) if error.named else {}
    verdict = await echo.look(around, search, report, set(named))
    if verdict.document is not None:
        return FoundEcho(document_id=verdict.document)
    if verdict.suspect:
        return PerhapsEcho(refusal=refusal, wait_ms=around.rules.in_doubt_first_ms, evidence=error.evidence)
    if named:
        return RefusedByName(refusal=refusal, own={CodeState.REFUSED: named}, evidence=error.evidence)
    return RefusedNameless(refusal=refusal, evidence=error.evidence)


async def _kept(around: Surroundings, report: ReportRow, outcome: ReportOutcome) -> None:
    """Write down what an answer said. It is known nowhere else, so a disk without room is waited for."""
    while True:
        try:
            await apply_outcome(around, report, outcome)
        except JournalFull as error:
            log.warning("outcome_waits_for_disk", error=str(error))
            await around.sleep(DISK_S)
        else:
            return


async def _kept_back(around: Surroundings, report: ReportRow) -> ReportOutcome | None:
    """What its dates mean where they do not let it go out now."""
    found = await dating.look(around, report)
    if found.held is None and not found.wait_ms:
        return None
    outcome = (
        Waits(problem=found.waiting, wait_ms=found.wait_ms)
        if found.held is None
        else Held(problem=found.held, waits_for=dating.DATES)
    )
    await apply_in_time(around, report, outcome)
    return outcome


async def _learn_the_time(around: Surroundings, kind: str) -> None:
    """Have the regulator's clock heard before the first attempt, and again after ours was set: with ours alone a search
    for it might begin too late, and its dates may be wrong.

    Raises NotSent.
    """
    if around.regulator.server_time is not None and around.regulator.server_skew_s is not None:
        return
    try:
        await around.regulator.search(kind=kind, since=around.just_now(), cursor=None)
    except LookupFailed as error:
        if around.regulator.server_time is None or around.regulator.server_skew_s is None:
            raise NotSent(Fact(ReportFact.NOT_REACHED, more=fact_or_text(error))) from error


def doubt_unfinished(connection: Connection, at_ms: int, first_ms: int) -> int:
    """At the start: a report that was being sent when the process ended may have been received. Returns how many."""
    found = report_lists.sending(connection)
    for report in found:
        outcomes.write(connection, report.id, CutShort(wait_ms=first_ms), at_ms)
    return len(found)
