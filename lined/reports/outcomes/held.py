"""Outcomes that put a report before a person, whatever it was that became known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lined.journal.outcomes import ReportOutcome
from lined.journal.tables.reports import ReportRow
from lined.vocabulary.facts import Fact, ReportFact
from lined.vocabulary.reports import ReportState

_S = ReportState


@dataclass(frozen=True, kw_only=True)
class Held(
    ReportOutcome,
    edges={
        _S.SEALED: _S.HELD,
        _S.SENDING: _S.HELD,
        _S.IN_DOUBT: _S.HELD,
        _S.SUBMITTED: _S.HELD,
        _S.HELD: _S.HELD,
    },
):
    """A person has to decide what becomes of it."""

    problem: str
    waits_for: str | None = None

    @property
    def why(self) -> str:
        return self.problem

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": self.problem, "due_ms": None, "waits_for": self.waits_for}


@dataclass(frozen=True, kw_only=True)
class HeldForDefect(
    ReportOutcome,
    edges={_S.SEALED: _S.HELD, _S.IN_DOUBT: _S.HELD, _S.SUBMITTED: _S.HELD, _S.HELD: _S.HELD, _S.PARTIAL: _S.PARTIAL},
):
    """Its steps meet mistakes of ours. What has a document is looked at all the same, once in a while: it may have its
    outcome.
    """

    defect: str
    times: int
    wait_ms: int

    @property
    def why(self) -> str:
        return Fact(ReportFact.DEFECT_HELD, n=self.times, id=self.defect)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        due_ms = at_ms + self.wait_ms if report.document_id is not None else None
        stays = self.edges[report.state] == report.state
        return {"problem": self.why, "due_ms": due_ms, **({} if stays else {"waits_for": None})}
