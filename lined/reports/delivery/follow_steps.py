"""What one look at a document leaves in the journal, where it did not settle the report."""

from __future__ import annotations

from lined.journal.database import Connection
from lined.journal.tables import reports
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import Document
from lined.reports.delivery import outcomes
from lined.reports.delivery.ports import Surroundings
from lined.reports.delivery.rules import backed_off
from lined.vocabulary.errors import clause
from lined.vocabulary.reports import ReportState


def succeeded(connection: Connection, report: ReportRow, around: Surroundings, document: Document) -> None:
    outcomes.still(connection, report)
    reports.move(
        connection,
        report.id,
        ReportState.SUCCEEDED,
        around.wall_ms(),
        "all codes processed",
        document_status=document.status,
        problem=None,
    )
    outcomes.named_again(connection, report.kind)


def later(connection: Connection, report: ReportRow, around: Surroundings, error: str, wait_ms: int) -> None:
    """Nothing was learnt about the report's document: it is looked at again, and held meanwhile after 24 h."""
    outcomes.still(connection, report)
    at_ms = around.wall_ms()
    if not _given_up(report, around, at_ms):
        reports.change(connection, report.id, due_ms=at_ms + wait_ms, problem=error)
        return
    why = f"Nothing could be learnt about document {report.document_id} for 24 h"
    problem = f"{why}: {clause(error)}. It is still looked at."
    _hold(connection, report, around, at_ms, problem)


def _hold(
    connection: Connection, report: ReportRow, around: Surroundings, at_ms: int, problem: str, **columns: str | None
) -> None:
    """Given up on: before a person, and looked at all the same."""
    due_ms = at_ms + around.rules.held_poll_ms
    reports.move(connection, report.id, ReportState.HELD, at_ms, problem, problem=problem, due_ms=due_ms, **columns)


def _given_up(report: ReportRow, around: Surroundings, at_ms: int) -> bool:
    waited_ms = at_ms - (report.submitted_ms or at_ms)
    return report.state == ReportState.SUBMITTED and waited_ms >= around.rules.give_up_ms


def note_status(connection: Connection, report: ReportRow, status: str) -> None:
    outcomes.still(connection, report)
    reports.change(connection, report.id, document_status=status)


def read_on(connection: Connection, report: ReportRow, at_ms: int) -> None:
    """Its list is longer than one look: it goes on when the others that are due had theirs."""
    outcomes.still(connection, report)
    reports.change(connection, report.id, looked_ms=at_ms, due_ms=at_ms)


def wait_for_list(connection: Connection, report: ReportRow, around: Surroundings, problem: str, evidence: str) -> None:
    outcomes.still(connection, report)
    at_ms = around.wall_ms()
    if _given_up(report, around, at_ms):
        why = f"Nothing could be learnt about the codes for 24 h: {problem}. It is still looked at."
        _hold(connection, report, around, at_ms, why, evidence=evidence)
        return
    wait_ms = around.rules.held_poll_ms if report.state == ReportState.HELD else around.rules.poll_ms
    reports.change(connection, report.id, problem=problem, evidence=evidence, looked_ms=at_ms, due_ms=at_ms + wait_ms)


def keep_looking(
    connection: Connection, report: ReportRow, around: Surroundings, status: str | None, looks: int
) -> None:
    outcomes.still(connection, report)
    at_ms = around.wall_ms()
    shown = status or "not visible yet"
    if _given_up(report, around, at_ms):
        problem = (
            f"Document {report.document_id} has had no final status for 24 h (it is {shown}); it is still looked at."
        )
        _hold(connection, report, around, at_ms, problem, document_status=status)
        return
    wait_ms = backed_off(around.rules.poll_ms, around.rules.poll_max_ms, max(looks - 3, 0), around.chance)
    if report.state == ReportState.HELD:
        wait_ms = around.rules.held_poll_ms
    still_wrong = report.problem if report.state == ReportState.HELD else None  # else it is over: there was an answer
    due_ms = at_ms + wait_ms
    reports.change(connection, report.id, document_status=status, looked_ms=at_ms, due_ms=due_ms, problem=still_wrong)
