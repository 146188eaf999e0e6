"""Lists of what became of a document's codes, read page by page and never for longer than they can be.

A list ends where every code of ours was seen, at an empty page, or with more rows than the document has codes: then,
and where not one row is about a code of ours, it is no list of that document. One look reads PAGES pages at most and
goes on in the next, so that no list keeps the other documents waiting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lined.codes import without_separators
from lined.journal.database import Connection
from lined.journal.tables import codes, packages
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import CodeOutcome
from lined.regulator.profile import Statuses
from lined.reports.delivery.ports import Ports
from lined.reports.kinds.kinds import kind_of
from lined.vocabulary.errors import Unfit
from lined.vocabulary.facts import DocumentFact, Fact
from lined.vocabulary.reports import ReportKind

PAGES = 20  # of 2,000 rows: a document of 30,000 codes takes one look
ROWS_MOST = 200_000  # of any list
NO_REASON = "no reason given"


@dataclass
class Listed:
    """What the regulator lists, by our key of each code. `keys`: of all codes of the report. `warned`: what was
    processed with a remark. `whole`: read to its end; `absent`: there is no such list.
    """

    keys: set[str] = field(default_factory=set)
    accepted: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    warned: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    foreign: int = 0
    after: int | None = None
    whole: bool = False
    absent: bool = False

    def take(self, row: CodeOutcome, ours: Mapping[str, str], statuses: Statuses) -> None:
        """One row; those of codes that are none of ours only count."""
        self.rows += 1
        key = _key(row, ours)
        if key is None:
            self.foreign += 1
            return
        if row.state in statuses.code_refused:
            self.refused[key] = row.result or NO_REASON
        elif row.state in statuses.code_accepted | statuses.code_warned:
            self.accepted[key] = row.result or row.state
        if row.state in statuses.code_warned:
            self.warned[key] = row.result or NO_REASON


@dataclass
class Remarks:
    """What the list of a document that succeeded remarks about codes of ours, by their key. `sample`: a row of each
    page; `foreign`: of those and of the remarks, how many are about codes that are none of ours. `whole`, `absent`: as
    in Listed.
    """

    rows: int = 0
    after: int | None = None
    found: list[CodeOutcome] = field(default_factory=list)
    sample: list[str] = field(default_factory=list)
    warned: dict[str, str] = field(default_factory=dict)
    foreign: int = 0
    whole: bool = False
    absent: bool = False


class Lists:
    """The lists that are being read, by report."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._half_read: dict[tuple[int, str], Listed] = {}
        self._half_remarked: dict[tuple[int, str], Remarks] = {}

    async def remarks(self, report: ReportRow) -> Remarks:
        """Read on, with requests that nobody else needs, in the list of a document whose codes were all processed. Our
        own codes, which are many, are read only where something was remarked. Raises LookupFailed, Unfit as `read`.
        """
        assert report.document_id is not None
        ports, key = self._ports, (report.id, report.document_id)
        listed = self._half_remarked.pop(key, None) or Remarks()
        most = max(report.document_codes or 0, report.size)
        for _ in range(PAGES):
            page = await ports.regulator.code_outcomes(
                report.document_id, after=listed.after, limit=min(ports.rules.outcomes_page, most + 1), spare=True
            )
            if page is None:
                return Remarks(absent=True)
            listed.rows += len(page)
            listed.sample += [row.code for row in page[:1]]
            listed.found += [row for row in page if row.state in ports.profile.statuses.code_warned]
            # The rows of an aggregation may be packages, children or both: its list is read to an empty page.
            enough = most if report.kind != ReportKind.AGGREGATION else ROWS_MOST
            if listed.rows > enough:
                raise _too_long(report, enough)
            if not page or listed.rows == enough:
                await self._match(report, listed)
                return listed
            listed.after = max(row.index for row in page)
            await ports.sleep(0)
        self._half_remarked[key] = listed
        return listed

    async def _match(self, report: ReportRow, listed: Remarks) -> None:
        """Which codes of ours the remarks are about. Raises Unfit for a list of something else."""
        listed.whole = True
        listed.foreign = await self._ports.journal.read(_strangers, report, listed.sample)
        if listed.sample and listed.foreign == len(listed.sample):
            raise Unfit(Fact(DocumentFact.OTHER_LIST, id=report.document_id or ""))
        if not listed.found:
            return
        ours = await self._ports.journal.read(kind_of(report).texts, report)
        for row in listed.found:
            key = _key(row, ours)
            if key is None:
                listed.foreign += 1
            else:
                listed.warned[key] = row.result or NO_REASON

    async def read(self, report: ReportRow) -> Listed:
        """Read on in the list of the report's document; not yet `whole` where there is more of it. Raises LookupFailed,
        Unfit for a list that cannot be the document's.
        """
        assert report.document_id is not None
        ports, key = self._ports, (report.id, report.document_id)
        ours = await ports.journal.read(kind_of(report).texts, report)
        listed = self._half_read.pop(key, None) or Listed()
        listed.keys = set(ours.values())
        most = max(report.document_codes or 0, report.size, len(listed.keys))
        for _ in range(PAGES):
            page = await ports.regulator.code_outcomes(
                report.document_id, after=listed.after, limit=min(ports.rules.outcomes_page, most + 1)
            )
            if page is None:
                return Listed(listed.keys, absent=True)
            for row in page:
                listed.take(row, ours, ports.profile.statuses)
            # A server may have a limit of its own, so a short page is not the last.
            if not page or listed.keys <= listed.accepted.keys() | listed.refused.keys():
                if listed.rows and listed.rows == listed.foreign:
                    raise Unfit(Fact(DocumentFact.OTHER_LIST, id=report.document_id))
                listed.whole = True
                return listed
            if listed.rows > most:
                raise _too_long(report, most)
            listed.after = max(row.index for row in page)
            await ports.sleep(0)
        self._half_read[key] = listed
        return listed

    def forget(self, report_id: int) -> None:
        """The report needs no list any more."""
        for key in [key for key in self._half_read if key[0] == report_id]:
            del self._half_read[key]


def _too_long(report: ReportRow, most: int) -> Unfit:
    return Unfit(Fact(DocumentFact.ENDLESS_LIST, id=report.document_id or "", n=most))


def _strangers(connection: Connection, report: ReportRow, texts: Sequence[str]) -> int:
    """How many of these texts are no codes of the report; of what is not its batch's own, no codes of this line."""
    strangers = 0
    for text in texts:
        code = codes.beginning(connection, text)
        ours = code is not None and (report.kind != ReportKind.UTILISATION or code.batch_id == report.batch_id)
        strangers += not ours and (report.kind == ReportKind.UTILISATION or packages.by_ident(connection, text) is None)
    return strangers


def _key(row: CodeOutcome, ours: Mapping[str, str]) -> str | None:
    """Our key of the code that a row is about; None where it is none of ours."""
    return ours.get(row.code) or ours.get(without_separators(row.code))
