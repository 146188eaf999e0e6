"""The regulator, as the rest of `lined` sees it.

Guarantees: every method ends in a value or in an error of the tree, within bounded time; a submission is decided by
what certainly happened (see submission.py); a lookup that raised is no evidence of anything; no secret stands in any
message or evidence; the loop is never held for longer than a few milliseconds, however long an answer is. It must not
know what reports contain, nor the journal.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from lined.regulator.account import Account
from lined.regulator.answers import Receipt
from lined.regulator.budget import PATIENCE_S, Bucket, BucketState, Budget, BudgetSpent, Permit
from lined.regulator.credentials import NewKey, NoCredential, OnNewSecret
from lined.regulator.keys import KeyCare
from lined.regulator.ordering import Ordering
from lined.regulator.reply import with_notes
from lined.regulator.requester import Requester
from lined.regulator.rights import missing
from lined.regulator.submission import with_answer, without_answer
from lined.regulator.wire import NoAnswer, Request
from lined.vocabulary.errors import NotSent, OutcomeUnknown, Problem, Refused, SendingError, SettingsError
from lined.vocabulary.facts import Fact

if TYPE_CHECKING:
    from lined.regulator.calls import Calls

TOO_MANY = 429
RECEIPT_BYTES = 8 * 1024 * 1024  # a refusal may blame each of 30,000 codes


def _now() -> datetime:
    return datetime.now(UTC)


class Regulator(Ordering):
    """One account at one regulator: the lookups, submissions, and what is known about the other side. Raises
    SettingsError where requests_per_minute is wrong. Use as an async context manager; several
    calls may be under way at once. `wall` (with zone), `clock` (seconds, never jumping), `sleep` and `chance` come
    from outside.
    """

    def __init__(
        self,
        account: Account,
        *,
        on_new_secret: OnNewSecret | None = None,
        wall: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: random.Random | None = None,
    ) -> None:
        profile = account.profile
        if account.requests_per_minute < 1:  # above the account's limit `check` warns, and 429 slows down
            raise SettingsError([Problem("regulator.requests_per_minute", "must be at least 1")])
        limited = Bucket(account.requests_per_minute, clock=clock, sleep=sleep)
        reads = Bucket(profile.limits.reads_per_minute, clock=clock, sleep=sleep, full=True)
        chance = chance or random.Random()  # noqa: S311  it spreads retries and hides nothing
        requester = Requester(
            account,
            profile,
            Budget(limited, reads, clock=clock, sleep=sleep, minute=account.minute),
            wall=wall,
            clock=clock,
            chance=chance,
            on_new_secret=on_new_secret,
        )
        super().__init__(account, profile, requester)
        self._keys = KeyCare(self, requester, clock)
        self._permits = 0

    async def __aenter__(self) -> Self:
        await self._requester.wire.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._requester.wire.__aexit__()

    # ----------------------------------------------------------------------------------------------- submission
    async def wait_for_permit(self, kind: str) -> None:
        """Wait until budget and credential allow a submission of this kind, which then goes out without further
        waiting: await it before a report becomes `sending`. A turn not used stays for the next, and only one is kept:
        it is meant for one sender at a time. Raises NotSent, with status 429 where a Retry-After holds back this kind
        only; also while the key is known to be another participant's: every code would be refused as not ours. May be
        cancelled.
        """
        self._need_own_key()
        try:
            self._requester.budget.need_open(kind)
            await self._requester.credential.bearer()
            if not self._permits:
                await self._requester.budget.acquire("submit", kind)
                self._permits += 1
        except (BudgetSpent, NoCredential) as error:
            raise self._not_sent(error) from error

    async def submit(self, kind: str, body: bytes, *, product_group: str) -> Receipt:
        """Register one report of this kind; `body` is exactly what goes over the wire. Raises NotSent, OutcomeUnknown
        or Refused. Where it is cancelled the outcome is unknown.
        """
        try:
            receipt = await self._submit(kind, body, product_group)
        except SendingError as error:
            self._count(kind, _result(error))
            raise
        self._count(kind, "done")
        return receipt

    async def _submit(self, kind: str, body: bytes, product_group: str) -> Receipt:
        rule = self.profile.reports[kind]
        query = (("productGroup", product_group),) if rule.group_in_query else ()
        method = self.profile.methods[kind]
        request = Request(method.verb, method.path, query, body)
        self._need_own_key()
        try:
            if self._permits:
                self._permits -= 1
            else:
                await self._requester.budget.acquire("submit", kind)
            reply = await self._requester.ask_now(
                Permit("submit", kind), request, most_bytes=RECEIPT_BYTES, patience_s=PATIENCE_S, alone=True
            )
        except (BudgetSpent, NoCredential) as error:
            raise self._not_sent(error) from error
        except NoAnswer as nothing:
            evidence = self._requester.evidence(nothing.partial)
            raise without_answer(nothing, self._redact, evidence) from nothing
        outcome = with_answer(reply, rule, self.profile, self._redact, self._requester.evidence(reply.body))
        if reply.ok and isinstance(outcome, SendingError):  # no id: a 200 may hold an error all the same
            reply = await with_notes(reply)
            outcome = with_answer(reply, rule, self.profile, self._redact, self._requester.evidence(reply.body))
        if isinstance(outcome, Refused):
            outcome.lacks(missing(reply, method, self.account, product_group))
        if isinstance(outcome, SendingError):
            raise outcome
        self.canary.note(kind, reply.value)
        return outcome

    def _need_own_key(self) -> None:
        if self._keys.problem is not None and not self._keys.unchecked:
            raise NotSent(f"not sent: {self._keys.problem}", credential=True)

    def _not_sent(self, error: BudgetSpent | NoCredential) -> NotSent:
        lacks = isinstance(error, NoCredential)
        status = TOO_MANY if isinstance(error, BudgetSpent) and error.method else None
        return NotSent(self._redact(f"not sent: {error}"), status=status, retry_after_s=error.wait_s, credential=lacks)

    # ----------------------------------------------------------------------------------------------- any method
    def calls(self) -> Calls:
        """Any method of the contract, for people. Its models are loaded only now: a daemon starts without them."""
        from lined.regulator.calls import Calls

        return Calls(self.account, self._requester)

    # ----------------------------------------------------------------------------------------------- credential
    async def check_credential(self) -> None:
        """Look whether the credential works, at most every 15 minutes, but at once where another key stands in the
        file: a key is asked about, a technical user logs in. What is wrong shows in `last_problem`; nothing is raised,
        and no work waits for it.
        """
        await self._keys.check()

    @property
    def credential_unchecked(self) -> bool:
        """Another key stands in the file since the last look."""
        return self._keys.unchecked

    async def refresh_api_key(self, *, key_id: str | None = None) -> NewKey:
        """Replace our own API key, named by itself or by its id. When it returns `on_new_secret` has returned, so the
        new key is on disk, and it is in use. Raises NotSent (the old key lives, or the new one could not be stored:
        see `last_problem`), Refused (the old one lives), OutcomeUnknown (the old one may be dead: a person has to
        look).
        """
        return await self._keys.refresh(key_id)

    # ---------------------------------------------------------------------------------------------------- state
    @property
    def reachable(self) -> bool:
        """The last exchange brought an answer of the regulator's own and no outage; False before the first one."""
        return self._requester.reach.reachable

    @property
    def last_problem(self) -> Fact | None:
        """What a person should know: what is wrong with the credential, else with the last exchange."""
        return self._requester.credential.problem or self._keys.problem or self._requester.reach.problem

    def clock_was_set(self) -> None:
        """Our clock was stepped: what it was off by is not known before the next answer."""
        self._requester.reach.skew_s = None

    @property
    def server_skew_s(self) -> float | None:
        """Our wall clock minus the regulator's, to about a second; None before the first answer since the start, or
        since our clock was set.
        """
        return self._requester.reach.skew_s

    @property
    def server_time(self) -> datetime | None:
        """The Date of the last answer that had one."""
        return self._requester.reach.server_time

    @property
    def credential_expires_at(self) -> datetime | None:
        """When the API key expires, once a check or a refresh has told; a password's end cannot be asked for."""
        return self._requester.credential.expires_at

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """Requests since the start by (method, result), for metrics."""
        return self._requester.reach.counts

    def budget_state(self) -> dict[str, BucketState]:
        return self._requester.budget.state()


def _result(error: SendingError) -> str:
    if isinstance(error, NotSent):
        return "not-sent"
    if isinstance(error, Refused):
        return "refused"
    return "unknown" if isinstance(error, OutcomeUnknown) else "failed"
