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
from lined.reports.delivery.ports import Ports
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


async def send(ports: Ports, search: Search, sealed: ReportRow, failures: int) -> ReportOutcome | None:
    """Freeze and send a report that is sealed and due. Returns what became known, which the journal has already; None:
    there was nothing to send.

    `failures`: how many sendings in a row were not received; the next try is put off accordingly.
    """
    if not sealed.codes and sealed.fingerprint is None:
        await freeze(ports, sealed)  # void
        return None
    try:
        await _learn_the_time(ports, sealed.kind)
        if (kept := await _kept_back(ports, sealed)) is not None:
            return kept
        report = await freeze(ports, sealed)
        if report is None:
            return None
        if report.revision != sealed.revision and (kept := await _kept_back(ports, report)) is not None:
            return kept
        await ports.regulator.wait_for_permit(report.kind)
    except NotSent as error:
        outcome = put_off(sealed, error, failures, ports.rules, ports.chance)
        await apply_in_time(ports, sealed, outcome)
        return outcome
    body = await ports.journal.read(stored_body, report.id)
    await apply_outcome(ports, report, begun(report, ports.server_floor_ms()))
    await ports.journal.settle()
    answered = await _sent(ports, search, report, body, failures)
    await _kept(ports, report, answered)
    return answered


async def _sent(ports: Ports, search: Search, report: ReportRow, body: bytes, failures: int) -> ReportOutcome:
    """Put it on the wire; what the answer means."""
    group = str(json.loads(report.attributes)["group"])
    try:
        receipt = await ports.regulator.submit(report.kind, body, product_group=group)
    except NotSent as error:
        return not_received(report, error, failures, ports.rules, ports.chance)
    except OutcomeUnknown as error:
        return unanswered(report, error, ports.rules)
    except Refused as error:
        return await _refused(ports, search, report, error)
    return Received(document_id=receipt.document_id, wait_ms=ports.rules.poll_ms)


async def _refused(ports: Ports, search: Search, report: ReportRow, error: Refused) -> ReportOutcome:
    refusal = Fact(ReportFact.REFUSED, more=fact_or_text(error))
    named = await ports.journal.read(blamed, report, error.named) if error.named else {}
    verdict = await echo.look(ports, search, report, set(named))
    if verdict.document is not None:
        return FoundEcho(document_id=verdict.document)
    if verdict.suspect:
        return PerhapsEcho(refusal=refusal, wait_ms=ports.rules.in_doubt_first_ms, evidence=error.evidence)
    if named:
        return RefusedByName(refusal=refusal, own={CodeState.REFUSED: named}, evidence=error.evidence)
    return RefusedNameless(refusal=refusal, evidence=error.evidence)


async def _kept(ports: Ports, report: ReportRow, outcome: ReportOutcome) -> None:
    """Write down what an answer said. It is known nowhere else, so a disk without room is waited for."""
    while True:
        try:
            await apply_outcome(ports, report, outcome)
        except JournalFull as error:
            log.warning("outcome_waits_for_disk", error=str(error))
            await ports.sleep(DISK_S)
        else:
            return


async def _kept_back(ports: Ports, report: ReportRow) -> ReportOutcome | None:
    """What its dates mean where they do not let it go out now."""
    found = await dating.look(ports, report)
    if found.held is None and not found.wait_ms:
        return None
    outcome = (
        Waits(problem=found.waiting, wait_ms=found.wait_ms)
        if found.held is None
        else Held(problem=found.held, waits_for=dating.DATES)
    )
    await apply_in_time(ports, report, outcome)
    return outcome


async def _learn_the_time(ports: Ports, kind: str) -> None:
    """Have the regulator's clock heard before the first attempt, and again after ours was set: with ours alone a search
    for it might begin too late, and its dates may be wrong.

    Raises NotSent.
    """
    if ports.regulator.server_time is not None and ports.regulator.server_skew_s is not None:
        return
    try:
        await ports.regulator.search(kind=kind, since=ports.just_now(), cursor=None)
    except LookupFailed as error:
        if ports.regulator.server_time is None or ports.regulator.server_skew_s is None:
            raise NotSent(Fact(ReportFact.NOT_REACHED, more=fact_or_text(error))) from error


def doubt_unfinished(connection: Connection, at_ms: int, first_ms: int) -> int:
    """At the start: a report that was being sent when the process ended may have been received. Returns how many."""
    found = report_lists.sending(connection)
    for report in found:
        outcomes.write(connection, report.id, CutShort(wait_ms=first_ms), at_ms)
    return len(found)
