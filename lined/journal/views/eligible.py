"""Closed packages that may be reported, and what the others wait for.

A package is reported once its children are accepted as applied by the regulator: units and GROUPs by their utilisation,
boxes by their own aggregation, which goes out in an earlier document, so that no code stands twice in one. What left a
package the regulator knew waits for that disaggregation; so does a package that is formed anew.
"""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import reports
from lined.vocabulary.codes import CodeState
from lined.vocabulary.facts import Fact, PackageFact
from lined.vocabulary.packages import Level
from lined.vocabulary.reports import ReportState

_FINAL_GOOD = "(r.state IN ('succeeded', 'partial') OR coalesce(r.released_as, '') = 'accepted')"


def _accepted(row: str) -> str:
    """SQL: whether a row with `own` and `batch_id` is accepted by the regulator."""
    return (
        f"coalesce({row}.own, CASE WHEN (SELECT {_FINAL_GOOD} FROM report r WHERE r.batch_id = {row}.batch_id "
        "ORDER BY r.id DESC LIMIT 1) THEN 'accepted' END, '') = 'accepted'"
    )


# A disaggregation has one member for each package; one that was refused has not freed anything.
_DONE = (
    "EXISTS (SELECT 1 FROM report r WHERE r.id = {report} AND " + _FINAL_GOOD + " AND NOT EXISTS ("
    "SELECT 1 FROM member m WHERE m.batch_id = r.batch_id AND m.own IS NOT NULL AND m.own <> 'accepted'))"
)
_ELIGIBLE = (
    "p.state = 'closed' AND p.batch_id IS NULL AND p.holds > 0 "
    "AND (p.after_report IS NULL OR " + _DONE.format(report="p.after_report") + ") "
    "AND NOT EXISTS (SELECT 1 FROM code c WHERE c.package_id = p.id AND NOT " + _accepted("c") + ") "
    "AND NOT EXISTS (SELECT 1 FROM package k WHERE k.package_id = p.id AND NOT " + _accepted("k") + ") "
    "AND (p.code_id IS NULL OR EXISTS (SELECT 1 FROM code g WHERE g.ident = p.ident AND " + _accepted("g") + ")) "
    "AND NOT EXISTS (SELECT 1 FROM code c JOIN freed f ON f.ident = c.ident WHERE c.package_id = p.id AND NOT "
    + _DONE.format(report="f.report_id")
    + ") AND NOT EXISTS (SELECT 1 FROM package k JOIN freed f ON f.ident = k.ident WHERE k.package_id = p.id AND NOT "
    + _DONE.format(report="f.report_id")
    + ")"
)


class Eligible(NamedTuple):
    """A package that may be reported now. `codes`: its children and itself, as the limit counts them."""

    id: int
    job_id: int
    level: str
    codes: int


class Wait(NamedTuple):
    """What a closed package waits for: `stuck` where only a person can end it. `report_id`: the one it depends on."""

    what: Fact
    stuck: bool
    report_id: int | None


def eligible(connection: Connection, limit: int) -> list[Eligible]:
    """Packages that may be reported now, in the order of their rows."""
    rows = connection.execute(
        f"SELECT p.id, p.job_id, p.level, p.holds + 1 FROM package p WHERE {_ELIGIBLE} ORDER BY p.id LIMIT ?", (limit,)
    )
    return [Eligible(*row) for row in rows.fetchall()]


def version(connection: Connection) -> tuple[int, int]:
    """Changes whenever a package may have become eligible: a closing or rework, or an outcome."""
    row = connection.execute(
        "SELECT coalesce((SELECT max(id) FROM report_event), 0) + coalesce((SELECT max(id) FROM code_event), 0), "
        "coalesce((SELECT max(closed_no) FROM package WHERE closed_no > 0), 0)"
    ).fetchone()
    return int(row[0]), int(row[1])


def is_eligible(connection: Connection, package_id: int) -> bool:
    """Whether a package may be reported now."""
    return bool(connection.execute(f"SELECT 1 FROM package p WHERE p.id = ? AND {_ELIGIBLE}", (package_id,)).fetchone())


