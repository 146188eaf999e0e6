"""A configuration held against what the regulator knows: credential, participant, groups, products' cards, clock.

Guarantees: nothing is asked that changes anything; each exchange and the whole are bounded; what could not be looked at
is said. It does not know the configuration: what is expected comes with the place where it stands.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from lined.regulator import bounds
from lined.regulator.asked import asked
from lined.regulator.calls import Calls
from lined.regulator.client import Regulator
from lined.regulator.models.access import KeyCheck
from lined.regulator.models.documents import Participant
from lined.regulator.models.products import PUBLISHED, FoundProduct, FoundProducts, Product
from lined.vocabulary.errors import CallError, Denied, LinedError, NotSent, Refused, clause
from lined.vocabulary.facts import Fact, OnlineFact, RegulatorFact

CLOCK_S = 5  # off by less nobody notices
KEY_DAYS = 14
DAY_S = 86_400
MOST_CARDS = 100  # of one GTIN
CLOCK = "clock"  # the place of what is wrong with it: no setting
CREDENTIAL, TIN, URL = "regulator.api_key_file", "regulator.tin", "regulator.url"

M = TypeVar("M")


class Expected(NamedTuple):
    """What the configuration says of one GTIN. `place`: of its stanza. `level`: what such a card is of; `group` and
    `country` are empty where only that counts.
    """

    place: str
    gtin: str
    level: str
    group: str = ""
    country: str = ""


class Finding(NamedTuple):
    """One thing that is otherwise, and where. `wrong`: work will fail by it; else a person should compare."""

    place: str
    fact: Fact
    wrong: bool = True


class Unanswered(Exception):
    """The regulator itself cannot be asked just now: more questions would only wait."""


class Inspection:
    """`findings`: so far; `reached`: it answered at all."""

    def __init__(self, regulator: Regulator, calls: Calls) -> None:
        self.findings: list[Finding] = []
        self.reached = False
        self._regulator = regulator
        self._calls = calls
        self._account = regulator.account

    async def look(self, products: Sequence[Expected], within_s: float) -> None:
        """Look at everything; ends within that time."""
        left = list(products)
        try:
            async with asyncio.timeout(within_s):
                await self._credential()
                await self._participant(products)
                while left:
                    await self._card(left[0])
                    left.pop(0)
        except TimeoutError:
            late = Fact(OnlineFact.OUT_OF_TIME, within_s=int(within_s))
            self.findings += [Finding(place, late) for place in dict.fromkeys(one.place for one in left)]
        except Unanswered:
            return
        self._clock()

    # ── its questions ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _credential(self) -> None:
        if not self._account.business:
            await self._regulator.check_credential()
            if (problem := self._regulator.last_problem) is not None:
                self._note("regulator.login", problem)
                raise Unanswered
            self.reached = True
            return
        found = await self._ask(KeyCheck, CREDENTIAL, "key_check")
        if found is None:
            return
        if not found.is_tin_correct:
            self._note(TIN, Fact(RegulatorFact.KEY_OF_OTHER, tin=self._account.tin))
        expires_at = bounds.moment(found.expires_on)
        if expires_at is not None and expires_at.timestamp() < time.time() + KEY_DAYS * DAY_S:
            ends = Fact(OnlineFact.KEY_ENDS, expires_at=int(expires_at.timestamp() * 1000))
            self.findings.append(Finding(CREDENTIAL, ends, wrong=False))

    async def _participant(self, products: Sequence[Expected]) -> None:
        found = await self._ask(Participant, TIN, "participant")
        if found is None:
            return
        if found.tin is None:
            self._note(TIN, Fact(OnlineFact.UNREGISTERED, tin=self._account.tin))
            return
        groups = ", ".join(sorted(found.product_groups or ())) or "-"
        for one in products:
            if one.group and one.group not in (found.product_groups or ()):
                self._note(f"{one.place}.group", Fact(OnlineFact.GROUP_CLOSED, group=one.group, groups=groups))

    async def _card(self, one: Expected) -> None:
        found = await self._ask(FoundProducts, f"{one.place}.gtin", "products_by_gtin", every=True, gtin=one.gtin)
        if found is None:
            return
        card = _best(found.products, self._account.tin, one)
        if card is None:
            self._note(f"{one.place}.gtin", Fact(OnlineFact.NO_CARD, gtin=one.gtin))
            return
        self.findings += self._of_card(card, one)
        if one.country:
            whole = await self._ask(Product, f"{one.place}.country", "product", id=card.id)
            told = "; ".join(_countries(whole)) if whole is not None else ""
            if told and not re.search(rf"\b{one.country}\b", told.upper()):
                fact = Fact(OnlineFact.CARD_COUNTRY, found=bounds.text(told, 200))
                self.findings.append(Finding(f"{one.place}.country", fact, wrong=False))

    def _of_card(self, card: FoundProduct, one: Expected) -> Iterator[Finding]:
        gtin, status = f"{one.place}.gtin", card.status.value
        if card.inn != self._account.tin:
            yield Finding(gtin, Fact(OnlineFact.CARD_OF_OTHER, gtin=one.gtin, tin=card.inn), wrong=False)
        if status.upper() != PUBLISHED:
            yield Finding(gtin, Fact(OnlineFact.CARD_NOT_PUBLISHED, gtin=one.gtin, status=status))
        if one.group and card.pg.value != one.group:
            yield Finding(f"{one.place}.group", Fact(OnlineFact.CARD_GROUP, group=card.pg.value))
        level = card.package_type.value.upper()  # API 1.21.1 §10.2.2: in lower case by its sample
        if level != one.level:
            yield Finding(gtin, Fact(OnlineFact.CARD_LEVEL, gtin=one.gtin, found=level, wanted=one.level))

    def _clock(self) -> None:
        skew_s = self._regulator.server_skew_s
        if skew_s is not None and abs(skew_s) > CLOCK_S:
            self._note(CLOCK, Fact(OnlineFact.CLOCK, seconds=f"{skew_s:+.0f}"))

    # ── in common ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, model: type[M], place: str, name: str, *, every: bool = False, **values: object) -> M | None:
        """The answer; None where there is none, which is said at that place. Raises Unanswered."""
        if self._account.profile.methods[name].business and not self._account.business:
            self.findings.append(Finding(place, Fact(OnlineFact.CLOSED_TO_USER), wrong=False))
            return None
        wanted = asked(name, values, self._account)
        assert not wanted.call.writes
        try:
            answer = await (self._calls.pages(name, values, MOST_CARDS) if every else self._calls.one(wanted))
            found: M = TypeAdapter(model).validate_python(answer.value)
        except (Denied, Refused, CallError) as error:
            self.reached = True
            self._note(place, _not_asked(error))
            return None
        except ValidationError:
            self.reached = True
            self._note(place, _not_asked("its answer is not as the text says: lined profile watch tells how"))
            return None
        except LinedError as error:
            credential = isinstance(error, NotSent) and error.credential
            problem = self._regulator.last_problem if credential else None
            self.reached = self.reached or credential
            self._note(CREDENTIAL if credential else URL, problem or _not_asked(error))
            raise Unanswered from None
        self.reached = True
        return found

    def _note(self, place: str, fact: Fact) -> None:
        self.findings.append(Finding(place, fact))


def _not_asked(error: Any) -> Fact:
    return Fact(OnlineFact.NOT_ASKED, more=clause(error))


def _best(cards: Sequence[FoundProduct], tin: str, one: Expected) -> FoundProduct | None:
    """Of several cards of a GTIN the own one, and one that fits rather than another."""

    def rank(card: FoundProduct) -> tuple[bool, bool, bool]:
        return card.inn == tin, card.status.value.upper() == PUBLISHED, card.pg.value == one.group

    return max(cards, key=rank, default=None)


def _countries(card: Product) -> Iterator[str]:
    """What the attributes about countries say. The text (API 1.21.1 §10.3.2) leaves open what they are called, and
    whether they have codes or names: a person compares.
    """
    for attribute in card.attributes or ():
        if "country" in attribute.meta.code.lower():
            value = attribute.value
            yield from map(
                str, value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
            )
