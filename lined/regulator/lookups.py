"""Questions to the regulator: documents, outcomes, errors, searches, contents, histories of codes.

Guarantees: a method ends in a value, in `Unavailable` or in `Denied`. Whatever was raised is no evidence: neither that
a document exists nor that it does not. Only `document` tells absence (None, on a 404 that is not an HTML page).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from lined.regulator import answers, bounds
from lined.regulator.account import Account
from lined.regulator.answers import CodeHistory, CodeOutcome, Document, DocumentError, Unreadable
from lined.regulator.budget import PATIENCE_S, BudgetSpent, Permit
from lined.regulator.canary import Canary
from lined.regulator.credentials import NoCredential
from lined.regulator.profile import Profile
from lined.regulator.reply import Reply
from lined.regulator.requester import Requester
from lined.regulator.rights import missing
from lined.regulator.slices import eaten, in_slices, read_json, uncollected
from lined.regulator.wire import NoAnswer, Request
from lined.vocabulary.errors import Denied, LookupFailed, Unavailable
from lined.vocabulary.facts import Fact, RegulatorFact

LIST_BYTES = 8 * 1024 * 1024  # 30,000 codes are 3 to 5 MB
MOST_BYTES = {  # others: LIST_BYTES
    "order_codes": 32 * 1024 * 1024,  # 150,000 codes of the longest kind are 22 MB
    "document": 256 * 1024,
    "search": 1024 * 1024,
    "key_check": 64 * 1024,
}
BASE64_SLICE = 256 * 1024  # a multiple of 4

Query = tuple[tuple[str, str], ...]
T = TypeVar("T")
Row = TypeVar("Row", CodeOutcome, DocumentError)


class Lookups:
    """The questions that reports and people ask. Each may be cancelled."""

    def __init__(self, account: Account, profile: Profile, requester: Requester) -> None:
        self.account = account
        self.profile = profile
        self._requester = requester
        self.canary = Canary(profile)
        """What of the answers is not as the text has it."""

    async def document(self, document_id: str) -> Document | None:
        """A document's card; None: 404, not visible (yet). Raises Unavailable or Denied."""
        reply = await self._get("read", "document", {"id": document_id}, absent=True)
        if reply is None:
            return None
        return self._read("document", lambda: answers.document(reply.value))

    async def code_outcomes(
        self, document_id: str, *, after: int | None, limit: int, spare: bool = False
    ) -> list[CodeOutcome] | None:
        """One page of what became of the document's codes, behind index `after`; the last page is empty. At most
        `outcomes_page` codes, whatever `limit` says. None: 404, some kinds of documents have no such list. `spare`: it
        is asked only with requests that nobody else needs. Raises Unavailable or Denied.
        """
        limit = min(limit, self.profile.limits.outcomes_page)
        kind = "spare" if spare else "read"
        reply = await self._get(kind, "code_outcomes", {"id": document_id}, _page(after, limit), absent=True)
        if reply is None:
            return None
        rows = await self._rows("code_outcomes", reply.value, "codes", answers.code_outcome)
        return _one_page(rows, after, limit, lambda row: row.index)

    async def document_errors(self, document_id: str, *, after: int | None, limit: int) -> list[DocumentError]:
        """One page of the document's errors, behind row `after`; the last page is empty. A row's number says nothing
        about which code it is. Raises Unavailable or Denied.
        """
        limit = min(limit, self.profile.limits.errors_page)
        value = await self._value("read", "document_errors", {"id": document_id}, _page(after, limit))
        rows = await self._rows("document_errors", value, "documentErrors", answers.document_error)
        return _one_page(rows, after, limit, lambda row: row.row)

    async def search(
        self,
        *,
        type: str | None,  # noqa: A002  their word
        since: datetime,
        cursor: str | None,
        until: datetime | None = None,
        urgent: bool = True,
    ) -> list[Document]:
        """One page of our documents created from `since` (inclusive, cut to the second) on, by the regulator's clock;
        the search is complete when a page is shorter than the limit `search_page`. `cursor`: the last id of the page
        before. No order is promised. `urgent`: it is about what is in doubt, and takes a share kept for that; otherwise
        it takes nothing that submissions need. Raises Unavailable or Denied.
        """
        query = [("types", type)] if type else []
        query.append(("dateFrom", moment_text(since)))
        if until is not None:
            query.append(("dateTo", moment_text(until + timedelta(seconds=1))))
        query.append(("limit", str(self.profile.limits.search_page)))
        if cursor is not None:
            query.append(("cursor", cursor))
        value = await self._value("check" if urgent else "read", "search", {}, tuple(query))
        return self._read("search", lambda: answers.documents(value))

    async def content(self, document_id: str) -> dict[str, object]:
        """The document as it was registered; separators may be gone from its codes (sample of API 1.21.1 §11.4).

        Raises Unavailable or Denied.
        """
        value = await self._value("check", "content", {"id": document_id})
        try:
            if isinstance(value, dict) and isinstance(value.get("documentBody"), str):
                value = await read_json(await _decoded(value["documentBody"]))
        except Unreadable as error:
            raise self._unreadable("content", error) from error
        if not isinstance(value, dict):
            raise self._unreadable("content", Unreadable("an object was expected"))
        return {bounds.code(name): await _plain(member) for name, member in value.items()}

    async def code_histories(self, codes: Sequence[str]) -> list[CodeHistory]:
        """What the regulator knows of these identification codes, at most `code_information` of them; unknown ones are
        absent. For business users with the right to it. Raises Unavailable or Denied.
        """
        assert len(codes) <= self.profile.limits.code_information
        rule = self.profile.methods["code_histories"]
        if rule.business and not self.account.business:
            raise self._failed("code_histories", Denied("code information is closed to technical users", status=403))
        request = Request(rule.verb, rule.path, body=json.dumps({"codes": list(codes)}).encode())
        reply = await self._ask("check", "code_histories", request)
        if 300 <= reply.status < 400:  # API 1.21.1 §9.2: "redirects to the public API" where no code is ours
            raise self._failed("code_histories", Denied("none of these codes is ours to see", status=403))
        value = self._need_value("code_histories", reply)
        return await self._rows("code_histories", value, "results", answers.code_history)

    async def key_check(self) -> dict[str, object]:
        """What is said of our API key (API 1.21.1 §2.1.4): isTinCorrect, expiresOn. Raises Unavailable or Denied."""
        value = await self._value("read", "key_check", {"tin": self.account.tin})
        return value if isinstance(value, dict) else {}

    # ------------------------------------------------------------------------------------------------ in common
    async def _value(self, kind: str, name: str, places: Mapping[str, str], query: Query = ()) -> object:
        reply = await self._get(kind, name, places, query)
        assert reply is not None  # only `absent` gives None
        return self._need_value(name, reply)

    async def _get(
        self, kind: str, name: str, places: Mapping[str, str], query: Query = (), *, absent: bool = False
    ) -> Reply | None:
        """The reply to a GET; None for a 404 where that means absence. Raises Unavailable or Denied."""
        rule = self.profile.methods[name]
        reply = await self._ask(kind, name, Request(rule.verb, path_of(rule.path, places), query))
        if absent and reply.status == 404 and not reply.page and not reply.asks_for_patience(self.profile):
            self._count(name, "absent")
            return None
        self._need_value(name, reply)
        return reply

    async def _ask(self, kind: str, name: str, request: Request) -> Reply:
        try:
            most_bytes = MOST_BYTES.get(name, LIST_BYTES)
            return await self._requester.ask(Permit(kind, name), request, most_bytes=most_bytes, patience_s=PATIENCE_S)
        except NoAnswer as nothing:
            silent = Fact(RegulatorFact.NO_ANSWER, name=name, more=self._redact(str(nothing)))
            raise self._failed(name, Unavailable(silent)) from nothing
        except BudgetSpent as error:
            raise self._failed(name, Unavailable(f"{name}: {error}")) from error
        except NoCredential as error:
            raise self._failed(name, Denied(self._redact(f"{name}: {error}"), status=401)) from error

    def _need_value(self, name: str, reply: Reply) -> object:
        words = self._redact(f"{name}: {reply.words()}")
        again = reply.page or reply.asks_for_patience(self.profile)
        if reply.status in {401, 403} and not again:
            hint = missing(reply, self.profile.methods[name], self.account)
            raise self._failed(name, Denied(words + hint, status=reply.status))
        if not reply.ok or not reply.readable:
            raise self._failed(name, Unavailable(words if not reply.ok or reply.page else f"{words}: not readable"))
        self.canary.note(name, reply.value)
        return reply.value

    async def _rows(self, name: str, value: object, member: str, convert: Callable[[object], T]) -> list[T]:
        try:
            with uncollected():
                rows = await in_slices(convert, eaten(answers.rows_of(value, member)))
        except Unreadable as error:
            raise self._unreadable(name, error) from error
        self._count(name, "done")
        return rows

    def _read(self, name: str, convert: Callable[[], T]) -> T:
        try:
            found = convert()
        except Unreadable as error:
            raise self._unreadable(name, error) from error
        self._count(name, "done")
        return found

    def _unreadable(self, name: str, error: Unreadable) -> LookupFailed:
        return self._failed(name, Unavailable(self._redact(f"{name}: unreadable answer: {error}")))

    def _failed(self, name: str, error: LookupFailed) -> LookupFailed:
        self._count(name, "denied" if isinstance(error, Denied) else "unavailable")
        return error

    def _count(self, name: str, result: str) -> None:
        self._requester.reach.counts[name, result] += 1

    def _redact(self, text: str) -> str:
        return self._requester.redact(text)


