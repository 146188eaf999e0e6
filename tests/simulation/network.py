"""The regulator as one life of the program reaches it: every answer may be lost, late, wrong or a page of HTML.

The budget is the real token bucket, on virtual time. What certainly did not arrive is NotSent, everything else that is
no readable answer is OutcomeUnknown, as the regulator's room decides it.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NoReturn

from lined.regulator.answers import CodeOutcome, Document, DocumentError, Receipt
from lined.regulator.budget import Bucket, Budget, BudgetSpent
from lined.vocabulary.errors import Blame, Denied, NotSent, OutcomeUnknown, Refused, Unavailable
from tests.simulation.books import SUCCESS, Books, Fate, Filed

TIMEOUT_S = 10.0


class Weather:
    """How bad things are, the same for every life of a run. Probabilities, for each request."""

    def __init__(self, chance: random.Random, per_minute: int) -> None:
        self.chance = chance
        self.per_minute = per_minute
        self.calm = False
        self.down = False  # nothing is answered
        self.blind = False  # reports are taken, questions are not answered
        self.submit_fault = chance.choice((0.0, 0.1, 0.3, 0.6))
        self.lookup_fault = chance.choice((0.0, 0.05, 0.3))
        self.document_fault = chance.choice((0.0, 0.1, 0.4))
        self.says_no_at_once = chance.random() < 0.3
        self.hidden_s = chance.choice((0.0, 20.0, 100.0))
        self.late = chance.random() < 0.25
        self.page = chance.choice((2, 3, 100))
        self.histories = per_minute % 2 == 1  # a right that some accounts have
        self.checks_at_once = chance.random() < 0.3  # codes that it does not know are refused with the whole report
        self.between = chance.choice((0.0, 0.0, 0.4))  # share of bodies that something between turns away
        self.turned_away: dict[bytes, int] = {}  # how often still
        self.patience: Counter[bytes] = Counter()  # how often a body was, since a person has decided anything
        self.strange = chance.choice((0.0, 0.0, 0.2))  # share of answers that are about something else
        self.warned = chance.choice((0.0, 0.2))  # share of codes that are processed with a remark
        self.sent_at: list[float] = []

    def turns_away(self, body: bytes) -> bool:
        """Whether something between, a firewall or a limit, keeps this body from them; not for ever."""
        if body not in self.turned_away:
            drawn = not self.calm and self.chance.random() < self.between
            self.turned_away[body] = self.chance.randint(1, 6) if drawn else 0
        if not self.turned_away[body]:
            return False
        self.turned_away[body] -= 1
        self.patience[body] += 1
        return True

    def fate(self, longest_hidden_s: float) -> tuple[Fate, bool]:
        """What becomes of a document that arrives now; second: it hides for longer than we look."""
        c = self.chance
        judged_s = c.choice((0.0, 1.0, 15.0, 90.0)) * c.random()
        if self.calm or c.random() >= self.document_fault:
            visible_s, late = min(self.hidden_s * c.random(), longest_hidden_s), False
            if not self.calm and self.late and c.random() < 0.4:
                visible_s, late = longest_hidden_s * c.uniform(1.0, 6.0) + 60.0, True
            return Fate(visible_s, judged_s, warned=self.warned), late
        kind = c.randrange(5)
        return Fate(
            visible_s=min(self.hidden_s * c.random(), longest_hidden_s),
            judged_s=judged_s if kind != 0 else c.choice((300.0, 1_500.0)),
            spoiled=0.3 if kind in (1, 2) else 0.0,
            whole=kind == 2,
            nameless=kind == 3,
            unlisted=0.4 if kind == 4 or c.random() < 0.2 else 0.0,
            unlisted_s=c.choice((100.0, 3_000.0)),
            warned=self.warned,
        ), False


class Connection:
    """A RegulatorPort. Dies with its life: what it says then is never heard."""

    def __init__(self, books: Books, weather: Weather, now_s: Callable[[], float], wall_ms: Callable[[], int],
                 epoch_ms: int, hidden_for_s: float, point: Callable[[str], None]) -> None:  # fmt: skip
        self._books = books
        self._weather = weather
        self._now_s = now_s
        self._wall_ms = wall_ms
        self._epoch_ms = epoch_ms
        self._hidden_for_s = hidden_for_s
        self._point = point
        self.dead = False
        bucket = Bucket(weather.per_minute, clock=now_s)
        self._budget = Budget(bucket, bucket, clock=now_s)
        self.server_skew_s: float | None = None
        self.server_time: datetime | None = None

    def clock_was_set(self) -> None:
        self.server_skew_s = None

    # ── submissions ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def wait_for_permit(self, kind: str) -> None:
        try:
            await self._budget.acquire("submit", kind)
        except BudgetSpent as error:
            status = 429 if error.method else None
            raise NotSent(str(error), status=status, retry_after_s=error.wait_s) from error

    async def submit(self, kind: str, body: bytes, *, product_group: str) -> Receipt:
        chance, weather = self._weather.chance, self._weather
        assert kind == "utilisation" and product_group
        self._point("submitting")
        await self._alive()
        fault = not weather.calm and (weather.down or chance.random() < weather.submit_fault)
        kind_of = chance.randrange(9) if fault else -1
        if kind_of == 0:
            raise NotSent("connection refused")
        weather.sent_at.append(self._now_s())
        if kind_of in (1, 2, 3):
            await self._answered()
            self._refuse_early(kind_of)
        if kind_of == 4:  # the request is lost on its way
            await asyncio.sleep(TIMEOUT_S)
            raise OutcomeUnknown("no answer within the time-out")
        if kind_of == 5:  # it arrives after we have stopped waiting
            delay_s = TIMEOUT_S + chance.uniform(0.0, 10.0)
            asyncio.get_running_loop().call_later(delay_s, self._arrive, body, delay_s)
            await asyncio.sleep(TIMEOUT_S)
            raise OutcomeUnknown("no answer within the time-out")
        if kind_of == 6:
            await self._answered()
            raise OutcomeUnknown("HTTP 502: an HTML page", status=502)
        await asyncio.sleep(chance.uniform(0.01, 0.5))
        if weather.turns_away(body):
            raise OutcomeUnknown("HTTP 413: an HTML page", status=413, evidence="<html>")
        await self._refuse_named(body)
        filed = self._arrive(body, 0.0)
        self._point("registered")
        await self._answered()
        if fault:
            raise OutcomeUnknown(chance.choice(("HTTP 500", "connection reset", "no readable reportId")))
        return Receipt(filed.id, self.server_time)

    async def _refuse_named(self, body: bytes) -> None:
        """A readable no that blames codes: outright, by their places in the body, or in its text."""
        weather = self._weather
        named = self._books.already_applied(body, self._now_s()) if weather.says_no_at_once else {}
        if weather.checks_at_once:
            named |= self._books.not_issued(body)
        if not named:
            return
        self._books.blamed |= {code.partition("\x1d")[0] for code in named}
        way = weather.chance.randrange(3)
        sent = enumerate(json.loads(body)["sntins"])
        await self._answered()
        blames = [_blame(way, place, code, named[code]) for place, code in sent if code in named]
        raise Refused("HTTP 400: 602 bad value", status=400, named=blames)

    def _arrive(self, body: bytes, after_s: float) -> Filed:
        """The server has the whole request."""
        fate, late = self._weather.fate(self._hidden_for_s - after_s)
        return self._books.register(body, self._now_s(), fate, late=late)

    def _refuse_early(self, kind_of: int) -> NoReturn:
        if kind_of == 1:
            self._budget.hold_back("submit", "utilisation", 30.0)
            raise NotSent("HTTP 429", status=429, retry_after_s=30.0)
        if kind_of == 2:
            raise NotSent("HTTP 401", status=401, credential=True)
        raise NotSent("HTTP 500: 1 try again", status=500)

    # ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────
    async def document(self, document_id: str) -> Document | None:
        await self._asked()
        filed = self._books.get(document_id, self._now_s())
        if self._is_strange():
            other = self._weather.chance.choice(list(self._books.documents.values()))
            right_id = self._weather.chance.random() < 0.5
            return _card(other) if not right_id else Document(document_id, "VALIDATION", SUCCESS, None, None)
        return None if filed is None else _card(filed)

    async def code_outcomes(
        self, document_id: str, *, after: int | None, limit: int, spare: bool = False
    ) -> list[CodeOutcome] | None:
        assert isinstance(spare, bool)
        filed = await self._seen(document_id)
        if self._is_strange():  # there is no such list, or one that never ends
            first = 0 if after is None else after + 1
            endless = [CodeOutcome(n, f"another's {n}", SUCCESS, None) for n in range(first, first + limit)]
            return None if self._weather.chance.random() < 0.5 else endless
        rows = [CodeOutcome(*row) for row in self._books.outcomes(filed, self._now_s())]
        return [row for row in rows if after is None or row.index > after][:limit]

    async def document_errors(self, document_id: str, *, after: int | None, limit: int) -> list[DocumentError]:
        filed = await self._seen(document_id)
        rows = [DocumentError("", result, {}, row) for row, result in enumerate(filed.results.values())]
        return [error for error in rows if after is None or error.row > after][:limit]

    async def search(self, *, kind: str, since: datetime, cursor: str | None) -> list[Document]:
        assert kind == "utilisation"
        await self._asked()
        since_s = since.timestamp() - self._epoch_ms / 1000
        found = self._books.page(since_s, cursor, self._now_s(), self._weather.page)
        return [_card(d)._replace(type="") if self._is_strange() else _card(d) for d in found]

    async def content(self, document_id: str) -> dict[str, object]:
        return self._books.shown(await self._seen(document_id))

    async def touching(self, *, kind: str, codes: Sequence[str], since: datetime) -> list[str]:
        assert kind == "utilisation"
        if not self._weather.histories:
            raise Denied("HTTP 403: no right to code information", status=403)
        await self._asked()
        return self._books.touching(codes, since.timestamp() - self._epoch_ms / 1000, self._now_s())

    async def check_credential(self) -> None:
        """A question that only asks whether we are still welcome."""
        await self._asked()

    def _is_strange(self) -> bool:
        weather = self._weather
        return not weather.calm and weather.chance.random() < weather.strange

    async def _seen(self, document_id: str) -> Filed:
        await self._asked()
        filed = self._books.get(document_id, self._now_s())
        if filed is None:
            raise Unavailable("HTTP 404")
        return filed

    async def _alive(self) -> None:
        """The dead ask nothing."""
        if self.dead:
            await asyncio.get_running_loop().create_future()

    async def _asked(self) -> None:
        await self._alive()
        weather = self._weather
        away = weather.down or weather.blind
        if not weather.calm and (away or weather.chance.random() < weather.lookup_fault):
            kind = weather.chance.randrange(3)
            await asyncio.sleep(TIMEOUT_S if kind == 0 else 0.1)
            if kind == 1:
                await self._answered()
                raise Denied("HTTP 403", status=403)
            raise Unavailable("HTTP 503" if kind else "no answer")
        await self._answered()

    async def _answered(self) -> None:
        """An answer with its Date comes back."""
        await asyncio.sleep(self._weather.chance.uniform(0.01, 0.3))
        self._point("answered")
        now_ms = self._epoch_ms + int(self._now_s()) * 1000
        self.server_time = datetime.fromtimestamp(now_ms / 1000, UTC)
        self.server_skew_s = (self._wall_ms() - now_ms) / 1000


def _blame(way: int, place: int, code: str, reason: str) -> Blame:
    """One code, named in one of the ways that the text leaves open."""
    if way == 0:
        return Blame(reason, (code,))
    return Blame(reason, places=(("sntins", place),)) if way == 1 else Blame(reason, quoted=(code, "sntins"))


def _card(filed: Filed) -> Document:
    return Document(filed.id, "UTILISATION", filed.status, None, None)
