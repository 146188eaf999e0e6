"""Cards of documents that are believed only where they are about the document that was asked for.

Its id has to be ours, and its type, where it has one, that of our kind of report. Anything else is no evidence of
anything: a proxy that mixes up answers, or a regulator that does.
"""

from __future__ import annotations

from lined.regulator.answers import Document
from lined.reports.delivery.ports import Ports
from lined.vocabulary.errors import Unfit
from lined.vocabulary.facts import DocumentFact, Fact
from lined.vocabulary.reports import ReportKind


async def card(ports: Ports, kind: str, document_id: str) -> Document | None:
    """The document's card; None: it cannot be seen (yet). Raises LookupFailed, Unfit where it is another's."""
    found = await ports.regulator.document(document_id)
    if found is None:
        return None
    if found.document_id.casefold() != document_id.casefold():
        raise Unfit(Fact(DocumentFact.OTHER_ANSWERED, id=document_id, other=found.document_id))
    types = {other: ports.profile.reports[other].document_type for other in ReportKind}
    wanted = types.pop(ReportKind[kind.upper()])
    if found.type and (found.type != wanted if wanted else found.type in types.values()):
        raise Unfit(Fact(DocumentFact.OTHER_TYPE, id=document_id, other=found.type, kind=kind))
    return found
