"""Calls of any method of the OPEN API: sent within the budget, the answer read by its model, page after page.

For people who look into something by hand; what lined does by itself is in `lookups` and `client`. Guarantees: a method
that writes is sent once; whether it arrived is said as exactly as for a report (`submission`). An answer that is not as
the text says is given all the same, with what does not fit: what was done is done.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from lined.regulator import bounds
from lined.regulator.account import Account
from lined.regulator.asked import Asked, asked
from lined.regulator.budget import PATIENCE_S, BudgetSpent, Permit
from lined.regulator.credentials import NoCredential
from lined.regulator.methods import Call, Paging
from lined.regulator.models.base import DEEPEST_UNKNOWN
from lined.regulator.profile import Profile
from lined.regulator.reply import Reply
from lined.regulator.requester import Requester
from lined.regulator.rights import missing
from lined.regulator.strange import MOST, Kind, Strange, strange_in, unreadable
from lined.regulator.submission import without_answer
from lined.regulator.wire import NoAnswer
from lined.vocabulary.errors import (
    CallError,
    Denied,
    LinedError,
    NotSent,
    OutcomeUnknown,
    Refused,
    Unavailable,
)

ANSWER_BYTES = 64 * 1024 * 1024  # 150,000 of the longest codes are 20 MB
MOST_ROWS = 10_000
NOT_ACCEPTABLE = 406
NOT_ACCEPTABLE_WORDS = "; it may answer only who accepts everything: headers.accept of the profile"


class Answered(NamedTuple):
    """`value`: the answer in JSON's types, by the text's names; of a method that answers a file it is None, and `file`
    holds it. `strange`: what is not as the text has it. `more`: the rows asked for were reached, and there are others.
    """

    value: Any
    file: bytes | None = None
    strange: Sequence[Strange] = ()
    more: bool = False


class Calls:
    """See the head. `Regulator.call` is the way to it."""

    def __init__(self, account: Account, requester: Requester) -> None:
        self._account = account
        self._requester = requester

    async def one(self, wanted: Asked) -> Answered:
        """One call. Raises NotSent, Denied, Refused (a readable no), Unavailable (of a method that only reads), and of
        one that writes OutcomeUnknown.
        """
        reply = await self._ask(wanted)
        if not reply.ok:
            raise self._error(wanted, reply)
        self._count(wanted.name, "done")
        return _answered(wanted.call, reply, self._account.profile)

    async def pages(
        self, name: str, values: Mapping[str, object], most: int = MOST_ROWS, *, unknown: bool = False
    ) -> Answered:
        """All pages of a method that has pages, as one answer of at most so many rows; `unknown` as in `asked`. Raises
        as `one`; CallError where it has none.
        """
        first = asked(name, values, self._account, unknown=unknown)
        paging = first.call.paging
        if paging is None:
            raise CallError(f"{name.replace('_', '-')} has no pages.")
        rows: list[Any] = []
        kept: list[Answered] = []
        async for page in self._pages(first, paging, values, unknown=unknown):
            kept.append(page)
            rows += _rows(page.value, paging)
            if len(rows) > most:
                break
        head = kept[0]
        if paging.rows and not isinstance(head.value, dict):  # no list of anything
            return head
        value = rows[:most] if not paging.rows else {**head.value, paging.rows: rows[:most]}
        strange = dict.fromkeys(one for page in kept for one in page.strange)
        return Answered(value, None, tuple(strange)[:MOST], more=len(rows) > most)

    async def _pages(
        self, first: Asked, paging: Paging, values: Mapping[str, object], *, unknown: bool
    ) -> AsyncIterator[Answered]:
        """Until a page is empty: a server may give fewer rows than it was asked for. A cursor that comes again ends it
        too, since the next page would be this one.
        """
        seen: set[str] = set()
        cursor: object = None
        count = 0
        while True:
            asks = values if cursor is None else {**values, paging.cursor: cursor}
            page = await self.one(asked(first.name, asks, self._account, unknown=unknown))
            rows = _rows(page.value, paging)
            if rows or not count:
                yield page
            count += len(rows)
            last = rows[-1] if rows and isinstance(rows[-1], dict) else {}
            cursor = last.get(paging.key) if paging.key else count
            if not rows or cursor is None or str(cursor) in seen:
                return
            seen.add(str(cursor))

    async def _ask(self, wanted: Asked) -> Reply:
        """The reply of a method. What writes goes out once, on a connection of its own."""
        rule = self._account.profile.methods[wanted.name]
        permit = Permit("check" if rule.limited else "read", wanted.name)
        alone = wanted.call.writes
        try:
            await self._requester.budget.acquire(*permit, patience_s=PATIENCE_S)
            if wanted.call.open:
                return await self._requester.send(
                    permit, wanted.request, None, most_bytes=ANSWER_BYTES, alone=True, whole=True
                )
            return await self._requester.ask_now(
                permit, wanted.request, most_bytes=ANSWER_BYTES, patience_s=PATIENCE_S, alone=alone, whole=True
            )
        except (BudgetSpent, NoCredential) as error:
            raise self._failed(wanted, NotSent(self._requester.redact(f"not sent: {error}"))) from error
        except NoAnswer as nothing:
            if wanted.call.writes:
                seen = self._requester.evidence(nothing.partial)
                raise self._failed(wanted, without_answer(nothing, self._requester.redact, seen)) from nothing
            raise self._failed(wanted, Unavailable(self._requester.redact(f"no answer: {nothing}"))) from nothing

    def _error(self, wanted: Asked, reply: Reply) -> LinedError:
        """What an answer that is no success means, and what to do about it."""
        profile, rule = self._account.profile, self._account.profile.methods[wanted.name]
        words, seen = self._requester.redact(reply.words()), self._requester.evidence(reply.body)
        if reply.status == 429 and not reply.page:
            own = f"it allows {rule.rate} of this method" if rule.rate else "try again in a minute"
            return self._failed(wanted, NotSent(f"{words}; {own}", status=429, retry_after_s=reply.retry_after_s))
        if reply.blames_credential(profile):
            return self._failed(wanted, NotSent(words, status=reply.status, credential=True))
        if reply.status == 403 and not reply.page:
            return self._failed(wanted, Denied(words + missing(reply, rule, self._account), status=403))
        if 300 <= reply.status < 400:
            what = wanted.call.elsewhere or "the regulator points elsewhere, which lined does not follow"
            return self._failed(wanted, Refused(f"HTTP {reply.status}: {what}", status=reply.status))
        if reply.readable and 400 <= reply.status < 500 and not reply.asks_for_patience(profile):
            lacks = missing(reply, rule, self._account)
            return self._failed(wanted, Refused(words + lacks, status=reply.status, evidence=seen))
        if wanted.call.writes:
            return self._failed(wanted, OutcomeUnknown(words, status=reply.status, evidence=seen))
        takes = NOT_ACCEPTABLE_WORDS if reply.status == NOT_ACCEPTABLE else ""
        return self._failed(wanted, Unavailable(words + takes))

    def _failed(self, wanted: Asked, error: LinedError) -> LinedError:
        self._count(wanted.name, type(error).__name__.lower())
        return error

    def _count(self, name: str, result: str) -> None:
        self._requester.reach.counts[name, result] += 1


def _answered(call: Call, reply: Reply, profile: Profile) -> Answered:
    if call.answer is None:
        return Answered(None, reply.body)
    value = reply.value
    if not reply.readable:
        try:  # a bare word (API 1.21.1 §8.2.2)
            value = json.loads(reply.body)
        except (ValueError, RecursionError):
            text = bounds.lines(reply.body.decode("utf-8", "replace"), bounds.LONGEST_TEXT)
            return Answered(text, None, (Strange(Kind.TYPE, "", "it is no JSON"),))
    adapter: TypeAdapter[Any] = TypeAdapter(call.answer)
    try:
        found = adapter.validate_python(value)
    except ValidationError as error:
        return Answered(bounds.plain(value, DEEPEST_UNKNOWN), None, unreadable(error))
    shown = adapter.dump_python(found, mode="json", by_alias=True, exclude_unset=True)
    return Answered(shown, None, strange_in(found if isinstance(found, tuple) else (found,), profile))


def _rows(value: object, paging: Paging) -> list[Any]:
    rows = value.get(paging.rows) if isinstance(value, dict) and paging.rows else value
    return rows if isinstance(rows, list) else []
