"""Outcomes of reports: what became known or was decided about one, as a value, and the one function that writes it.

An outcome says from which states it leads where; the reason of each such edge stands in TRANSITIONS. Here are those of
the line; delivery's and people's are in `lined/reports/outcomes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from lined.journal.database import Connection
from lined.journal.tables import codes, reports
from lined.journal.tables.reports import ReportRow
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Conflict, NotFound
from lined.vocabulary.reports import ReportState

Edges = Mapping[str, ReportState]


@dataclass(frozen=True, kw_only=True)
class ReportOutcome:
    """`edges`: where it leads, by the state that it may meet; a state that leads to itself stays, without a line in the
    history. `own`: states of single codes, by their keys with the reason, which are written before it in small
    transactions. `evidence`: what came back, for people; None: nothing new.
    """

    edges: ClassVar[Edges] = MappingProxyType({})
    own: Mapping[CodeState, Mapping[str, str]] = field(default_factory=dict)
    evidence: str | None = None

    def __init_subclass__(cls, *, edges: Edges, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.edges = MappingProxyType(edges)

    @property
    def why(self) -> str:
        """The line in the report's history."""
        raise NotImplementedError

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        """Columns of the report that change with it. `report`: as it stands; `at_ms`: now."""
        return {}


def write(connection: Connection, report_id: int, outcome: ReportOutcome, at_ms: int) -> ReportRow:
    """Write an outcome, in the transaction that runs. Returns the row as it was before.

    Raises CommandError 404 `unknown-report`, 409 `wrong-state` where none of its edges begins at the report's state.
    """
    report = reports.get(connection, report_id)
    if report is None:
        raise NotFound("unknown-report", f"There is no report {report_id}.")
    after = outcome.edges.get(report.state)
    if after is None:
        raise Conflict("wrong-state", f"Report {report_id} is {report.state}: this comes too late.")
    changes = outcome.changes(report, at_ms)
    if after != report.state:
        reports.move(connection, report_id, after, at_ms, outcome.why, evidence=outcome.evidence, **changes)
        return report
    if outcome.evidence is not None:
        changes["evidence"] = outcome.evidence
    reports.change(connection, report_id, **changes)
    return report


@dataclass(frozen=True, kw_only=True)
class Sealed(ReportOutcome, edges={ReportState.OPEN: ReportState.SEALED}):
    """An open batch takes no more codes, and may be sent after `settle_ms`."""

    reason: str
    last_code: int
    settle_ms: int = 0

    @property
    def why(self) -> str:
        return self.reason

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return {**self._ended(at_ms), "due_ms": at_ms + self.settle_ms}

    def _ended(self, at_ms: int) -> dict[str, Any]:
        return {"sealed_ms": at_ms, "seal_reason": self.reason, "last_code": self.last_code}


@dataclass(frozen=True, kw_only=True)
class SealedEmpty(Sealed, edges={ReportState.OPEN: ReportState.VOID}):
    """An open batch takes no more codes, and has none left."""

    def changes(self, report: ReportRow, at_ms: int) -> dict[str, Any]:
        return self._ended(at_ms)


def seal(connection: Connection, report: ReportRow, at_ms: int, reason: str, settle_ms: int = 0) -> str:
    """Close an open batch to new codes. A batch whose codes were all withdrawn becomes void. Returns the new state."""
    last = report.last_code if report.last_code is not None else codes.last_id(connection)
    ended = Sealed if report.codes else SealedEmpty
    outcome = ended(reason=reason, last_code=last, settle_ms=settle_ms)
    write(connection, report.id, outcome, at_ms)
    return outcome.edges[ReportState.OPEN]
