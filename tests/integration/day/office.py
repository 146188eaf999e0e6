"""The regulator's office over a whole day: it takes documents, loses answers, refuses, and keeps books of its own."""

from __future__ import annotations

import json
import random

from lined.codes import without_separators
from lined.regulator.answers import Document, Receipt
from lined.vocabulary.errors import Blame, OutcomeUnknown, Refused
from tests.harness.office import Clock, Office

AT = len("01") + 14 + len("21A")  # where the number of the item stands in its code
DECIDES_MS = 90_000
SURE_MS = 1_800_000


def number_of(code: str) -> int:
    return int(code[AT : AT + 6])


class Books(Office):
    """`outcomes`: item -> accepted or refused, by documents that were told to be final; `attempted`: items whose report
    was sent; `given_back`: innocent ones of a refused report, until they are sent once more.
    """

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        super().__init__(clock)
        self.outcomes: dict[int, str] = {}
        self.attempted: set[int] = set()
        self.turned_away: set[int] = set()
        self.given_back: set[int] = set()
        self.seen: set[str] = set()
        self.told_ms: dict[int, int] = {}
        self._sent_twice: set[int] = set()
        self._lost: set[int] = set()
        self._decided: dict[str, set[int]] = {}  # document -> the items it refuses
        self.ways = ["good", "partial", "nameless", "error", "lost", "named", "never-came"]
        self._times = 0
        self._chance = chance

    async def submit(self, kind: str, body: bytes, *, product_group: str) -> Receipt:
        assert (kind, product_group) == ("utilisation", "vegetableoil")
        codes = json.loads(body)["sntins"]
        numbers = {number_of(code) for code in codes}
        self.attempted |= numbers
        self._sent_twice |= self.given_back & numbers
        self.given_back -= numbers
        way = self.ways[self._times % len(self.ways)]
        self._times += 1
        if numbers & self._lost:
            way = "good"  # a refusal after a doubt is not believed by the line but held: other tests' business
        self.seen.add(way)
        if way == "nameless":
            self.turned_away |= numbers
            raise Refused("the document is not right", status=400)
        self.turned_away -= numbers
        if way == "named":
            self.outcomes[min(numbers)] = "refused"
            self._leave(numbers - {min(numbers)})
            raise Refused("a code is not right", status=400, named=[Blame("not yours", (min(codes, key=number_of),))])
        if way == "never-came":
            self._lost |= numbers
            raise OutcomeUnknown("no answer came")
        doc = self.doc(f"doc-{self._times}", [without_separators(code) for code in codes])
        doc.content = {"way": way, "sntins": list(doc.codes)}
        if way == "lost":
            raise OutcomeUnknown("no answer came")
        return Receipt(doc.id, self.server_time)

    def decide(self, *, last: bool = False) -> None:
        """Documents that are old enough become final. `last`: the newest stays as it is."""
        docs = list(self.docs.values())[: -1 if last else None]
        for doc in docs:
            if doc.status != "IN_PROCESS" or self._clock.true_ms - doc.created_ms < DECIDES_MS:
                continue
            assert doc.content is not None
            bad = self._chance.sample(doc.codes, min(2, len(doc.codes) - 1)) if len(doc.codes) > 1 else []
            way = doc.content["way"] if bad else "good"
            doc.status = {"partial": "PARTIALLY_PROCESSED", "error": "ERROR"}.get(str(way), "SUCCESS")
            named = bad if doc.status != "SUCCESS" else []
            doc.refuse(*named)
            if doc.status == "ERROR":
                doc.outcomes = [row for row in doc.outcomes if row.state == "ERROR"]
            self._decided[doc.id] = {number_of(code) for code in named}

    async def document(self, document_id: str) -> Document | None:
        found = await super().document(document_id)
        refused = self._decided.pop(document_id, None)
        if refused is not None:
            doc = self.docs[document_id]
            innocent = {number_of(code) for code in doc.codes} - refused
            self.outcomes |= dict.fromkeys(refused, "refused")
            self.told_ms |= dict.fromkeys(refused, self._clock.true_ms)
            if doc.status == "ERROR":
                self._leave(innocent)
            else:
                self.outcomes |= dict.fromkeys(innocent, "accepted")
        return found

    def _leave(self, innocent: set[int]) -> None:
        """Those of a refused report that nobody blames go once more by themselves, after that by a person only."""
        self.turned_away |= innocent & self._sent_twice
        self.given_back |= innocent - self._sent_twice

    def bucket(self, number: int) -> str:
        """What an item has to count as that was not withdrawn."""
        if number in self.outcomes:
            return self.outcomes[number]
        if number in self.turned_away:
            return "held"
        return "reported" if number in self.attempted - self.given_back else "unreported"

    def is_sure(self, number: int) -> bool:
        """What it counts as at the line is beyond doubt: the line looks around before it believes a refusal."""
        settled_ms = self._clock.true_ms - self.told_ms.get(number, 0)
        return number not in self.given_back and number not in self.turned_away and settled_ms > SURE_MS
