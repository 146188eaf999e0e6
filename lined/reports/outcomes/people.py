"""Outcomes that only a person may decide, of a report that is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lined.journal.outcomes import ReportOutcome
from lined.journal.tables.reports import ReportRow
from lined.vocabulary.facts import Fact, ReportFact
from lined.vocabulary.reports import ReportState

NAMED = Fact(ReportFact.NAMED)  # `waits_for` of such a report

_S = ReportState


@dataclass(frozen=True, kw_only=True)
class SentAgain(ReportOutcome, edges={_S.HELD: _S.SEALED}):
    """It is to be sent as it stands. `by`: who says so, or ""."""

    by: str
    waits_for: str | None

    @property
    def why(self) -> str:
        return Fact(ReportFact.SENT_AGAIN, by=self.by)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {
            "due_ms": at_ms,
            "problem": None,
            "waits_for": self.waits_for,
            "document_id": None,
            "document_status": None,
            "attempt_server_ms": None,
            "unread_status": None,
            "unread_times": 0,
            "document_codes": None,
        }


@dataclass(frozen=True, kw_only=True)
class Adopted(ReportOutcome, edges={_S.HELD: _S.SUBMITTED}):
    """It became this document, which is compared with it before its outcome is believed."""

    by: str
    document_id: str

    @property
    def why(self) -> str:
        return Fact(ReportFact.ADOPTED, by=self.by, id=self.document_id)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {
            "document_id": self.document_id,
            "document_status": None,
            "submitted_ms": at_ms,
            "due_ms": at_ms,
            "misses": 0,
            "missed_ms": None,
            "waits_for": NAMED,
            "problem": None,
        }


@dataclass(frozen=True, kw_only=True)
class Released(ReportOutcome, edges={_S.HELD: _S.RELEASED}):
    """It ends, and its codes count as that, one of RELEASES."""

    by: str
    codes: str
    reason: str

    @property
    def why(self) -> str:
        return Fact(ReportFact.RELEASED, state=self.codes, by=self.by, more=self.reason)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"released_as": self.codes}
