"""What the judging of one transaction lends to the stations that do not only apply: see `judging._Bench`.

All stations of a line are judged in the order of their reads, in one transaction, with one view of what is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from lined.codes import MarkingCode
from lined.journal.database import Connection
from lined.journal.tables.codes import KnownCode
from lined.line.plant import Station
from lined.line.state import Job, LineState, job_of
from lined.line.stations.pooling import Pooling
from lined.line.stations.verdicts import Candidate


def typed_device(station_id: str) -> str:
    """The name under which codes typed in at a station are kept; no configured device can have it."""
    return f"{station_id}/typed"


class Chunk(NamedTuple):
    """Reads of one device that arrived together; `at_ms` is their moment."""

    device_no: int
    device: str
    station: Station
    at_ms: int
    candidates: list[Candidate]

    @property
    def typed(self) -> bool:
        """By hand: no item passed for it, so no PLC counts one."""
        return self.device == typed_device(self.station.id)


class Found(NamedTuple):
    """What a station decided about one candidate. `applied_id`: the code that this read applied, 0 for none."""

    verdict: str
    code_id: int = 0
    applied_id: int = 0


@dataclass(slots=True)
class Desk:
    """`before`, `seen` and `is_repeat` are the apply station's own decisions, `apply` and `apply_again` its rows;
    `flush` writes what is still to be written, so that statements see it. `alarms` are told with the ruling: (kind,
    text), "" clears.
    """

    connection: Connection
    state: LineState
    known: dict[str, KnownCode]
    before: Callable[[MarkingCode | None, Job | None], str]
    seen: Callable[[Chunk, MarkingCode, Job, list[tuple[str, str]]], tuple[str, int]]
    is_repeat: Callable[[Chunk, KnownCode, Job], bool]
    may_come_back: Callable[[KnownCode], bool]
    apply: Callable[[Chunk, MarkingCode, Job], int]
    apply_again: Callable[[Chunk, MarkingCode, Job, KnownCode], int]
    flush: Callable[[], None]
    pooling: Pooling
    alarms: list[tuple[str, str]] = field(default_factory=list)
    _jobs: dict[int, Job | None] = field(default_factory=dict)

    def job(self, job_id: int) -> Job | None:
        """A job of the journal, running or ended."""
        running = self.state.job
        if running is not None and running.id == job_id:
            return running
        if job_id not in self._jobs:
            self._jobs[job_id] = job_of(self.connection, job_id)
        return self._jobs[job_id]
