"""Outcomes of following a document.

submitted → succeeded | partial   it is final; refused: `refusals`
          → held                  given up on, and looked at all the same; or it is another's
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from lined.journal.outcomes import Edges, ReportOutcome
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery.rules import DeliveryRules, backed_off
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import clause, fact_or_text
from lined.vocabulary.facts import DocumentFact, Fact, ReportFact
from lined.vocabulary.reports import ReportState

QUICK_LOOKS = 3  # before they back off

_S = ReportState
_FOLLOWED: Edges = {_S.SUBMITTED: _S.SUBMITTED, _S.HELD: _S.HELD}


@dataclass(frozen=True, kw_only=True)
class Succeeded(ReportOutcome, edges={_S.SUBMITTED: _S.SUCCEEDED, _S.HELD: _S.SUCCEEDED}):
    """Its document was processed."""

    status: str

    @property
    def why(self) -> str:
        return Fact(ReportFact.SUCCEEDED)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"document_status": self.status, "problem": None}


@dataclass(frozen=True, kw_only=True)
class Partial(ReportOutcome, edges={_S.SUBMITTED: _S.PARTIAL, _S.HELD: _S.PARTIAL}):
    """Its document was processed in part. `own` has what it refused, and as reported what its list does not name; that
    is looked for after `wait_ms`.
    """

    wait_ms: int

    @property
    def why(self) -> str:
        refused, unlisted = len(self.own[CodeState.REFUSED]), self._unlisted
        if unlisted:
            return Fact(ReportFact.PARTIAL_UNLISTED, n=refused, left=unlisted)
        return Fact(ReportFact.PARTIAL, n=refused)

    @property
    def _unlisted(self) -> int:
        return len(self.own[CodeState.REPORTED])

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        if not self._unlisted:
            return {"problem": self.why}
        return {
            "problem": self.why,
            "due_ms": at_ms + self.wait_ms,
            "waits_for": Fact(ReportFact.UNLISTED, n=self._unlisted),
        }


@dataclass(frozen=True, kw_only=True)
class Unlisted(ReportOutcome, edges={_S.PARTIAL: _S.PARTIAL}):
    """A later look at what a partial document had not listed: `left` are still missing, and `own` has the others."""

    left: int
    wait_ms: int

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        if not self.left:
            return {"due_ms": None, "waits_for": None}
        return {"due_ms": at_ms + self.wait_ms, "waits_for": Fact(ReportFact.UNLISTED, n=self.left)}


@dataclass(frozen=True, kw_only=True)
class NotFinal(ReportOutcome, edges=_FOLLOWED):
    """The document has no final status yet, or cannot be seen: None. What was wrong is over, unless it is held."""

    status: str | None
    wait_ms: int

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {
            "document_status": self.status,
            "looked_ms": at_ms,
            "due_ms": at_ms + self.wait_ms,
            "problem": report.problem if report.state == _S.HELD else None,
        }


@dataclass(frozen=True, kw_only=True)
class StatusKnown(ReportOutcome, edges=_FOLLOWED):
    """The document's own status, whatever becomes of its codes."""

    status: str

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"document_status": self.status}


@dataclass(frozen=True, kw_only=True)
class ReadOn(ReportOutcome, edges={**_FOLLOWED, _S.PARTIAL: _S.PARTIAL}):
    """Its list is longer than one look: it goes on when the others that are due had theirs."""

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"looked_ms": at_ms, "due_ms": at_ms}


@dataclass(frozen=True, kw_only=True)
class NoList(ReportOutcome, edges=_FOLLOWED):
    """It is final, and has no list of its codes, perhaps not yet."""

    problem: str
    wait_ms: int

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": self.problem, "looked_ms": at_ms, "due_ms": at_ms + self.wait_ms}


@dataclass(frozen=True, kw_only=True)
class NothingLearnt(ReportOutcome, edges={**_FOLLOWED, _S.PARTIAL: _S.PARTIAL}):
    """No answer that is about the document."""

    problem: str
    wait_ms: int

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": self.problem, "due_ms": at_ms + self.wait_ms}


@dataclass(frozen=True, kw_only=True)
class GivenUp(ReportOutcome, edges={_S.SUBMITTED: _S.HELD}):
    """Nothing final in time: before a person, and looked at all the same. `status`: the document's, as far as known."""

    problem: str
    status: str | None
    wait_ms: int

    @property
    def why(self) -> str:
        return self.problem

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": self.problem, "due_ms": at_ms + self.wait_ms, "document_status": self.status}


@dataclass(frozen=True, kw_only=True)
class Fits(ReportOutcome, edges=_FOLLOWED):
    """The document that a person named holds the report's codes; it has so many."""

    codes: int

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"waits_for": None, "document_codes": self.codes}


@dataclass(frozen=True, kw_only=True)
class Misfit(ReportOutcome, edges={_S.SUBMITTED: _S.HELD, _S.HELD: _S.HELD}):
    """The document that a person named is another's. `before`: the one that the report had, and has again."""

    problem: str
    before: str | None = None

    @property
    def why(self) -> str:
        return self.problem

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {
            "problem": self.problem,
            "document_id": self.before,
            "document_status": None,
            "due_ms": None if self.before is None else at_ms,
            "waits_for": None,
        }


def undecided(
    report: ReportRow, status: str | None, looks: int, rules: DeliveryRules, at_ms: int, chance: random.Random
) -> ReportOutcome:
    """After a look that showed no final status. `looks`: of this run of the program, this one among them."""
    if _in_vain(report, rules, at_ms):
        shown = status or Fact(DocumentFact.NOT_VISIBLE)
        problem = Fact(ReportFact.NOT_FINAL, id=report.document_id or "", status=shown)
        return GivenUp(problem=problem, status=status, wait_ms=rules.held_poll_ms)
    wait_ms = backed_off(rules.poll_ms, rules.poll_max_ms, max(looks - QUICK_LOOKS, 0), chance)
    return NotFinal(status=status, wait_ms=rules.held_poll_ms if report.state == _S.HELD else wait_ms)


def without_list(report: ReportRow, problem: str, evidence: str, rules: DeliveryRules, at_ms: int) -> ReportOutcome:
    """After a look at a final document that found no list of its codes."""
    if _in_vain(report, rules, at_ms):
        why = Fact(ReportFact.CODES_NOT_LEARNT, more=problem)
        return GivenUp(problem=why, status=report.document_status, wait_ms=rules.held_poll_ms, evidence=evidence)
    wait_ms = rules.held_poll_ms if report.state == _S.HELD else rules.poll_ms
    return NoList(problem=problem, wait_ms=wait_ms, evidence=evidence)


def unanswered(report: ReportRow, error: Exception, wait_ms: int, rules: DeliveryRules, at_ms: int) -> ReportOutcome:
    """After a look that got no answer, or one about something else."""
    if _in_vain(report, rules, at_ms):
        problem = Fact(ReportFact.NOT_LEARNT, id=report.document_id or "", more=clause(error))
        return GivenUp(problem=problem, status=report.document_status, wait_ms=rules.held_poll_ms)
    return NothingLearnt(problem=fact_or_text(error), wait_ms=wait_ms)


def _in_vain(report: ReportRow, rules: DeliveryRules, at_ms: int) -> bool:
    waited_ms = at_ms - (report.submitted_ms or at_ms)
    return report.state == _S.SUBMITTED and waited_ms >= rules.give_up_ms
