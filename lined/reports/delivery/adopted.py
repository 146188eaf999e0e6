"""A document that a person named for a report is compared with it before its outcome is believed: a slip of the hand
would make codes accepted that the regulator has never heard of.

It has to hold every code of the report. It may hold others: somebody has reported them together in the cabinet. Where
it does not, the report is what it was before: held, with the document that it had.
"""

from __future__ import annotations

from lined.codes import without_separators
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery.ports import Ports
from lined.reports.kinds.kinds import kind_of
from lined.reports.outcomes.following import Fits, Misfit
from lined.vocabulary.facts import DocumentFact, Fact

SLICE = 1_000


async def compared(ports: Ports, report: ReportRow) -> Fits | Misfit:
    """Whether the document that a person named is the report's. Raises LookupFailed."""
    assert report.document_id is not None
    kind = kind_of(report)
    left = set(await ports.journal.read(kind.sent, report, ports.form(report.kind)))
    most = len(left)
    listed = kind.format.listed(await ports.regulator.content(report.document_id))
    if listed is None:
        return Misfit(problem=Fact(DocumentFact.NAMED_UNREADABLE, id=report.document_id))
    for start in range(0, len(listed), SLICE):
        left.difference_update([without_separators(code) for code in listed[start : start + SLICE]])
        await ports.sleep(0)
    if not left:
        return Fits(codes=len(listed))
    return Misfit(problem=Fact(DocumentFact.NAMED_LACKS, id=report.document_id, left=len(left), n=most))
