"""The mass balance: equations between sums that were counted apart, and the alarm where one does not hold.

    line      reads of all stations = accepted + rejected + no-reads + repeats      rejected = its reasons
              applied = unreported + reported + accepted + refused + held + withdrawn
              applied = packed + not packed                                packed = codes that say so themselves
    station   triggers = reads + missed (of the reads that nobody typed in)
              ejected = confirmed + unconfirmed       (where the PLC counts them)
    labels    sent to printers = with them + printed + unsure + not taken + replaced
              printed = seen by a reader + not seen
    files     given out into files = seen by a reader + not seen; the same of each print order that is not all seen

`missed`, `not packed`, `unconfirmed` and `not seen` are what is left over, so those equations fail only where more is
counted than there can be. What a PLC counts reaches us later than what we read, so it is compared with our count of
LAG_S ago, and only within the running job: a PLC may have begun to count in mid-life.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lined.journal import Journal
from lined.journal.tables import labels
from lined.journal.views import balances
from lined.journal.views.balances import Counted, Packed
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.printing import LabelState

LOOK_S = 2.0
LAG_S = 60.0
PACKED_S = 10.0  # at least between two looks at all packages; a hundred times as long as one took, if that is more
READS = ("accepted", "rejected", "no-read", "repeats")


class Equation(NamedTuple):
    """`n` of `whole` = the sum of `parts` + `difference`, at a station, or on the whole line (place "")."""

    place: str
    whole: str
    n: int
    parts: tuple[tuple[str, int], ...]

    @property
    def difference(self) -> int:
        return self.n - sum(n for _, n in self.parts)


def stations_in(sums: Mapping[str, int]) -> list[str]:
    """The stations that anything was counted for; "" is what was counted before they were told apart."""
    found = {name[8:].split(".", 1)[0] for name in sums if name.startswith("station.")}
    return sorted(found)


def reads_at(sums: Mapping[str, int], station: str) -> int:
    return sum(sums.get(f"station.{station}.read.{part}", 0) for part in READS)


def passed_at(sums: Mapping[str, int], station: str) -> int:
    """Reads of items that passed: without those that somebody typed in."""
    return reads_at(sums, station) - sums.get(f"station.{station}.typed", 0)


def reasons_in(sums: Mapping[str, int], prefix: str = "") -> list[tuple[str, int]]:
    """Rejections by reason, the most frequent first."""
    start = f"{prefix}reason."
    found = [(name[len(start) :], n) for name, n in sums.items() if name.startswith(start)]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def equations(sums: Mapping[str, int], stations: Sequence[str], packed: int | None = None) -> list[Equation]:
    """Everything that has to add up in these sums. `packed`: None where nothing packs."""
    everywhere = sum(reads_at(sums, station) for station in stations_in(sums))
    found = [
        Equation("", "reads", everywhere, tuple((part, sums.get(f"read.{part}", 0)) for part in READS)),
        Equation("", "rejected", sums.get("read.rejected", 0), tuple(reasons_in(sums))),
        Equation("", "applied", sums.get("code.applied", 0), tuple((b, sums.get(f"code.{b}", 0)) for b in CodeState)),
    ]
    if labels.SENT in sums:
        found += _of_labels(sums)
    if packed is not None:
        found.append(_left_over("", "applied", sums.get("code.applied", 0), ("packed", packed), "not-packed"))
    for station in dict.fromkeys([*stations, *stations_in(sums)]):
        found += _of_station(sums, station)
    return found


def _of_station(sums: Mapping[str, int], station: str) -> list[Equation]:
    start = f"station.{station}."
    reads = reads_at(sums, station)
    accepted, *others = [(part, sums.get(f"{start}read.{part}", 0)) for part in READS if part != "rejected"]
    found = [Equation(station, "reads", reads, (accepted, *reasons_in(sums, start), *others))]
    if f"{start}triggers" in sums:
        found.append(
            _left_over(station, "triggers", sums[f"{start}triggers"], ("reads", passed_at(sums, station)), "missed")
        )
    if f"{start}ejected" in sums:
        confirmed = sums.get(f"{start}confirmed", 0)
        found.append(_left_over(station, "ejected", sums[f"{start}ejected"], ("confirmed", confirmed), "unconfirmed"))
    return found


def _of_labels(sums: Mapping[str, int]) -> list[Equation]:
    """What was given to printers, by what became of it, and how much of what they printed a reader has seen."""
    states = [state for state in LabelState if state != LabelState.WANTED]
    printed = sums.get(f"label.{LabelState.PRINTED}", 0)
    return [
        Equation("", "labels", sums[labels.SENT], tuple((state, sums.get(f"label.{state}", 0)) for state in states)),
        _left_over("", LabelState.PRINTED, printed, ("seen", sums.get(labels.SEEN, 0)), "not-seen"),
    ]


def of_rolls(found: Counted) -> list[Equation]:
    """What was given out into files; the place is the print order's name, or "" for all of them."""
    codes, seen = found.rolls
    if not codes:
        return []
    whole = [_left_over("", "given-out", codes, ("seen", seen), "not-seen")]
    return whole + [_left_over(name, "given-out", n, ("seen", of), "not-seen") for name, n, of in found.unseen]


