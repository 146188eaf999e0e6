"""Credentials: an API key, or a technical user's tokens.

Guarantees: one refresh at a time, and nobody is handed a token while it is being replaced; a new API key is on disk
before anything is asked with it; no secret stands in any text made here. What is wrong is kept in `problem`, in words a
person can act on. A credential is never given up: it is tried again with backing off, and at once where its file
changed. It knows nothing of reports; how requests are sent comes in as a function.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lined.regulator import bounds
from lined.regulator.account import Secret
from lined.regulator.profile import CredentialRules, Profile
from lined.regulator.reply import Reply
from lined.vocabulary.errors import LinedError, clause
from lined.vocabulary.facts import Fact, RegulatorFact

REREAD_S = 60.0  # a key file is read again when what we know is older than this
REFRESH_AT = (0.78, 0.82)  # of a token's life
SHORTEST_LIFE_S = 10.0
LONGEST_LIFE_S = 24 * 3600.0
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 300.0
REFUSED_WAIT_S = 60.0  # after a wrong password: more tries may lock the user out
CONTENTION_WINDOW_S = 3600.0
CONTENTION_DEATHS = 2  # tokens that died before their time within the window
LONGEST_SECRET = 4096


class NoCredential(Exception):
    """There is nothing to authenticate with just now; the text says why, `wait_s` when to try again."""

    def __init__(self, problem: str, wait_s: float) -> None:
        super().__init__(problem)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class NewKey:
    """What replaces the API key. The old one is dead by the time we hold this."""

    api_key: str = field(repr=False)
    id: str
    expires_on: datetime | None
    label: str


OnNewSecret = Callable[[NewKey], Awaitable[None]]
"""Called before the new key is used; when it returns the key is on disk. May raise LinedError or OSError."""


class Credential(Protocol):
    problem: Fact | None
    expires_at: datetime | None

    async def bearer(self) -> str:
        """What to authenticate with now. Raises NoCredential."""

    async def renew_after(self, bearer: str) -> bool:
        """A 401 came for this one. True: another is at hand, ask once more with it."""

    def accepted(self, bearer: str) -> None:
        """It was let in."""

    def secrets(self) -> list[str]:
        """Everything that must not be shown."""


class ApiKey:
    """A business user's key (API 1.21.1 §2.1), alive for up to 90 days; `expires_at` is known after a check."""

    def __init__(self, read: Secret, *, clock: Callable[[], float], on_new_secret: OnNewSecret | None = None) -> None:
        self.problem: Fact | None = None
        self.expires_at: datetime | None = None
        self.generation = 0
        """Rises with every other key in the file."""
        self._read = read
        self._clock = clock
        self._on_new_secret = on_new_secret
        self._lock = asyncio.Lock()
        self._key = ""
        self._read_at: float | None = None
        self._replaced: str | None = None  # the key a refresh killed: the file may still hold it
        self._unsaved: NewKey | None = None

    async def bearer(self) -> str:
        async with self._lock:
            await self._save()
            return self._current()

    async def renew_after(self, bearer: str) -> bool:
        async with self._lock:
            self._read_at = None
            if self._current() != bearer:
                return True
            self.problem = Fact(RegulatorFact.KEY_REFUSED)
            return False

    def accepted(self, bearer: str) -> None:
        if bearer == self._key and self._unsaved is None:
            self.problem = None

    def secrets(self) -> list[str]:
        return [key for key in (self._key, self._replaced or "") if key]

    async def refresh(self, ask: Callable[[str], Awaitable[NewKey]]) -> NewKey:
        """Replace the key by what `ask(old)` brings, once that is on disk; others wait meanwhile. What `ask` raises
        goes through. Where storing fails: NoCredential; the new key stays in memory and is stored before it is used.
        """
        if self._on_new_secret is None:
            raise NoCredential("a new API key could not be stored: nothing was asked", LONGEST_WAIT_S)
        async with self._lock:
            await self._save()
            old = self._current()
            new = self._unsaved = await ask(old)
            self._replaced, self._key, self._read_at = old, new.api_key, self._clock()
            await self._save()
            self.expires_at = new.expires_on
            return new

    async def _save(self) -> None:
        if self._unsaved is None or self._on_new_secret is None:
            return
        try:
            await self._on_new_secret(self._unsaved)
        except (LinedError, OSError) as error:
            self.problem = Fact(RegulatorFact.KEY_NOT_KEPT, id=type(error).__name__)
            raise NoCredential(self.problem, FIRST_WAIT_S) from error
        self._unsaved = None
        self.problem = None

    def _current(self) -> str:
        now = self._clock()
        if self._read_at is None or now - self._read_at > REREAD_S:
            try:
                found = clean_secret(self._read())
            except (OSError, ValueError, LinedError) as error:
                self.problem = Fact(RegulatorFact.KEY_UNREADABLE, more=clause(error))
            else:
                self._read_at = now
                if found != self._replaced:
                    self._take(found)
        if not self._key:
            raise NoCredential(self.problem or "no API key", FIRST_WAIT_S)
        return self._key

    def _take(self, found: str) -> None:
        """What stands in the file now. Of another key than before nothing is known."""
        if found != self._key:
            self.expires_at = None
            self.generation += 1
        self._key, self._replaced = found, None


