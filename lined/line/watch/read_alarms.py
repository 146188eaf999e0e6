"""Alarms of reads: those that a ruling raises or clears, and a code that a device reads again and again."""

from __future__ import annotations

from lined.line.stations.read import Chunk
from lined.line.stations.verdicts import Ruling
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.verdicts import Decision

STUCK_AFTER = 3  # repeats in a row: the same item stands before the device


class ReadAlarms:
    """`look` at each chunk with its ruling, in the order of a device's chunks."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._in_a_row: dict[str, tuple[str, int]] = {}

    def look(self, chunk: Chunk, ruling: Ruling) -> None:
        """After the commit of the chunk's verdicts."""
        for kind, fact in ruling.alarms:
            if fact is not None:
                self._problems.set(kind, chunk.device, fact)
            else:
                self._problems.clear(kind, chunk.device)
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
