"""Decisions about a held report that only a person may take: send it again, name its document, or end it
(docs/contract.md, Reports).
"""

from __future__ import annotations

import json
from typing import Any

from lined.journal import outcomes
from lined.journal.database import Connection
from lined.journal.tables import documents, jobs, report_events, reports
from lined.journal.tables.reports import ReportRow
from lined.regulator.profile import Statuses
from lined.reports.delivery import pausing
from lined.reports.delivery.dating import CONFIRMED, DATES
from lined.reports.kinds.kinds import kind_of
from lined.reports.outcomes.people import Adopted, Released, SentAgain
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Conflict, Invalid, NotFound
from lined.vocabulary.reports import ReportState


def retry(
    connection: Connection,
    report_id: int,
    statuses: Statuses,
    by: str,
    at_ms: int,
    *,
    document_id: str | None,
    confirmed: bool,
) -> dict[str, Any]:
    """Send a held report again, or adopt a document for it. One that is held for its dates is sent as it stands: that
    they are right is what the person says.

    Raises CommandError: 404 unknown, 409 not held or the document belongs to another report, 422 `confirm-required`
    after an attempt whose fate is unknown.
    """
    report = held(connection, report_id)
    pausing.resume(connection, report.kind)
    if document_id:
        _adopt(connection, report, statuses, document_id, by, at_ms)
    else:
        if may_be_received(connection, report, statuses) and not confirmed:
            raise Invalid(
                "confirm-required",
                f"Report {report_id} may have been received. If the regulator certainly has not received it, say "
                '{"confirm": "not-received"}; if it has, give {"document_id": "…"}.',
            )
        waits_for = CONFIRMED if report.waits_for == DATES else None
        outcomes.write(connection, report_id, SentAgain(by=by, waits_for=waits_for), at_ms)
        documents.let_go(connection, report.document_id, report_id)
        documents.forget(connection, report_id)
    return state_of(connection, report_id)


def release(connection: Connection, report_id: int, codes: str, reason: str, by: str, at_ms: int) -> dict[str, Any]:
    """End a held report: its codes are accepted, refused, or unreported and go into a new report with the job's
    attributes.

    Raises CommandError 404, 409, 422.
    """
    report = held(connection, report_id)
    pausing.resume(connection, report.kind)
    released = Released(codes=codes, by=by, reason=reason)
    outcomes.write(connection, report_id, released, at_ms)
    documents.forget(connection, report_id)
    answer = state_of(connection, report_id)
    if codes == CodeState.UNREPORTED and report.codes:
        ended = reports.get(connection, report_id)
        assert ended is not None
        heir = reports.successor(
            connection,
            ended,
            at_ms,
            released.why,
            attributes=_current_attributes(connection, report),
            left=kind_of(ended).left(connection, ended),
        )
        answer["new_report"] = str(heir)
    return answer


def held(connection: Connection, report_id: int) -> ReportRow:
    """The report, which must be held. Raises CommandError 404 or 409."""
    report = reports.get(connection, report_id)
    if report is None:
        raise NotFound("unknown-report", f"There is no report {report_id}.")
    if report.state != ReportState.HELD:
        raise Conflict(
            "wrong-state",
            f"Report {report_id} is {report.state}, not held: there is nothing to decide.",
        )
    return report


def may_be_received(connection: Connection, report: ReportRow, statuses: Statuses) -> bool:
    """True where the regulator may have the report: an attempt was in doubt, or its document has not been refused."""
    registered = report.document_id is not None and report.document_status not in statuses.refused
    return registered or report_events.was_in_doubt(connection, report.id)


def state_of(connection: Connection, report_id: int) -> dict[str, Any]:
    report = reports.get(connection, report_id)
    assert report is not None
    return {"id": str(report.id), "state": report.state, "document_id": report.document_id}


def _adopt(
    connection: Connection, report: ReportRow, statuses: Statuses, document_id: str, by: str, at_ms: int
) -> None:
    owner = documents.owner(connection, document_id)
    if owner not in (None, report.id):
        raise Conflict("document-taken", f"Document {document_id} belongs to report {owner}.")
    if report.document_id not in (None, document_id):
        assert report.document_id is not None
        documents.let_go(connection, report.document_id, report.id)
        if report.document_status not in statuses.refused:
            documents.put_by(connection, report.document_id, report.id)
    outcomes.write(connection, report.id, Adopted(by=by, document_id=document_id), at_ms)


def _current_attributes(connection: Connection, report: ReportRow) -> str:
    current = jobs.known(connection, report.job_id).attributes
    return json.dumps({**json.loads(report.attributes), **current}, sort_keys=True)
