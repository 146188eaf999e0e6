"""The state that the requests of one sandbox share: its settings, books, clock, chance, faults and budgets."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random

from lined.sandbox.accounts import Credentials, kill_access_tokens, prepare
from lined.sandbox.books import Books, Connection, one
from lined.sandbox.documents import decide_next, next_due
from lined.sandbox.faults import FaultList
from lined.sandbox.rules import OWNER_QUESTIONS_PER_S, PARTICIPANT_QUESTIONS_PER_H
from lined.sandbox.settings import DAY_S, SandboxSettings

MINUTE_S, HOUR_S = 60.0, 3_600.0
_NOTHING_DUE_S = 3_600.0


class Budget:
    """At most `limit` requests in any `window_s` seconds; 0 is no limit. What is refused does not count."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._times: deque[float] = deque()

    def take(self, at: float) -> float:
        """0 where the request may pass, else the seconds until one may."""
        if not self._limit:
            return 0.0
        while self._times and self._times[0] <= at - self._window_s:
            self._times.popleft()
        if len(self._times) >= self._limit:
            return self._times[0] + self._window_s - at
        self._times.append(at)
        return 0.0


class Sandbox:
    """One stand-in regulator. `open` before use; `work` decides documents until it is cancelled."""

    credentials: Credentials

    def __init__(self, settings: SandboxSettings, state_path: Path | None, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.books = Books(state_path)
        self.clock = clock
        self.rng = Random() if settings.seed is None else Random(settings.seed)  # noqa: S311  # nothing secret is guarded
        self.faults = FaultList(self.rng)
        self.requests = Budget(settings.requests_per_minute, MINUTE_S)
        self.key_checks = Budget(settings.key_requests_per_day, DAY_S)
        self.key_refreshes = Budget(settings.key_requests_per_day, DAY_S)
        self.owner_checks = Budget(OWNER_QUESTIONS_PER_S, 1.0)
        self.participant_checks = Budget(PARTICIPANT_QUESTIONS_PER_H, HOUR_S)
        self._registered = asyncio.Event()

    async def open(self) -> None:
        """Open the books and the account. Raises JournalError."""
        await self.books.open()
        self.credentials = await self.books.write(self._begin)

    def _begin(self, connection: Connection) -> Credentials:
        """A seeded run after a restart must not repeat the ids of the run before, so the start is counted in."""
        starts = int(one(connection, "SELECT value FROM facts WHERE name = 'starts'") or 0)
        connection.execute("INSERT OR REPLACE INTO facts (name, value) VALUES ('starts', ?)", (str(starts + 1),))
        if self.settings.seed is not None:
            self.rng.seed(f"{self.settings.seed}/{starts}")
        return prepare(connection, self.settings, self.clock(), self.new_id)

    async def close(self) -> None:
        await self.books.close()

    def new_id(self) -> str:
        """An id that no other has."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    async def kill_tokens(self) -> None:
        await self.books.write(kill_access_tokens)

    def document_registered(self) -> None:
        """A new document may be due before the one waited for."""
        self._registered.set()

    async def work(self) -> None:
        """Decide documents when they are due, for ever."""
        while True:
            self._registered.clear()
            while await self.books.write(self._decide_next):
                pass
            due_at = await self.books.read(next_due)
            wait_s = _NOTHING_DUE_S if due_at is None else max(0.0, due_at - self.clock())
            try:
                async with asyncio.timeout(wait_s):
                    await self._registered.wait()
            except TimeoutError:
                continue

    def _decide_next(self, connection: Connection) -> bool:
        return decide_next(connection, self.settings, self.rng, self.clock())
