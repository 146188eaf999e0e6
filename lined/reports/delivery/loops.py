"""The loops that bring reports from sealed to their end, woken by a nudge or by the clock.

One report is sent at a time, so that an outage puts at most one in doubt. After an answer that leaves doubt nothing is
posted until a search has answered properly (`_gate_open`). Where nothing can be sent at all, one report is tried again
and the others wait unfrozen: they can still be corrected and withdrawn. What is in doubt or held blocks no other.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from functools import partial

import structlog

from lined.journal.care import takeover
from lined.journal.database import Connection
from lined.journal.tables import report_lists, reports
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery import pausing
from lined.reports.delivery import submit as submission
from lined.reports.delivery.applying import DECIDED, apply_outcome
from lined.reports.delivery.defective import Defective
from lined.reports.delivery.follow import Following
from lined.reports.delivery.ports import Ports
from lined.reports.delivery.returning import doubt_returned
from lined.reports.delivery.rules import DAY_MS, backed_off
from lined.reports.delivery.search import Search, conclude
from lined.reports.kinds.kinds import KINDS
from lined.reports.outcomes.following import unanswered
from lined.reports.outcomes.sending import NoAnswer, NotReceived
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import CommandError, Defect, JournalError, JournalFull, LookupFailed
from lined.vocabulary.facts import Fact, ReportFact
from lined.vocabulary.reports import ReportKind, ReportState

log = structlog.get_logger()

TICK_S = 0.25
TOLD = 5  # reports that a problem names
AT_ONCE = 50  # reports one look may bring


class Delivery:
    """Three loops over the journal: send, look for what is in doubt, follow documents. `nudge` wakes the first."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._search = Search(ports)
        self._defective = Defective(ports)
        self._wake = asyncio.Event()
        self._recovered = False
        self._gate_open = False
        self._probe_at_ms = 0
        self._probes = 0
        self._send_failures = 0
        self._send_at_ms = 0
        self._kind_at_ms: dict[str, int] = {}
        self._closings = 0
        self._look_failures: Counter[int] = Counter()
        self._following = Following(ports, self._search)
        self._follow_failures = 0
        self._ending = False
        self._idle = asyncio.Event()
        self._idle.set()

    def nudge(self) -> None:
        """Something was sealed or decided: look now."""
        self._wake.set()

    def clock_was_set(self) -> None:
        """Moments to wait for that are kept here mean nothing any more; those in the journal move with the clock."""
        self._send_at_ms = self._probe_at_ms = 0
        self._kind_at_ms.clear()
        self.nudge()

    @property
    def gate_open(self) -> bool:
        """False while nothing is posted because an earlier answer left doubt."""
        return self._gate_open

    async def recover(self) -> int:
        """At the start: what was being sent is in doubt. Returns how many. A disk without room does not keep the line
        from starting: nothing is sent until this could be written down.
        """
        try:
            return await self._recover()
        except JournalFull as error:
            log.warning("recovery_waits_for_disk", error=str(error))
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001  a defect of ours
            if not isinstance(error, Defect):  # the writer has told that
                self._ports.note("recovery", error)
        return 0

    async def _recover(self) -> int:
        ports = self._ports
        doubted: int = await ports.journal.do(
            lambda connection: submission.doubt_unfinished(connection, ports.wall_ms(), ports.rules.in_doubt_first_ms)
        )
        await self._doubt_returned()
        in_doubt = await ports.journal.read(report_lists.in_doubt, 1)
        paused = await ports.journal.read(pausing.paused_kinds)
        self._gate_open = not in_doubt  # the last thing: from now on something may be on its way
        self._recovered = True
        self._tell_paused(paused)
        return doubted

    async def _doubt_returned(self) -> None:
        """What cannot be done for a mistake of ours waits for the next start: none of it is sent before."""
        try:
            await doubt_returned(self._ports)
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001  a defect of ours
            self._ports.note("reports of a backup", error)

    async def finish(self, patience_s: float) -> None:
        """Send nothing more; wait so long for what is being sent."""
        self._ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._idle.wait()

    async def run_sending(self) -> None:
        while not self._ending:
            self._idle.clear()
            try:
                sent = await self._guarded(self.send_next)
            finally:
                self._idle.set()
            if not sent:
                await self._pause()

    async def run_looking(self) -> None:
        while True:
            await self._guarded(self.look_next)
            await self._ports.sleep(TICK_S)

    async def run_following(self) -> None:
        while True:
            if not await self._guarded(self.follow_next):
                await self._ports.sleep(TICK_S)

    async def _guarded(self, step: Callable[[], Awaitable[bool]]) -> bool:
        """One step; a disk without room is reported by the writer, and the step comes round again."""
        try:
            return await step()
        except JournalFull as error:
            log.warning("delivery_waits_for_disk", error=str(error))
            await self._ports.sleep(TICK_S)
            return False

    async def _pause(self) -> None:
        self._wake.clear()
        tick = asyncio.get_running_loop().call_later(TICK_S, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            tick.cancel()

    # ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def send_next(self) -> bool:
        """Freeze and send the oldest report that is due. False: there was none, or it could not be sent."""
        ports = self._ports
        if not self._gate_open or self._ahead(self._send_at_ms):
            return False
        paused_kinds = [kind for kind, at_ms in self._kind_at_ms.items() if self._ahead(at_ms)]
        due, paused = await ports.journal.read(
            _due_to_send, ports.wall_ms(), ports.rules.longest_wait_ms, paused_kinds, self._defective.aside()
        )
        self._tell_paused(paused)
        if due is None:
            return False
        sent = await self._defective.attempt(due.id, "sending", partial(self._send, due), otherwise=None)
        if sent is None:
            fresh = await ports.journal.read(reports.get, due.id)
            if fresh is not None and fresh.state == ReportState.IN_DOUBT:
                self._close_gate()
        return bool(sent)

    async def _send(self, due: ReportRow) -> bool | None:
        """Freeze and send it. False: it could not be sent."""
        ports = self._ports
        outcome = await submission.send(ports, self._search, due, self._send_failures)
        if isinstance(outcome, NoAnswer):
            self._close_gate()
        if not isinstance(outcome, NotReceived):
            self._send_failures = 0
            return True
        self._send_failures += 1
        at_ms = ports.wall_ms() + outcome.wait_ms
        if outcome.of_its_kind:
            self._kind_at_ms[due.kind] = at_ms
        elif outcome.of_all:
            self._send_at_ms = at_ms
        return False

    def _ahead(self, moment_ms: int) -> bool:
        """True until that moment. One further ahead than we ever wait was set by a clock that is right now."""
        now = self._ports.wall_ms()
        return now < moment_ms <= now + self._ports.rules.longest_wait_ms

    def _tell_paused(self, paused: list[str]) -> None:
        """Tell people which kinds wait for a person."""
        for kind in KINDS:
            if kind in paused:
                self._ports.problems.set(AlarmKind.KIND_PAUSED, kind, pausing.paused_text(kind))
            else:
                self._ports.problems.clear(AlarmKind.KIND_PAUSED, kind)

    def _close_gate(self) -> None:
        self._gate_open = False
        self._closings += 1
        self._probes = 0
        self._probe_at_ms = self._ports.wall_ms() + self._ports.rules.probe_ms

    # ── what is in doubt ────────────────────────────────────────────────────────────────────────────────────────────

    async def look_next(self) -> bool:
        """Look for reports in doubt whose time has come, or for any of them while the gate is closed."""
        ports = self._ports
        if not self._recovered:
            await self.recover()
            return False
        await self._defective.settle()
        await self._tell_held()
        in_doubt = await ports.journal.read(report_lists.in_doubt, AT_ONCE)
        aside = self._defective.aside()
        now = ports.wall_ms()
        if not in_doubt:
            self._search.round_over()
            ports.problems.clear(AlarmKind.IN_DOUBT, "reports")
            if not self._gate_open and not self._ahead(self._probe_at_ms):
                await self._ask_anything()
            return False
        ports.problems.set(AlarmKind.IN_DOUBT, "reports", _doubt_text(in_doubt))
        furthest = now + ports.rules.longest_wait_ms
        open_to_look = [report for report in in_doubt if report.id not in aside]
        due = [report for report in open_to_look if not now < (report.due_ms or 0) <= furthest]
        if due:
            for report in due:
                await self._look_safely(report, probing=False)
            return True
        self._search.round_over()
        if not self._gate_open and not self._ahead(self._probe_at_ms):
            for report in open_to_look[:1]:
                await self._look_safely(report, probing=True)
        return False

    async def _look_safely(self, report: ReportRow, *, probing: bool) -> None:
        attempt = self._defective.attempt
        await attempt(report.id, "looking", partial(self._look, report, probing=probing), otherwise=None)

    async def _tell_held(self) -> None:
        """Nothing happens to a held report by itself, so somebody has to hear of it."""
        count, first = await self._ports.journal.read(report_lists.held, TOLD)
        if count:
            self._ports.problems.set(AlarmKind.HELD, "reports", _held_text(count, first))
        else:
            self._ports.problems.clear(AlarmKind.HELD, "reports")

    async def _look(self, report: ReportRow, *, probing: bool) -> None:
        closings = self._closings
        look = await self._search.look(report)
        log.info("looked_for_report", report=report.id, probing=probing, found=look.document is not None, why=look.why)
        self._probed(look.answered and closings == self._closings)  # what was answered before says nothing now
        self._look_failures[report.id] = 0 if look.complete else self._look_failures[report.id] + 1
        await conclude(self._ports, report, look, probing, self._look_failures[report.id])

    async def _ask_anything(self) -> None:
        """A search for nothing in particular, where the gate is closed and no report is in doubt any more."""
        ports = self._ports
        try:
            await ports.regulator.search(kind=ReportKind.UTILISATION, since=ports.just_now(), cursor=None)
        except LookupFailed:
            self._probed(False)
        else:
            self._probed(True)

    def _probed(self, answered: bool) -> None:
        """A search has answered properly, or not: the gate opens, or the next look waits longer."""
        if answered:
            self._gate_open = True
            self._probes = 0
            self.nudge()
            return
        rules = self._ports.rules
        wait_ms = backed_off(rules.probe_ms, rules.probe_max_ms, self._probes, self._ports.chance)
        self._probe_at_ms = self._ports.wall_ms() + wait_ms
        self._probes += 1

    # ── documents ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def follow_next(self) -> bool:
        """Look at every document that is due. False: none was, or the regulator does not answer."""
        ports = self._ports
        found = await ports.journal.read(
            report_lists.due_to_follow, ports.wall_ms(), ports.rules.longest_wait_ms, AT_ONCE
        )
        aside = self._defective.aside()
        due = [report for report in found if report.id not in aside]
        for report in due:
            try:
                attempt = self._defective.attempt
                if not await attempt(report.id, "following", partial(self._answered, report), otherwise=True):
                    return False
            except CommandError as error:
                if error.code != DECIDED:
                    raise
                log.info("outcome_came_too_late", report=report.id, why=str(error))
        if not found and (unasked := await self._following.unasked(aside)) is not None:
            remarks = partial(self._following.ask_remarks, unasked)
            await self._defective.attempt(unasked.id, "remarks", remarks, otherwise=None)
        return bool(due)

    async def _answered(self, report: ReportRow) -> bool:
        """One look. False: the regulator does not answer, and the next look waits."""
        ports = self._ports
        try:
            ended = await self._following.look(report)
        except LookupFailed as error:
            wait_ms = backed_off(ports.rules.retry_ms, ports.rules.retry_max_ms, self._follow_failures, ports.chance)
            self._follow_failures += 1
            await apply_outcome(ports, report, unanswered(report, error, wait_ms, ports.rules, ports.wall_ms()))
            return False
        self._follow_failures = 0
        if ended:
            self.nudge()
        return True


def _due_to_send(
    connection: Connection, at_ms: int, longest_ms: int, later: list[str], aside: Collection[int]
) -> tuple[ReportRow | None, list[str]]:
    """The oldest of a kind that is not put off till `later`, and the kinds that wait for a person. None also where
    nothing may be sent at all. A moment further ahead than a report settles or is put off was set by a wrong clock.
    """
    paused = pausing.paused_kinds(connection)
    if takeover.withholds(connection):
        return None, paused
    due = report_lists.due_to_send(connection, at_ms, longest_ms, DAY_MS, [*paused, *later], aside)
    return due, paused


def _held_text(count: int, first: list[int]) -> Fact:
    shown, left = ", ".join(map(str, first)), count - len(first)
    if left > 0:
        return Fact(ReportFact.HELD_AND_MORE, list=shown, n=first[0], left=left)
    return Fact(ReportFact.HELD, list=shown, n=first[0])


def _doubt_text(in_doubt: list[ReportRow]) -> Fact:
    first = ", ".join(str(report.id) for report in in_doubt[:TOLD])
    return Fact(ReportFact.IN_DOUBT, list=first + (" …" if len(in_doubt) > TOLD else ""))
