"""The share of items that a device can read, against its own usual one.

Two averages a device, as for print quality: a quick one over some 100 reads and a slow one over some 5,000. The alarm
is set once the quick one lies further below the slow one than chance explains, and cleared when half of it is made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from lined.line.stations.verdicts import PublishedVerdict
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.verdicts import Reason

QUICK_READS = 100
SLOW_READS = 5_000
LEARNED_READS = 500  # before that nothing is usual
LEAST_FALL = 0.05
CHANCE = 4.0  # standard deviations of a run of QUICK_READS


class Share:
    """One device's averages. `add` returns whether `low` changed."""

    __slots__ = ("low", "quick", "reads", "slow")

    def __init__(self) -> None:
        self.reads = 0
        self.quick = self.slow = 0.0
        self.low = False

    def add(self, *, legible: bool) -> bool:
        self.reads += 1
        self.quick += (legible - self.quick) * max(1 / QUICK_READS, 1 / self.reads)
        self.slow += (legible - self.slow) * max(1 / SLOW_READS, 1 / self.reads)
        if self.reads < LEARNED_READS:
            return False
        limit = max(LEAST_FALL, CHANCE * sqrt(self.slow * (1 - self.slow) / QUICK_READS))
        fall = self.slow - self.quick
        low = fall >= limit if not self.low else fall > limit / 2
        changed, self.low = low != self.low, low
        return changed


class ReadRate:
    """A listener of the intake."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._shares: dict[str, Share] = {}

    def on_verdicts(self, verdicts: Sequence[PublishedVerdict]) -> None:
        """The verdicts of one chunk: of one device."""
        for verdict in verdicts:
            share = self._shares.get(verdict.device)
            if share is None:
                share = self._shares[verdict.device] = Share()
            if share.add(legible=verdict.reason not in {Reason.NO_READ, Reason.MALFORMED}):
                self._tell(verdict.device, share)

    def _tell(self, device: str, share: Share) -> None:
        if share.low:
            fact = Fact(LineFact.READ_RATE, device=device, now=f"{share.quick:.0%}", usual=f"{share.slow:.0%}")
            self._problems.set(AlarmKind.READ_RATE, device, fact)
        else:
            self._problems.clear(AlarmKind.READ_RATE, device)
