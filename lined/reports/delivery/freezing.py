"""Fixing the bytes of a sealed report. "Frozen" is what makes a code reported: later withdrawals come too late."""

from __future__ import annotations

from functools import partial

from lined.journal import outcomes
from lined.journal.database import Connection
from lined.journal.tables import bodies, reports
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery.frozen import stored_body
from lined.reports.delivery.ports import Ports
from lined.reports.kinds.bodies import Body
from lined.reports.kinds.kinds import kind_of
from lined.reports.outcomes.sending import Emptied
from lined.vocabulary.reports import ReportState

__all__ = ["freeze", "stored_body"]

TRIES = 5  # how often a body is built anew because something changed under it


async def freeze(ports: Ports, report: ReportRow) -> ReportRow | None:
    """The report with its body and fingerprint on disk. None: nothing to send (void, or it changed too often; try
    later).

    The body is built in a thread from what the journal says; the transaction that stores it fails where a code was
    withdrawn or an attribute corrected meanwhile, and the body is built anew.
    """
    if report.fingerprint is not None:
        return report
    for _ in range(TRIES):
        body = await ports.journal.read(kind_of(report).body, report, ports.timezone, ports.form(report.kind))
        frozen: ReportRow | None = await ports.journal.do(
            partial(_store, report_id=report.id, body=body, at_ms=ports.wall_ms())
        )
        if frozen is None:
            return None
        if frozen.fingerprint is not None:
            return frozen
        report = frozen
    return None


def _store(connection: Connection, report_id: int, body: Body, at_ms: int) -> ReportRow | None:
    report = reports.get(connection, report_id)
    if report is None or report.state != ReportState.SEALED:
        return None
    if report.codes == 0:
        outcomes.write(connection, report_id, Emptied(), at_ms)
        return None
    if report.revision == body.revision and report.codes == body.codes:
        bodies.store(connection, report_id, body.packed)
        reports.change(connection, report_id, fingerprint=body.fingerprint, frozen_ms=at_ms, carried=body.codes)
    return reports.get(connection, report_id)