def on_its_way(connection: Connection, job_id: int, level: str) -> bool:
    """Whether a waiting package of this job and level may still become eligible by itself."""
    rows = connection.execute(
        "SELECT id FROM package WHERE state = 'closed' AND batch_id IS NULL AND job_id = ? AND level = ?",
        (job_id, level),
    ).fetchall()
    return any(not waits_for(connection, row[0]).stuck for row in rows)


def waits_for(connection: Connection, package_id: int) -> Wait:
    """What a closed, unreported package waits for, for people; the most serious reason."""
    row = connection.execute(
        "SELECT after_report, child_level, ident, code_id FROM package WHERE id = ?", (package_id,)
    ).fetchone()
    after_report, child_level, ident, code_id = row
    if after_report is not None:
        found = _disaggregation(connection, after_report)
        if found is not None:
            return found
    table = "code" if child_level == Level.UNIT else "package"
    children = connection.execute(
        f"SELECT own, batch_id, count(*) FROM {table} WHERE package_id = ? GROUP BY own, batch_id", (package_id,)
    ).fetchall()
    if code_id is not None:
        children += connection.execute("SELECT own, batch_id, 1 FROM code WHERE ident = ?", (ident,)).fetchall()
    return _children(connection, children, table == "code") or _freed(connection, package_id)


def _children(connection: Connection, rows: list[tuple[str | None, int | None, int]], units: bool) -> Wait | None:
    buckets: dict[str, tuple[int, int | None]] = {}
    for own, batch_id, count in rows:
        report = reports.current_report(connection, batch_id) if batch_id is not None else None
        bucket = own or (report.bucket if report is not None else CodeState.UNREPORTED)
        before = buckets.get(bucket, (0, None))
        buckets[bucket] = (before[0] + count, report.id if report is not None else before[1])
    for bucket, stuck in (
        (CodeState.REFUSED, True),
        (CodeState.HELD, True),
        (CodeState.REPORTED, False),
        (CodeState.UNREPORTED, False),
    ):
        if bucket in buckets:
            count, report_id = buckets[bucket]
            return Wait(_waiting(units, count, bucket, report_id), stuck, report_id)
    strange = [bucket for bucket in buckets if bucket != CodeState.ACCEPTED]
    if not strange:
        return None
    states = ", ".join(strange)
    return Wait(Fact(PackageFact.STRANGE_CODES if units else PackageFact.STRANGE_PACKAGES, states=states), True, None)


def _waiting(units: bool, n: int, state: str, report_id: int | None) -> Fact:
    if report_id is None:
        return Fact(PackageFact.CODES if units else PackageFact.PACKAGES, n=n, state=state)
    return Fact(
        PackageFact.CODES_OF_REPORT if units else PackageFact.PACKAGES_OF_REPORT, n=n, state=state, report=report_id
    )


def _disaggregation(connection: Connection, report_id: int) -> Wait | None:
    done = connection.execute(f"SELECT {_DONE.format(report='?')}", (report_id,)).fetchone()[0]
    if done:
        return None
    report = reports.get(connection, report_id)
    stuck = report is None or report.state in {
        ReportState.HELD,
        ReportState.REFUSED,
        ReportState.PARTIAL,
        ReportState.RELEASED,
        ReportState.VOID,
    }
    state = report.state if report is not None else "unknown"
    return Wait(Fact(PackageFact.DISAGGREGATION, report=report_id, report_state=state), stuck, report_id)


def _freed(connection: Connection, package_id: int) -> Wait:
    rows = connection.execute(
        "SELECT f.report_id FROM freed f WHERE f.ident IN (SELECT ident FROM code WHERE package_id = ?) OR f.ident IN "
        "(SELECT ident FROM package WHERE package_id = ?)",
        (package_id, package_id),
    ).fetchall()
    for (report_id,) in rows:
        found = _disaggregation(connection, report_id)
        if found is not None:
            return found
    return Wait(Fact(PackageFact.QUEUED), False, None)
