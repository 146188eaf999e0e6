"""The table of kinds: what is particular to each; everything else about sending and following is the same for all.

    kind              members (what has an outcome)   document
    utilisation       codes of the batch              plain JSON, full codes
    validation        graded codes                    envelope, code and class
    aggregation       packages                        envelope, parents with their children
    disaggregation    packages                        envelope, their codes
    correction        codes                           envelope, codes and new values

A member has a key, its identification code; in an aggregation a child's key names its parent too (see there), so that
blame for a child reaches its package. No code stands twice in a document, so every answer about a code means one
member.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from lined.journal.database import Connection
from lined.journal.tables.reports import ReportRow
from lined.regulator.codec import Format
from lined.reports.kinds.aggregation import Aggregation
from lined.reports.kinds.bodies import Body
from lined.reports.kinds.head import Head
from lined.reports.kinds.listing import Listing
from lined.reports.kinds.members import Members
from lined.reports.kinds.utilisation import Utilisation
from lined.reports.kinds.validation import Validation
from lined.vocabulary.reports import ReportKind


class Kind(Protocol):
    """See the file's head. Questions run on a read-only connection; `give_own` in the writer's transaction."""

    format: Format
    """How its documents are written."""

    def head(self, connection: Connection, report: ReportRow, timezone: str) -> Head:
        """What its document says besides its codes, in our words, from what stands in the journal now."""

    def body(self, connection: Connection, report: ReportRow, timezone: str, form: str) -> Body:
        """The body from what stands in the journal now. `form`: how codes are written, "full" or "identification"."""

    def texts(self, connection: Connection, report: ReportRow) -> dict[str, str]:
        """Each way an answer may write a code of this report → the key of the member it means."""

    def sent(self, connection: Connection, report: ReportRow, form: str) -> set[str]:
        """The report's codes without separators: what a document of ours must contain."""

    def members(self, ours: Collection[str], accepted: Mapping[str, str], refused: Mapping[str, str]) -> Members:
        """What a list of codes says about the members. `ours`: all their keys; the others by key, with the reason."""

    def give_own(
        self, connection: Connection, report: ReportRow, own: str, part: Sequence[tuple[str, str]], at_ms: int
    ) -> None:
        """Give members (key, reason) a state of their own."""

    def with_own(self, connection: Connection, report: ReportRow, own: str) -> list[str]:
        """Keys of the members that have this state of their own."""

    def left(self, connection: Connection, report: ReportRow) -> int:
        """How many codes of the batch have no state of their own."""


KINDS: Mapping[str, Kind] = {
    ReportKind.UTILISATION: Utilisation(),
    ReportKind.VALIDATION: Validation(),
    ReportKind.AGGREGATION: Aggregation(),
    ReportKind.DISAGGREGATION: Listing(updates=False),
    ReportKind.CORRECTION: Listing(updates=True),
}


def kind_of(report: ReportRow) -> Kind:
    """The kind of a report of the journal."""
    return KINDS[report.kind]
