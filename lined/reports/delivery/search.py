"""Looking for a report that may have been received (docs/decisions.md, Sending without an idempotency key).

A document is ours when it holds the same set and number of codes, separators stripped on both sides: the regulator's
own sample returns content without separators and with a field missing, so bytes never match. A partial overlap is a
contradiction, and so are other dates, series or place where the document has them. Where the search finds none, the
histories of some of the codes are asked, which name the documents that touched them; an account without that right
does without. A look that could not read everything is no evidence of absence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from lined.codes import without_separators
from lined.journal.database import Connection
from lined.journal.tables import documents, reports
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import Document
from lined.regulator.profile import Statuses
from lined.reports.delivery import fingerprints as prints
from lined.reports.delivery import likeness
from lined.reports.delivery.applying import write_outcome
from lined.reports.delivery.cards import card
from lined.reports.delivery.frozen import fields
from lined.reports.delivery.ports import Ports
from lined.reports.kinds.aggregation import BEHIND
from lined.reports.kinds.kinds import KINDS, kind_of
from lined.reports.outcomes.searching import Look, concluded
from lined.vocabulary.errors import LookupFailed, fact_or_text
from lined.vocabulary.facts import DocumentFact, Fact
from lined.vocabulary.reports import Outcome, ReportState

log = structlog.get_logger()

MARGIN_MS = 10 * 60 * 1000  # how far before our attempt, by the server's clock, a document may be dated
PAGES_MAX = 1_000  # of 100 documents; more is no complete search
FOREIGN_KEPT = 10_000  # documents known not to be ours, so that a second look does not read them again
STRIP_SLICE = 1_000
SAMPLE = 20  # codes whose histories are asked for


class _Ours(NamedTuple):
    """The codes of the report that is looked for, without separators, and their prints."""

    codes: set[str]
    prints: frozenset[int]


class _Findings:
    """What a search has met so far. One that stands settles it; one that was refused whole only where nothing else is
    ours: it may be of an attempt that a person has sent again since.
    """

    def __init__(self, standing: bool, statuses: Statuses) -> None:
        self._standing = standing
        self._statuses = statuses
        self._refused: Document | None = None
        self.best: Document | None = None
        self.contradiction: str | None = None
        self.unreadable = ""

    def match(self, document: Document) -> None:
        if not self.refused_whole(document):
            self.best = document
        elif not self._standing:
            self._refused = document

    def refused_whole(self, document: Document) -> bool:
        return self._statuses.of_document(document.status) == Outcome.REFUSED

    @property
    def settled(self) -> bool:
        """Nothing more that could be read would change the answer."""
        return self.best is not None or bool(self.unreadable)

    def look(self) -> Look:
        """The answer of a search that came to its end, or did not need to."""
        if self.best is not None:
            return Look(document=self.best, answered=True, complete=True)
        if self.unreadable:
            return Look(answered=True, why=self.unreadable)
        if self._refused is not None:
            return Look(document=self._refused, answered=True, complete=True)
        return Look(contradiction=self.contradiction, answered=True, complete=True)


class Search:
    """Looks for reports in doubt; remembers which documents are none of ours, and for one round of looks what was read
    of each. Call `round_over` when no look is due.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._foreign: dict[tuple[int, str], None] = {}
        self._prints = prints.Prints()

    def round_over(self) -> None:
        """Documents are read anew from now on."""
        self._prints.forget()

    async def look(self, report: ReportRow, *, standing: bool = False) -> Look:
        """One search for a document that is the report's and not known to be an earlier one. Never raises for what the
        regulator does; the journal is not changed. `standing`: one that was refused whole does not count.
        """
        ports = self._ports
        since = datetime.fromtimestamp(((report.attempt_server_ms or report.opened_ms) - MARGIN_MS) / 1000, UTC)
        codes = await ports.journal.read(kind_of(report).sent, report, ports.form(report.kind))
        ours = _Ours(codes, prints.of(codes))
        found = _Findings(standing, ports.profile.statuses)
        cursor: str | None = None
        answered = False
        seen: set[str] = set()
        try:
            for _ in range(PAGES_MAX):
                page = await ports.regulator.search(kind=report.kind, since=since, cursor=cursor)
                answered = True
                fresh = [document for document in page if document.document_id not in seen]
                if not fresh:
                    if len(page) >= ports.rules.search_page:
                        return Look(answered=True, why=Fact(DocumentFact.SAME_PAGE))
                    await self._touching(report, ours, since, seen, found)
                    return found.look()
                seen.update(document.document_id for document in fresh)
                known = await ports.journal.read(documents.known, [document.document_id for document in fresh])
                await self._read(report, ours, [d for d in fresh if d.document_id not in known], found)
                if found.settled:
                    return found.look()
                cursor = page[-1].document_id
        except LookupFailed as error:
            return Look(answered=answered, why=fact_or_text(error))
        return Look(answered=True, why=Fact(DocumentFact.TOO_MANY_PAGES, n=PAGES_MAX))

    async def _read(self, report: ReportRow, ours: _Ours, candidates: Sequence[Document], found: _Findings) -> None:
        for document in candidates:
            if (report.id, document.document_id) in self._foreign:
                continue
            if self._prints.foreign(report.kind, document.document_id, ours.prints):
                self._remember_foreign(report, document)
                await self._ports.sleep(0)
                continue
            content = await self._ports.regulator.content(document.document_id)
            theirs = await self._codes(report.kind, content)
            if theirs is None:
                found.unreadable = Fact(DocumentFact.NO_LIST, id=document.document_id)
                continue
            self._prints.keep(report.kind, document.document_id, theirs)
            if len(theirs) == len(ours.codes) and set(theirs) == ours.codes:
                await self._matched(report, document, content, found)
            elif shared := len(ours.codes.intersection(theirs)):
                found.contradiction = Fact(
                    DocumentFact.OVERLAP,
                    id=document.document_id,
                    other=len(theirs),
                    left=shared,
                    n=len(ours.codes),
                )
            else:
                self._remember_foreign(report, document)

    async def _matched(
        self, report: ReportRow, document: Document, content: Mapping[str, object], found: _Findings
    ) -> None:
        form = kind_of(report).format
        mine = form.told(await self._ports.journal.read(fields, report.id, form.codes_in))
        other = likeness.difference(mine, form.told(content))
        if other is None:
            found.match(document)
        elif not found.refused_whole(document):  # one that is somebody else's changes nothing
            found.contradiction = Fact(DocumentFact.DIFFERS, id=document.document_id, more=other)

    async def _touching(
        self, report: ReportRow, ours: _Ours, since: datetime, seen: Collection[str], found: _Findings
    ) -> None:
        """Read the documents that the codes' histories name and no search has shown. Raises LookupFailed for those."""
        ports = self._ports
        sample = await ports.journal.read(_sample, report)
        try:
            named = await ports.regulator.touching(kind=report.kind, codes=sample, since=since)
        except LookupFailed as error:
            log.info("no_histories", report=report.id, why=str(error))
            return
        known = await ports.journal.read(documents.known, named)
        for document_id in named:
            if document_id in known or document_id in seen or found.settled:
                continue
            document = await card(ports, report.kind, document_id)
            if document is None:
                found.unreadable = Fact(DocumentFact.NOT_SEEN, id=document_id)
            else:
                await self._read(report, ours, [document], found)

    async def _codes(self, kind: str, content: Mapping[str, object]) -> list[str] | None:
        listed = KINDS[kind].format.listed(content)
        if listed is None:
            return None
        stripped: list[str] = []
        for start in range(0, len(listed), STRIP_SLICE):
            stripped += [without_separators(code) for code in listed[start : start + STRIP_SLICE]]
            await self._ports.sleep(0)
        return stripped

    def _remember_foreign(self, report: ReportRow, document: Document) -> None:
        self._foreign[(report.id, document.document_id)] = None
        while len(self._foreign) > FOREIGN_KEPT:
            del self._foreign[next(iter(self._foreign))]


def _sample(connection: Connection, report: ReportRow) -> list[str]:
    """Identification codes of the report, from all over it."""
    keys = kind_of(report).texts(connection, report).values()
    idents = list(dict.fromkeys(key.rpartition(BEHIND)[2] for key in keys))
    return idents[:: max(1, len(idents) // SAMPLE)][:SAMPLE]


async def conclude(ports: Ports, report: ReportRow, look: Look, probing: bool, failures: int) -> None:
    """Write down what a look means. A look before its time (`probing`) finds, but does not count as a miss."""

    def step(connection: Connection) -> None:
        fresh = reports.get(connection, report.id)
        if fresh is None or fresh.state != ReportState.IN_DOUBT:
            return
        outcome = concluded(
            fresh,
            look,
            probing=probing,
            failures=failures,
            rules=ports.rules,
            at_ms=ports.wall_ms(),
            server_ms=ports.server_ms(),
            chance=ports.chance,
        )
        write_outcome(connection, fresh, outcome, ports)

    await ports.journal.do(step)
