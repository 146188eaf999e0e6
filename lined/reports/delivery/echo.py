"""Our own echo: the regulator refuses what it has processed already, because an earlier attempt had arrived unseen.

    attempt 1   received, but neither its answer nor its document reaches us; two searches miss it
    attempt 2   refused: every code of it has been applied
    document 1  shows up, holds our codes: it is the report's document, and attempt 2 never mattered

So a refusal after an attempt in doubt is believed only when a search has looked for that document. Where it looks like
an echo, one search is not enough: the document may be slower than that, so it is looked for twice, as in doubt, and
then a person decides. It looks like one where it names nobody or most of the codes: a document that was processed, even
in part, makes the next one fail for nearly all of them, while a real refusal is about a few.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import documents, report_events, reports
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery import outcomes
from lined.reports.delivery.ports import Surroundings
from lined.reports.delivery.search import ECHO, Search, hold
from lined.reports.kinds.kinds import kind_of
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Unavailable, clause
from lined.vocabulary.reports import ReportState


class Verdict(NamedTuple):
    """`document`: the earlier attempt's. `suspect`: none was found, and the refusal looks like an echo all the same.
    `unread`: why the search could not come to its end.
    """

    document: str | None = None
    suspect: bool = False
    unread: str = ""


async def look(around: Surroundings, search: Search, report: ReportRow, refused: Collection[str]) -> Verdict:
    """Whether a refusal may be the echo of an earlier attempt. `refused`: keys of the members it names."""
    if not await around.journal.read(report_events.sent_after_doubt, report.id):
        return Verdict()
    look = await search.look(report, standing=True)
    if look.document is not None:
        return Verdict(document=look.document.document_id)
    if not look.complete:
        return Verdict(suspect=True, unread=look.why)
    members = set((await around.journal.read(kind_of(report).texts, report)).values())
    return Verdict(suspect=not refused or 2 * len(members.intersection(refused)) >= len(members))


def adopt_at_once(connection: Connection, report: ReportRow, around: Surroundings, verdict: Verdict) -> None:
    """The answer to a submission was an echo: the earlier document is the report's."""
    at_ms = around.wall_ms()
    reports.move(
        connection,
        report.id,
        ReportState.SUBMITTED,
        at_ms,
        f"refused as our own echo: document {verdict.document} is that of an earlier attempt",
        document_id=verdict.document,
        submitted_ms=at_ms,
        due_ms=at_ms,
        problem=None,
    )


def doubt_refusal(connection: Connection, report: ReportRow, around: Surroundings, why: str, evidence: str) -> None:
    """The answer to a submission may be an echo: the earlier document is looked for, as for a report in doubt."""
    at_ms = around.wall_ms()
    echo = "Perhaps refused because an earlier attempt had arrived"
    problem = f"{echo}: {clause(why)}. The document of that one is looked for."
    reports.move(
        connection,
        report.id,
        ReportState.IN_DOUBT,
        at_ms,
        problem,
        evidence=evidence,
        problem=problem,
        waits_for=ECHO,
        due_ms=at_ms + around.rules.in_doubt_first_ms,
    )


async def settled(
    around: Surroundings,
    search: Search,
    report: ReportRow,
    accepted: dict[str, str],
    refused: Collection[str],
    *,
    processed: bool = False,
) -> bool:
    """A document refuses codes of a report: False where that stands. True: it does not, or not yet; look again later.
    `processed`: it says that it accepted some, which its list may not name yet.

    Raises Unavailable where the search for an earlier attempt's document could not come to its end.
    """
    verdict = await look(around, search, report, refused)
    if (accepted or processed) and verdict.document is None and not verdict.unread:
        return False  # an echo has nothing left to accept
    if verdict.unread:
        raise Unavailable(f"looking for an earlier attempt: {verdict.unread}")
    if verdict.document is not None:
        await outcomes.give_own(around, report, CodeState.ACCEPTED, accepted)
        await around.journal.do(lambda connection: _switch(connection, report, around, str(verdict.document)))
    elif verdict.suspect:
        await around.journal.do(lambda connection: _missed(connection, report, around))
    return verdict.document is not None or verdict.suspect


def _switch(connection: Connection, report: ReportRow, around: Surroundings, document_id: str) -> None:
    """From the document of the echo to the earlier one."""
    outcomes.still(connection, report)
    at_ms = around.wall_ms()
    documents.let_go(connection, report.document_id, report.id)
    reports.change(
        connection,
        report.id,
        document_id=document_id,
        document_status=None,
        submitted_ms=at_ms,
        due_ms=at_ms,
        misses=0,
        missed_ms=None,
        waits_for=None,
        problem=f"Document {report.document_id} was our own echo; {document_id} is that of an earlier attempt.",
    )


def _missed(connection: Connection, report: ReportRow, around: Surroundings) -> None:
    fresh = outcomes.still(connection, report)
    at_ms, now_ms, gap_ms = around.wall_ms(), around.server_ms(), around.rules.in_doubt_gap_ms
    if fresh.misses and fresh.missed_ms is not None and now_ms - fresh.missed_ms >= gap_ms:
        problem = (
            f"Document {report.document_id} refuses every code, as it would if an earlier attempt had arrived; no "
            "document of that one was found. Adopt it if the regulator has it, or release the report."
        )
        if fresh.state == ReportState.HELD:
            reports.change(connection, report.id, problem=problem, due_ms=None, waits_for=None)
        else:
            hold(connection, report.id, at_ms, problem)
            reports.change(connection, report.id, waits_for=None)
        return
    again = fresh.misses and fresh.missed_ms is not None and now_ms >= fresh.missed_ms
    missed_ms = fresh.missed_ms if again and fresh.missed_ms is not None else now_ms
    due_ms = at_ms + gap_ms - (now_ms - missed_ms)
    reports.change(connection, report.id, misses=1, missed_ms=missed_ms, waits_for=ECHO, due_ms=due_ms)
