"""The regulator's office, as the desk's tests play it: it answers as it is told, and its clock is right."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lined.codes import without_separators
from lined.regulator.answers import CodeOutcome, Document, DocumentError, Receipt
from lined.vocabulary.errors import Denied, LookupFailed, Unavailable

NOON_MS = 1_795_417_200_000  # 2026-11-23T12:00:00+05:00


@dataclass
class Clock:
    """`ms`: what our computer shows; `true_ms`: what the regulator's shows."""

    ms: int = NOON_MS
    true_ms: int = NOON_MS
    was_set: Callable[[], None] = lambda: None

    def pass_ms(self, ms: int) -> None:
        self.ms += ms
        self.true_ms += ms

    def jump_ms(self, ms: int) -> None:
        """Our clock only."""
        self.ms += ms
        self.was_set()


@dataclass
class Doc:
    """A document at the regulator. `codes`: as its content lists them."""

    id: str
    created_ms: int
    codes: list[str]
    status: str = "IN_PROCESS"
    outcomes: list[CodeOutcome] = field(default_factory=list)
    has_list: bool = True  # of outcomes; False: 404
    endless: bool = False  # that list
    errors: list[DocumentError] | None = None
    shown: Document | None = None  # another card in the place of its own
    visible: bool = True  # in searches, and by its id
    listed: bool = True  # in searches
    content: dict[str, object] | None = None

    def refuse(self, *bad: str, result: str = "invalid-code-status") -> None:
        """Outcomes: these codes are bad, the others are listed as good."""
        self.outcomes = [
            CodeOutcome(n, code, "ERROR", result) if code.startswith(bad) else CodeOutcome(n, code, "SUCCESS", None)
            for n, code in enumerate(self.codes)
        ]


class Office:
    """A RegulatorPort. `answers`: what the next submissions bring, an id or an exception; `arrives`: under which id a
    submission that ends in an exception is registered all the same.
    """

    def __init__(self, clock: Clock) -> None:
        self.answers: deque[str | Exception] = deque()
        self.arrives: deque[str] = deque()
        self.docs: dict[str, Doc] = {}
        self.submitted: list[bytes] = []
        self.searches: list[datetime] = []
        self.pages: list[tuple[str, bool]] = []  # of lists of outcomes; whether with what is left of the budget
        self.read: list[str] = []  # documents whose content was asked for
        self.turn: Exception | None = None
        self.deaf: LookupFailed | None = None  # every question fails with it
        self.deaf_after: int | None = None  # so many questions are answered before
        self.server_skew_s: float | None = 0.0
        self.server_time: datetime | None = datetime.fromtimestamp(clock.ms / 1000, UTC)
        self.histories: LookupFailed | None = Denied("closed to technical users", status=403)  # None: they answer
        self.page = 100
        self.meanwhile: asyncio.Event | None = None  # submissions wait for it
        self._clock = clock
        self._count = 0
        clock.was_set = self.clock_was_set

    def doc(self, document_id: str, codes: Iterable[str], status: str = "IN_PROCESS") -> Doc:
        """A document is there."""
        self.docs[document_id] = Doc(document_id, self._clock.true_ms, list(codes), status)
        return self.docs[document_id]

    def clock_was_set(self) -> None:
        self.server_skew_s = None

    async def wait_for_permit(self, kind: str) -> None:
        assert kind == "utilisation"
        if self.turn is not None:
            raise self.turn

    async def submit(self, kind: str, body: bytes, *, product_group: str) -> Receipt:
        assert (kind, product_group) == ("utilisation", "vegetableoil")
        self.submitted.append(body)
        if self.meanwhile is not None:
            await self.meanwhile.wait()
        self._count += 1
        answer = self.answers.popleft() if self.answers else f"doc-{self._count}"
        sent = [without_separators(code) for code in json.loads(body)["sntins"]]
        if isinstance(answer, Exception):
            if self.arrives:
                self.doc(self.arrives.popleft(), sent)
            raise answer
        self.doc(answer, sent)
        return Receipt(answer, self.server_time)

    async def document(self, document_id: str) -> Document | None:
        doc = self._ask().get(document_id)
        if doc is not None and doc.shown is not None:
            return doc.shown
        return _card(doc) if doc is not None and doc.visible else None

    async def code_outcomes(
        self, document_id: str, *, after: int | None, limit: int, spare: bool = False
    ) -> list[CodeOutcome] | None:
        self.pages.append((document_id, spare))
        doc = self._ask()[document_id]
        if not doc.has_list:
            return None
        if doc.endless:
            first = 0 if after is None else after + 1
            places = range(first, first + min(limit, self.page))
            return [CodeOutcome(n, f"another's {n}", "SUCCESS", None) for n in places]
        rows = doc.outcomes
        return [row for row in rows if after is None or row.index > after][: min(limit, self.page)]

    async def document_errors(self, document_id: str, *, after: int | None, limit: int) -> list[DocumentError]:
        errors = self._ask()[document_id].errors
        rows = [DocumentError("sntins", "602", {}, 0)] if errors is None else errors
        return rows[:limit] if after is None else []

    async def search(self, *, kind: str, since: datetime, cursor: str | None) -> list[Document]:
        assert kind == "utilisation"
        docs = self._ask()
        self.searches.append(since)
        since_ms = since.timestamp() * 1000
        if since_ms > self._clock.true_ms:
            raise Unavailable("HTTP 400: dateTo, which is now, is earlier than dateFrom")
        found = sorted(d.id for d in docs.values() if d.visible and d.listed and d.created_ms >= since_ms)
        return [_card(docs[key]) for key in found if cursor is None or key > cursor][: self.page]

    async def content(self, document_id: str) -> dict[str, object]:
        self.read.append(document_id)
        doc = self._ask()[document_id]
        return {"sntins": list(doc.codes)} if doc.content is None else doc.content

    async def touching(self, *, kind: str, codes: Sequence[str], since: datetime) -> list[str]:
        assert kind == "utilisation"
        docs = self._ask()
        if self.histories is not None:
            raise self.histories
        asked, since_ms = tuple(codes), since.timestamp() * 1000
        recent = [doc for doc in docs.values() if doc.created_ms >= since_ms]
        return [doc.id for doc in recent if any(code.startswith(asked) for code in doc.codes)]

    def _ask(self) -> dict[str, Doc]:
        if self.deaf is not None:
            if not self.deaf_after:
                raise self.deaf
            self.deaf_after -= 1
        now_ms = self._clock.true_ms
        self.server_time = datetime.fromtimestamp(now_ms / 1000, UTC)
        self.server_skew_s = (self._clock.ms - now_ms) / 1000
        return self.docs


def _card(doc: Doc) -> Document:
    return Document(doc.id, "UTILISATION", doc.status, None, None)
