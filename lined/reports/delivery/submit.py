"""Sending one report: `sending` on disk, bytes out, and what the answer makes of it.

sending → submitted   an id came back
→ sealed      certainly not received
→ in_doubt    anything else after a byte left
→ refused | held   a readable no; after an earlier attempt in doubt it may be our own echo, and is in doubt too
"""

from __future__ import annotations

import json
from functools import partial

import structlog

from lined.journal.database import Connection
from lined.journal.steps import Step
from lined.journal.tables import documents, report_lists, reports
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import Receipt
from lined.reports.delivery import dating, echo, outcomes
from lined.reports.delivery.blame import blamed
from lined.reports.delivery.freezing import freeze
from lined.reports.delivery.frozen import stored_body
from lined.reports.delivery.ports import Surroundings
from lined.reports.delivery.rules import HOUR_MS, backed_off
from lined.reports.delivery.search import Search, hold
from lined.vocabulary.errors import JournalFull, LookupFailed, NotSent, OutcomeUnknown, Refused, clause
from lined.vocabulary.reports import ReportState

log = structlog.get_logger()

DISK_S = 1.0  # between two tries to write down an answer on a full disk
SENT, NOT_SENT, NOT_TAKEN, IN_DOUBT, ENDED = "sent", "not sent", "not taken", "in doubt", "ended"
WAITS, NOTHING, PAUSED = "waits", "nothing to send", "paused"
FOR_ALL = (None, 401, 403)  # HTTP statuses of NotSent that would meet any other report too; None: no answer
NOT_THEIRS = frozenset(range(400, 500)) - {408}  # without a readable body; 408: whoever it was did not get the request
TOO_MANY = 429  # meets every report of its kind: each method has a limit of its own


async def send(around: Surroundings, search: Search, sealed: ReportRow, failures: int) -> str:
    """Freeze and send a report that is sealed and due. Returns SENT, NOT_SENT (nor would any other be now), PAUSED (nor
    would any other of its kind), NOT_TAKEN (this one), WAITS (this one, for a clock), IN_DOUBT, ENDED or NOTHING; the
    journal knows it already.

    `failures`: how many sendings in a row were not received; the next try is put off accordingly.
    """
    if not sealed.codes and sealed.fingerprint is None:
        await freeze(around, sealed)  # void
        return NOTHING
    try:
        await _learn_the_time(around, sealed.kind)
        if (word := await _kept_back(around, sealed)) is not None:
            return word
        report = await freeze(around, sealed)
        if report is None:
            return NOTHING
        if report.revision != sealed.revision and (word := await _kept_back(around, report)) is not None:
            return word
        await around.regulator.wait_turn(report.kind)
    except NotSent as error:
        await _put_off(around, sealed, error, failures)
        return PAUSED if error.status == TOO_MANY else NOT_SENT
    body = await around.journal.read(stored_body, report.id)
    group = str(json.loads(report.attributes)["group"])
    await around.journal.do(partial(_begin, report=report, around=around))
    await around.journal.settle()
    try:
        receipt = await around.regulator.submit(report.kind, body, product_group=group)
    except NotSent as error:
        await _kept(around, partial(_back, report=report, around=around, error=error, failures=failures))
        if error.status == TOO_MANY:
            return PAUSED
        return NOT_SENT if error.status in FOR_ALL else NOT_TAKEN
    except OutcomeUnknown as error:
        await _kept(around, partial(_doubt, report=report, around=around, error=error))
        return IN_DOUBT
    except Refused as error:
        return await _refused(around, search, report, error)
    await _kept(around, partial(_received, report=report, around=around, receipt=receipt))
    return SENT


async def _kept_back(around: Surroundings, report: ReportRow) -> str | None:
    """WAITS or ENDED where its dates do not let it go out now."""
    found = await dating.look(around, report)

    def step(connection: Connection) -> None:
        fresh = reports.get(connection, report.id)
        if fresh is None or fresh.state != ReportState.SEALED:
            return
        at_ms = around.wall_ms()
        if found.held is not None:
            hold(connection, report.id, at_ms, found.held)
            reports.change(connection, report.id, waits_for=dating.DATES)
        else:
            reports.change(connection, report.id, due_ms=at_ms + found.wait_ms, problem=found.waiting)

    if found.held is None and not found.wait_ms:
        return None
    await around.journal.do(step)
    return WAITS if found.held is None else ENDED


async def _kept(around: Surroundings, step: Step) -> None:
    """Write down what an answer said. It is known nowhere else, so a disk without room is waited for."""
    while True:
        try:
            await around.journal.do(step)
        except JournalFull as error:
            log.warning("outcome_waits_for_disk", error=str(error))
            await around.sleep(DISK_S)
        else:
            return


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
            raise NotSent(f"not sent: the regulator has not been heard yet: {error}") from error


