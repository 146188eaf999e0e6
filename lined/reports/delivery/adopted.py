"""A document that a person named for a report is compared with it before its outcome is believed: a slip of the hand
would make codes accepted that the regulator has never heard of.

It has to hold every code of the report. It may hold others: somebody has reported them together in the cabinet. Where
it does not, the report is what it was before: held, with the document that it had.
"""

from __future__ import annotations

from typing import Any

from lined.codes import without_separators
from lined.journal.database import Connection
from lined.journal.tables import documents, reports
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery import outcomes
from lined.reports.delivery.ports import Surroundings
from lined.reports.kinds.kinds import kind_of
from lined.vocabulary.reports import ReportState

NAMED = "a look into the document that a person named"  # `waits_for` of such a report
SLICE = 1_000


async def fits(around: Surroundings, report: ReportRow) -> bool:
    """Whether the document that a person named is the report's; where not, it is held again. Raises LookupFailed."""
    problem, codes = await _misfit(around, report)

    def step(connection: Connection) -> None:
        fresh = outcomes.still(connection, report)
        if problem is None:
            documents.forget(connection, report.id)
            reports.change(connection, report.id, waits_for=None, document_codes=codes)
        else:
            _give_back(connection, fresh, around.wall_ms(), problem)

    await around.journal.do(step)
    return problem is None


def _give_back(connection: Connection, report: ReportRow, at_ms: int, problem: str) -> None:
    before = documents.take_back(connection, report.id)
    due_ms = None if before is None else at_ms
    columns: dict[str, Any] = {
        "problem": problem,
        "document_id": before,
        "document_status": None,
        "due_ms": due_ms,
        "waits_for": None,
    }
    if report.state == ReportState.HELD:  # nothing was to be seen of the document for 24 h
        reports.change(connection, report.id, **columns)
    else:
        reports.move(connection, report.id, ReportState.HELD, at_ms, problem, **columns)


async def _misfit(around: Surroundings, report: ReportRow) -> tuple[str | None, int]:
    """Why the document is not the report's; second: how many codes it holds."""
    assert report.document_id is not None
    kind = kind_of(report)
    left = set(await around.journal.read(kind.sent, report, around.form(report.kind)))
    most = len(left)
    listed = kind.format.listed(await around.regulator.content(report.document_id))
    if listed is None:
        return f"Document {report.document_id} has no readable list of codes, so it cannot be this report's.", 0
    for start in range(0, len(listed), SLICE):
        left.difference_update([without_separators(code) for code in listed[start : start + SLICE]])
        await around.sleep(0)
    if not left:
        return None, len(listed)
    lacks = f"Document {report.document_id} lacks {len(left)} of this report's {most} codes, so it is another one's"
    return f"{lacks}: look its number up again, or send the report again.", len(listed)
