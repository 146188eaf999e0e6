"""How often we may ask: one token bucket for what the regulator limits, another, mild one for everything else.

Guarantees: within any 60 s at most `per_minute` requests of a bucket go out, a restart in between included (what the
regulator limits starts empty: nobody knows what the run before this one used). A share is kept for looking at what is
in doubt and for tokens, so that a storm of reports can never keep us from finding out what became of one. It knows
nothing of HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

LONGEST_FLOOR_S = 3600.0  # no Retry-After keeps us quiet for longer
PATIENCE_S = 90.0  # a wait longer than this is told to the caller instead


class BudgetSpent(Exception):
    """No turn within our patience; `wait_s` is how long it would have taken."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"the budget of requests is spent for {wait_s:.0f} s")
        self.wait_s = wait_s


class BucketState(NamedTuple):
    """For /status: requests that could go out at once, per minute, seconds that a Retry-After still holds us back."""

    available: float
    per_minute: int
    held_back_s: float
    waiting: int


class Bucket:
    """`clock` counts seconds and never jumps; `sleep` waits by it. `full`: nothing needs sparing at the start."""

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float],
        full: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.per_minute = per_minute
        # What is saved up plus what flows in within a minute is never more than the limit.
        self._most = float(max(1, per_minute // 10))
        self._rate = max(per_minute - self._most, 0.5) / 60.0 if per_minute > 1 else 1 / 60.0
        self._reserve = self._most // 3
        self._clock = clock
        self._sleep = sleep
        self._level = self._most if full else 0.0
        self._at = clock()
        self._not_before = self._at
        self._turn = {False: asyncio.Lock(), True: asyncio.Lock()}
        self._waiting = 0

    async def acquire(self, *, reserved: bool = False, patience_s: float = PATIENCE_S) -> None:
        """Wait for one request's worth; `reserved` may use the share kept. Raises BudgetSpent. May be cancelled."""
        until = self._clock() + patience_s
        self._waiting += 1
        try:
            async with self._turn[reserved]:
                while (wait_s := self._wait_s(reserved)) > 0:
                    if self._clock() + wait_s > until:
                        raise BudgetSpent(wait_s)
                    await self._sleep(wait_s)
                self._level -= 1.0
        finally:
            self._waiting -= 1

    def hold_back(self, seconds: float) -> None:
        """The regulator said 429: nothing goes out for so long, and nothing is saved up meanwhile."""
        self._fill()
        self._level = 0.0
        self._not_before = max(self._not_before, self._clock() + min(max(seconds, 0.0), LONGEST_FLOOR_S))
        self._at = self._not_before

    def state(self) -> BucketState:
        self._fill()
        held_back_s = max(0.0, self._not_before - self._clock())
        return BucketState(round(self._level, 2), self.per_minute, round(held_back_s, 1), self._waiting)

    def _wait_s(self, reserved: bool) -> float:
        self._fill()
        missing = 1.0 + (0.0 if reserved else self._reserve) - self._level
        refill_s = 0.0 if missing <= 1e-9 else missing / self._rate
        return max(self._not_before - self._clock(), 0.0) + refill_s

    def _fill(self) -> None:
        passed_s = self._clock() - self._at
        if passed_s > 0:
            self._level = min(self._most, self._level + passed_s * self._rate)
            self._at += passed_s


class Budget:
    """The buckets by kind of request. `submit`, `token` and `check` (looking for what is in doubt) share the limited
    one: the text limits "orders and reports" and does not say whether a search is one of these. `read` (following
    documents) has a bucket of our own.
    """

    def __init__(self, limited: Bucket, reads: Bucket) -> None:
        self._kinds: Mapping[str, tuple[Bucket, bool]] = {
            "submit": (limited, False),
            "token": (limited, True),
            "check": (limited, True),
            "read": (reads, False),
        }
        self.limited = limited
        self.reads = reads

    async def acquire(self, kind: str, *, patience_s: float = PATIENCE_S) -> None:
        """Wait for a turn; raises BudgetSpent where it would take longer than `patience_s`."""
        bucket, reserved = self._kinds[kind]
        await bucket.acquire(reserved=reserved, patience_s=patience_s)

    def hold_back(self, kind: str, seconds: float) -> None:
        self._kinds[kind][0].hold_back(seconds)

    def state(self) -> dict[str, BucketState]:
        return {"limited": self.limited.state(), "reads": self.reads.state()}
