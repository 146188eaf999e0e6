"""Outcomes of a refusal: the answer to a submission, or what became of its document.

naming codes    refused: those are, and the others go, once, into a new report
a second time   held: what is left of them is for a person
naming nobody   held: it is about the document or the key; the second in a row pauses the kind
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lined.journal.outcomes import Edges, ReportOutcome
from lined.journal.tables.reports import ReportRow
from lined.vocabulary.facts import Fact, ReportFact
from lined.vocabulary.reports import ReportState

_S = ReportState
_HELD: Edges = {_S.SENDING: _S.HELD, _S.SUBMITTED: _S.HELD, _S.HELD: _S.HELD}


@dataclass(frozen=True, kw_only=True)
class Refused(ReportOutcome, edges={_S.SENDING: _S.REFUSED, _S.SUBMITTED: _S.REFUSED, _S.HELD: _S.REFUSED}):
    """Nothing of it was processed. `own` has the codes that are to blame."""

    refusal: str

    @property
    def why(self) -> str:
        return self.refusal

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": self.refusal}


@dataclass(frozen=True, kw_only=True)
class RefusedAgain(ReportOutcome, edges=_HELD):
    """The report that took over the codes without blame was refused too. What a person sends again is made of the codes
    that are left, not of the bytes that were refused.
    """

    refusal: str
    named: int
    left: int

    @property
    def why(self) -> str:
        return Fact(ReportFact.REFUSED_AGAIN, n=self.named, left=self.left, more=self.refusal)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": self.why, "due_ms": None, "fingerprint": None, "frozen_ms": None, "carried": None}


@dataclass(frozen=True, kw_only=True)
class RefusedNameless(ReportOutcome, edges=_HELD):
    """Nothing of it was processed, and no code is to blame. What is held was given up on, and is refused at last."""

    refusal: str

    @property
    def why(self) -> str:
        return self.refusal

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": self.refusal, "due_ms": None}


def again(report: ReportRow, refused: Refused) -> RefusedAgain | None:
    """A refusal as the report stands once its codes are blamed; None: it is no second one, or nothing is left."""
    if not report.codes or report.batch_id == report.id:
        return None
    named = sum(len(codes) for codes in refused.own.values())
    return RefusedAgain(refusal=refused.refusal, named=named, left=report.codes, evidence=refused.evidence)
