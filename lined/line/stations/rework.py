"""Changes to what is packed: take a child out, put another in, dissolve a package. In the writer's transaction.

Whether that is a change of the journal alone, or takes a disaggregation first, is the business of `reforming`.
"""

from __future__ import annotations

from lined.codes import masked
from lined.journal.database import Connection
from lined.journal.tables import codes, freed, packages, reports, rescans, tasks
from lined.journal.tables.packages import PackageRow
from lined.line.state import LineState, job_of, lot_of
from lined.line.stations import reforming
from lined.line.stations.children import Child
from lined.vocabulary.codes import CodeEvent, CodeState, Withdrawal
from lined.vocabulary.errors import Conflict, NotFound
from lined.vocabulary.facts import CodeFact, Fact, TaskFact
from lined.vocabulary.packages import Level, PackageState


def take_out(connection: Connection, state: LineState, ident: str, by: str, at_ms: int) -> dict[str, object]:
    """A child leaves its package: a unit, a group or a box. Raises CommandError 404, 409.

    The answer: `code`, `package` (its parent code), and `report`: the disaggregation that goes out, or None.
    """
    package, child_id, unit = _inside(connection, ident)
    package, report_id = reforming.make_free(connection, state, package, at_ms)
    if unit:
        packages.take_code(connection, package.id, child_id)
    else:
        packages.take_package(connection, package.id, child_id)
    if report_id is not None:
        freed.add(connection, [ident], report_id)
    _note(
        connection,
        ident,
        at_ms,
        CodeEvent.TAKEN_OUT,
        Fact(CodeFact.TAKEN_OUT, package=package.ident or package.level),
        by,
    )
    _settle(connection, package.id, at_ms, by)
    return {"code": ident, "package": package.ident, "report": _text(report_id)}


def put_in(connection: Connection, child: Child, package: PackageRow, by: str, at_ms: int) -> None:
    """A child goes into a package that may be changed. Raises CommandError 409."""
    if child.inside is not None:
        raise Conflict("already-packed", f"{child.ident} lies in another package already.")
    if (child.gtin, child.lot) != (package.gtin, _lot(connection, package)):
        raise Conflict("mixed-lot", f"{child.ident} is of another product or lot than the package.")
    if child.level != package.child_level:
        raise Conflict("wrong-level", f"A {package.level} holds {package.child_level}.")
    fresh = packages.get(connection, package.id)
    assert fresh is not None
    if fresh.holds >= package.capacity:
        raise Conflict("over-capacity", f"The package holds {fresh.holds} already.")
    if child.unit:
        packages.put_code(connection, package.id, child.id)
    else:
        packages.put_package(connection, package.id, child.id)
    _note(connection, child.ident, at_ms, CodeEvent.PUT_IN, package.ident or package.level, by)


def replace(
    connection: Connection, state: LineState, ident: str, child: Child, by: str, at_ms: int
) -> dict[str, object]:
    """A child leaves its package and another takes its place. Raises CommandError 404, 409."""
    package, _, _ = _inside(connection, ident)
    package, report_id = reforming.make_free(connection, state, package, at_ms)
    put_in(connection, child, package._replace(capacity=package.capacity + 1), by, at_ms)
    answer = take_out(connection, state, ident, by, at_ms)
    if report_id is not None:
        freed.add(connection, [ident], report_id)
    return {**answer, "with": child.ident, "report": _text(report_id)}


def dissolve(connection: Connection, state: LineState, package: PackageRow, by: str, at_ms: int) -> dict[str, object]:
    """A package is opened for good: its children lie in nothing. Raises CommandError 409.

    A package that was reported is dissolved at the regulator too, and those around it are formed anew without it.
    """
    containers = packages.above(connection, package)
    report_id: int | None = None
    place = reforming.common_standing(connection, [package, *containers])
    if place == reforming.REPORTED:
        report_id = reforming.disaggregate(connection, state, package, at_ms)
        freed.add(connection, packages.children(connection, package), report_id)
        for outer in containers:
            reforming.form_anew(connection, outer, report_id, at_ms)
    else:
        for one in (package, *containers):
            reforming.leave_report(connection, one)
    fresh = packages.get(connection, package.id)
    assert fresh is not None
    if place != reforming.REPORTED:
        _let_go(connection, fresh, by, at_ms)
    packages.dissolve(connection, fresh.id)
    tasks.end_of_package(connection, fresh.id, at_ms, by, Fact(TaskFact.DISSOLVED))
    if fresh.package_id is not None:
        _settle(connection, fresh.package_id, at_ms, by)
    return {"package": package.ident, "state": PackageState.DISSOLVED, "report": _text(report_id)}


