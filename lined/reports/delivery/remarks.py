"""Remarks about single codes that were processed, kept in small transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from lined.journal.database import Connection
from lined.journal.tables import warnings
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery.applying import slices, still
from lined.reports.delivery.lists import Listed, Remarks
from lined.reports.delivery.ports import Ports
from lined.reports.kinds.aggregation import BEHIND
from lined.reports.kinds.members import Members


def remarked(listed: Listed | Remarks, members: Members | None = None) -> dict[str, str]:
    """What was remarked about codes that were processed, by code."""
    remarks = {**(members.remarks if members is not None else {}), **listed.warned}
    return {key.rpartition(BEHIND)[2]: text for key, text in remarks.items()}


async def keep(ports: Ports, report: ReportRow, remarks: Mapping[str, str]) -> None:
    """May be repeated. Raises CommandError DECIDED."""
    for part in slices(remarks):
        await ports.journal.do(partial(_keep, report=report, part=part, at_ms=ports.wall_ms()))


async def counted(ports: Ports, report: ReportRow) -> None:
    """All that the regulator has to remark about a report was asked for."""
    await ports.journal.do(partial(warnings.counted, report=report))


def _keep(connection: Connection, report: ReportRow, part: Sequence[tuple[str, str]], at_ms: int) -> None:
    still(connection, report)
    warnings.keep(connection, report, part, at_ms)