def _left_over(place: str, whole: str, n: int, part: tuple[str, int], rest: str) -> Equation:
    return Equation(place, whole, n, (part, (rest, max(0, n - part[1]))))


class Balance(NamedTuple):
    """Both balances as last looked at; `of_job` is None where none runs."""

    life: list[Equation]
    of_job: list[Equation] | None
    job_id: int | None


class BalanceWatch:
    """`run` keeps `latest` and the alarms. `stations`: ids in the line's order; `packs`: whether any of them packs."""

    def __init__(self, journal: Journal, problems: Problems, stations: Sequence[str], *, packs: bool) -> None:
        self.latest: Balance | None = None
        self._journal = journal
        self._problems = problems
        self._stations = stations
        self._packs = packs
        self._packed: Packed | None = None
        self._packed_of: int | None = None
        self._packed_due = 0.0
        self._earlier: deque[tuple[float, Counted]] = deque(maxlen=int(LAG_S / LOOK_S) + 2)
        self._wrong: set[str] = set()

    async def run(self) -> None:
        """For ever."""
        while True:
            with contextlib.suppress(JournalError):  # /status says so already
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> Balance:
        """Look at the sums, set and clear alarms. Raises JournalError."""
        found = await self._journal.read(balances.counted)
        await self._look_into_packages(found)
        packed = self._packed if self._packs else None
        life = equations(found.life, self._stations, None if packed is None else packed.life)
        if packed is not None:
            life.append(Equation("", "packed", packed.life, (("codes-packed", packed.by_codes),)))
        mine = packed.of_job if packed is not None and self._packed_of == found.job_id else None
        life += of_rolls(found)
        of_job = None if found.job_id is None else equations(found.of_job, self._stations, mine)
        self.latest = Balance(life, of_job, found.job_id)
        now = time.monotonic()
        self._earlier.append((now, found))
        self._raise([*_exact(life), *_exact(of_job or []), *self._of_plc(now, found)])
        return self.latest

    async def _look_into_packages(self, found: Counted) -> None:
        began = time.monotonic()
        if not self._packs or (began < self._packed_due and self._packed_of == found.job_id):
            return
        self._packed = await self._journal.read(balances.packed, found.job_id)
        self._packed_of = found.job_id
        took = time.monotonic() - began
        self._packed_due = began + max(PACKED_S, 100 * took)

    def _of_plc(self, now: float, found: Counted) -> list[Equation]:
        """Where we counted more, a while ago, than the PLC has counted by now."""
        then = next((old for at, old in reversed(self._earlier) if now - at >= LAG_S), None)
        if then is None or then.job_id is None or then.job_id != found.job_id:
            return []
        wrong = []
        for station in self._stations:
            start = f"station.{station}."
            for whole, ours in (
                ("triggers", passed_at(then.of_job, station)),
                ("ejected", then.of_job.get(f"{start}confirmed", 0)),
            ):
                counted = found.of_job.get(start + whole)
                if counted is not None and ours > counted:
                    wrong.append(Equation(station, whole, counted, (("counted-here", ours),)))
        return wrong

    def _raise(self, wrong: Sequence[Equation]) -> None:
        places = {}
        for one in wrong:
            where = f"{one.place or 'line'}: {one.whole}"
            parts = " + ".join(f"{n} {name}" for name, n in one.parts if n)
            places[where] = Fact(
                LineFact.SUMS_DIFFER,
                n=one.n,
                whole=one.whole,
                parts=parts or "nothing",
                difference=f"{one.difference:+d}",
            )
        for where, fact in places.items():
            self._problems.set(AlarmKind.BALANCE, where, fact)
        for where in self._wrong - places.keys():
            self._problems.clear(AlarmKind.BALANCE, where)
        self._wrong = set(places)


def _exact(found: Sequence[Equation]) -> list[Equation]:
    """Those that have to hold in every commit and do not."""
    return [one for one in found if one.difference and one.whole not in {"triggers", "ejected"}]