def without_its_code(connection: Connection, state: LineState, ident: str, by: str, at_ms: int) -> None:
    """A GROUP whose own code was withdrawn is no more: its children may be packed again, and so may the code be used
    again. Nothing where the code is no parent.
    """
    package = packages.by_ident(connection, ident)
    if package is not None and package.state == PackageState.CLOSED:
        dissolve(connection, state, package, by, at_ms)


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _inside(connection: Connection, ident: str) -> tuple[PackageRow, int, bool]:
    """The package around a code, the code's row, and whether it is a unit. Raises CommandError 404, 409."""
    child = packages.by_ident(connection, ident)
    code = packages.packed_code(connection, ident) if child is None else None
    if child is None and code is None:
        raise NotFound("unknown-code", f"{masked(ident)} was neither applied nor packed on this line.")
    package_id = child.package_id if child is not None else code.package_id if code is not None else None
    package = packages.get(connection, package_id) if package_id is not None else None
    if package is None:
        raise Conflict("not-packed", f"{ident} lies in no package.")
    if child is not None:
        return package, child.id, False
    assert code is not None
    return package, code.id, True


def _settle(connection: Connection, package_id: int, at_ms: int, by: str) -> None:
    """After a child left: a closed package with nothing in it is no more; a suspect one may be clear; its tasks may
    end.
    """
    package = packages.get(connection, package_id)
    assert package is not None
    if not package.holds:
        _let_go(connection, package, by, at_ms)
        packages.dissolve(connection, package.id)
        tasks.end_of_package(connection, package.id, at_ms, by, Fact(TaskFact.NOTHING_LEFT))
        if package.package_id is not None:
            _settle(connection, package.package_id, at_ms, by)
        return
    if package.suspect:
        rescans.clear_if_seen(connection, package.id)
    if not packages.holds_with_own(connection, package, CodeState.REFUSED):
        for one in (package, *packages.above(connection, package)):
            tasks.end_of_package(connection, one.id, at_ms, by, Fact(TaskFact.REFUSED_GONE))
            if one.earlier_id is not None:
                tasks.end_of_package(connection, one.earlier_id, at_ms, by, Fact(TaskFact.REFUSED_GONE))


def _let_go(connection: Connection, package: PackageRow, by: str, at_ms: int) -> None:
    """A GROUP that is no more before its own code was reported: the code is withdrawn, and may be used again."""
    if package.code_id is None or package.ident is None:
        return
    known = codes.find(connection, [package.ident]).get(package.ident)
    if known is None or codes.bucket_of(connection, known) != CodeState.UNREPORTED:
        return
    report = reports.current_report(connection, known.batch_id)
    if report is not None and report.frozen_ms is None:
        codes.set_own(connection, known, CodeState.WITHDRAWN, at_ms, detail=Withdrawal.OTHER, by=by)


def _note(connection: Connection, ident: str, at_ms: int, what: str, detail: str, by: str) -> None:
    code = packages.packed_code(connection, ident)
    if code is not None:
        codes.record(connection, code.id, at_ms, what, detail, by=by)


def _lot(connection: Connection, package: PackageRow) -> str:
    job = job_of(connection, package.job_id)
    return lot_of(job) if job is not None else package.lot


def _text(report_id: int | None) -> str | None:
    return None if report_id is None else str(report_id)


def child_of_code(connection: Connection, ident: str) -> Child:
    """What a typed code may be packed as. Raises CommandError 404, 409."""
    package = packages.by_ident(connection, ident)
    if package is not None:
        if package.state != PackageState.CLOSED:
            raise Conflict("not-applied", f"{ident} is not a closed package.")
        lot = _lot(connection, package)
        return Child(package.id, ident, package.level, package.job_id, package.gtin, lot, package.package_id)
    code = packages.packed_code(connection, ident)
    job = job_of(connection, code.job_id) if code is not None else None
    if code is None or job is None or code.own in {CodeState.WITHDRAWN, CodeState.REFUSED}:
        raise Conflict(
            "not-applied",
            f"{masked(ident)} was not applied on this line, or is withdrawn or refused.",
        )
    return Child(code.id, ident, Level.UNIT, job.id, job.gtin, lot_of(job), code.package_id)