def _begin(connection: Connection, report: ReportRow, around: Surroundings) -> None:
    at_ms = around.wall_ms()
    # A document of an earlier attempt may still show up: searches begin at the first one that may have arrived.
    since_ms = report.attempt_server_ms or around.server_floor_ms()
    reports.move(
        connection,
        report.id,
        ReportState.SENDING,
        at_ms,
        f"attempt {report.attempts + 1}",
        attempts=report.attempts + 1,
        attempt_ms=at_ms,
        attempt_server_ms=since_ms,
        misses=0,
        missed_ms=None,
        waits_for=None,
    )


def _received(connection: Connection, report: ReportRow, around: Surroundings, receipt: Receipt) -> None:
    at_ms = around.wall_ms()
    owner = documents.owner(connection, receipt.document_id)
    if owner is not None:
        problem = f"The regulator gave document {receipt.document_id}, which is that of report {owner} already."
        # a person has to say that it was not received
        reports.move(connection, report.id, ReportState.IN_DOUBT, at_ms, problem)
        hold(connection, report.id, at_ms, problem)
        return
    reports.move(
        connection,
        report.id,
        ReportState.SUBMITTED,
        at_ms,
        f"document {receipt.document_id}",
        document_id=receipt.document_id,
        submitted_ms=at_ms,
        due_ms=at_ms + around.rules.poll_ms,
        problem=None,
    )


def _back(connection: Connection, report: ReportRow, around: Surroundings, error: NotSent, failures: int) -> None:
    at_ms = around.wall_ms()
    reports.move(
        connection,
        report.id,
        ReportState.SEALED,
        at_ms,
        f"not received: {error}",
        evidence=error.evidence or None,
        problem=str(error),
        due_ms=at_ms + _wait_ms(around, error, failures),
        attempt_server_ms=report.attempt_server_ms,
    )


async def _put_off(around: Surroundings, report: ReportRow, error: NotSent, failures: int) -> None:
    due_ms = around.wall_ms() + _wait_ms(around, error, failures)
    await around.journal.do(lambda connection: reports.change(connection, report.id, due_ms=due_ms, problem=str(error)))


def _wait_ms(around: Surroundings, error: NotSent, failures: int) -> int:
    floor_ms = min(HOUR_MS, int((error.retry_after_s or 0.0) * 1000))
    return max(floor_ms, backed_off(around.rules.retry_ms, around.rules.retry_max_ms, failures, around.chance))


def _doubt(connection: Connection, report: ReportRow, around: Surroundings, error: OutcomeUnknown) -> None:
    at_ms = around.wall_ms()
    unread: dict[str, object] = {}
    if error.status in NOT_THEIRS:  # a firewall, a limit of size: see search.py for what becomes of it
        times = report.unread_times + 1 if report.unread_status == error.status else 1
        unread = {"unread_status": error.status, "unread_times": times}
    reports.move(
        connection,
        report.id,
        ReportState.IN_DOUBT,
        at_ms,
        str(error),
        evidence=error.evidence or None,
        problem=f"Sent, but whether it arrived is unknown: {clause(error)}. It is looked for before it is sent again.",
        due_ms=at_ms + around.rules.in_doubt_first_ms,
        **unread,
    )


async def _refused(around: Surroundings, search: Search, report: ReportRow, error: Refused) -> str:
    why = f"refused: {error}"
    while True:
        try:
            named = await around.journal.read(blamed, report, error.named) if error.named else {}
            verdict = await echo.look(around, search, report, set(named))
            if verdict.document is not None:
                await around.journal.do(partial(echo.adopt_at_once, report=report, around=around, verdict=verdict))
                return SENT
            if verdict.suspect:
                await around.journal.do(
                    partial(echo.doubt_refusal, report=report, around=around, why=why, evidence=error.evidence)
                )
            elif named:
                await outcomes.refused_by_name(around, report, named, why, error.evidence)
            else:
                await outcomes.refused_nameless(around, report, why, error.evidence)
        except JournalFull as full:  # each step may be done again
            log.warning("outcome_waits_for_disk", error=str(full))
            await around.sleep(DISK_S)
        else:
            return ENDED


def doubt_unfinished(connection: Connection, at_ms: int, first_ms: int) -> int:
    """At the start: a report that was being sent when the process ended may have been received. Returns how many."""
    found = report_lists.sending(connection)
    for report in found:
        reports.move(
            connection,
            report.id,
            ReportState.IN_DOUBT,
            at_ms,
            "the program ended while it was being sent",
            problem="The program ended while this was being sent. It is looked for before it is sent again.",
            due_ms=min(max(at_ms, (report.attempt_ms or at_ms) + first_ms), at_ms + first_ms),
        )
    return len(found)
