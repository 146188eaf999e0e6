"""State of the decisions between two transactions, in memory: the running job and its open batch.

Belongs to the writer's thread. It is loaded from the journal at the start and after every transaction that did not
happen (`stale`), so that memory never says more than the disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import codes, jobs, pools, report_lists
from lined.journal.tables.jobs import JobRow
from lined.journal.tables.pools import PoolRow
from lined.journal.views import newest_entry
from lined.line.plant import Plant
from lined.line.stations.grading import Trend
from lined.line.stations.rehearsal import Rehearsal
from lined.vocabulary.clocks import SYNCED_MS
from lined.vocabulary.days import LocalDays
from lined.vocabulary.reports import ReportKind

RECENT_MAX = 10_000  # accepted codes a device remembers for `repeat_s`


class Job(NamedTuple):
    """A run of one product. `attributes`: order, series, production_date, expiration_date; `product`: its settings
    then.
    """

    id: int
    gtin: str
    mode: str
    attributes: Mapping[str, Any]
    product: Mapping[str, Any]
    started_ms: int


class OpenBatch:
    """The utilisation batch that takes the next code."""

    __slots__ = ("codes", "day", "id")

    def __init__(self, report_id: int, day: str | None, in_it: int) -> None:
        self.id = report_id
        self.day = day
        self.codes = in_it


class LineState:
    """See the file's head."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.days = LocalDays(plant.timezone)
        self.stale = True
        self.may_seal = True  # set from outside: False while the clock cannot be trusted
        self.job: Job | None = None
        self.batch: OpenBatch | None = None
        self.next_code = 1
        self.newest_ms = 0
        self.recent: dict[int, dict[str, int]] = {}
        self.trends: dict[int, Trend] = {}
        self.well_graded: dict[int, int] = {}  # by device: grades in a row that say what they should
        self.rehearsal: Rehearsal | None = None  # of a test job; what it says is nowhere else
        self.pools: dict[str, PoolRow] = {}  # by GTIN; their sums are the journal's only

    def refresh(self, connection: Connection) -> None:
        """Load what the journal says, where memory may be wrong."""
        if not self.stale:
            return
        self.job = load_job(connection)
        self.batch = None
        if self.job is not None:
            found = report_lists.with_room(connection, ReportKind.UTILISATION, self.job.id)
            if found:
                self.batch = OpenBatch(found[-1].id, found[-1].day, found[-1].codes)
        self.next_code = codes.last_id(connection) + 1
        self.newest_ms = newest_entry.newest_ms(connection)
        self.recent = {}
        self.pools = pools.present(connection)
        self.stale = False

    def postpone(self, by_ms: int) -> None:
        """The clock was set by so much: what was read lately was so by as much."""
        self.recent = {
            device: {ident: at_ms + by_ms for ident, at_ms in read.items()} for device, read in self.recent.items()
        }

    def clock_is_behind(self, at_ms: int) -> bool:
        """True where the clock shows a time before the newest entry of the journal."""
        return at_ms < self.newest_ms - SYNCED_MS


def load_job(connection: Connection) -> Job | None:
    """The running job, or None."""
    return _job(jobs.running(connection))


def job_of(connection: Connection, job_id: int) -> Job | None:
    """A job, running or ended; None for the number of none."""
    return _job(jobs.get(connection, job_id))


def lot_of(job: Job) -> str:
    """What items of one package have in common: product, series and dates. Two runs of the same lot may be mixed."""
    keys = ("series", "production_date", "expiration_date")
    return json.dumps([job.gtin, *(job.attributes.get(key) for key in keys)], separators=(",", ":"))


def _job(row: JobRow | None) -> Job | None:
    return Job(row.id, row.gtin, row.mode, row.attributes, row.product, row.started_ms) if row else None
