"""Reports that a backup brought back unfinished: what was never frozen in it is frozen now, so that it can be looked
for, and put in doubt. From there on they are looked for like any other; what is not found waits for a person
(`PERSON`).
"""

from __future__ import annotations

from functools import partial

from lined.journal import outcomes
from lined.journal.care.takeover import PERSON
from lined.journal.database import Connection
from lined.journal.tables import report_lists
from lined.reports.delivery.freezing import freeze
from lined.reports.delivery.ports import Ports
from lined.reports.outcomes.sending import Returned


async def doubt_returned(ports: Ports) -> None:
    """May be repeated after a crash. Raises JournalFull."""
    for report in await ports.journal.read(report_lists.sealed_for, PERSON):
        if await freeze(ports, report) is not None:
            await ports.journal.do(partial(_doubt, report_id=report.id, at_ms=ports.wall_ms()))


def _doubt(connection: Connection, report_id: int, at_ms: int) -> None:
    for _ in Returned.edges:
        outcomes.write(connection, report_id, Returned(), at_ms)
