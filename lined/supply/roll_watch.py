"""The watch over rolls: how many of the codes that were given out into files were applied since.

Rows of `code` are looked at once each, in small steps beside the verdicts.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from lined.journal import Journal
from lined.journal.tables import rolls
from lined.vocabulary.errors import JournalError

LOOK_S = 2.0
STEP_CODES = 2_000  # looked at in one step
STEPS_MOST = 50  # in one look


class RollWatch:
    """`run` for ever; `look` once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def run(self) -> None:
        while True:
            with contextlib.suppress(JournalError):  # /status says so already
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Count what was applied since the last look. Raises JournalError."""
        for _ in range(STEPS_MOST):
            looked = await self._journal.read(rolls.look, STEP_CODES)
            if looked is None:
                return
            await self._journal.do(partial(rolls.note, looked=looked))
