"""The sealing of open batches: full, old enough, the job's first one, or left over from a job that has ended.

The age of a batch is read from the wall clock, so nothing is sealed while that clock cannot be trusted: its dates would
go into the report. A clock before the journal's newest entry is right all the same where the regulator's, heard since,
agrees with it: then it was the entry that a wrong clock dated, and it must not stop the line for good.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from lined.journal import Journal
from lined.journal.database import Connection
from lined.journal.tables import report_lists
from lined.journal.tables.reports import ReportRow
from lined.line.jobs import jobs
from lined.line.plant import BatchRules
from lined.line.state import LineState
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.clocks import WRONG_MS
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact, LineFact, SealFact

TICK_S = 0.25


def why_due(report: ReportRow, rules: BatchRules, at_ms: int) -> str | None:
    """Why an open batch should be sealed now, or None."""
    if report.full:
        return report.seal_reason or Fact(SealFact.FULL)
    if report.first_ms is None:
        return None
    age_ms = at_ms - report.first_ms
    if age_ms >= rules.max_age_ms or age_ms < -WRONG_MS:  # begun by a clock that ran ahead, and is right now
        return Fact(SealFact.AGE)
    if report.early and age_ms >= rules.first_ms:
        return Fact(SealFact.FIRST_BATCH)
    return None


class Sealing:
    """A Work: seal what is due at the given moment (milliseconds since 1970, UTC)."""

    intake = False
    barrier = False

    def __init__(self, state: LineState) -> None:
        self._state = state

    def run(self, connection: Connection, items: Sequence[int]) -> list[int]:
        self._state.refresh(connection)
        return [self._seal(connection, at_ms) for at_ms in items]

    def rolled_back(self) -> None:
        self._state.stale = True

    def _seal(self, connection: Connection, at_ms: int) -> int:
        sealed = 0
        for report in report_lists.open_batches(connection):
            reason = why_due(report, self._state.plant.batch_rules(report.kind), at_ms)
            if reason is not None and jobs.end_batch(connection, self._state, report, at_ms, reason):
                sealed += 1
        return sealed


class Sealer:
    """The loop that looks and seals. `nudge` is called when a batch was sealed, so that delivery need not wait."""

    def __init__(
        self,
        journal: Journal,
        state: LineState,
        problems: Problems,
        wall_ms: Callable[[], int],
        skew_s: Callable[[], float | None],
        nudge: Callable[[], None],
    ) -> None:
        """`skew_s`: our clock minus the regulator's, as far as it was heard since ours was set last."""
        self._journal = journal
        self._state = state
        self._problems = problems
        self._wall_ms = wall_ms
        self._skew_s = skew_s
        self._nudge = nudge
        self._work = Sealing(state)

    async def run(self) -> None:
        """For ever. A journal that cannot commit is the writer's to report; the next tick tries again."""
        while True:
            with contextlib.suppress(JournalError):
                await self.look()
            await asyncio.sleep(TICK_S)

    async def look(self) -> int:
        """One look. Returns how many batches were sealed."""
        if self._state.stale:  # what the newest entry is, stands in the journal
            await self._journal.do(self._state.refresh)
        now = self._wall_ms()
        self.judge_clock(now)
        if not self._state.may_seal:
            return 0
        found = await self._journal.read(report_lists.open_batches)
        rules = self._state.plant.batch_rules
        if not any(why_due(report, rules(report.kind), now) for report in found):
            return 0
        sealed = await self._journal.submit(self._work, now)
        if sealed:
            self._nudge()
        return sealed

    def judge_clock(self, now_ms: int) -> None:
        """Whether the wall clock may date reports."""
        skew_s = self._skew_s()
        if skew_s is not None and abs(skew_s) * 1000 <= WRONG_MS and self._state.clock_is_behind(now_ms):
            self._state.newest_ms = now_ms  # heard since the clock was set: it was the entry that a wrong one dated
        problem = None
        if self._state.clock_is_behind(now_ms):
            problem = Fact(LineFact.CLOCK_BEFORE_JOURNAL)
        elif skew_s is not None and abs(skew_s) * 1000 > WRONG_MS:
            problem = Fact(LineFact.CLOCK_AHEAD if skew_s > 0 else LineFact.CLOCK_BEHIND, n=round(abs(skew_s) / 60))
        self._state.may_seal = problem is None
        if problem is None:
            self._problems.clear(AlarmKind.CLOCK, "this computer")
        else:
            self._problems.set(AlarmKind.CLOCK, "this computer", problem)
