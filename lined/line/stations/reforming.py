"""The change of a package and its reports: nothing to do yet, a disaggregation first, or not now.

Before a package is reported a change is one of the journal. Afterwards the regulator dissolves it first: a
disaggregation report goes out, and what is left is a new package row (`earlier_id`) that waits for it (`after_report`)
to be reported anew. Disaggregating dissolves the packages above too, so those are formed anew as well. While a report
is under way nobody knows which of the two it is: then nothing may be changed.
"""

from __future__ import annotations

from lined.journal.database import Connection
from lined.journal.outcomes import seal
from lined.journal.tables import members, packages, reports
from lined.journal.tables.packages import PackageRow
from lined.line.state import LineState, job_of
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Conflict
from lined.vocabulary.facts import Fact, SealFact
from lined.vocabulary.packages import PackageState
from lined.vocabulary.reports import ReportKind

FREE, REPORTED, UNDER_WAY = "free", "reported", "under way"


def standing(connection: Connection, package: PackageRow) -> str:
    """Whether a change is one of the journal alone (FREE), of the regulator too (REPORTED), or of nobody now."""
    if package.state == PackageState.OPEN or package.batch_id is None:
        return FREE
    if package.own is not None:
        return {CodeState.ACCEPTED.value: REPORTED, CodeState.REFUSED.value: FREE}.get(package.own, UNDER_WAY)
    report = reports.current_report(connection, package.batch_id)
    assert report is not None
    if report.bucket == CodeState.ACCEPTED:
        return REPORTED
    unfrozen = report.bucket == CodeState.UNREPORTED and report.frozen_ms is None
    return FREE if unfrozen or report.bucket in {CodeState.REFUSED, CodeState.WITHDRAWN} else UNDER_WAY


def make_free(
    connection: Connection, state: LineState, package: PackageRow, at_ms: int
) -> tuple[PackageRow, int | None]:
    """The package as it may be changed now, and the disaggregation report that this took. Raises CommandError 409."""
    containers = packages.above(connection, package)
    if common_standing(connection, [package, *containers]) == FREE:
        leave_report(connection, package)
        return package, None
    report_id = disaggregate(connection, state, package, at_ms)
    anew = form_anew(connection, package, report_id, at_ms)
    for outer in containers:
        form_anew(connection, outer, report_id, at_ms)
    return anew, report_id


def common_standing(connection: Connection, chain: list[PackageRow]) -> str:
    """Of a package and those around it. Raises CommandError 409 while a report of one of them is under way."""
    found = [standing(connection, package) for package in chain]
    if UNDER_WAY in found:
        package = chain[found.index(UNDER_WAY)]
        raise Conflict(
            "report-under-way",
            f"{package.ident} is being reported; what became of it has to be known before it is changed.",
        )
    return found[0]


def leave_report(connection: Connection, package: PackageRow) -> None:
    """A package that is planned but not frozen, or was refused, is planned anew with what it holds then."""
    if package.batch_id is None:
        return
    if package.own is None:
        reports.leave(connection, package.batch_id, package.holds + 1)
    packages.change(connection, package.id, batch_id=None, own=None)


def disaggregate(connection: Connection, state: LineState, package: PackageRow, at_ms: int) -> int:
    """A sealed disaggregation report of one package. Returns its id."""
    job = job_of(connection, package.job_id)
    assert job is not None and package.ident is not None
    attributes = {"group": job.product["group"], "business_place_id": state.plant.business_place_id}
    report_id = reports.open_batch(
        connection,
        kind=ReportKind.DISAGGREGATION,
        job_id=package.job_id,
        attributes=attributes,
        day=None,
        first_code=0,
        at_ms=at_ms,
        early=False,
    )
    members.add(connection, report_id, [package.ident])
    reports.change(connection, report_id, codes=1, last_code=0, first_ms=at_ms, last_ms=at_ms)
    report = reports.get(connection, report_id)
    assert report is not None
    seal(connection, report, at_ms, Fact(SealFact.REWORK))
    return report_id


def form_anew(connection: Connection, package: PackageRow, report_id: int, at_ms: int) -> PackageRow:
    """The same package as a new row that waits for the disaggregation; one that was not reported stays as it is."""
    if standing(connection, package) != REPORTED:
        leave_report(connection, package)
        return package
    return packages.form_anew(connection, package, report_id, at_ms)
