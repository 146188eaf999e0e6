"""Lists of what became of a document's codes, read page by page and never for longer than they can be.

A list ends where every code of ours was seen, at an empty page, or with more rows than the document has codes: then,
and where not one row is about a code of ours, it is no list of that document. One look reads PAGES pages at most and
goes on in the next, so that no list keeps the other documents waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
class Pages:
    """How far a list has been read: its `rows`, and the index `after` which it goes on. `whole`: read to its end;
    `absent`: there is no such list.
    """

    rows: int = 0
    after: int | None = None
    whole: bool = False
    absent: bool = False


@dataclass
class Listed(Pages):
    """What the regulator lists, by our key of each code. `keys`: of all codes of the report. `warned`: what was
    processed with a remark. `foreign`: rows about codes that are none of ours.
    """

    keys: set[str] = field(default_factory=set)
    accepted: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    warned: dict[str, str] = field(default_factory=dict)
    foreign: int = 0

    def take(self, row: CodeOutcome, ours: Mapping[str, str], statuses: Statuses) -> None:
        """One row; those of codes that are none of ours only count."""
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
class Remarks(Pages):
    """What the list of a document that succeeded remarks about codes of ours, by their key. `sample`: a row of each
    page; `foreign`: of those and of the remarks, how many are about codes that are none of ours.
    """

    found: list[CodeOutcome] = field(default_factory=list)
    sample: list[str] = field(default_factory=list)
    warned: dict[str, str] = field(default_factory=dict)
    foreign: int = 0


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
        key = _place(report)
        listed = self._half_remarked.pop(key, None) or Remarks()
        most = max(report.document_codes or 0, report.size)
        # The rows of an aggregation may be packages, children or both: its list is read to an empty page.
        enough = most if report.kind != ReportKind.AGGREGATION else ROWS_MOST

        def take(page: Sequence[CodeOutcome]) -> bool:
            listed.sample += [row.code for row in page[:1]]
            listed.found += [row for row in page if row.state in self._ports.profile.statuses.code_warned]
            return listed.rows == enough

        await self._read_on(report, listed, take, size=most, most=enough, spare=True)
        if listed.absent:
            return Remarks(absent=True)
        if listed.whole:
            await self._match(report, listed)
        else:
            self._half_remarked[key] = listed
        return listed

    async def _match(self, report: ReportRow, listed: Remarks) -> None:
        """Which codes of ours the remarks are about. Raises Unfit for a list of something else."""
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
        key = _place(report)
        ours = await self._ports.journal.read(kind_of(report).texts, report)
        listed = self._half_read.pop(key, None) or Listed()
        listed.keys = set(ours.values())
        most = max(report.document_codes or 0, report.size, len(listed.keys))

        def take(page: Sequence[CodeOutcome]) -> bool:
            for row in page:
                listed.take(row, ours, self._ports.profile.statuses)
            return listed.keys <= listed.accepted.keys() | listed.refused.keys()

        await self._read_on(report, listed, take, size=most, most=most, spare=False)
        if listed.absent:
            return Listed(keys=listed.keys, absent=True)
        if not listed.whole:
            self._half_read[key] = listed
        elif listed.rows and listed.rows == listed.foreign:
            raise Unfit(Fact(DocumentFact.OTHER_LIST, id=report.document_id or ""))
        return listed

    async def _read_on(
        self,
        report: ReportRow,
        listed: Pages,
        take: Callable[[Sequence[CodeOutcome]], bool],
        *,
        size: int,
        most: int,
        spare: bool,
    ) -> None:
        """PAGES pages more. `take` has each of them, and says whether that was all; `size`: rows that are expected,
        `most`: more are no list of this document. Raises LookupFailed, Unfit.
        """
        assert report.document_id is not None
        limit = min(self._ports.rules.outcomes_page, size + 1)
        for _ in range(PAGES):
            page = await self._ports.regulator.code_outcomes(
                report.document_id, after=listed.after, limit=limit, spare=spare
            )
            if page is None:
                listed.absent = True
                return
            listed.rows += len(page)
            # A server may have a limit of its own, so a short page is not the last.
            if take(page) or not page:
                listed.whole = True
                return
            if listed.rows > most:
                raise Unfit(Fact(DocumentFact.ENDLESS_LIST, id=report.document_id, n=most))
            listed.after = max(row.index for row in page)
            await self._ports.sleep(0)

    def forget(self, report_id: int) -> None:
        """The report needs no list any more."""
        for key in [key for key in self._half_read if key[0] == report_id]:
            del self._half_read[key]


def _place(report: ReportRow) -> tuple[int, str]:
    """The report and its document: what a half-read list is known by."""
    assert report.document_id is not None
    return report.id, report.document_id


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
