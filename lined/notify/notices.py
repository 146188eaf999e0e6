"""The schedule of notices to one address: what is to be told, and when. Decisions; no I/O, no clock of its own.

Guarantees: an alarm that stands is told in the end, however many there are; at most `per_hour` messages within any
hour, and whatever is due goes into one of them; an alarm that comes and goes is told as raised once within `quiet_ms`,
and at the end of that time how it stands and how often it came back. All bounds have numbers; what goes over them is
counted and the count is told. `now_ms`: milliseconds since 1970 of a clock that does not jump while we live.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

HOUR_MS = 3_600_000
GATHER_MS = 2_000  # what goes wrong together is told together
PENDING_MAX = 500  # different alarms that wait to be told
TOLD_MAX = 2_000  # alarms remembered as told; some 100 bytes each

Key = tuple[str, str]


class Alarm(NamedTuple):
    """One alarm as it is now. `key`: its kind and place; `raised`: it stands; `raising` tells one raising from the
    next; `about` is for whoever makes the message.
    """

    key: Key
    raised: bool
    raising: tuple[int, int]
    about: object


class Pending(NamedTuple):
    """A change that is not told yet. `raisings`: how often it was raised since it was last told; `since_ms`: when it
    began to wait; `told_before`: people have heard of it a while ago.
    """

    alarm: Alarm
    raisings: int
    since_ms: int
    told_before: bool


class Told(NamedTuple):
    """What the people at the address believe: whether it stands, and when they last heard that it was raised."""

    raised: bool
    raised_ms: int
    raising: tuple[int, int]


class Notices:
    """Of one address. `on_alarm` with every change, then `due` when `wait_ms` is over, then `told`."""

    def __init__(self, per_hour: int, quiet_ms: int, now_ms: int, state: str | None = None) -> None:
        self.left_out = 0
        """Changes that went over a bound and will not be told one by one."""
        self._per_hour = per_hour
        self._quiet_ms = quiet_ms
        self._pending: dict[Key, Pending] = {}
        self._sent: deque[int] = deque(maxlen=per_hour)
        self._told: dict[Key, Told] = {}
        if state is not None:
            self._restore(state, now_ms)

    def on_alarm(self, alarm: Alarm, now_ms: int) -> None:
        """A row of the journal changed: raised, acknowledged, cleared, or written again after a start."""
        told, waiting = self._told.get(alarm.key), self._pending.get(alarm.key)
        if waiting is not None:
            anew = alarm.raised and alarm.raising != waiting.alarm.raising
            self._pending[alarm.key] = waiting._replace(alarm=alarm, raisings=waiting.raisings + anew)
            return
        anew = alarm.raised and (told is None or alarm.raising != told.raising)
        over = not alarm.raised and told is not None and told.raised
        if anew or over:
            self._pending[alarm.key] = Pending(alarm, int(anew), now_ms, told is not None)
            while len(self._pending) > PENDING_MAX:
                del self._pending[next(iter(self._pending))]
                self.left_out += 1

    def wait_ms(self, now_ms: int) -> int | None:
        """How long until something may be told; None: nothing waits."""
        if not self._pending:
            return None
        first = min(self._due_ms(waiting) for waiting in self._pending.values())
        return max(0, first - now_ms, self._free_ms(now_ms) - now_ms)

    def due(self, now_ms: int) -> list[Pending]:
        """What to put into one message now, the raised ones first; empty: not now."""
        if self._free_ms(now_ms) > now_ms:
            return []
        found = [waiting for waiting in self._pending.values() if self._due_ms(waiting) <= now_ms]
        return sorted(found, key=lambda one: (not one.alarm.raised, one.since_ms))

    def told(self, message: Iterable[Pending], left_out: int, now_ms: int) -> None:
        """It was sent, with the number of those left out. What changed meanwhile goes on waiting."""
        self._sent.append(now_ms)
        self.left_out -= left_out
        for one in message:
            before = self._told.pop(one.alarm.key, None)
            raised_ms = now_ms if one.raisings else before.raised_ms if before else now_ms
            self._told[one.alarm.key] = Told(one.alarm.raised, raised_ms, one.alarm.raising)
            now = self._pending.pop(one.alarm.key, None)
            if now is not None and now != one:
                self.on_alarm(now.alarm, now_ms)
        self._forget(now_ms)

    def give_up(self, message: Iterable[Pending]) -> None:
        """It could not be sent. What is over by now is left out; what stands goes on waiting."""
        for one in message:
            waiting = self._pending.get(one.alarm.key)
            if waiting is not None and not waiting.alarm.raised:
                del self._pending[one.alarm.key]
                self.left_out += 1

    def believed(self) -> list[Key]:
        """Alarms that stand, as far as people know."""
        return [key for key, one in self._told.items() if one.raised]

    def state(self) -> str:
        """What has to survive a restart, as text for `state` of a new one."""
        told = [[*key, one.raised, one.raised_ms, *one.raising] for key, one in self._told.items()]
        return json.dumps({"sent": list(self._sent), "told": told}, ensure_ascii=False)

    def _due_ms(self, waiting: Pending) -> int:
        """After what belongs together has gathered; an alarm that came back after people heard of it: later."""
        told = self._told.get(waiting.alarm.key)
        due_ms = waiting.since_ms + GATHER_MS
        if told is not None and waiting.raisings:
            return max(due_ms, told.raised_ms + self._quiet_ms)
        return due_ms

    def _free_ms(self, now_ms: int) -> int:
        """When the next message may be sent. The first half of an hour's messages go at once, the others are spread,
        so that no burst silences an address for long.
        """
        sent = [at_ms for at_ms in self._sent if at_ms > now_ms - HOUR_MS]
        if len(sent) * 2 < self._per_hour:
            return now_ms
        if len(sent) >= self._per_hour:
            return sent[0] + HOUR_MS
        return sent[-1] + 2 * HOUR_MS // self._per_hour

    def _forget(self, now_ms: int) -> None:
        """Alarms that are over and whose quiet time has passed."""
        for key, one in list(self._told.items()):
            if not one.raised and now_ms - one.raised_ms >= self._quiet_ms:
                del self._told[key]
        while len(self._told) > TOLD_MAX:
            del self._told[next(iter(self._told))]

    def _restore(self, state: str, now_ms: int) -> None:
        """A state that cannot be read is none: something is told twice then. Nothing in it lies in the future."""
        try:
            found: dict[str, Any] = json.loads(state)
            told = {
                (str(kind), str(place)): Told(bool(raised), min(int(raised_ms), now_ms), (int(alarm_id), int(times)))
                for kind, place, raised, raised_ms, alarm_id, times in found["told"]
            }
            sent = [min(int(at_ms), now_ms) for at_ms in found["sent"]]
        except (ValueError, TypeError, KeyError):
            return
        self._told.update(told)
        self._sent.extend(sent)
