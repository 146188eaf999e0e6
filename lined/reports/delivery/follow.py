"""Asking what became of a document, until every code in it has an outcome."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import NamedTuple

import structlog

from lined.codes import without_separators
from lined.journal.database import Connection
from lined.journal.tables import reports
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import Document
from lined.reports.delivery import adopted, echo, outcomes
from lined.reports.delivery.ports import Surroundings
from lined.reports.delivery.rules import backed_off
from lined.reports.delivery.search import Search
from lined.reports.kinds.kinds import kind_of
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import LookupFailed
from lined.vocabulary.reports import ReportState

log = structlog.get_logger()

SUCCESS, PARTIAL, ERROR = "SUCCESS", "PARTIALLY_PROCESSED", "ERROR"
PAGES_MAX = 1_000
ERRORS_KEPT = 50  # error rows kept as evidence


class Listed(NamedTuple):
    """A document's codes as the regulator lists them, by identification code of ours."""

    accepted: dict[str, str]
    refused: dict[str, str]
    foreign: int
    complete: bool


async def follow(around: Surroundings, search: Search, report: ReportRow, looks: int) -> bool:
    """One look at the document of a submitted or held report. True: it came to an end. Raises LookupFailed."""
    assert report.document_id is not None
    document = await around.regulator.document(report.document_id)
    status = document.status if document is not None else None
    if document is not None and not await adopted.fits(around, report):
        return True
    if document is not None and status == SUCCESS:
        await _accept_after_all(around, report, ())
        await around.journal.do(lambda connection: _succeeded(connection, report, around, document))
        return True
    if status == PARTIAL:
        return await _partial(around, search, report)
    if status == ERROR:
        return await _refused(around, search, report)
    await around.journal.do(lambda connection: _keep_looking(connection, report, around, status, looks))
    return False


async def follow_unlisted(around: Surroundings, report: ReportRow) -> None:
    """A later look at the codes that a partial document had not listed. Raises LookupFailed."""
    assert report.document_id is not None
    listed = await codes_of(around, report)
    waiting = set(await around.journal.read(kind_of(report).with_own, report, CodeState.REPORTED))
    accepted = {ident: text for ident, text in listed.accepted.items() if ident in waiting}
    refused = {ident: text for ident, text in listed.refused.items() if ident in waiting}
    left = len(waiting) - len(accepted) - len(refused)
    given_up = around.wall_ms() - (report.final_ms or 0) >= around.rules.give_up_ms
    await outcomes.settle_unlisted(around, report, accepted, refused, left, given_up and left > 0)


def _succeeded(connection: Connection, report: ReportRow, around: Surroundings, document: Document) -> None:
    outcomes.still(connection, report)
    reports.move(
        connection,
        report.id,
        ReportState.SUCCEEDED,
        around.wall_ms(),
        "all codes processed",
        document_status=document.status,
        problem=None,
    )
    outcomes.named_again(connection, report.kind)


def _keep_looking(
    connection: Connection, report: ReportRow, around: Surroundings, status: str | None, looks: int
) -> None:
    outcomes.still(connection, report)
    at_ms = around.wall_ms()
    shown = status or "not visible yet"
    if report.state == ReportState.SUBMITTED and at_ms - (report.submitted_ms or at_ms) >= around.rules.give_up_ms:
        problem = (
            f"Document {report.document_id} has had no final status for 24 h (it is {shown}); it is still looked at."
        )
        due_ms = at_ms + around.rules.held_poll_ms
        reports.move(
            connection,
            report.id,
            ReportState.HELD,
            at_ms,
            problem,
            problem=problem,
            document_status=status,
            due_ms=due_ms,
        )
        return
    wait_ms = backed_off(around.rules.poll_ms, around.rules.poll_max_ms, max(looks - 3, 0), around.chance)
    if report.state == ReportState.HELD:
        wait_ms = around.rules.held_poll_ms
    reports.change(connection, report.id, document_status=status, looked_ms=at_ms, due_ms=at_ms + wait_ms)


async def _partial(around: Surroundings, search: Search, report: ReportRow) -> bool:
    listed = await codes_of(around, report)
    refused = await _without_accepted(around, report, listed.refused)
    if refused and await echo.settled(around, search, report, listed.accepted, refused):
        return False
    ours = await around.journal.read(kind_of(report).texts, report)
    unlisted = set(ours.values()) - listed.accepted.keys() - listed.refused.keys()
    evidence = await _errors(around, report)
    await _accept_after_all(around, report, {*refused, *unlisted})
    await outcomes.settle_partial(around, report, refused, unlisted, evidence)
    return True


async def _refused(around: Surroundings, search: Search, report: ReportRow) -> bool:
    """ERROR: nothing was processed. Only the list of codes may blame a code; error rows are numbered, not the codes."""
    listed = await codes_of(around, report)
    refused = await _without_accepted(around, report, listed.refused)
    if await echo.settled(around, search, report, {}, refused):
        return False
    evidence = await _errors(around, report)
    why = f"document {report.document_id} was refused whole"
    if listed.refused:
        await outcomes.refused_by_name(around, report, refused, why, evidence, document_status=ERROR)
    else:
        await outcomes.refused_nameless(around, report, f"{why}, naming no code", evidence, document_status=ERROR)
    return True


async def _without_accepted(around: Surroundings, report: ReportRow, refused: dict[str, str]) -> dict[str, str]:
    """What another document of the same report has accepted stays accepted."""
    accepted = (
        set(await around.journal.read(kind_of(report).with_own, report, CodeState.ACCEPTED)) if refused else set()
    )
    return {key: reason for key, reason in refused.items() if key not in accepted}


async def _accept_after_all(around: Surroundings, report: ReportRow, but: Collection[str]) -> None:
    """An attempt was refused, was cut short by the end of the program, and sent again: what this document does not
    refuse any more is accepted.
    """
    refused = await around.journal.read(kind_of(report).with_own, report, CodeState.REFUSED)
    if refused:
        ours = set((await around.journal.read(kind_of(report).texts, report)).values())
        mended = {key: "accepted after all" for key in refused if key in ours and key not in but}
        await outcomes.give_own(around, report, CodeState.ACCEPTED, mended)


async def codes_of(around: Surroundings, report: ReportRow) -> Listed:
    """Every code the regulator lists for the report's document, page by page. Raises LookupFailed."""
    assert report.document_id is not None
    ours = await around.journal.read(kind_of(report).texts, report)
    accepted: dict[str, str] = {}
    refused: dict[str, str] = {}
    foreign, after = 0, None
    for _ in range(PAGES_MAX):
        page = await around.regulator.code_outcomes(report.document_id, after=after, limit=around.rules.outcomes_page)
        for outcome in page:
            ident = ours.get(outcome.code) or ours.get(without_separators(outcome.code))
            if ident is None:
                foreign += 1
            elif outcome.state == ERROR:
                refused[ident] = outcome.result or "no reason given"
            elif outcome.state in ("SUCCESS", "WARNING"):
                accepted[ident] = outcome.result or outcome.state
        if not page:  # a server may have a limit of its own, so a short page is not the last
            return Listed(accepted, refused, foreign, True)
        after = max(outcome.index for outcome in page)
        await around.sleep(0)
    return Listed(accepted, refused, foreign, False)


async def _errors(around: Surroundings, report: ReportRow) -> str:
    """The first error rows, kept as evidence for people."""
    assert report.document_id is not None
    try:
        rows = await around.regulator.document_errors(report.document_id, after=None, limit=ERRORS_KEPT)
    except LookupFailed as error:
        return f"the list of errors could not be read: {error}"
    return json.dumps([row._asdict() for row in rows], default=str)
