"""Lists of what became of a document's codes, read page by page and never for longer than they can be.

A list ends where every code of ours was seen, at an empty page, or with more rows than the document has codes: then,
and where not one row is about a code of ours, it is no list of that document. One look reads PAGES pages at most and
goes on in the next, so that no list keeps the other documents waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lined.codes import without_separators
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import CodeOutcome
from lined.regulator.profile import Statuses
from lined.reports.delivery.ports import Surroundings
from lined.reports.kinds.kinds import kind_of
from lined.vocabulary.errors import Unfit
from lined.vocabulary.facts import DocumentFact, Fact

PAGES = 20  # of 2,000 rows: a document of 30,000 codes takes one look
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
        key = ours.get(row.code) or ours.get(without_separators(row.code))
        if key is None:
            self.foreign += 1
            return
        if row.state in statuses.code_refused:
            self.refused[key] = row.result or NO_REASON
        elif row.state in statuses.code_accepted | statuses.code_warned:
            self.accepted[key] = row.result or row.state
        if row.state in statuses.code_warned:
            self.warned[key] = row.result or NO_REASON


class Lists:
    """The lists that are being read, by report."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._half_read: dict[tuple[int, str], Listed] = {}

    async def read(self, report: ReportRow, *, spare: bool = False) -> Listed:
        """Read on in the list of the report's document; not yet `whole` where there is more of it. `spare`: only with
        requests that nobody else needs. Raises LookupFailed, Unfit for a list that cannot be the document's.
        """
        assert report.document_id is not None
        around, key = self._around, (report.id, report.document_id)
        ours = await around.journal.read(kind_of(report).texts, report)
        listed = self._half_read.pop(key, None) or Listed()
        listed.keys = set(ours.values())
        most = max(report.document_codes or 0, report.size, len(listed.keys))
        for _ in range(PAGES):
            page = await around.regulator.code_outcomes(
                report.document_id, after=listed.after, limit=min(around.rules.outcomes_page, most + 1), spare=spare
            )
            if page is None:
                return Listed(listed.keys, absent=True)
            for row in page:
                listed.take(row, ours, around.profile.statuses)
            # A server may have a limit of its own, so a short page is not the last.
            if not page or listed.keys <= listed.accepted.keys() | listed.refused.keys():
                if listed.rows and listed.rows == listed.foreign:
                    raise Unfit(Fact(DocumentFact.OTHER_LIST, id=report.document_id))
                listed.whole = True
                return listed
            if listed.rows > most:
                raise Unfit(Fact(DocumentFact.ENDLESS_LIST, id=report.document_id, n=most))
            listed.after = max(row.index for row in page)
            await around.sleep(0)
        self._half_read[key] = listed
        return listed

    def forget(self, report_id: int) -> None:
        """The report needs no list any more."""
        for key in [key for key in self._half_read if key[0] == report_id]:
            del self._half_read[key]
