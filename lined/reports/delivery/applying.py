"""The one door of delivery: an outcome written down, with the codes it names before it and what follows from it.

Every step may be repeated after a crash without harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from lined.journal import outcomes
from lined.journal.database import Connection
from lined.journal.outcomes import ReportOutcome
from lined.journal.tables import documents, reports
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery import pausing
from lined.reports.delivery.ports import Ports
from lined.reports.kinds.kinds import kind_of
from lined.reports.outcomes import refusals
from lined.reports.outcomes.following import Fits, Misfit, Partial, Succeeded
from lined.reports.outcomes.held import Held
from lined.reports.outcomes.refusals import Refused, RefusedNameless
from lined.reports.outcomes.searching import Found, FoundEarlier
from lined.reports.outcomes.sending import OfAnother, Received
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import Conflict
from lined.vocabulary.facts import Fact, ReportFact
from lined.vocabulary.reports import ReportState

DECIDED = "decided-meanwhile"  # code of the CommandError
WRITE_SLICE = 100  # codes that get a state of their own in one transaction: bounds what a verdict waits for


async def apply_outcome(ports: Ports, report: ReportRow, outcome: ReportOutcome) -> None:
    """Write down what became known of `report`, as it was read. Durable when it returns.

    Raises CommandError DECIDED where it has been decided meanwhile what becomes of it; JournalError.
    """
    for own, named in outcome.own.items():
        await give_own(ports, report, own, named)
    await ports.journal.do(partial(write_outcome, report=report, outcome=outcome, ports=ports))
    if isinstance(outcome, RefusedNameless) and await ports.journal.read(pausing.paused, report.kind):
        ports.problems.set(AlarmKind.KIND_PAUSED, report.kind, pausing.paused_text(report.kind))


async def apply_in_time(ports: Ports, report: ReportRow, outcome: ReportOutcome) -> None:
    """The same; nothing is written where it comes too late."""
    try:
        await apply_outcome(ports, report, outcome)
    except Conflict as error:
        if error.code != DECIDED:
            raise


def write_outcome(connection: Connection, report: ReportRow, outcome: ReportOutcome, ports: Ports) -> None:
    """The transaction of an outcome, whose codes have their own states by now. Raises CommandError DECIDED."""
    fresh, at_ms = reports.get(connection, report.id), ports.wall_ms()
    assert fresh is not None
    if fresh.document_id != report.document_id or fresh.state not in outcome.edges:
        raise _decided(report)
    for what in _as_it_stands(connection, fresh, outcome):
        outcomes.write(connection, report.id, what, at_ms)
        _follows(connection, fresh, what, at_ms)


def _as_it_stands(connection: Connection, report: ReportRow, outcome: ReportOutcome) -> Sequence[ReportOutcome]:
    """What an outcome means for the report as it stands in the journal."""
    match outcome:
        case Received(document_id=found) if owner := documents.owner(connection, found):
            other = OfAnother(document_id=found, owner=owner)
            return other, Held(problem=other.why)
        case Found(document_id=found) if owner := documents.owner(connection, found):
            return (Held(problem=Fact(ReportFact.FOUND_OF_ANOTHER, id=found, report=owner)),)
        case Refused():
            return (refusals.again(report, outcome) or outcome,)
        case Misfit():
            return (replace(outcome, before=documents.before(connection, report.id)),)
    return (outcome,)


def _follows(connection: Connection, before: ReportRow, outcome: ReportOutcome, at_ms: int) -> None:
    """What else it brings about. `before`: the report as it was."""
    match outcome:
        case Succeeded() | Partial():
            pausing.named_again(connection, before.kind)
        case Refused():
            if before.codes:
                _innocent(connection, before.id, at_ms)
            pausing.named_again(connection, before.kind)
        case RefusedNameless():
            pausing.count_nameless(connection, before.kind)
        case FoundEarlier():
            documents.let_go(connection, before.document_id, before.id)
        case Fits():
            documents.forget(connection, before.id)
        case Misfit(before=str(document_id)):
            documents.take_back(connection, document_id, before.id)


def _innocent(connection: Connection, refused_id: int, at_ms: int) -> None:
    """The codes that are not to blame go, once, into a new report."""
    refused = reports.get(connection, refused_id)
    assert refused is not None
    why = Fact(ReportFact.INNOCENT, n=refused_id)
    reports.successor(connection, refused, at_ms, why, left=kind_of(refused).left(connection, refused))


def still(connection: Connection, report: ReportRow) -> None:
    """Raises CommandError DECIDED where a person has sent the report again, released it or named another document since
    it was read: what was learnt of the old one is not for it any more.
    """
    fresh = reports.get(connection, report.id)
    assert fresh is not None
    if fresh.state in (ReportState.SEALED, ReportState.RELEASED) or fresh.document_id != report.document_id:
        raise _decided(report)


def _decided(report: ReportRow) -> Conflict:
    return Conflict(DECIDED, f"Report {report.id} was decided by a person meanwhile.")


async def give_own(ports: Ports, report: ReportRow, own: str, named: Mapping[str, str]) -> None:
    """Give codes of a report (by their keys, with the reason) a state of their own, in small transactions."""
    for part in slices(named):
        await ports.journal.do(partial(_give, report=report, own=own, part=part, at_ms=ports.wall_ms()))


def _give(connection: Connection, report: ReportRow, own: str, part: Sequence[tuple[str, str]], at_ms: int) -> None:
    still(connection, report)
    kind_of(report).give_own(connection, report, own, part, at_ms)


def slices(named: Mapping[str, str]) -> Iterable[list[tuple[str, str]]]:
    """What one transaction each may write."""
    rows = list(named.items())
    return (rows[start : start + WRITE_SLICE] for start in range(0, len(rows), WRITE_SLICE))
