"""What a simulated plant did, counted by the plant itself: it never looks at the journal or its sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

ACCEPTED = {"accept": "accepted", "again": "accepted", "repeat": "repeats", "no-read": "no-read"}
Scope = tuple[str, int]
"""("life", 0), ("job", its number) or ("shift", its number)."""
LIFE: Scope = ("life", 0)


@dataclass
class Item:
    """One code. `job`, `shift`: of its last application."""

    number: int
    applied: bool = False
    withdrawn: str = ""
    job: int = 0
    shift: int = 0
    box: Box | None = None

    @property
    def may_come_back(self) -> bool:
        return self.withdrawn not in ("", "sample", "scrap")


@dataclass
class Box:
    """A package, as it stands on the floor."""

    job: int
    items: list[Item] = field(default_factory=list)


class Ledger:
    """`scopes`: the counts of the life, of each job and of each shift."""

    def __init__(self) -> None:
        self.items: dict[int, Item] = {}
        self.counts: dict[Scope, Counter[tuple[str, str]]] = {}
        self.job = 0
        self.shift = 0

    def count(self, station: str, what: str, n: int = 1) -> None:
        """Something happened at a station, in the job that runs and in this shift."""
        scopes = [LIFE, ("shift", self.shift)] + ([("job", self.job)] if self.job else [])
        for scope in scopes:
            self.counts.setdefault(scope, Counter())[station, what] += n

    def read(self, station: str, word: str) -> None:
        """A device was told this."""
        self.count(station, ACCEPTED.get(word) or f"reason {word}")

    def item(self, number: int) -> Item:
        return self.items.setdefault(number, Item(number))

    def apply(self, number: int) -> Item:
        item = self.item(number)
        item.applied, item.withdrawn = True, ""
        item.job, item.shift = self.job, self.shift
        return item

    # ── what has to come out ────────────────────────────────────────────────────────────────────────────────────────
    def applied_in(self, scope: Scope) -> list[Item]:
        kind, number = scope
        every = [item for item in self.items.values() if item.applied]
        return every if kind == "life" else [item for item in every if getattr(item, kind) == number]

    def equations(
        self, scope: Scope, buckets: dict[int, str], stations: Iterable[str]
    ) -> dict[tuple[str, str, str], int]:
        """Each figure of each equation: (place, whole, part) -> how many; part "" is the whole. None is zero."""
        counts = self.counts.get(scope, Counter())
        items = self.applied_in(scope)
        found: Counter[tuple[str, str, str]] = Counter()
        for station in stations:
            of = {what: n for (place, what), n in counts.items() if place == station}
            for what, n in of.items():
                reason = what.removeprefix("reason ")
                if what in ("accepted", "repeats", "no-read"):
                    found["", "reads", what] += n
                    found[station, "reads", what] += n
                elif reason != what:
                    found["", "reads", "rejected"] += n
                    found["", "rejected", reason] += n
                    found["", "rejected", ""] += n
                    found[station, "reads", reason] += n
            reads = sum(n for (place, whole, _), n in found.items() if (place, whole) == (station, "reads"))
            found["", "reads", ""] += reads
            found[station, "reads", ""] = reads
            if "triggers" in of:
                passed = reads - of.get("typed", 0)
                found |= {(station, "triggers", ""): of["triggers"], (station, "triggers", "reads"): passed}
                found[station, "triggers", "missed"] = of.get("missed", 0)
            if "ejected" in of:
                found |= {(station, "ejected", ""): of["ejected"]}
                found[station, "ejected", "confirmed"] = of.get("confirmed", 0)
                found[station, "ejected", "unconfirmed"] = of.get("unconfirmed", 0)
        found["", "applied", ""] = len(items)
        for item in items:
            found["", "applied", "withdrawn" if item.withdrawn else buckets[item.number]] += 1
            found["", "applied", "packed" if item.box is not None else "not-packed"] += 1
        return {key: n for key, n in found.items() if n}