class TechnicalUser:
    """A technical user's tokens (API 1.21.1 §2.2): access for 30 minutes, refresh for 24 hours. A new one ends the old

    `ask(method, fields)` sends one request without a token and returns the reply, or None where none came.
    """

    expires_at: datetime | None = None  # the password's 90 days cannot be asked for

    def __init__(
        self,
        login: str,
        password: Secret,
        *,
        ask: Callable[[str, dict[str, str]], Awaitable[Reply | None]],
        profile: Profile,
        clock: Callable[[], float],
        chance: random.Random,
    ) -> None:
        self.problem: Fact | None = None
        self._login = login
        self._read = password
        self._ask = ask
        self._profile = profile
        self._rules = profile.credential
        self._clock = clock
        self._chance = chance
        self._lock = asyncio.Lock()
        self._tokens: _Tokens | None = None
        self._refresh_token = ""
        self._refresh_dies = 0.0
        self._next_try = clock()
        self._failures = 0
        self._password = ""
        self._refused = ""  # the password that was refused
        self._deaths: deque[float] = deque(maxlen=CONTENTION_DEATHS * 4)

    async def bearer(self) -> str:
        async with self._lock:
            return await self._current()

    async def renew_after(self, bearer: str) -> bool:
        async with self._lock:
            if self._tokens is not None and self._tokens.access == bearer:
                self._note_death(self._tokens)
                self._tokens = None
            try:
                return await self._current() != bearer
            except NoCredential:
                return False

    def accepted(self, bearer: str) -> None:
        """A working token says nothing about who else logs in: problems are cleared where tokens are obtained."""

    def secrets(self) -> list[str]:
        access = self._tokens.access if self._tokens else ""
        return [secret for secret in (access, self._refresh_token, self._password, self._refused) if secret]

    async def _current(self) -> str:
        now = self._clock()
        due = self._tokens is None or now >= self._tokens.refresh_at
        if due and (now >= self._next_try or self._password_changed()):
            await self._obtain()
        if self._tokens is None or self._clock() >= self._tokens.dies_at:
            wait_s = max(self._next_try - self._clock(), FIRST_WAIT_S)
            raise NoCredential(self.problem or "not logged in", wait_s)
        return self._tokens.access

    async def _obtain(self) -> None:
        """Refresh where a refresh token lives, else log in; back off where neither brings a token."""
        if self._refresh_token and self._clock() < self._refresh_dies:
            reply = await self._ask("token_refresh", {"refreshToken": self._refresh_token})
            if self._adopt(reply):
                return
            if reply is None or not _is_no(reply, self._profile):
                self._back_off(
                    Fact(RegulatorFact.NOT_REFRESHED)
                    if reply is None
                    else Fact(RegulatorFact.NOT_REFRESHED_STATUS, status=reply.status),
                    reply,
                )
                return
            self._refresh_token = ""
        try:
            self._password = clean_secret(self._read(), inner_space=True)
        except (OSError, ValueError, LinedError) as error:
            self._back_off(Fact(RegulatorFact.PASSWORD_UNREADABLE, more=clause(error)), None)
            return
        reply = await self._ask("authenticate", {"login": self._login, "password": self._password})
        if self._adopt(reply):
            return
        if reply is not None and _is_no(reply, self._profile):
            self._refused = self._password
            self._back_off(
                Fact(RegulatorFact.LOGIN_REFUSED, login=self._login, status=reply.status),
                reply,
                least_s=REFUSED_WAIT_S,
            )
        else:
            self._back_off(
                Fact(RegulatorFact.NO_LOGIN)
                if reply is None
                else Fact(RegulatorFact.NO_LOGIN_STATUS, status=reply.status),
                reply,
            )

    def _adopt(self, reply: Reply | None) -> bool:
        """Take the tokens of this answer; False where it holds none."""
        if reply is None or not reply.ok:
            return False
        found = _Tokens.read(reply, self._rules, self._clock(), self._chance)
        if found is None:
            return False
        value = reply.value if isinstance(reply.value, dict) else {}
        refresh = value.get("refreshToken")
        self._refresh_token = _secret_of(refresh)
        self._refresh_dies = self._clock() + self._rules.refresh_life_s
        self._tokens = found
        self._failures = 0
        self._refused = ""
        self._next_try = self._clock()
        self._judge_contention()
        return True

    def _back_off(self, problem: Fact, reply: Reply | None, *, least_s: float = FIRST_WAIT_S) -> None:
        self._failures += 1
        wait_s = min(least_s * 2 ** min(self._failures - 1, 10), max(LONGEST_WAIT_S, least_s))
        floor_s = min((reply.retry_after_s or 0.0) if reply is not None else 0.0, 3600.0)
        self._next_try = self._clock() + max(wait_s * self._chance.uniform(0.8, 1.2), floor_s)
        self.problem = problem

    def _password_changed(self) -> bool:
        """A person has put another password in the file since the last one was refused: no need to wait."""
        if not self._refused:
            return False
        try:
            return clean_secret(self._read(), inner_space=True) != self._refused
        except (OSError, ValueError, LinedError):
            return False

    def _note_death(self, tokens: _Tokens) -> None:
        now = self._clock()
        if now < tokens.refresh_at:
            self._deaths.append(now)
        self._judge_contention()
        if len(self._deaths) > CONTENTION_DEATHS:  # do not play ping-pong with the other one at the account's expense
            wait_s = min(FIRST_WAIT_S * 2 ** len(self._deaths), LONGEST_WAIT_S)
            self._next_try = max(self._next_try, now + wait_s * self._chance.uniform(0.8, 1.2))

    def _judge_contention(self) -> None:
        now = self._clock()
        while self._deaths and now - self._deaths[0] > CONTENTION_WINDOW_S:
            self._deaths.popleft()
        self.problem = None
        if len(self._deaths) >= CONTENTION_DEATHS:
            self.problem = Fact(RegulatorFact.SOMEBODY_ELSE, login=self._login, n=len(self._deaths))


