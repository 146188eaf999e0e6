"""Asking what became of documents, until every code in them has an outcome.

A document's own status is kept as soon as it is known, whatever else is not. An answer that is not about the document
(`Unfit`) is no evidence, concerns nobody else, and is told to people from the second time on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import structlog

from lined.journal.outcomes import ReportOutcome
from lined.journal.tables import report_lists
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import Document
from lined.reports.delivery import adopted, echo, error_rows
from lined.reports.delivery.applying import apply_outcome
from lined.reports.delivery.blame import blamed
from lined.reports.delivery.cards import card
from lined.reports.delivery.lists import Listed, Lists
from lined.reports.delivery.ports import Ports
from lined.reports.delivery.remarks import counted as remarks_counted
from lined.reports.delivery.remarks import keep as keep_remarks
from lined.reports.delivery.remarks import remarked
from lined.reports.delivery.rules import DAY_MS, backed_off
from lined.reports.delivery.search import Search
from lined.reports.kinds.aggregation import BEHIND
from lined.reports.kinds.kinds import kind_of
from lined.reports.kinds.members import Members
from lined.reports.outcomes.following import (
    Misfit,
    Partial,
    ReadOn,
    StatusKnown,
    Succeeded,
    Unlisted,
    unanswered,
    undecided,
    without_list,
)
from lined.reports.outcomes.people import NAMED
from lined.reports.outcomes.refusals import Refused, RefusedNameless
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import LookupFailed, Unfit, clause
from lined.vocabulary.facts import Fact, ReportFact
from lined.vocabulary.reports import Outcome, ReportState

log = structlog.get_logger()

ABSENT_LOOKS = 3  # in a row without a list of codes, after which a refused document is held to have none
TOLD_FROM = 2  # answers about something else, in a row
ENDS = (Succeeded, Partial, Refused, RefusedNameless, Misfit)  # outcomes after which other reports may go on


class Following:
    """One look after the other at the documents of reports."""

    def __init__(self, ports: Ports, search: Search) -> None:
        self._ports = ports
        self._search = search
        self._lists = Lists(ports)
        self._looks: Counter[int] = Counter()
        self._absent: Counter[int] = Counter()
        self._unfit: Counter[int] = Counter()
        self._unasked_till_ms: dict[int, int] = {}

    async def look(self, report: ReportRow) -> bool:
        """One look at the document of a submitted, held or partial report. True: it came to an end. Raises
        LookupFailed: the regulator does not answer.
        """
        try:
            if report.state == ReportState.PARTIAL:
                outcome = await self._look_for_unlisted(report)
            else:
                self._looks[report.id] += 1
                outcome = await self._look(report)
        except Unfit as error:
            await self._not_about_it(report, error)
            return False
        await apply_outcome(self._ports, report, outcome)
        if isinstance(outcome, Partial):
            await remarks_counted(self._ports, report)
        if self._unfit.pop(report.id, 0):
            self._ports.problems.clear(AlarmKind.STRANGE_ANSWER, str(report.id))
        if not isinstance(outcome, ENDS):
            return False
        self._looks.pop(report.id, None)
        self._absent.pop(report.id, None)
        self._lists.forget(report.id)
        return True

    async def unasked(self, aside: Collection[int]) -> ReportRow | None:
        """A report that succeeded, whose remarks about single codes were not asked for yet."""
        now_ms = self._ports.wall_ms()
        self._unasked_till_ms = {key: ms for key, ms in self._unasked_till_ms.items() if now_ms < ms <= now_ms + DAY_MS}
        return await self._ports.journal.read(
            report_lists.without_remarks, now_ms - DAY_MS, [*self._unasked_till_ms, *aside]
        )

    async def ask_remarks(self, report: ReportRow) -> None:
        """With requests that nobody else needs: what the regulator remarks about the codes of such a report."""
        ports = self._ports
        try:
            listed = await self._lists.remarks(report)
        except LookupFailed as error:
            self._unasked_till_ms[report.id] = ports.wall_ms() + ports.rules.held_poll_ms
            log.info("remarks_not_asked", report=report.id, why=str(error))
            return
        self._absent[report.id] += listed.absent
        # A list that is another document's in part says too little, however often it comes; a document that a person
        # named may hold more than ours.
        mixed = listed.whole and listed.foreign and (report.document_codes or 0) <= report.size
        if mixed or (listed.absent and self._absent[report.id] < ABSENT_LOOKS):
            self._unasked_till_ms[report.id] = ports.wall_ms() + ports.rules.held_poll_ms
        elif listed.whole or listed.absent:
            self._absent.pop(report.id, None)
            await keep_remarks(ports, report, remarked(listed))
            await remarks_counted(ports, report)

    async def _look(self, report: ReportRow) -> ReportOutcome:
        ports = self._ports
        assert report.document_id is not None
        document = await card(ports, report.kind, report.document_id)
        if document is not None and report.waits_for == NAMED:
            compared = await adopted.compared(ports, report)
            if isinstance(compared, Misfit):
                return compared
            await apply_outcome(ports, report, compared)
            report = report._replace(waits_for=None, document_codes=compared.codes)
        status = document.status if document is not None else None
        became = ports.profile.statuses.of_document(status)
        if document is not None and became == Outcome.ACCEPTED:
            return Succeeded(status=document.status, own={CodeState.ACCEPTED: await _mended(ports, report, ())})
        if document is not None and became != Outcome.PENDING:
            return await self._final(report, document, became)
        return undecided(report, status, self._looks[report.id], ports.rules, ports.wall_ms(), ports.chance)

    async def _final(self, report: ReportRow, document: Document, became: Outcome) -> ReportOutcome:
        """Some of its codes are refused, or all of it."""
        ports, status = self._ports, document.status
        if report.document_status != status:
            await apply_outcome(ports, report, StatusKnown(status=status))
            report = report._replace(document_status=status)
        listed = await self._lists.read(report)
        if listed.absent:
            return await self._without_list(report, became)
        self._absent.pop(report.id, None)
        if not listed.whole:
            return ReadOn()
        settle = _partial if became == Outcome.PARTIAL else _refused
        return await settle(ports, self._search, report, listed)

    async def _without_list(self, report: ReportRow, became: Outcome) -> ReportOutcome:
        """Some kinds of documents have no list of codes: the list of errors is what there is (API 1.21.1 §11.5)."""
        ports = self._ports
        self._absent[report.id] += 1
        rows, evidence = await error_rows.read(ports, report)
        status, told = report.document_status, error_rows.told(rows)
        about = {"id": report.document_id or "", "status": status or ""}
        why = Fact(ReportFact.NO_LIST_ERRORS, more=told, **about) if told else Fact(ReportFact.NO_LIST, **about)
        if became == Outcome.PARTIAL or self._absent[report.id] < ABSENT_LOOKS:
            return without_list(report, why, evidence, ports.rules, ports.wall_ms())
        named = await ports.journal.read(blamed, report, [error_rows.tagged(row) for row in rows])
        return await _refuse(ports, self._search, report, named, why, evidence)

    async def _look_for_unlisted(self, report: ReportRow) -> ReportOutcome:
        """A later look at the codes that a partial document had not listed."""
        ports = self._ports
        listed = await self._lists.read(report)
        if not listed.whole and not listed.absent:
            return ReadOn()
        members = _members(report, listed)
        waiting: dict[str, str] = dict.fromkeys(
            await ports.journal.read(kind_of(report).with_own, report, CodeState.REPORTED),
            Fact(ReportFact.NEVER_LISTED),
        )
        accepted = {key: text for key, text in members.accepted.items() if key in waiting}
        refused = {key: text for key, text in members.refused.items() if _member(key) in waiting}
        decided = {*accepted, *map(_member, refused)}
        left = {key: why for key, why in waiting.items() if key not in decided}
        own = {CodeState.ACCEPTED: accepted, CodeState.REFUSED: refused}
        if ports.wall_ms() - (report.final_ms or 0) >= ports.rules.give_up_ms:
            own[CodeState.HELD], left = left, {}
        if remarks := remarked(listed, members):
            await keep_remarks(ports, report, remarks)
            await remarks_counted(ports, report)
        return Unlisted(left=len(left), wait_ms=ports.rules.poll_max_ms, own=own)

    async def _not_about_it(self, report: ReportRow, error: Unfit) -> None:
        ports = self._ports
        self._unfit[report.id] += 1
        times = self._unfit[report.id]
        if times >= TOLD_FROM:
            text = Fact(ReportFact.STRANGE, n=report.id, more=clause(error))
            ports.problems.set(AlarmKind.STRANGE_ANSWER, str(report.id), text)
        wait_ms = backed_off(ports.rules.poll_ms, ports.rules.poll_max_ms, times, ports.chance)
        await apply_outcome(ports, report, unanswered(report, error, wait_ms, ports.rules, ports.wall_ms()))


def _members(report: ReportRow, listed: Listed) -> Members:
    return kind_of(report).members(listed.keys, listed.accepted, listed.refused)


def _member(key: str) -> str:
    """The key of the member that a key is about: its own, or that of the package around it."""
    return key.partition(BEHIND)[0]


async def _partial(ports: Ports, search: Search, report: ReportRow, listed: Listed) -> ReportOutcome:
    members = _members(report, listed)
    refused = await _without_accepted(ports, report, dict(members.refused))
    accepted, late = dict(members.accepted), bool(members.unlisted)
    if refused and (echo_of := await echo.instead(ports, search, report, accepted, refused, processed=late)):
        return echo_of
    _, evidence = await error_rows.read(ports, report)
    unlisted = dict.fromkeys(members.unlisted, Fact(ReportFact.NOT_LISTED))
    taken = {*refused, *map(_member, refused), *unlisted}
    # An earlier look may have been cut off here (a kill, a full disk) when the document did not list them yet.
    waiting = await ports.journal.read(kind_of(report).with_own, report, CodeState.REPORTED)
    listed_now = dict.fromkeys((key for key in waiting if key not in taken), Fact(ReportFact.LISTED_LATER))
    await keep_remarks(ports, report, remarked(listed, members))
    return Partial(
        own={
            CodeState.REFUSED: refused,
            CodeState.REPORTED: unlisted,
            CodeState.ACCEPTED: {**listed_now, **await _mended(ports, report, taken)},
        },
        wait_ms=ports.rules.poll_max_ms,
        evidence=evidence,
    )


async def _refused(ports: Ports, search: Search, report: ReportRow, listed: Listed) -> ReportOutcome:
    """Nothing was processed. Only the list of codes may blame a code; error rows are numbered, not the codes."""
    rows, evidence = await error_rows.read(ports, report)
    named, about = dict(_members(report, listed).refused), report.document_id or ""
    if named:
        why = Fact(ReportFact.REFUSED_WHOLE, id=about)
    elif told := error_rows.told(rows):
        why = Fact(ReportFact.REFUSED_NAMELESS_ERRORS, id=about, more=told)
    else:
        why = Fact(ReportFact.REFUSED_NAMELESS, id=about)
    return await _refuse(ports, search, report, named, why, evidence)


async def _refuse(
    ports: Ports, search: Search, report: ReportRow, named: dict[str, str], why: str, evidence: str
) -> ReportOutcome:
    refused = await _without_accepted(ports, report, named)
    if echo_of := await echo.instead(ports, search, report, {}, refused):
        return echo_of
    if named:
        return Refused(refusal=why, own={CodeState.REFUSED: refused}, evidence=evidence)
    return RefusedNameless(refusal=why, evidence=evidence)


async def _without_accepted(ports: Ports, report: ReportRow, refused: dict[str, str]) -> dict[str, str]:
    """What another document of the same report has accepted stays accepted."""
    accepted = set(await ports.journal.read(kind_of(report).with_own, report, CodeState.ACCEPTED)) if refused else set()
    return {key: reason for key, reason in refused.items() if key not in accepted}


async def _mended(ports: Ports, report: ReportRow, but: Collection[str]) -> dict[str, str]:
    """An attempt was refused, was cut short by the end of the program, and sent again: what this document does not
    refuse any more is accepted.
    """
    refused = await ports.journal.read(kind_of(report).with_own, report, CodeState.REFUSED)
    if not refused:
        return {}
    ours = set((await ports.journal.read(kind_of(report).texts, report)).values())
    return dict.fromkeys(
        (key for key in refused if key in ours and key not in but), Fact(ReportFact.ACCEPTED_AFTER_ALL)
    )
