"""Wrong tokens: their answers wait for each other, they are counted, and many of them are an alarm.

Guarantees: whoever has the right token is not slowed; no more than WAITING_MAX wrong ones are kept waiting.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque

from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, ServiceFact

PACE_S = 0.1  # between two answers to wrong tokens, whoever sent them
WAITING_MAX = 20
ALARM_AFTER = 10  # wrong ones within SPAN_S; a program with an old token tries again and again
SPAN_S = 60.0


class WrongTokens:
    """`counts` is what `/metrics` shows. Belongs to the event loop."""

    def __init__(self, problems: Problems, counts: Counter[str], place: str) -> None:
        self._problems = problems
        self._counts = counts
        self._place = place
        self._next = float("-inf")
        self._lately: deque[float] = deque(maxlen=ALARM_AFTER)
        self._clearing: asyncio.TimerHandle | None = None

    async def came(self, address: str) -> bool:
        """Returns when it may be answered. False: too many are waiting for their answers already."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._counts[AlarmKind.WRONG_TOKEN] += 1
        self._lately.append(now)
        if len(self._lately) == ALARM_AFTER and now - self._lately[0] <= SPAN_S:
            self._alarm(address, loop)
        wait_s = max(0.0, self._next - now)
        if wait_s > WAITING_MAX * PACE_S:
            return False
        self._next = now + wait_s + PACE_S
        await asyncio.sleep(wait_s)
        return True

    def _alarm(self, address: str, loop: asyncio.AbstractEventLoop) -> None:
        times = self._counts[AlarmKind.WRONG_TOKEN]
        fact = Fact(ServiceFact.WRONG_TOKENS, n=times, address=address)
        self._problems.set(AlarmKind.WRONG_TOKEN, self._place, fact)
        if self._clearing is not None:
            self._clearing.cancel()
        self._clearing = loop.call_later(SPAN_S, self._problems.clear, AlarmKind.WRONG_TOKEN, self._place)
