"""An answer read as far as any method needs it: page or JSON, its errors, the server's clock, when to come back."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from lined.regulator import bounds
from lined.regulator.answers import ErrorNote, Unreadable, blame, error_notes, looks_like_page, retry_after_s
from lined.regulator.profile import Profile
from lined.regulator.redaction import EVIDENCE_BYTES, LONGEST_SECRET
from lined.regulator.slices import in_slices, read_json, uncollected
from lined.regulator.wire import Answer
from lined.vocabulary.errors import Blame

MOST_NOTES_TOLD = 3
MOST_NOTES_KEPT = 100
MOST_NAMED = 30_000  # as many as the codes of the largest report
NOTES_AT_ONCE = 8  # between two looks at the clock
EVIDENCE_KEPT = EVIDENCE_BYTES + LONGEST_SECRET + 1  # of the body: nobody shows more


class Reply(NamedTuple):
    """`page`: an HTML page. `value`: the JSON, None where it is not `readable` and once its errors were taken out.
    `notes`: the first of these errors, `errors` of them altogether; `codes`: their codes; `named`: what they point
    at, where that may be a product's code.
    """

    status: int
    body: bytes
    page: bool
    readable: bool
    value: object
    notes: tuple[ErrorNote, ...]
    date: datetime | None
    retry_after_s: float | None
    errors: int = 0
    codes: frozenset[str] = frozenset()
    named: tuple[Blame, ...] = ()

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300 and not self.page

    def asks_for_patience(self, profile: Profile) -> bool:
        """One of its errors means "not processed, try later"."""
        return not self.codes.isdisjoint(profile.errors.again)

    def blames_credential(self, profile: Profile) -> bool:
        """401; or `access-denied` about a token that is not active, which comes with 401 or 403."""
        if self.page:
            return False
        rules = profile.credential
        denied = (note.text for note in self.notes if note.code == rules.denied_code)
        dead = any(word in text for text in denied for word in rules.dead_token)
        return self.status == 401 or (self.status == 403 and dead)

    def words(self) -> str:
        """For people: status and what the answer says, not yet redacted."""
        if self.page:
            return f"HTTP {self.status}: an HTML page"
        notes = [" ".join(part for part in (note.code, note.text) if part) for note in self.notes[:MOST_NOTES_TOLD]]
        more = f" (and {self.errors - MOST_NOTES_TOLD} more)" if self.errors > MOST_NOTES_TOLD else ""
        texts = "; ".join(text for text in notes if text)[:600]
        return f"HTTP {self.status}: {texts}{more}" if texts else f"HTTP {self.status}"


async def read_reply(answer: Answer, now: datetime) -> Reply:
    """Read the answer without holding the loop; never raises. `now`: our wall clock, for a Retry-After without Date."""
    date = bounds.http_date(answer.headers.get("Date"))
    retry_s = retry_after_s(answer.headers.get("Retry-After"), date or now)
    page = looks_like_page(answer.headers.get("Content-Type", ""), answer.body)
    value: object = None
    readable = False
    if not page and answer.body.strip():
        try:
            with uncollected():
                value = await read_json(answer.body)
            readable = isinstance(value, dict | list)
        except Unreadable:
            readable = False
    kept = answer.body[:EVIDENCE_KEPT]
    reply = Reply(answer.status, kept, page, readable, value if readable else None, (), date, retry_s)
    del value
    return reply if reply.ok else await with_notes(reply)


async def with_notes(reply: Reply) -> Reply:
    """The same with its errors, which a 200 may hold too, in place of its value."""
    if not reply.readable:
        return reply
    notes: list[ErrorNote] = []
    codes: set[str] = set()
    named: list[Blame] = []

    def take(note: ErrorNote) -> None:
        if len(notes) < MOST_NOTES_KEPT:
            notes.append(note)
        codes.add(note.code)
        if len(named) < MOST_NAMED and (pointed := blame(note)) is not None:
            named.append(pointed)

    with uncollected():
        errors = len(await in_slices(take, error_notes(reply.value), clock_every=NOTES_AT_ONCE))
    reply = reply._replace(value=None, notes=tuple(notes), errors=errors)
    return reply._replace(codes=frozenset(codes), named=tuple(named))
