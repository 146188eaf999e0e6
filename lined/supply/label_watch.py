"""The watch over printed labels: which of them a reader has seen, and the alarm for those that none has.

A label is seen when its code is applied or verified on this line. It is looked for in small steps, beside the verdicts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from functools import partial

from lined.journal import Journal
from lined.journal.database import Connection
from lined.journal.tables import labels
from lined.journal.tables.labels import Unseen
from lined.journal.views import seen_labels
from lined.line.watch.problems import Problems
from lined.supply.label_feed import PrinterRule
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact, PrinterFact

LOOK_S = 2.0
STEP_LABELS = 500  # looked for in one step
STEPS_MOST = 20  # in one look
ALARM_S = 10.0  # between two counts of those that are missing


class LabelWatch:
    """`run` for ever; `look` once."""

    def __init__(
        self,
        journal: Journal,
        problems: Problems,
        wall_ms: Callable[[], int],
        rules: Mapping[str, PrinterRule],
    ) -> None:
        self._journal = journal
        self._problems = problems
        self._wall_ms = wall_ms
        self._rules = rules
        self._behind = 0
        self._alarm_due = 0.0

    async def run(self) -> None:
        while True:
            with contextlib.suppress(JournalError):  # /status says so already
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Note what was seen since; then, now and then, tell what was not. Raises JournalError."""
        for _ in range(STEPS_MOST):
            looked = await self._journal.read(seen_labels.look, self._behind, STEP_LABELS)
            if looked.seen:
                await self._journal.do(partial(self._note, looked.seen))
            self._behind = looked.last
            if not looked.last:  # the next look begins with the oldest again
                break
        now = asyncio.get_running_loop().time()
        if now >= self._alarm_due:
            self._alarm_due = now + ALARM_S
            for printer, rule in self._rules.items():
                await self._tell(printer, rule)

    async def _tell(self, printer: str, rule: PrinterRule) -> None:
        found: Unseen | None = None
        if rule.unseen_ms and rule.units:
            found = await self._journal.read(labels.unseen, printer, self._wall_ms() - rule.unseen_ms)
        if found is None:
            self._problems.clear(AlarmKind.LABELS_UNSEEN, printer)
            return
        fact = Fact(PrinterFact.UNSEEN, n=found.labels, where=printer, first_at=found.first_ms, last_at=found.last_ms)
        self._problems.set(AlarmKind.LABELS_UNSEEN, printer, fact)

    def _note(self, seen: list[int], connection: Connection) -> None:
        labels.note_seen(connection, seen, self._wall_ms())