def path_of(template: str, places: Mapping[str, str]) -> str:
    """The path with its places filled, each quoted whole: no id leads to another method."""
    return template.format(**{name: quote(value, safe="") for name, value in places.items()})


def _page(after: int | None, limit: int) -> Query:
    """API 1.21.1 §11.5, §11.6: `lastIndex` is the last row of the page before; `limit` is always sent."""
    limited = ("limit", str(limit))
    return (limited,) if after is None else (limited, ("lastIndex", str(after)))


def _one_page(rows: list[Row], after: int | None, limit: int, cursor: Callable[[Row], int]) -> list[Row]:
    """The page that was asked for, also where the server ignores `lastIndex` or `limit`."""
    behind: Iterable[Row] = rows if after is None else (row for row in rows if cursor(row) > after)
    page = list(behind)
    return page if len(page) <= limit else sorted(page, key=cursor)[:limit]


def moment_text(when: datetime) -> str:
    """API 1.21.1 §11.2: '2011-12-03T10:15:30Z', cut to the second."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _plain(member: object) -> object:
    """See bounds.plain; a list, which may be that of 30,000 codes, in slices."""
    if not isinstance(member, list):
        return bounds.plain(member)
    return await in_slices(bounds.plain, eaten(member), clock_every=1)


async def _decoded(text: str) -> bytes:
    """Base64 in slices; raises Unreadable."""
    compact = "".join(text.split())
    pieces = [compact[start : start + BASE64_SLICE] for start in range(0, len(compact), BASE64_SLICE)]
    try:
        return b"".join(await in_slices(lambda piece: base64.b64decode(piece, validate=True), pieces))
    except (binascii.Error, ValueError) as error:
        raise Unreadable("documentBody is not base64") from error
