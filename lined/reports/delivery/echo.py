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

from lined.journal.outcomes import ReportOutcome
from lined.journal.tables import report_events
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery.ports import Ports
from lined.reports.delivery.search import Search
from lined.reports.kinds.kinds import kind_of
from lined.reports.outcomes.searching import FoundEarlier, earlier_missed
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Unavailable
from lined.vocabulary.facts import DocumentFact, Fact


class Verdict(NamedTuple):
    """`document`: the earlier attempt's. `suspect`: none was found, and the refusal looks like an echo all the same.
    `unread`: why the search could not come to its end.
    """

    document: str | None = None
    suspect: bool = False
    unread: str = ""


async def look(ports: Ports, search: Search, report: ReportRow, refused: Collection[str]) -> Verdict:
    """Whether a refusal may be the echo of an earlier attempt. `refused`: keys of the members it names."""
    if not await ports.journal.read(report_events.sent_after_doubt, report.id):
        return Verdict()
    look = await search.look(report, standing=True)
    if look.document is not None:
        return Verdict(document=look.document.document_id)
    if not look.complete:
        return Verdict(suspect=True, unread=look.why)
    members = set((await ports.journal.read(kind_of(report).texts, report)).values())
    return Verdict(suspect=not refused or 2 * len(members.intersection(refused)) >= len(members))


async def instead(
    ports: Ports,
    search: Search,
    report: ReportRow,
    accepted: dict[str, str],
    refused: Collection[str],
    *,
    processed: bool = False,
) -> ReportOutcome | None:
    """A document refuses codes of a report: None where that stands, else what has become known instead; look again
    later. `processed`: it says that it accepted some, which its list may not name yet.

    Raises Unavailable where the search for an earlier attempt's document could not come to its end.
    """
    verdict = await look(ports, search, report, refused)
    if (accepted or processed) and verdict.document is None and not verdict.unread:
        return None  # an echo has nothing left to accept
    if verdict.unread:
        raise Unavailable(Fact(DocumentFact.LOOKING_EARLIER, more=verdict.unread))
    if verdict.document is not None:
        return FoundEarlier(document_id=verdict.document, own={CodeState.ACCEPTED: accepted})
    return earlier_missed(report, ports.rules, ports.server_ms()) if verdict.suspect else None
