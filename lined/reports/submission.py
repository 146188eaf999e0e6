"""Sending one report: `sending` on disk, bytes out, and what the answer makes of it.

sending → submitted   an id came back
→ sealed      certainly not received
→ in_doubt    anything else after a byte left
→ refused | held   a readable no
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

import structlog

from lined.codes import without_separators
from lined.errors import NotSent, OutcomeUnknown, Refused
from lined.journal import reports
from lined.journal.database import Connection
from lined.journal.reports import ReportRow
from lined.regulator.answers import Receipt
from lined.reports import outcomes
from lined.reports.freezing import stored_body
from lined.reports.kinds import kind_of
from lined.reports.ports import Surroundings
from lined.reports.rules import backed_off

log = structlog.get_logger()

SENT, NOT_SENT, IN_DOUBT, ENDED = "sent", "not sent", "in doubt", "ended"


async def send(around: Surroundings, report: ReportRow, failures: int) -> str:
    """Send a frozen report that is sealed and due. Returns SENT, NOT_SENT, IN_DOUBT or ENDED; the journal knows it already.

    `failures`: how many sendings in a row were not received; the next try is put off accordingly.
    """
    body = await around.journal.read(stored_body, report.id)
    group = str(json.loads(report.attributes)["group"])
    try:
        await around.regulator.wait_turn()
    except NotSent as error:
        await _put_off(around, report, error, failures)
        return NOT_SENT
    await around.journal.do(partial(_begin, report=report, around=around))
    try:
        receipt = await around.regulator.submit(report.kind, body, product_group=group)
    except NotSent as error:
        await around.journal.do(partial(_back, report=report, around=around, error=error, failures=failures))
        return NOT_SENT
    except OutcomeUnknown as error:
        await around.journal.do(partial(_doubt, report=report, around=around, error=error))
        return IN_DOUBT
    except Refused as error:
        await _refused(around, report, error)
        return ENDED
    await around.journal.do(partial(_received, report=report, around=around, receipt=receipt))
    return SENT


def _begin(connection: Connection, report: ReportRow, around: Surroundings) -> None:
    at_ms = around.wall_ms()
    reports.move(
        connection,
        report.id,
        "sending",
        at_ms,
        f"attempt {report.attempts + 1}",
        attempts=report.attempts + 1,
        attempt_ms=at_ms,
        attempt_server_ms=around.server_ms(),
        misses=0,
        missed_ms=None,
    )


def _received(connection: Connection, report: ReportRow, around: Surroundings, receipt: Receipt) -> None:
    at_ms = around.wall_ms()
    other = connection.execute("SELECT id FROM report WHERE document_id = ?", (receipt.document_id,)).fetchone()
    if other is not None:
        problem = f"The regulator gave document {receipt.document_id}, which is that of report {other[0]} already."
        reports.move(connection, report.id, "held", at_ms, problem, problem=problem, due_ms=None)
        return
    reports.move(
        connection,
        report.id,
        "submitted",
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
        "sealed",
        at_ms,
        f"not received: {error}",
        evidence=error.evidence or None,
        problem=str(error),
        due_ms=at_ms + _wait_ms(around, error, failures),
    )


async def _put_off(around: Surroundings, report: ReportRow, error: NotSent, failures: int) -> None:
    due_ms = around.wall_ms() + _wait_ms(around, error, failures)
    await around.journal.do(lambda connection: reports.change(connection, report.id, due_ms=due_ms, problem=str(error)))


def _wait_ms(around: Surroundings, error: NotSent, failures: int) -> int:
    floor_ms = int((error.retry_after_s or 0.0) * 1000)
    return max(floor_ms, backed_off(around.rules.retry_ms, around.rules.retry_max_ms, failures, around.chance))


def _doubt(connection: Connection, report: ReportRow, around: Surroundings, error: OutcomeUnknown) -> None:
    at_ms = around.wall_ms()
    reports.move(
        connection,
        report.id,
        "in_doubt",
        at_ms,
        str(error),
        evidence=error.evidence or None,
        problem=f"Sent, but whether it arrived is unknown: {error}. It is looked for before it is sent again.",
        due_ms=at_ms + around.rules.in_doubt_first_ms,
    )


async def _refused(around: Surroundings, report: ReportRow, error: Refused) -> None:
    why = f"refused with HTTP {error.status}: {error}"
    named = await match_named(around, report, dict(error.named)) if error.named else {}
    if named:
        await outcomes.refused_by_name(around, report, named, why, error.evidence)
    else:
        await outcomes.refused_nameless(around, report, why, error.evidence)


async def match_named(around: Surroundings, report: ReportRow, named: Mapping[str, str]) -> dict[str, str]:
    """Those of the texts that are codes of this report → identification code, with the reason given for each."""
    ours = await around.journal.read(kind_of(report).texts, report)
    found = {}
    for text, reason in named.items():
        ident = ours.get(text) or ours.get(without_separators(text))
        if ident is not None:
            found[ident] = reason
    return found


def doubt_unfinished(connection: Connection, at_ms: int, first_ms: int) -> int:
    """At the start: a report that was being sent when the process ended may have been received. Returns how many."""
    found = reports.select(connection, "state = 'sending'")
    for report in found:
        reports.move(
            connection,
            report.id,
            "in_doubt",
            at_ms,
            "the program ended while it was being sent",
            problem="The program ended while this was being sent. It is looked for before it is sent again.",
            due_ms=max(at_ms, (report.attempt_ms or at_ms) + first_ms),
        )
    return len(found)