@dataclass(frozen=True, slots=True)
class _Tokens:
    """An access token and its moments by the monotonic clock."""

    access: str = field(repr=False)
    refresh_at: float
    dies_at: float

    @classmethod
    def read(cls, reply: Reply, rules: CredentialRules, now: float, chance: random.Random) -> _Tokens | None:
        """`accessTokenExpiresIn` is in ms, a number in the sample and a string in the table (API 1.21.1 §2.2.2.2)."""
        value = reply.value if isinstance(reply.value, dict) else {}
        access = _secret_of(value.get("accessToken"))
        if not access:
            return None
        life_s = (bounds.seconds(value.get("accessTokenExpiresIn")) or 0.0) / 1000 or float(rules.token_life_s)
        life_s = min(max(life_s, SHORTEST_LIFE_S), LONGEST_LIFE_S)
        return cls(access, now + life_s * chance.uniform(*REFRESH_AT), now + life_s)


def _secret_of(value: object) -> str:
    """A token as an answer brings it; empty where it is none."""
    try:
        return clean_secret(value) if isinstance(value, str) else ""
    except ValueError:
        return ""


def clean_secret(text: str, *, inner_space: bool = False) -> str:
    """A secret as it stands in its file, without the line's end; raises ValueError (which does not repeat it)."""
    secret = text.strip("\r\n") if inner_space else text.strip()
    if not secret:
        raise ValueError("it is empty")
    if len(secret) > LONGEST_SECRET:
        raise ValueError(f"it is longer than {LONGEST_SECRET} characters")
    if not inner_space and (not secret.isascii() or not secret.isprintable() or " " in secret):
        raise ValueError("it holds characters that no key has")
    return secret


def _is_no(reply: Reply, profile: Profile) -> bool:
    """A readable refusal, as opposed to an outage, a limit or error code 1."""
    again = reply.status in {408, 429} or reply.asks_for_patience(profile)
    return not reply.page and 400 <= reply.status < 500 and not again
