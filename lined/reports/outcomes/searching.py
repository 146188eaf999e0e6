"""Outcomes of looking for a report that may have been received.

in_doubt → submitted   its document was found
         → sealed      two complete searches, a gap apart, missed it
         → held        the searches cannot tell, or a person's word was asked for
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, NamedTuple

from lined.journal.care.takeover import PERSON
from lined.journal.outcomes import ReportOutcome
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import Document
from lined.reports.delivery.rules import DeliveryRules, backed_off
from lined.reports.outcomes.held import Held
from lined.reports.outcomes.sending import ECHO
from lined.vocabulary.errors import clause
from lined.vocabulary.facts import Fact, ReportFact
from lined.vocabulary.reports import ReportState

_S = ReportState


class Look(NamedTuple):
    """What one look found. `answered`: the regulator answered properly at least once; `complete`: everything was
    read.
    """

    document: Document | None = None
    contradiction: str | None = None
    complete: bool = False
    answered: bool = False
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Found(ReportOutcome, edges={_S.IN_DOUBT: _S.SUBMITTED}):
    """The document of a report in doubt is known."""

    document_id: str

    @property
    def why(self) -> str:
        return Fact(ReportFact.FOUND, id=self.document_id)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {
            "document_id": self.document_id,
            "submitted_ms": at_ms,
            "due_ms": at_ms,
            "misses": 0,
            "missed_ms": None,
            "waits_for": None,
            "problem": None,
        }


@dataclass(frozen=True, kw_only=True)
class FoundEcho(Found, edges={_S.SENDING: _S.SUBMITTED}):
    """A refusal was the echo of an earlier attempt: the document of that one is the report's."""

    @property
    def why(self) -> str:
        return Fact(ReportFact.FOUND_ECHO, id=self.document_id)


@dataclass(frozen=True, kw_only=True)
class FoundEarlier(Found, edges={_S.SUBMITTED: _S.SUBMITTED, _S.HELD: _S.HELD}):
    """The document that is followed was an echo: the earlier one takes its place."""

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        problem = Fact(ReportFact.FOUND_EARLIER, id=self.document_id, other=report.document_id or "")
        return {**super().changes(report, at_ms), "document_status": None, "problem": problem}


@dataclass(frozen=True, kw_only=True)
class Missed(ReportOutcome, edges={_S.IN_DOUBT: _S.SEALED}):
    """Two complete searches have not found it. `unread`: what is said of its answers that nobody can read."""

    missed_ms: int
    unread: str | None

    @property
    def why(self) -> str:
        return Fact(ReportFact.MISSED)

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        misses = report.misses + 1
        return {"misses": misses, "missed_ms": self.missed_ms, "due_ms": at_ms, "problem": self.unread}


@dataclass(frozen=True, kw_only=True)
class MissedOnce(ReportOutcome, edges={_S.IN_DOUBT: _S.IN_DOUBT}):
    """A complete search has not found it; the second comes after the gap."""

    missed_ms: int
    wait_ms: int

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"misses": 1, "missed_ms": self.missed_ms, "looked_ms": at_ms, "due_ms": at_ms + self.wait_ms}


@dataclass(frozen=True, kw_only=True)
class EarlierMissed(ReportOutcome, edges={_S.SUBMITTED: _S.SUBMITTED, _S.HELD: _S.HELD}):
    """The document of an attempt before the one that is followed was not found; it is looked for once more."""

    missed_ms: int
    wait_ms: int

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {"misses": 1, "missed_ms": self.missed_ms, "waits_for": ECHO, "due_ms": at_ms + self.wait_ms}


@dataclass(frozen=True, kw_only=True)
class LookedFor(ReportOutcome, edges={_S.IN_DOUBT: _S.IN_DOUBT}):
    """A look that says nothing. `wait_ms`: till the next one; None: as it was."""

    wait_ms: int | None

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        due = {} if self.wait_ms is None else {"due_ms": at_ms + self.wait_ms}
        return {"looked_ms": at_ms, **due}


def concluded(
    report: ReportRow,
    look: Look,
    *,
    probing: bool,
    failures: int,
    rules: DeliveryRules,
    at_ms: int,
    server_ms: int,
    chance: random.Random,
) -> ReportOutcome:
    """What a look for a report in doubt means. One before its time (`probing`) finds, but does not count as a miss.
    `failures`: looks in a row that were not complete; `server_ms`: now by the regulator's clock.
    """
    if look.document is not None:
        return Found(document_id=look.document.document_id)
    if look.contradiction is not None:
        return Held(problem=look.contradiction)
    if look.complete and not probing:
        return _missed(report, rules, server_ms)
    if not look.complete and at_ms - (report.attempt_ms or at_ms) >= rules.give_up_ms:
        return Held(problem=Fact(ReportFact.NO_SEARCH, more=look.why))
    if probing:
        return LookedFor(wait_ms=None)
    return LookedFor(wait_ms=backed_off(rules.retry_ms, rules.retry_max_ms, failures, chance))


def _missed(report: ReportRow, rules: DeliveryRules, now_ms: int) -> ReportOutcome:
    """A complete search in its time found nothing. The gap between two is counted by the regulator's clock, which has
    just been heard: ours may have jumped, and the second would come too early.
    """
    gap_ms = rules.in_doubt_gap_ms
    if not report.misses or report.missed_ms is None or now_ms < report.missed_ms:
        return MissedOnce(missed_ms=now_ms, wait_ms=gap_ms)
    if now_ms - report.missed_ms < gap_ms:
        return LookedFor(wait_ms=gap_ms - (now_ms - report.missed_ms))
    if report.waits_for == PERSON:
        return Held(problem=Fact(ReportFact.MISSED_RETURNED))
    if report.waits_for == ECHO:
        return Held(problem=Fact(ReportFact.MISSED_ECHO, more=clause(report.problem)))
    if report.unread_times >= rules.unread_most:
        return Held(problem=_unreadable(report))
    return Missed(missed_ms=now_ms, unread=_unreadable(report) if report.unread_times else None)


def earlier_missed(report: ReportRow, rules: DeliveryRules, now_ms: int) -> ReportOutcome:
    """A document refuses what an earlier attempt may have reported, and the document of that one is not to be seen."""
    gap_ms = rules.in_doubt_gap_ms
    missed_ms = report.missed_ms if report.misses else None
    if missed_ms is not None and now_ms - missed_ms >= gap_ms:
        return Held(problem=Fact(ReportFact.ECHO_HELD, id=report.document_id or ""))
    if missed_ms is None or now_ms < missed_ms:
        missed_ms = now_ms
    return EarlierMissed(missed_ms=missed_ms, wait_ms=gap_ms - (now_ms - missed_ms))


def _unreadable(report: ReportRow) -> str:
    """What people are told about a report that something before the regulator turns away."""
    return Fact(ReportFact.UNREADABLE, status=report.unread_status or 0, n=report.unread_times)
