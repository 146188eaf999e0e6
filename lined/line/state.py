"""What the decisions keep in memory between two transactions: the running job and its open batch.

Belongs to the writer's thread. It is loaded from the journal at the start and after every transaction that did not happen
(`stale`), so that memory never says more than the disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from lined.days import LocalDays
from lined.journal import codes, reports
from lined.journal.database import Connection
from lined.journal.reports import UTILISATION
from lined.line.plant import Plant

RECENT_MAX = 10_000  # accepted codes a device remembers for `repeat_s`
CLOCK_TOLERANCE_MS = 5_000  # a clock may be stepped back this much by time synchronisation


class Job(NamedTuple):
    """A run of one product. `attributes`: order, series, production_date, expiration_date; `product`: its settings then."""

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

    def refresh(self, connection: Connection) -> None:
        """Load what the journal says, where memory may be wrong."""
        if not self.stale:
            return
        self.job = load_job(connection)
        self.batch = None
        if self.job is not None:
            found = reports.select(
                connection,
                "state = 'open' AND job_id = ? AND kind = ? AND full = 0 ORDER BY id DESC LIMIT 1",
                (self.job.id, UTILISATION),
            )
            if found:
                self.batch = OpenBatch(found[0].id, found[0].day, found[0].codes)
        self.next_code = codes.last_id(connection) + 1
        row = connection.execute(
            "SELECT max(coalesce((SELECT at_ms FROM code ORDER BY id DESC LIMIT 1), 0),"
            " coalesce((SELECT at_ms FROM read ORDER BY id DESC LIMIT 1), 0),"
            " coalesce((SELECT at_ms FROM report_event ORDER BY id DESC LIMIT 1), 0))"
        ).fetchone()
        self.newest_ms = int(row[0])
        self.recent = {}
        self.stale = False

    def clock_is_behind(self, at_ms: int) -> bool:
        """True where the clock shows a time before the newest entry of the journal."""
        return at_ms < self.newest_ms - CLOCK_TOLERANCE_MS


def load_job(connection: Connection) -> Job | None:
    """The running job, or None."""
    row = connection.execute(
        "SELECT id, gtin, mode, attributes, product, started_ms FROM job WHERE stopped_ms IS NULL ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return Job(row[0], row[1], row[2], json.loads(row[3]), json.loads(row[4]), row[5]) if row else None
