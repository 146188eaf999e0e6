"""What devices were told, kept outside of every process: the truth that journals are held against."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from lined.vocabulary.verdicts import Decision

Sure = set[tuple[str, int]]
TOLD_S = 5.0  # an accept said once more is taken off the list of the unsaid so much later at most


class Ledger:
    """`heard`: identification codes that a device was told to let pass."""

    def __init__(self, now_s: Callable[[], float], wrong: Callable[[str], None]) -> None:
        self.heard: set[str] = set()
        self.withdrawn: dict[str, str] = {}
        self.withdrawing: set[str] = set()
        self.read_s: dict[str, tuple[float, float]] = {}  # when each was first and last read, in true time
        self._now_s = now_s
        self._wrong = wrong
        self._sure: Sure = set()
        self._returns: Counter[str] = Counter()  # how often a code could come back
        self._unsure: set[str] = set()
        self._told_s: dict[str, float] = {}
        self._last_s: dict[tuple[str, str], float] = {}
        self._walls_s: defaultdict[tuple[str, str], list[float]] = defaultdict(list)

    def read(self, device: str, ident: str, wall_s: float) -> float:
        """A device reads a code. Returns how long ago it last did, in seconds: by the clock on the wall where that says
        less, for that is the one that `repeat_s` is counted by. A clock that was set may come close to the time that it
        showed at any read before.
        """
        now_s, walls_s = self._now_s(), self._walls_s[(device, ident)]
        ago_s = min(now_s - self._last_s.get((device, ident), -1e9), *(abs(wall_s - last) for last in walls_s), 1e9)
        self._last_s[(device, ident)] = now_s
        span = self.read_s.setdefault(ident.partition("\x1d")[0], (now_s, now_s))
        self.read_s[ident.partition("\x1d")[0]] = (span[0], now_s)
        walls_s.append(wall_s)
        return ago_s

    def applied(self, idents: Iterable[str]) -> None:
        """Reads that are on disk, and that no device was told yet: what was said may be heard after a withdrawal that
        came later.
        """
        for ident in idents:
            if ident in self.heard and ident not in self.withdrawing | self._may_come_back():
                self._wrong(f"{ident} was accepted anew although it had been accepted")
            self.withdrawn.pop(ident, None)

    def accept_heard(self, ident: str, word: str, ago_s: float, repeat_s: float) -> None:
        """A device was told accept for a read; it had last read this code `ago_s` before."""
        now = self._now_s()
        if word == Decision.AGAIN and ident not in self._unsure and now - self._told_s.get(ident, -TOLD_S) >= TOLD_S:
            self._wrong(f"{ident} was accepted once more although its accept had been said")
        if word == Decision.REPEAT and ago_s > repeat_s:
            self._wrong(f"{ident} was taken for a repeat after {ago_s:.0f} s")
        self.heard.add(ident)

    def told(self, idents: Iterable[str]) -> None:
        """The program knows that these were said."""
        for ident in idents:
            self._sure.add((ident, self._returns[ident]))
            if ident in self._unsure:
                self._unsure.discard(ident)
                self._told_s[ident] = self._now_s()

    def marked_later(self, idents: Iterable[str]) -> None:
        """They were said while an older change to the list of the unsaid was on its way to the disk: the device's mark
        rises only after it, and a death in between leaves them unsaid.
        """
        self._told_s.update(dict.fromkeys(idents, self._now_s()))

    def may_come_back(self, ident: str) -> None:
        """A code is being withdrawn: what was said about it no longer counts."""
        self.withdrawing.add(ident)
        self._returns[ident] += 1

    def unsaid(self, idents: Iterable[str]) -> None:
        """The program knows that these were not said."""
        self._unsure.update(idents)

    def died(self, known: Iterable[str], stale_since: Sure | None) -> None:
        """The program ended without warning. `known`: codes in its journal; `stale_since`: those that an old said-file
        is sure of.
        """
        sure = self._sure if stale_since is None else self._sure & stale_since
        self._unsure.update(ident for ident in known if (ident, self._returns[ident]) not in sure)
        # What was said once more is struck off the list a moment later: a death in between leaves it there.
        now = self._now_s()
        self._unsure.update(ident for ident, told_s in self._told_s.items() if now - told_s < TOLD_S)

    @property
    def sure(self) -> Sure:
        """What was said by now, each with how often it could come back before."""
        return set(self._sure)

    def _may_come_back(self) -> set[str]:
        return {ident for ident, reason in self.withdrawn.items() if reason not in ("scrap", "sample")}
