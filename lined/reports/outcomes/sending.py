"""Outcomes of sending a report.

    sealed → sending      its turn came
    sending → submitted   an id came back
            → sealed      certainly not received
            → in_doubt    anything else after a byte left
            → refused | held   a readable no: `refusals`

After an earlier attempt in doubt a readable no may be our own echo, and is in doubt too.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, TypeVar

from lined.journal.care.takeover import PERSON
from lined.journal.outcomes import ReportOutcome
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery.rules import HOUR_MS, DeliveryRules, backed_off
from lined.vocabulary.errors import NotSent, OutcomeUnknown, clause, fact_or_text
from lined.vocabulary.facts import Fact, ReportFact
from lined.vocabulary.reports import ReportState

ECHO = Fact(ReportFact.ECHO)  # `waits_for` of a report that was refused perhaps as our own echo
TOO_MANY = 429  # meets every report of its kind: each method has a limit of its own
FOR_ALL = (None, 401, 403)  # HTTP statuses of NotSent that would meet any other report too; None: no answer
NOT_THEIRS = frozenset(range(400, 500)) - {408}  # without a readable body; 408: whoever it was did not get the request

_S = ReportState


@dataclass(frozen=True, kw_only=True)
class Emptied(ReportOutcome, edges={_S.SEALED: _S.VOID}):
    """Nothing is left to be sent."""

    @property
    def why(self) -> str:
        return Fact(ReportFact.EMPTIED)


@dataclass(frozen=True, kw_only=True)
class Waits(ReportOutcome, edges={_S.SEALED: _S.SEALED}):
    """Its dates do not let it go out yet."""

    problem: str
    wait_ms: int

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"due_ms": at_ms + self.wait_ms, "problem": self.problem}


@dataclass(frozen=True, kw_only=True)
class Begun(ReportOutcome, edges={_S.SEALED: _S.SENDING}):
    """From now on bytes may leave. `since_ms`: before this moment of the regulator's clock no document of it is
    dated, nor one of an earlier attempt, which may still show up.
    """

    attempt: int
    since_ms: int

    @property
    def why(self) -> str:
        return Fact(ReportFact.ATTEMPT, n=self.attempt)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {
            "attempts": self.attempt,
            "attempt_ms": at_ms,
            "attempt_server_ms": self.since_ms,
            "misses": 0,
            "missed_ms": None,
            "waits_for": None,
        }


@dataclass(frozen=True, kw_only=True)
class Received(ReportOutcome, edges={_S.SENDING: _S.SUBMITTED}):
    """The regulator has registered it under this id."""

    document_id: str
    wait_ms: int

    @property
    def why(self) -> str:
        return Fact(ReportFact.DOCUMENT, id=self.document_id)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {
            "document_id": self.document_id,
            "submitted_ms": at_ms,
            "due_ms": at_ms + self.wait_ms,
            "problem": None,
        }


@dataclass(frozen=True, kw_only=True)
class NotReceived(ReportOutcome, edges={_S.SENDING: _S.SEALED}):
    """It certainly did not arrive. `status`: of HTTP; `since_ms`: as in `Begun`, of the attempts before this one."""

    problem: str
    status: int | None
    wait_ms: int
    since_ms: int | None

    @property
    def why(self) -> str:
        return Fact(ReportFact.NOT_RECEIVED, more=self.problem)

    @property
    def of_its_kind(self) -> bool:
        """No other report of its kind would be received now."""
        return self.status == TOO_MANY

    @property
    def of_all(self) -> bool:
        """No other report would be received now, of any kind."""
        return self.status in FOR_ALL

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": self.problem, "due_ms": at_ms + self.wait_ms, "attempt_server_ms": self.since_ms}


@dataclass(frozen=True, kw_only=True)
class PutOff(NotReceived, edges={_S.SEALED: _S.SEALED}):
    """It was not even sent: the regulator, the credential or the budget is not ready."""

    @property
    def of_all(self) -> bool:
        return not self.of_its_kind


@dataclass(frozen=True, kw_only=True)
class NoAnswer(ReportOutcome, edges={_S.SENDING: _S.IN_DOUBT}):
    """Bytes left, and no readable answer came. `unread`: the status that nobody can read, and how often in a row."""

    error: str
    wait_ms: int
    unread: tuple[int, int] | None

    @property
    def why(self) -> str:
        return self.error

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        unread = {} if self.unread is None else dict(zip(("unread_status", "unread_times"), self.unread, strict=True))
        problem = Fact(ReportFact.NO_ANSWER, more=clause(self.error))
        return {"problem": problem, "due_ms": at_ms + self.wait_ms, **unread}


@dataclass(frozen=True, kw_only=True)
class CutShort(ReportOutcome, edges={_S.SENDING: _S.IN_DOUBT}):
    """The program ended while it was being sent."""

    wait_ms: int

    @property
    def why(self) -> str:
        return Fact(ReportFact.CUT_SHORT)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        due_ms = (report.attempt_ms or at_ms) + self.wait_ms
        return {"problem": Fact(ReportFact.CUT_SHORT_DOUBT), "due_ms": min(max(at_ms, due_ms), at_ms + self.wait_ms)}


@dataclass(frozen=True, kw_only=True)
class DefectWhileSending(ReportOutcome, edges={_S.SENDING: _S.IN_DOUBT}):
    """A mistake of ours while it was being sent."""

    wait_ms: int

    @property
    def why(self) -> str:
        return Fact(ReportFact.DEFECT_SENDING)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": Fact(ReportFact.DEFECT_DOUBT), "due_ms": at_ms + self.wait_ms}


@dataclass(frozen=True, kw_only=True)
class PerhapsEcho(ReportOutcome, edges={_S.SENDING: _S.IN_DOUBT}):
    """It was refused, perhaps because an earlier attempt had arrived: the document of that one is looked for."""

    refusal: str
    wait_ms: int

    @property
    def why(self) -> str:
        return Fact(ReportFact.PERHAPS_ECHO, more=clause(self.refusal))

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"problem": self.why, "waits_for": ECHO, "due_ms": at_ms + self.wait_ms}


@dataclass(frozen=True, kw_only=True)
class OfAnother(ReportOutcome, edges={_S.SENDING: _S.IN_DOUBT}):
    """The answer names a document that another report has: a person has to say that it was not received."""

    document_id: str
    owner: int

    @property
    def why(self) -> str:
        return Fact(ReportFact.OF_ANOTHER, id=self.document_id, report=self.owner)


@dataclass(frozen=True, kw_only=True)
class Returned(ReportOutcome, edges={_S.SEALED: _S.SENDING, _S.SENDING: _S.IN_DOUBT}):
    """A backup brought it back unfinished: it is in doubt, through `sending` as any report that may have been
    received.
    """

    @property
    def why(self) -> str:
        return Fact(ReportFact.RETURNED)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"attempt_ms": at_ms, "due_ms": at_ms, "waits_for": PERSON}


N = TypeVar("N", bound=NotReceived)


def begun(report: ReportRow, floor_ms: int) -> Begun:
    """Before the first byte. `floor_ms`: a moment of the regulator's clock that has certainly passed."""
    return Begun(attempt=report.attempts + 1, since_ms=report.attempt_server_ms or floor_ms)


