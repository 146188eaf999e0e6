"""The watch over the API key's expiry: people are told 14, 7, 3 and 1 days before, and when it has passed.

The problem stands from the first of these moments on and is raised anew at each, so that an alarm somebody has
acknowledged comes again. Days are counted by the regulator's clock, where that is known: it is the one that ends the
key.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, ServiceFact

DAYS = (14, 7, 3, 1)
EXPIRED = 0


def stage(left: timedelta) -> int | None:
    """Which warning is due: one of DAYS, EXPIRED, or None while there is time."""
    if left <= timedelta():
        return EXPIRED
    return min((days for days in DAYS if left <= timedelta(days=days)), default=None)


class ExpiryWatch:
    """`where` is what the problem is about, for people: the file of the key."""

    def __init__(self, problems: Problems, where: str) -> None:
        self._problems = problems
        self._where = where
        self._told: tuple[int, datetime] | None = None

    def look(self, expires_at: datetime | None, now: datetime) -> None:
        """`expires_at` None: not known (yet), or nothing that expires; `now` by the regulator's clock."""
        due = stage(expires_at - now) if expires_at is not None else None
        told = None if due is None or expires_at is None else (due, expires_at)
        if told == self._told:
            return
        self._told = told
        self._problems.clear(AlarmKind.CREDENTIAL_EXPIRES, self._where)
        if told is not None:
            self._problems.set(AlarmKind.CREDENTIAL_EXPIRES, self._where, _fact(*told))


def _fact(due: int, expires_at: datetime) -> Fact:
    expires_ms = int(expires_at.timestamp() * 1000)
    if due == EXPIRED:
        return Fact(ServiceFact.KEY_EXPIRED, expires_at=expires_ms)
    return Fact(ServiceFact.KEY_EXPIRES, n=due, expires_at=expires_ms)
