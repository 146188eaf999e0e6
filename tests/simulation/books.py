"""The regulator's side: what it was sent, what it made of it, what it shows, and when.

A document is registered at once and judged later; its effects happen when it is judged. It becomes visible when it
likes, and its content comes back as in the specification's sample: without separators and without a field. Nothing sent
to it is ever forgotten: `twice` lists every code that arrived again while an earlier document with it still stood.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from lined.codes import without_separators

PENDING, SUCCESS, PARTIAL, ERROR = "IN_PROCESS", "SUCCESS", "PARTIALLY_PROCESSED", "ERROR"
WARNING, REMARK = "WARNING", "EXTENDED_STATUS_EXISTS"
ALREADY, UNKNOWN = "invalid-code-status", "code-not-found"
HEARD_S = 2.0  # a Date header is cut to the second, and was written before it was read


class Fate(NamedTuple):
    """What will become of one document, drawn when it arrives. Times in seconds from its arrival."""

    visible_s: float = 0.0
    judged_s: float = 1.0
    spoiled: float = 0.0  # share of codes that are refused for no reason of theirs
    whole: bool = False  # one bad code refuses the document
    nameless: bool = False  # refused, naming nobody
    unlisted: float = 0.0  # share of codes that the list of outcomes leaves out
    unlisted_s: float = 0.0  # for so long
    warned: float = 0.0  # share of codes that are processed with a remark


@dataclass
class Filed:
    """A document. `results`: by identification code, empty for a success, once it is judged."""

    id: str
    created_s: float
    fate: Fate
    codes: list[str]
    content: dict[str, object]
    late: bool
    status: str = PENDING
    results: dict[str, str] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()
    warned: frozenset[str] = frozenset()

    def visible(self, now_s: float) -> bool:
        return now_s >= self.created_s + self.fate.visible_s

    @property
    def idents(self) -> list[str]:
        return [code.partition("\x1d")[0] for code in self.codes]


class Twice(NamedTuple):
    """A code that arrived in `second` although `first` had not been refused."""

    ident: str
    first: Filed
    second: Filed


class Books:
    """One account at the regulator, other lines' documents included."""

    def __init__(self, chance: random.Random, codes_per_report: int, epoch_ms: int) -> None:
        self.epoch_ms = epoch_ms
        self.issued: set[str] = set()
        self.applied: dict[str, str] = {}
        self.documents: dict[str, Filed] = {}
        self.twice: list[Twice] = []
        self.blamed: set[str] = set()  # identification codes that some answer has refused by name
        self.broken_rules: list[str] = []
        self._chance = chance
        self._most = codes_per_report
        self._holding: dict[str, list[Filed]] = {}

    def register(self, body: bytes, now_s: float, fate: Fate, *, late: bool) -> Filed:
        """Take a report in."""
        self.settle(now_s)
        content = json.loads(body)
        codes = content["sntins"]
        if body != json.dumps(content, sort_keys=True, separators=(",", ":")).encode():
            self.broken_rules.append("a body whose keys are not sorted")
        if len(codes) > self._most or len(set(codes)) != len(codes) or not codes:
            self.broken_rules.append(
                f"a body of {len(codes)} codes, {len(set(codes))} different, of at most {self._most}"
            )
        self._look_at_dates(content, now_s)
        filed = Filed(f"{self._chance.getrandbits(64):016x}", now_s, fate, codes, content, late)
        for ident in filed.idents:
            standing = [first for first in self._holding.get(ident, ()) if self._stands(first, ident)]
            self.twice += [Twice(ident, first, filed) for first in standing]
            self._holding.setdefault(ident, []).append(filed)
        self.documents[filed.id] = filed
        return filed

    def _look_at_dates(self, content: dict[str, object], now_s: float) -> None:
        """What the text refuses: production in the future, an expiry in the past."""
        produced, expires = self.dated_s(content, "productionDate"), self.dated_s(content, "expirationDate")
        if produced > now_s + HEARD_S:
            self.broken_rules.append(f"dated {produced - now_s:.0f} s in the regulator's future")
        if expires <= now_s:
            self.broken_rules.append(f"an expiry that passed {now_s - expires:.0f} s ago")

    def dated_s(self, content: dict[str, object], name: str) -> float:
        """A date of a document, in seconds since the beginning."""
        return datetime.fromisoformat(str(content[name])).timestamp() - self.epoch_ms / 1000

    def already_applied(self, body: bytes, now_s: float) -> dict[str, str]:
        """Codes of a report that cannot be applied any more, with the reason."""
        self.settle(now_s)
        return {code: ALREADY for code in json.loads(body)["sntins"] if code.partition("\x1d")[0] in self.applied}

    def not_issued(self, body: bytes) -> dict[str, str]:
        """Codes of a report that nobody has ever had, with the reason."""
        return {code: UNKNOWN for code in json.loads(body)["sntins"] if code.partition("\x1d")[0] not in self.issued}

    def settle(self, now_s: float) -> None:
        """Judge every document whose time has come, in that order."""
        due = [d for d in self.documents.values() if d.status == PENDING and d.created_s + d.fate.judged_s <= now_s]
        for filed in sorted(due, key=lambda d: (d.created_s + d.fate.judged_s, d.id)):
            self._judge(filed)

    def get(self, document_id: str, now_s: float) -> Filed | None:
        """A document that can be seen."""
        self.settle(now_s)
        filed = self.documents.get(document_id)
        return filed if filed is not None and filed.visible(now_s) else None

    def page(self, since_s: float, cursor: str | None, now_s: float, limit: int) -> list[Filed]:
        """The next documents behind a cursor, in the order of their ids."""
        self.settle(now_s)
        seen = [d for d in self.documents.values() if d.visible(now_s) and d.created_s >= since_s]
        return sorted((d for d in seen if cursor is None or d.id > cursor), key=lambda d: d.id)[:limit]

    def shown(self, filed: Filed) -> dict[str, object]:
        """The content as the sample has it: no separators, and the country gone."""
        content = {key: value for key, value in filed.content.items() if key != "manufacturerCountry"}
        return {**content, "sntins": [without_separators(code) for code in filed.codes]}

    def outcomes(self, filed: Filed, now_s: float) -> list[tuple[int, str, str, str | None]]:
        """(index, code, state, result) of the codes that are listed now. An ERROR names only the bad ones."""
        hidden = (
            filed.unlisted if now_s < filed.created_s + filed.fate.judged_s + filed.fate.unlisted_s else frozenset()
        )
        rows = []
        for index, ident in enumerate(filed.idents):
            result = filed.results.get(ident, "")
            if ident not in hidden and (result or filed.status != ERROR):
                good = (WARNING, REMARK) if ident in filed.warned else (SUCCESS, None)
                rows.append((index, ident, *((ERROR, result) if result else good)))
        return rows

    def touching(self, idents: Sequence[str], since_s: float, now_s: float) -> list[str]:
        """Documents that have changed one of these codes since, as the codes' histories name them: visible or not."""
        self.settle(now_s)
        found = [self.applied[ident] for ident in idents if ident in self.applied]
        return [key for key in dict.fromkeys(found) if self.documents[key].created_s >= since_s]

    def standing(self, idents: set[str]) -> list[Filed]:
        """Documents in which one of these codes has been applied or still may be."""
        found = {d.id: d for ident in idents for d in self._holding.get(ident, ()) if self._stands(d, ident)}
        return [found[key] for key in sorted(found)]

    def _judge(self, filed: Filed) -> None:
        if filed.fate.nameless:
            filed.status = ERROR
            return
        results = {}
        for ident in filed.idents:
            if ident not in self.issued:
                results[ident] = UNKNOWN
            elif ident in self.applied:
                results[ident] = ALREADY
            elif self._chance.random() < filed.fate.spoiled:
                results[ident] = "internal-processing-error"
        filed.results = results
        self.blamed.update(results)
        if results and (filed.fate.whole or len(results) == len(filed.codes)):
            filed.status = ERROR
            return
        filed.status = PARTIAL if results else SUCCESS
        for ident in filed.idents:
            if ident not in results:
                self.applied[ident] = filed.id
        good = [ident for ident in filed.idents if ident not in results]
        filed.warned = frozenset(ident for ident in good if self._chance.random() < filed.fate.warned)
        filed.unlisted = frozenset(i for i in filed.idents if self._chance.random() < filed.fate.unlisted)

    def _stands(self, filed: Filed, ident: str) -> bool:
        return filed.status != ERROR and not filed.results.get(ident)
