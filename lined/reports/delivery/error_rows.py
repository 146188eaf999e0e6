"""The list of a document's errors: evidence for people, and the codes that its tags name.

A row's number is its own and says nothing about which code it is (API 1.21.1 §11.5).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection

from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import DocumentError
from lined.reports.delivery.lists import NO_REASON
from lined.reports.delivery.ports import Ports
from lined.vocabulary.errors import Blame, LookupFailed

KEPT = 50  # rows
CODES_TOLD = 5  # different codes of errors that a sentence names


async def read(ports: Ports, report: ReportRow) -> tuple[list[DocumentError], str]:
    """The first error rows; second: as evidence for people."""
    assert report.document_id is not None
    try:
        rows = await ports.regulator.document_errors(report.document_id, after=None, limit=KEPT)
    except LookupFailed as error:
        return [], f"the list of errors could not be read: {error}"
    return rows, json.dumps([row._asdict() for row in rows], default=str, ensure_ascii=False)


def told(rows: Collection[DocumentError]) -> str:
    """What the list of errors says, in short."""
    times = Counter(row.error_code for row in rows if row.error_code)
    return ", ".join(f"{code} ({n})" for code, n in times.most_common(CODES_TOLD))


def tagged(row: DocumentError) -> Blame:
    """An error may name a code in its tags; its number is its own and says nothing about which code it is."""
    return Blame(row.error_code or NO_REASON, tuple(text for text in row.tags.values() if isinstance(text, str)))
