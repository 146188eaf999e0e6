"""Looking after the API key: is it ours, until when, and replacing it (API 1.21.1 §2.1.4, §2.1.5)."""

from __future__ import annotations

import json
from collections.abc import Callable

from lined.regulator import bounds
from lined.regulator.budget import Permit
from lined.regulator.credentials import NewKey, NoCredential, clean_secret
from lined.regulator.lookups import Lookups, path_of
from lined.regulator.reply import Reply
from lined.regulator.requester import Requester
from lined.regulator.rights import missing
from lined.regulator.submission import without_answer
from lined.regulator.wire import NoAnswer, Request
from lined.vocabulary.errors import LookupFailed, NotSent, OutcomeUnknown, Refused
from lined.vocabulary.facts import Fact, RegulatorFact

DAY_S = 86_400.0
SPARE = 25 / 24  # of the checks allowed in a day some are left: each start of the program asks once
ANSWER_BYTES = 64 * 1024
LONGEST_NAME = 100  # of a key


class KeyCare:
    """`problem` is what the last check found wrong with the key."""

    def __init__(self, lookups: Lookups, requester: Requester, clock: Callable[[], float]) -> None:
        self.problem: Fact | None = None
        self._lookups = lookups
        self._requester = requester
        self._clock = clock
        self._gap_s = SPARE * DAY_S / lookups.profile.limits.key_checks_per_day
        self._checked_at: float | None = None
        self._checked = 0
        self._failed = False

    @property
    def unchecked(self) -> bool:
        """Another key stands in the file than the one that was asked about, or the last look failed a while ago."""
        key = self._requester.key
        if key is None or self._checked_at is None:
            return False
        return key.generation != self._checked or (self._failed and self._clock() - self._checked_at >= self._gap_s)

    async def check(self) -> None:
        """See Regulator.check_credential."""
        now = self._clock()
        key, tin = self._requester.key, self._lookups.account.tin
        generation = key.generation if key is not None else 0
        known = generation == self._checked
        if known and self._checked_at is not None and now - self._checked_at < self._gap_s:
            return
        self._checked, self._checked_at, self._failed = generation, now, True
        try:
            if key is None:
                await self._requester.credential.bearer()
                return
            row = await self._lookups.key_check()
            self._failed = False
        except (LookupFailed, NoCredential):
            return
        finally:
            self._checked = key.generation if key is not None else 0  # the first question reads the file
        key.expires_at = bounds.moment(row.get("expiresOn"))
        self.problem = Fact(RegulatorFact.KEY_OF_OTHER, tin=tin) if row.get("isTinCorrect") is False else None

    async def refresh(self, key_id: str | None) -> NewKey:
        """See Regulator.refresh_api_key."""
        if self._requester.key is None:
            raise NotSent("a technical user has no API key")
        rule = self._lookups.profile.methods["key_refresh"]
        path = path_of(rule.path, {"tin": self._lookups.account.tin})

        async def ask(old: str) -> NewKey:
            # "Only one of these parameters may be passed."
            body = json.dumps({"id": key_id} if key_id else {"apiKey": old}).encode()
            request = Request(rule.verb, path, body=body)
            permit = Permit("read", "key_refresh")
            return self._new_key(await self._requester.send(permit, request, old, most_bytes=ANSWER_BYTES, alone=True))

        try:
            new = await self._requester.key.refresh(ask)
        except NoCredential as error:
            raise NotSent(self._requester.redact(str(error)), retry_after_s=error.wait_s, credential=True) from error
        except NoAnswer as nothing:
            evidence = self._requester.evidence(nothing.partial)
            raise without_answer(nothing, self._requester.redact, evidence) from nothing
        self._requester.reach.counts["key_refresh", "done"] += 1
        return new

    def _new_key(self, reply: Reply) -> NewKey:
        row = reply.value if isinstance(reply.value, dict) else {}
        if reply.ok:
            try:
                key = clean_secret(str(row.get("apiKey") or ""))
            except ValueError as error:
                raise OutcomeUnknown(f"refreshed, but no readable key came: {error}", status=reply.status) from error
            name, label = (bounds.text(str(row.get(member) or ""), LONGEST_NAME).strip() for member in ("id", "label"))
            return NewKey(key, name, bounds.moment(row.get("expiresOn")), label)
        words, seen = self._requester.redact(reply.words()), self._requester.evidence(reply.body)
        if reply.status in {401, 429} and not reply.page:
            raise NotSent(words, status=reply.status, evidence=seen, credential=reply.status == 401)
        if reply.readable and 400 <= reply.status < 500:
            refused = Refused(words, status=reply.status, evidence=seen)
            refused.lacks(missing(reply, self._lookups.profile.methods["key_refresh"], self._lookups.account))
            raise refused
        raise OutcomeUnknown(words, status=reply.status, evidence=seen)
