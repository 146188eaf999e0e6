"""Aggregation batches: packages join the open batch of their job and level as soon as they may be reported.

A batch is sealed like any other (full, old enough, job end, command), so documents are packed close to the limit. Once
its job has ended, or somebody asked for sealing, a batch waits only for packages of the same job and level that are
still on their way. Packages join in small transactions: a crash in between leaves an open batch, which goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import structlog

from lined.journal.database import Connection
from lined.journal.tables import asked, jobs, package_lists, packages, report_lists, reports
from lined.journal.views.eligible import Eligible, eligible, is_eligible, on_its_way, version
from lined.reports.delivery.ports import Ports
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact, SealFact
from lined.vocabulary.reports import ReportKind, ReportState

log = structlog.get_logger()


TICK_S = 0.5
AT_ONCE = 5_000  # packages one look may bring
JOIN_SLICE = 100  # packages that join in one transaction: bounds what a verdict waits for


@dataclass(frozen=True, slots=True)
class PlanningRules:
    """`max_codes`: children and parents of one document."""

    business_place_id: int
    max_codes: int = 30_000


class Planning:
    """The loop that puts packages into batches."""

    def __init__(self, ports: Ports, rules: PlanningRules) -> None:
        self._ports = ports
        self._rules = rules
        self._seen: tuple[int, int] | None = None

    async def run(self) -> None:
        """For ever. A journal that cannot commit is the writer's to report; the next tick tries again."""
        while True:
            try:
                more = await self.look()
            except JournalError as error:
                log.warning("planning_waits_for_journal", error=str(error))
                more = False
            if not more:
                await self._ports.sleep(TICK_S)

    async def look(self) -> bool:
        """One look. True: something was planned or sealed."""
        ports = self._ports
        seen = await ports.journal.read(version)
        moved = False
        if seen != self._seen:
            found = await ports.journal.read(eligible, AT_ONCE)
            for part in _parts(found):
                await ports.journal.do(partial(_join, part=part, rules=self._rules, at_ms=ports.wall_ms()))
            moved = bool(found)
            if not found:
                self._seen = seen
        for report_id in await ports.journal.read(_to_seal):
            moved = await ports.journal.do(partial(_seal, report_id=report_id)) or moved
        return moved


def _parts(found: list[Eligible]) -> Iterable[list[Eligible]]:
    return (found[start : start + JOIN_SLICE] for start in range(0, len(found), JOIN_SLICE))


def _join(connection: Connection, part: list[Eligible], rules: PlanningRules, at_ms: int) -> None:
    for one in part:
        if not is_eligible(connection, one.id):
            continue
        batch_id = _batch(connection, one, rules, at_ms)
        packages.change(connection, one.id, batch_id=batch_id, own=None)
        reports.join(connection, batch_id, one.codes, at_ms)


def _batch(connection: Connection, one: Eligible, rules: PlanningRules, at_ms: int) -> int:
    """The open batch of the package's job and level that has room for it; a new one if need be."""
    for report in report_lists.with_room(connection, ReportKind.AGGREGATION, one.job_id):
        if json.loads(report.attributes)["level"] != one.level:
            continue
        if report.codes + one.codes <= rules.max_codes:
            return report.id
        reports.change(connection, report.id, full=1)
    job = jobs.known(connection, one.job_id)
    attributes = {
        "group": job.product["group"],
        "business_place_id": rules.business_place_id,
        "order": job.attributes.get("order"),
        "level": one.level,
    }
    return reports.open_batch(
        connection,
        kind=ReportKind.AGGREGATION,
        job_id=one.job_id,
        attributes=attributes,
        day=None,
        first_code=0,
        at_ms=at_ms,
        early=False,
    )


def _to_seal(connection: Connection) -> list[int]:
    """Open batches that nothing more will join, of jobs that have ended or that somebody asked for."""
    asked_ms = asked.last_ms(connection, ReportKind.AGGREGATION)
    found = []
    for report in report_lists.with_room(connection, ReportKind.AGGREGATION):
        if not report.codes:
            continue
        stopped_ms = jobs.known(connection, report.job_id).stopped_ms
        wanted = stopped_ms is not None or _closed_by(connection, report.batch_id, asked_ms)
        if wanted and not on_its_way(connection, report.job_id, json.loads(report.attributes)["level"]):
            found.append(report.id)
    return found


def _closed_by(connection: Connection, batch_id: int, asked_ms: int) -> bool:
    closed_ms = package_lists.last_closed_ms(connection, batch_id)
    return closed_ms is not None and closed_ms <= asked_ms


def _seal(connection: Connection, report_id: int) -> bool:
    """No more packages join; the line seals it as soon as its clock can be trusted, as it does with other batches."""
    report = reports.get(connection, report_id)
    if report is None or report.state != ReportState.OPEN:
        return False
    reports.change(connection, report_id, full=1, seal_reason=Fact(SealFact.NOTHING_MORE))
    return True
