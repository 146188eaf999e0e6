"""The way of every request: a turn from the budget, a credential, the exchange, once more where a token had died, and
what the answer tells about the regulator itself: reachable or not, its clock, its limits.

It does not know what methods are for; `Regulator` does.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from lined.regulator.account import Account
from lined.regulator.budget import Budget, Permit
from lined.regulator.credentials import ApiKey, Credential, OnNewSecret, TechnicalUser
from lined.regulator.profile import Profile
from lined.regulator.redaction import evidence, redact
from lined.regulator.reply import Reply, read_reply
from lined.regulator.wire import Answer, NoAnswer, Request, Wire
from lined.vocabulary.facts import Fact, RegulatorFact

TOKEN_BYTES = 64 * 1024
SLOWEST_DATE_S = 10.0  # an answer that took longer tells nothing exact about clocks
DATE_HALF_S = 0.5  # a Date header is cut to whole seconds


@dataclass
class Reach:
    """What the last exchanges told about the regulator. `skew_s`: our wall clock minus theirs."""

    reachable: bool = False
    problem: Fact | None = None
    skew_s: float | None = None
    server_time: datetime | None = None
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)


class Requester:
    """`wall` gives the time of day (with zone), `clock` seconds that never jump."""

    def __init__(
        self,
        account: Account,
        profile: Profile,
        budget: Budget,
        *,
        wall: Callable[[], datetime],
        clock: Callable[[], float],
        chance: random.Random,
        on_new_secret: OnNewSecret | None,
    ) -> None:
        self.reach = Reach()
        self.budget = budget
        self.wire = Wire(account)
        self._account = account
        self._profile = profile
        self._wall = wall
        self.key = ApiKey(account.api_key, clock=clock, on_new_secret=on_new_secret) if account.api_key else None
        self.credential: Credential = self.key or self._technical_user(clock, chance)

    def _technical_user(self, clock: Callable[[], float], chance: random.Random) -> TechnicalUser:
        assert self._account.password is not None  # Account has seen to it
        return TechnicalUser(
            self._account.login,
            self._account.password,
            ask=self._ask_for_token,
            profile=self._profile,
            clock=clock,
            chance=chance,
        )

    async def ask(self, permit: Permit, request: Request, *, most_bytes: int, patience_s: float) -> Reply:
        """The reply to one authenticated question, asked once more where its token had died. Raises NoAnswer,
        NoCredential, BudgetSpent.
        """
        await self.budget.acquire(*permit, patience_s=patience_s)
        return await self.ask_now(permit, request, most_bytes=most_bytes, patience_s=patience_s)

    async def ask_now(
        self,
        permit: Permit,
        request: Request,
        *,
        most_bytes: int,
        patience_s: float,
        alone: bool = False,
        whole: bool = False,
    ) -> Reply:
        """The same for a request that has had its turn; `alone` as in Wire.exchange, `whole` as in `send`."""
        bearer = await self.credential.bearer()
        reply = await self.send(permit, request, bearer, most_bytes=most_bytes, alone=alone, whole=whole)
        if reply.blames_credential(self._profile) and await self.credential.renew_after(bearer):
            await self.budget.acquire(*permit, patience_s=patience_s)
            bearer = await self.credential.bearer()
            reply = await self.send(permit, request, bearer, most_bytes=most_bytes, alone=alone, whole=whole)
        if reply.ok and not reply.blames_credential(self._profile):
            self.credential.accepted(bearer)
        return reply

    async def send(
        self, permit: Permit, request: Request, bearer: str | None, *, most_bytes: int, alone: bool, whole: bool = False
    ) -> Reply:
        """One exchange, observed. `whole`: the reply keeps all of its body, and not only what would be shown of it.
        Raises NoAnswer.
        """
        try:
            answer = await self.wire.exchange(request, bearer=bearer, most_bytes=most_bytes, alone=alone)
        except NoAnswer as nothing:
            self.reach.reachable = False
            self.reach.problem = self._not_well(request, str(nothing))
            raise
        reply = await read_reply(answer, self._wall())
        self._observe(permit, request, answer, reply)
        return reply._replace(body=answer.body) if whole else reply

    def _not_well(self, request: Request, more: str) -> Fact:
        return Fact(RegulatorFact.NOT_WELL, where=self.redact(request.path), more=self.redact(more))

    def redact(self, text: str) -> str:
        return redact(text, self._secrets())

    def evidence(self, body: bytes) -> str:
        return evidence(body, self._secrets())

    def _secrets(self) -> list[str]:
        return self.credential.secrets()

    def _observe(self, permit: Permit, request: Request, answer: Answer, reply: Reply) -> None:
        if reply.status == 429 and not reply.page:
            self.budget.hold_back(*permit, reply.retry_after_s or 0.0)
        well = not reply.page and reply.status < 500
        self.reach.reachable = well
        self.reach.problem = None if reply.ok else self._not_well(request, reply.words())
        took_s = answer.answered_at - answer.asked_at
        if reply.date is None or reply.page or took_s > SLOWEST_DATE_S or answer.headers.get("Age"):
            return
        since_s = time.monotonic() - answer.answered_at + took_s / 2  # the server wrote its Date about half way back
        ours = self._wall() - timedelta(seconds=since_s)
        self.reach.server_time = reply.date
        self.reach.skew_s = (ours - reply.date).total_seconds() - DATE_HALF_S

    async def _ask_for_token(self, method: str, fields: dict[str, str]) -> Reply | None:
        """One request of the technical user's log-in; None where no answer came."""
        permit = Permit("token", method)
        await self.budget.acquire(*permit)
        rule = self._profile.methods[method]
        form = method == "token_refresh"  # API 1.21.1 §2.2.3.1: "passed using the x-www-form-urlencoded format"
        body = urlencode(fields).encode() if form else json.dumps(fields).encode()
        kind_of_body = "application/x-www-form-urlencoded" if form else "application/json;charset=UTF-8"
        request = Request(rule.verb, rule.path, body=body, content_type=kind_of_body)
        try:
            reply = await self.send(permit, request, None, most_bytes=TOKEN_BYTES, alone=True)
        except NoAnswer:
            self.reach.counts[method, "no-answer"] += 1
            return None
        self.reach.counts[method, "done" if reply.ok else "refused"] += 1
        return reply
