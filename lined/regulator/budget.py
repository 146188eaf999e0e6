"""The budget of requests: one token bucket for what the regulator limits, another, mild one for everything else.

Guarantees: within any 60 s at most `per_minute` requests of a bucket go out, a restart in between included (what the
regulator limits starts empty: nobody knows what the run before this one used). Looking for what is in doubt and tokens
go first, whatever the rate, and from a share kept for them, so that a storm of reports can never keep us from finding
out what became of one. A Retry-After holds back the method that it was said to, and no other. It knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from enum import IntEnum
from typing import NamedTuple

from lined.regulator.minute import Minute

LONGEST_FLOOR_S = 3600.0  # no Retry-After keeps us quiet for longer
PATIENCE_S = 90.0  # a wait longer than this is told to the caller instead
FEW = 4  # requests a minute: with less there is nothing to save up, and who goes first is all there is


class Rank(IntEnum):
    """Who goes first in a bucket."""

    URGENT = 0  # from a share that the others leave
    USUAL = 1
    SPARE = 2  # what would otherwise be lost


class Permit(NamedTuple):
    """What a request takes from the budget: its `kind` (see `Budget`) and the regulator's `method`."""

    kind: str
    method: str


class BudgetSpent(Exception):
    """No turn within our patience; `wait_s` is how long it would have taken. `method`: the regulator holds back this
    one only; empty: the whole budget is spent.
    """

    def __init__(self, wait_s: float, method: str = "") -> None:
        what = f"the regulator asks for a pause of {method}" if method else "the budget of requests is spent"
        super().__init__(f"{what} for {wait_s:.0f} s")
        self.wait_s = wait_s
        self.method = method


class BucketState(NamedTuple):
    """For /status: requests that could go out at once, per minute, seconds of the longest Retry-After that still holds
    back one of its methods.
    """

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
        self._most = float(max(2, per_minute // 10) if per_minute >= FEW else 1)
        self._rate = max(per_minute - self._most, 0.5) / 60.0 if per_minute > 1 else 1 / 60.0
        self._reserve = max(self._most // 3, min(1.0, self._most - 1.0))
        self._clock = clock
        self._sleep = sleep
        self._level = self._most if full else 0.0
        self._at = clock()
        self._order = {rank: asyncio.Lock() for rank in Rank}
        self._waiting = dict.fromkeys(Rank, 0)

    async def acquire(self, rank: Rank = Rank.USUAL, *, patience_s: float = PATIENCE_S) -> None:
        """Wait for one request's worth. Raises BudgetSpent. May be cancelled."""
        until = self._clock() + patience_s
        self._waiting[rank] += 1
        try:
            async with self._order[rank]:
                while (wait_s := self._wait_s(rank)) > 0:
                    if self._clock() + wait_s > until:
                        raise BudgetSpent(wait_s)
                    await self._sleep(wait_s)
                self._level -= 1.0
        finally:
            self._waiting[rank] -= 1

    def drain(self) -> None:
        """The regulator said that it was too much: nothing is saved up."""
        self._fill()
        self._level = 0.0

    def state(self, held_back_s: float = 0.0) -> BucketState:
        self._fill()
        return BucketState(round(self._level, 2), self.per_minute, round(held_back_s, 1), sum(self._waiting.values()))

    def _wait_s(self, rank: Rank) -> float:
        self._fill()
        before = float(sum(self._waiting[other] for other in Rank if other < rank))
        left = (0.0, self._reserve, min(self._most / 2, self._most - 1.0))[rank]  # to those who go first
        ahead = 0.0 if rank is Rank.URGENT else max(left, before)
        missing = 1.0 + ahead - self._level
        return 0.0 if missing <= 1e-9 else missing / self._rate

    def _fill(self) -> None:
        passed_s = self._clock() - self._at
        if passed_s > 0:
            self._level = min(self._most, self._level + passed_s * self._rate)
            self._at += passed_s


class Budget:
    """The buckets by kind of request. `submit`, `token` and `check` (looking for what is in doubt) share the limited
    one: the text limits "orders and reports" and does not say whether a search is one of these. `read` (following
    documents) has a bucket of our own, of which `spare` takes the rest, as `order` (codes in) takes that of the limited
    one. `minute`: what other processes of this computer use of the limited one too.
    """

    def __init__(
        self,
        limited: Bucket,
        reads: Bucket,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        minute: Minute | None = None,
    ) -> None:
        self._kinds: Mapping[str, tuple[Bucket, Rank]] = {
            "submit": (limited, Rank.USUAL),
            "token": (limited, Rank.URGENT),
            "check": (limited, Rank.URGENT),
            "read": (reads, Rank.USUAL),
            "spare": (reads, Rank.SPARE),
            "order": (limited, Rank.SPARE),
        }
        self.limited = limited
        self.reads = reads
        self._clock = clock
        self._sleep = sleep
        self._minute = minute
        self._not_before: dict[str, tuple[Bucket, float]] = {}  # by method

    async def acquire(self, kind: str, method: str, *, patience_s: float = PATIENCE_S) -> None:
        """Wait for a turn of this method; raises BudgetSpent where it would take longer than `patience_s`."""
        self.need_open(method)
        bucket, rank = self._kinds[kind]
        until = self._clock() + patience_s
        await bucket.acquire(rank, patience_s=patience_s)
        if bucket is self.limited and self._minute is not None:
            await self._acquire_with_others(self._minute, until)

    async def _acquire_with_others(self, minute: Minute, until: float) -> None:
        """Wait until other processes of the account leave room too."""
        with contextlib.suppress(OSError):  # then our own share is all that holds
            while (wait_s := await asyncio.to_thread(minute.take)) > 0:
                if self._clock() + wait_s > until:
                    raise BudgetSpent(wait_s)
                await self._sleep(wait_s)

    def need_open(self, method: str) -> None:
        """Raises BudgetSpent while a Retry-After holds this method back."""
        if held_s := self._held_s(method):
            raise BudgetSpent(held_s, method)

    def hold_back(self, kind: str, method: str, seconds: float) -> None:
        """The regulator said 429: this method waits for so long (each has a limit of its own, API 1.21.1 §1.4), and
        nothing that is saved up is used at once by the others.
        """
        bucket, _ = self._kinds[kind]
        bucket.drain()
        until = self._clock() + min(max(seconds, 0.0), LONGEST_FLOOR_S)
        self._not_before[method] = (bucket, max(until, self._not_before.get(method, (bucket, until))[1]))

    def state(self) -> dict[str, BucketState]:
        longest = {"limited": 0.0, "reads": 0.0}
        for method, (bucket, _) in self._not_before.items():
            name = "limited" if bucket is self.limited else "reads"
            longest[name] = max(longest[name], self._held_s(method))
        return {"limited": self.limited.state(longest["limited"]), "reads": self.reads.state(longest["reads"])}

    def _held_s(self, method: str) -> float:
        held = self._not_before.get(method)
        return 0.0 if held is None else max(0.0, held[1] - self._clock())
