"""Closing a package: its parent code, and for a GROUP the application of its own full code in the same transaction."""

from __future__ import annotations

from lined.codes import MarkingCode, sscc
from lined.journal.database import Connection
from lined.journal.tables import codes, counters, labels, packages, report_lists, reports, serials
from lined.journal.tables.codes import KnownCode
from lined.journal.tables.packages import PackageRow
from lined.line.jobs.attributes import report_attributes
from lined.line.plant import SsccRange
from lined.line.state import Job, LineState
from lined.line.stations.applying import other_check_part
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeState
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.packages import Level
from lined.vocabulary.reports import ReportKind

SKIPS_MAX = 100_000  # serials in use already that are passed over in one go


def issue(connection: Connection, range_: SsccRange) -> str | None:
    """The next SSCC of the range, 20 digits, or None where the range is used up.

    The counter moves in the transaction that uses the SSCC: a serial is never given out twice, and one whose
    transaction did not happen was never told to anybody. Serials that came by scanner are passed over.
    """
    serial = max(range_.first, serials.next_of(connection, range_.prefix) or 0)
    for _ in range(SKIPS_MAX):
        if serial > range_.last:
            return None
        ident = sscc(range_.prefix, serial)
        serial += 1
        if not packages.was_named(connection, ident):
            serials.set_next(connection, range_.prefix, serial)
            return ident
    return None


def may_issue(state: LineState, level: str) -> bool:
    """Whether lined names packages of this level itself: boxes and pallets, where the configuration has a range."""
    return state.plant.sscc is not None and level != Level.GROUP


def close_issued(connection: Connection, state: LineState, package: PackageRow, at_ms: int) -> str | None:
    """Close a package under an SSCC of our own; its label waits for the station's printer from then on. None: the range
    is used up, and the package waits for a scanned one.
    """
    assert state.plant.sscc is not None
    ident = issue(connection, state.plant.sscc)
    if ident is not None:
        packages.close(connection, package.id, ident, None, at_ms)
        printer = state.plant.label_printers.get(package.station)
        if printer is not None:
            labels.want(
                connection, ident=ident, tail="", package=True, printer=printer, job_id=package.job_id, at_ms=at_ms
            )
    return ident


def left_to_issue(state: LineState, issued: str | None) -> tuple[str, Fact | None]:
    """The alarm where no SSCC is left, or its end."""
    assert state.plant.sscc is not None
    return AlarmKind.SSCC_USED_UP, None if issued else Fact(LineFact.NO_SSCC, last=state.plant.sscc.last)


def close_by_itself(tx: Transaction, read: Read, package: PackageRow) -> int | None:
    """Close under the parent that opened the package, or under an SSCC of our own. Returns the id of the code that was
    applied by it, 0 for none; None: it is not closed, and waits for a scanned parent.
    """
    if package.ident is not None:
        gtin = package.ident[2:16] if package.level == Level.GROUP else ""
        return close_with(tx, read, package, MarkingCode("", package.ident, package.tail, gtin, 0))
    if not may_issue(tx.state, package.level):
        return None
    issued = close_issued(tx.connection, tx.state, package, read.at_ms)
    tx.alarms.append(left_to_issue(tx.state, issued))
    return None if issued is None else 0


def close_with(tx: Transaction, read: Read, package: PackageRow, parent: MarkingCode) -> int:
    """Close under a scanned parent. Returns the id of the code that was applied by it, 0 for none."""
    code_id = 0
    applied = 0
    if package.level == Level.GROUP:
        code_id, applied = _group_code(tx, read, package, parent)
    packages.close(tx.connection, package.id, parent.ident, code_id or None, read.at_ms)
    return applied


def parent_is_unknown(tx: Transaction, parent: MarkingCode) -> bool:
    """A GROUP's code that its closing would apply, and that a code pool does not have."""
    return tx.pools.refuses(parent) and not codes.find(tx.connection, [parent.ident])


def parent_is_used(tx: Transaction, parent: MarkingCode, job_id: int) -> bool:
    """A parent names one package at a time; a GROUP's code that left for good names none. `job_id`: of the package."""
    if packages.by_ident(tx.connection, parent.ident) is not None:
        return True
    if parent.template == "SSCC":
        return False
    known = codes.find(tx.connection, [parent.ident]).get(parent.ident)
    if known is None:
        return False
    if parent.tail and known.tail != parent.tail:
        other_check_part(tx, parent)
        return True
    if known.own == CodeState.WITHDRAWN:
        running = tx.job
        return running is None or running.id != job_id or not tx.may_come_back(known)
    return known.own == CodeState.REFUSED


def _group_code(tx: Transaction, read: Read, package: PackageRow, parent: MarkingCode) -> tuple[int, int]:
    """(id of the GROUP's row in `code`, the same where this closing applied it or else 0)."""
    known = codes.find(tx.connection, [parent.ident]).get(parent.ident)
    if known is not None and known.own != CodeState.WITHDRAWN:
        return known.id, 0  # a group that was dissolved and is formed again: applied it is already
    job = tx.job_of(package.job_id)
    assert job is not None, "a package of no job"
    running = tx.job
    if running is not None and running.id == job.id:
        if known is not None:
            tx.known[parent.ident] = known
            code_id = tx.apply_again(read, parent, job, known)
        else:
            code_id = tx.apply(read, parent, job)
        tx.flush()
    else:
        assert known is None, "a withdrawn code comes back with a running job only"
        code_id = _apply_late(tx, read, parent, job)
    return code_id, code_id


def _apply_late(tx: Transaction, read: Read, parent: MarkingCode, job: Job) -> int:
    """Apply a GROUP's code for a job that has ended, in a batch of that job: the conveyor is being emptied."""
    connection, state = tx.connection, tx.state
    day = state.days.day_of(read.at_ms)
    most = state.plant.batches.max_codes
    found = [one for one in report_lists.with_room(connection, ReportKind.UTILISATION, job.id) if one.codes < most]
    per_day = not job.attributes.get("production_date")
    if found and not (per_day and found[-1].day != day):
        batch_id = found[-1].id
    else:
        batch_id = reports.open_batch(
            connection,
            kind=ReportKind.UTILISATION,
            job_id=job.id,
            attributes=report_attributes(job, state.plant.business_place_id),
            day=day,
            first_code=state.next_code,
            at_ms=read.at_ms,
            early=False,
        )
    code_id = state.next_code
    state.next_code += 1
    tx.pools.applied(parent)
    codes.insert(connection, [(code_id, parent.ident, parent.tail, read.at_ms, read.device_no, job.id, batch_id)])
    reports.grow(connection, batch_id, 1, read.at_ms, read.at_ms)
    counters.add(connection, job.id, {f"code.{CodeState.UNREPORTED}": 1, "code.applied": 1})
    tx.known[parent.ident] = KnownCode(
        parent.ident, code_id, parent.tail, read.at_ms, read.device_no, job.id, batch_id, None
    )
    return code_id
