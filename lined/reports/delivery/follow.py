"""Asking what became of documents, until every code in them has an outcome.

A document's own status is kept as soon as it is known, whatever else is not. An answer that is not about the document
(`Unfit`) is no evidence, concerns nobody else, and is told to people from the second time on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import partial

import structlog

from lined.journal.tables import report_lists, reports, warnings
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import Document
from lined.reports.delivery import adopted, echo, error_rows, outcomes
from lined.reports.delivery import follow_steps as steps
from lined.reports.delivery.blame import blamed
from lined.reports.delivery.cards import card
from lined.reports.delivery.lists import Listed, Lists
from lined.reports.delivery.ports import Surroundings
from lined.reports.delivery.rules import DAY_MS, backed_off
from lined.reports.delivery.search import Search
from lined.reports.kinds.aggregation import BEHIND
from lined.reports.kinds.kinds import kind_of
from lined.reports.kinds.members import Members
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import LookupFailed, Unfit, clause
from lined.vocabulary.reports import Outcome, ReportState

log = structlog.get_logger()

ABSENT_LOOKS = 3  # in a row without a list of codes, after which a refused document is held to have none
TOLD_FROM = 2  # answers about something else, in a row


class Following:
    """One look after the other at the documents of reports."""

    def __init__(self, around: Surroundings, search: Search) -> None:
        self._around = around
        self._search = search
        self._lists = Lists(around)
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
                ended = await self._look_for_unlisted(report)
            else:
                self._looks[report.id] += 1
                ended = await self._look(report)
        except Unfit as error:
            await self._not_about_it(report, error)
            return False
        if self._unfit.pop(report.id, 0):
            self._around.problems.clear(AlarmKind.STRANGE_ANSWER, str(report.id))
        if ended:
            self._looks.pop(report.id, None)
            self._absent.pop(report.id, None)
            self._lists.forget(report.id)
        return ended

    async def unasked(self, aside: Collection[int]) -> ReportRow | None:
        """A report that succeeded, whose remarks about single codes were not asked for yet."""
        now_ms = self._around.wall_ms()
        self._unasked_till_ms = {key: ms for key, ms in self._unasked_till_ms.items() if now_ms < ms <= now_ms + DAY_MS}
        return await self._around.journal.read(
            report_lists.without_remarks, now_ms - DAY_MS, [*self._unasked_till_ms, *aside]
        )

    async def ask_remarks(self, report: ReportRow) -> None:
        """With requests that nobody else needs: what the regulator remarks about the codes of such a report."""
        around = self._around
        try:
            listed = await self._lists.remarks(report)
        except LookupFailed as error:
            self._unasked_till_ms[report.id] = around.wall_ms() + around.rules.held_poll_ms
            log.info("remarks_not_asked", report=report.id, why=str(error))
            return
        nothing = listed.absent or (listed.whole and listed.foreign > 0)
        self._absent[report.id] += nothing
        if nothing and self._absent[report.id] < ABSENT_LOOKS:
            self._unasked_till_ms[report.id] = around.wall_ms() + around.rules.held_poll_ms
        elif listed.whole or listed.absent:
            self._absent.pop(report.id, None)
            await outcomes.keep_warnings(around, report, _by_code(listed.warned))
            await around.journal.do(partial(warnings.counted, report=report))

    async def _look(self, report: ReportRow) -> bool:
        around = self._around
        assert report.document_id is not None
        document = await card(around, report.kind, report.document_id)
        if document is not None and report.waits_for == adopted.NAMED:
            if not await adopted.fits(around, report):
                return True
            fresh = await around.journal.read(reports.get, report.id)
            assert fresh is not None
            report = fresh
        status = document.status if document is not None else None
        outcome = around.profile.statuses.of_document(status)
        if document is not None and outcome == Outcome.ACCEPTED:
            await _accept_after_all(around, report, ())
            await around.journal.do(partial(steps.succeeded, report=report, around=around, document=document))
            return True
        if document is not None and outcome != Outcome.PENDING:
            return await self._final(report, document, outcome)
        step = partial(steps.keep_looking, report=report, around=around, status=status, looks=self._looks[report.id])
        await around.journal.do(step)
        return False

    async def _final(self, report: ReportRow, document: Document, outcome: Outcome) -> bool:
        """Some of its codes are refused, or all of it."""
        around, status = self._around, document.status
        if report.document_status != status:
            await around.journal.do(partial(steps.note_status, report=report, status=status))
            report = report._replace(document_status=status)
        listed = await self._lists.read(report)
        if listed.absent:
            return await self._without_list(report, outcome)
        self._absent.pop(report.id, None)
        if not listed.whole:
            await around.journal.do(partial(steps.read_on, report=report, at_ms=around.wall_ms()))
            return False
        settle = _partial if outcome == Outcome.PARTIAL else _refused
        return await settle(around, self._search, report, listed)

    async def _without_list(self, report: ReportRow, outcome: Outcome) -> bool:
        """Some kinds of documents have no list of codes: the list of errors is what there is (API 1.21.1 §11.5)."""
        around = self._around
        self._absent[report.id] += 1
        rows, evidence = await error_rows.read(around, report)
        status, said = report.document_status, error_rows.told(rows)
        why = f"document {report.document_id} is {status} and has no list of its codes"
        if said:
            why = f"document {report.document_id} is {status} and has no list of its codes; its errors: {said}"
        if outcome == Outcome.PARTIAL or self._absent[report.id] < ABSENT_LOOKS:
            step = partial(steps.wait_for_list, report=report, around=around, problem=why, evidence=evidence)
            await around.journal.do(step)
            return False
        named = await around.journal.read(blamed, report, [error_rows.tagged(row) for row in rows])
        return await _refuse(around, self._search, report, named, why, evidence)

    async def _look_for_unlisted(self, report: ReportRow) -> bool:
        """A later look at the codes that a partial document had not listed."""
        around = self._around
        listed = await self._lists.read(report)
        if not listed.whole and not listed.absent:
            await around.journal.do(partial(steps.read_on, report=report, at_ms=around.wall_ms()))
            return False
        members = _members(report, listed)
        waiting = set(await around.journal.read(kind_of(report).with_own, report, CodeState.REPORTED))
        accepted = {key: text for key, text in members.accepted.items() if key in waiting}
        refused = {key: text for key, text in members.refused.items() if key.partition(BEHIND)[0] in waiting}
        left = len(waiting - accepted.keys() - {key.partition(BEHIND)[0] for key in refused})
        given_up = around.wall_ms() - (report.final_ms or 0) >= around.rules.give_up_ms
        if remarks := _remarked(listed, members):
            await outcomes.keep_warnings(around, report, remarks)
            await around.journal.do(partial(warnings.counted, report=report))
        await outcomes.settle_unlisted(around, report, accepted, refused, left, given_up and left > 0)
        return False

    async def _not_about_it(self, report: ReportRow, error: Unfit) -> None:
        around = self._around
        self._unfit[report.id] += 1
        times = self._unfit[report.id]
        if times >= TOLD_FROM:
            text = f"Report {report.id}: {clause(error)}. It is not believed, and asked again."
            around.problems.set(AlarmKind.STRANGE_ANSWER, str(report.id), text)
        wait_ms = backed_off(around.rules.poll_ms, around.rules.poll_max_ms, times, around.chance)
        await around.journal.do(partial(steps.later, report=report, around=around, error=str(error), wait_ms=wait_ms))


def _members(report: ReportRow, listed: Listed) -> Members:
    return kind_of(report).members(listed.keys, listed.accepted, listed.refused)


def _remarked(listed: Listed, members: Members) -> dict[str, str]:
    """What was remarked about codes that were processed, by code."""
    return _by_code({**members.remarks, **listed.warned})


def _by_code(remarks: Mapping[str, str]) -> dict[str, str]:
    return {key.rpartition(BEHIND)[2]: text for key, text in remarks.items()}


async def _partial(around: Surroundings, search: Search, report: ReportRow, listed: Listed) -> bool:
    members = _members(report, listed)
    refused = await _without_accepted(around, report, dict(members.refused))
    accepted, late = dict(members.accepted), bool(members.unlisted)
    if refused and await echo.settled(around, search, report, accepted, refused, processed=late):
        return False
    _, evidence = await error_rows.read(around, report)
    parents = {key.partition(BEHIND)[0] for key in refused}
    await _accept_after_all(around, report, {*refused, *parents, *members.unlisted})
    await outcomes.keep_warnings(around, report, _remarked(listed, members))
    await outcomes.settle_partial(around, report, refused, members.unlisted, evidence)
    await around.journal.do(partial(warnings.counted, report=report))
    return True


async def _refused(around: Surroundings, search: Search, report: ReportRow, listed: Listed) -> bool:
    """Nothing was processed. Only the list of codes may blame a code; error rows are numbered, not the codes."""
    rows, evidence = await error_rows.read(around, report)
    why = f"document {report.document_id} was refused whole"
    named = dict(_members(report, listed).refused)
    if not named:
        said = error_rows.told(rows)
        why = f"{why}, naming no code; its errors: {said}" if said else f"{why}, naming no code"
    return await _refuse(around, search, report, named, why, evidence)


async def _refuse(
    around: Surroundings, search: Search, report: ReportRow, named: dict[str, str], why: str, evidence: str
) -> bool:
    refused = await _without_accepted(around, report, named)
    if await echo.settled(around, search, report, {}, refused):
        return False
    if named:
        await outcomes.refused_by_name(around, report, refused, why, evidence)
    else:
        await outcomes.refused_nameless(around, report, why, evidence)
    return True


async def _without_accepted(around: Surroundings, report: ReportRow, refused: dict[str, str]) -> dict[str, str]:
    """What another document of the same report has accepted stays accepted."""
    accepted = (
        set(await around.journal.read(kind_of(report).with_own, report, CodeState.ACCEPTED)) if refused else set()
    )
    return {key: reason for key, reason in refused.items() if key not in accepted}


async def _accept_after_all(around: Surroundings, report: ReportRow, but: Collection[str]) -> None:
    """An attempt was refused, was cut short by the end of the program, and sent again: what this document does not
    refuse any more is accepted.
    """
    refused = await around.journal.read(kind_of(report).with_own, report, CodeState.REFUSED)
    if refused:
        ours = set((await around.journal.read(kind_of(report).texts, report)).values())
        mended = {key: "accepted after all" for key in refused if key in ours and key not in but}
        await outcomes.give_own(around, report, CodeState.ACCEPTED, mended)