def not_received(
    report: ReportRow, error: NotSent, failures: int, rules: DeliveryRules, chance: random.Random
) -> NotReceived:
    """`report`: as it was before the attempt; `failures`: how many in a row were not received before this one."""
    return _later(NotReceived, report, error, failures, rules, chance)


def put_off(report: ReportRow, error: NotSent, failures: int, rules: DeliveryRules, chance: random.Random) -> PutOff:
    """The same, where nothing was attempted."""
    return _later(PutOff, report, error, failures, rules, chance)


def _later(
    outcome: type[N], report: ReportRow, error: NotSent, failures: int, rules: DeliveryRules, chance: random.Random
) -> N:
    floor_ms = min(HOUR_MS, int((error.retry_after_s or 0.0) * 1000))
    return outcome(
        problem=fact_or_text(error),
        status=error.status,
        wait_ms=max(floor_ms, backed_off(rules.retry_ms, rules.retry_max_ms, failures, chance)),
        since_ms=report.attempt_server_ms,
        evidence=error.evidence or None,
    )


def unanswered(report: ReportRow, error: OutcomeUnknown, rules: DeliveryRules) -> NoAnswer:
    """A firewall or a limit of size may be behind what nobody can read: `searching` says what becomes of it."""
    unread = None
    if error.status is not None and error.status in NOT_THEIRS:
        times = report.unread_times + 1 if report.unread_status == error.status else 1
        unread = (error.status, times)
    wait_ms = rules.in_doubt_first_ms
    return NoAnswer(error=fact_or_text(error), wait_ms=wait_ms, unread=unread, evidence=error.evidence or None)
