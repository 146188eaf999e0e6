"""Alarms of reads: those that a ruling raises or clears, a code that a device reads again and again, and a station that
accepts nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from lined.line.plant import Station
from lined.line.stations.read import Chunk
from lined.line.stations.verdicts import Ruling
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.verdicts import ACCEPTED, Decision

STUCK_AFTER = 3  # repeats in a row: the same item stands before the device


class ReadAlarms:
    """`look` at each chunk with its ruling, in the order of a device's chunks."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._in_a_row: dict[str, tuple[str, int]] = {}
        self._rejects: dict[str, int] = {}  # by station, since its last accept

    def look(self, chunk: Chunk, ruling: Ruling) -> None:
        """After the commit of the chunk's verdicts."""
        for kind, fact in ruling.alarms:
            if fact is not None:
                self._problems.set(kind, chunk.device, fact)
            else:
                self._problems.clear(kind, chunk.device)
        self._look_for_rejects(chunk.station, ruling.verdicts)
        if not chunk.station.repeat_ms.get(chunk.device):
            return
        for read, word in zip(chunk.reads, ruling.verdicts, strict=True):
            item = read.code.ident if read.code else ""
            last, times = self._in_a_row.get(chunk.device, ("", 0))
            times = times + 1 if word == Decision.REPEAT and item == last else int(word == Decision.REPEAT)
            self._in_a_row[chunk.device] = (item, times)
            if times >= STUCK_AFTER:
                self._problems.set(
                    AlarmKind.STUCK_CODE,
                    chunk.device,
                    Fact(LineFact.STUCK_CODE, device=chunk.device, n=times),
                )
            else:
                self._problems.clear(AlarmKind.STUCK_CODE, chunk.device)

    def _look_for_rejects(self, station: Station, verdicts: Sequence[str]) -> None:
        if not station.rejects_in_a_row:
            return
        before = n = self._rejects.get(station.id, 0)
        for word in verdicts:
            n = 0 if word in ACCEPTED else n + 1
        self._rejects[station.id] = n
        if before < station.rejects_in_a_row <= n:  # once: what is told does not change with each read
            fact = Fact(LineFact.MANY_REJECTS, station=station.called, n=n, verdict=verdicts[-1])
            self._problems.set(AlarmKind.MANY_REJECTS, station.id, fact)
        elif n < before:  # there was an accept
            self._problems.clear(AlarmKind.MANY_REJECTS, station.id)
