"""Alarms with a life: every problem becomes a row of the journal when it is raised, acknowledged and cleared.

Guarantees: who sets a problem never waits for the disk; what could not be written (a full disk is a problem, too) is
kept in memory, bounded, and written once there is room. What stood when the daemon ended is cleared after SETTLE_S,
unless it is set again by then.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from lined.journal import Journal
from lined.journal.database import Connection
from lined.journal.tables import alarms
from lined.journal.tables.alarms import AlarmRow, Change
from lined.line.watch.problems import Problem, Problems
from lined.vocabulary.alarms import AlarmKind, Severity
from lined.vocabulary.errors import Defect, JournalError
from lined.vocabulary.word import member

log = structlog.get_logger()

SETTLE_S = 20.0  # after a start: for devices and the regulator to show how they are
RETRY_S = 1.0
WAITING_MAX = 1_000  # changes not written yet; the oldest go first


def severity_of(kind: str) -> Severity:
    """The severity of a kind of alarm; of one that an older journal knows, serious."""
    known = member(AlarmKind, kind)
    return known.severity if known else Severity.SERIOUS


class AlarmBook:
    """See the file's head. `listeners` hear of each row that changed, on the loop, after it is durable."""

    def __init__(self, journal: Journal, problems: Problems, wall_ms: Callable[[], int]) -> None:
        self.standing: list[AlarmRow] = []
        """What is wrong now, the newest first, as the journal has it."""
        self.revision = 0
        self.listeners: list[Callable[[AlarmRow], None]] = []
        self._journal = journal
        self._problems = problems
        self._wall_ms = wall_ms
        self._waiting: list[Change] = []
        self._some = asyncio.Event()
        problems.listeners.append(self._on_problem)
        for problem in problems.all():
            self._on_problem(problem, over=False)

    def _on_problem(self, problem: Problem, *, over: bool) -> None:
        text = None if over else problem.text
        at_ms = self._wall_ms() if over else problem.since_ms
        self._waiting.append(Change(problem.kind, problem.where, severity_of(problem.kind), text, at_ms))
        del self._waiting[:-WAITING_MAX]
        self._some.set()

    async def run(self) -> None:
        """For ever."""
        with contextlib.suppress(JournalError):
            self._stand(await self._journal.read(alarms.standing))
        settle_at = asyncio.get_running_loop().time() + SETTLE_S
        settled = False
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await self._some.wait()
            if not settled and asyncio.get_running_loop().time() >= settle_at:
                settled = True
                self._settle()
            if self._waiting and not await self.write():
                await asyncio.sleep(RETRY_S)

    async def write(self) -> bool:
        """Write what waits. False where the journal did not take it: it goes on waiting."""
        taken, self._waiting = self._waiting, []
        self._some.clear()
        try:
            changed: list[AlarmRow] = await self._journal.do(partial(_write, changes=taken))
        except (JournalError, Defect) as error:
            log.warning("alarms_not_written", alarms=len(taken), error=str(error))
            self._waiting = [*taken, *self._waiting][-WAITING_MAX:]
            return False
        self._tell(changed)
        return True

    def acknowledged(self, row: AlarmRow) -> None:
        """Somebody has seen it, and that is durable."""
        self._tell([row])
        kind = member(AlarmKind, row.kind)
        if kind is not None and kind.happened:
            self._problems.clear(row.kind, row.place)

    def _settle(self) -> None:
        """What stood before the start and was not set since is over."""
        now = {(problem.kind, problem.where) for problem in self._problems.all()}
        for row in self.standing:
            if (row.kind, row.place) not in now:
                self._waiting.append(Change(row.kind, row.place, row.severity, None, self._wall_ms()))

    def _tell(self, changed: Sequence[AlarmRow]) -> None:
        ids = {row.id for row in changed}
        kept = [row for row in self.standing if row.id not in ids]
        self._stand(sorted([*kept, *(row for row in changed if row.cleared_ms is None)], key=lambda row: -row.id))
        for row in changed:
            for listener in self.listeners:
                listener(row)

    def _stand(self, rows: list[AlarmRow]) -> None:
        self.standing = rows
        self.revision += 1


def _write(connection: Connection, changes: Sequence[Change]) -> list[AlarmRow]:
    return alarms.write(connection, changes)
