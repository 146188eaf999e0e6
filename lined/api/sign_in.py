"""Signing in: people with a PIN or a badge, their sessions, and the pace at which wrong ones are answered.

Guarantees: PINs and badges are kept as digests made with a secret that lies beside the journal, not in it; a wrong PIN
is answered slowly, and after WRONG_MAX in a row from one address nobody signs in from there for LOCKED_S; a session
ends IDLE_S after its last request, at the latest after LIFE_S, and with the process; at most SESSIONS_MAX stand.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lined.commands.registry.caller import Caller
from lined.journal import Journal
from lined.journal.database import Connection
from lined.journal.tables import people
from lined.journal.tables.people import PersonRow
from lined.vocabulary.people import PersonRole, Way
from lined.vocabulary.word import member

COOKIE: Final = "lined-session"
IDLE_S: Final = 30 * 60.0
LIFE_S: Final = 12 * 3600.0
SESSIONS_MAX: Final = 200
WRONG_MAX: Final = 5
LOCKED_S: Final = 60.0
ADDRESSES_MAX: Final = 1_000
_SCRYPT: Final = {"n": 2**12, "r": 8, "p": 1}  # 4 MB and 10 ms: the secret is what protects a PIN of four digits


@dataclass(slots=True)
class Session:
    """Somebody who has signed in. Times of the loop's clock, in seconds."""

    caller: Caller
    began_s: float
    last_s: float


@dataclass(slots=True)
class Tries:
    """Wrong ones of one address."""

    times: int = 0
    until_s: float = float("-inf")


class SignIn:
    """See the file's head. `secret`: as read from the file beside the journal; `clock`: seconds that only go on."""

    def __init__(self, journal: Journal, secret: str, clock: Callable[[], float]) -> None:
        self._journal = journal
        self._secret = secret.encode()
        self._clock = clock
        self._sessions: dict[bytes, Session] = {}
        self._wrong: OrderedDict[str, Tries] = OrderedDict()

    # ── who ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def anybody(self) -> bool:
        """Whether somebody may sign in at all."""
        return await self._journal.read(people.is_there)

    async def person(self, name: str, pin: str) -> PersonRow | None:
        """Whose PIN, or without a name whose badge, that is; None where it is nobody's."""
        return await self._journal.read(self._find, name, pin)

    def _find(self, connection: Connection, name: str, typed: str) -> PersonRow | None:
        if name:
            return people.by_pin(connection, name, self.of_pin(name, typed))
        return people.by_badge(connection, self.of_badge(typed))

    def of_pin(self, name: str, pin: str) -> bytes:
        return self._digest(b"pin\0" + name.encode("utf-8", "replace") + b"\0", pin)

    def of_badge(self, badge: str) -> bytes:
        return self._digest(b"badge\0", badge)

    def _digest(self, about: bytes, typed: str) -> bytes:
        return hashlib.scrypt(typed.encode("utf-8", "replace"), salt=about + self._secret, dklen=32, **_SCRYPT)

    # ── wrong ones ──────────────────────────────────────────────────────────────────────────────────────────────────

    def locked_s(self, address: str) -> float:
        """How long nobody may try from there; 0 where they may."""
        tries = self._wrong.get(address)
        return 0.0 if tries is None else max(0.0, tries.until_s - self._clock())

    def was_wrong(self, address: str) -> None:
        tries = self._wrong.setdefault(address, Tries())
        self._wrong.move_to_end(address)
        tries.times += 1
        if tries.times >= WRONG_MAX:
            tries.times, tries.until_s = 0, self._clock() + LOCKED_S
        while len(self._wrong) > ADDRESSES_MAX:
            self._wrong.popitem(last=False)

    # ── sessions ────────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, person: PersonRow, address: str) -> str:
        """A new session; what its cookie says."""
        self._wrong.pop(address, None)
        self._end_old()
        if len(self._sessions) >= SESSIONS_MAX:
            del self._sessions[min(self._sessions, key=lambda key: self._sessions[key].last_s)]
        cookie = secrets.token_urlsafe(32)
        caller = Caller(person.name, member(PersonRole, person.role) or PersonRole.VIEWER, Way.PERSON)
        self._sessions[_key(cookie)] = Session(caller, self._clock(), self._clock())
        return cookie

    def caller(self, cookie: str) -> Caller | None:
        """Who signed in for that cookie; their session lasts on. None where there is none."""
        session = self._sessions.get(_key(cookie))
        if session is None or self._is_over(session):
            return None
        session.last_s = self._clock()
        return session.caller

    def end(self, cookie: str) -> None:
        self._sessions.pop(_key(cookie), None)

    def changed(self, name: str) -> None:
        """Whoever it is has to sign in anew."""
        self._sessions = {key: one for key, one in self._sessions.items() if one.caller.by != name}

    def _is_over(self, session: Session) -> bool:
        now_s = self._clock()
        return now_s - session.last_s > IDLE_S or now_s - session.began_s > LIFE_S

    def _end_old(self) -> None:
        self._sessions = {key: one for key, one in self._sessions.items() if not self._is_over(one)}


def _key(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()
