"""Times of packing and of production, by a right clock: the one never comes before the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce

from lined.journal.database import Connection
from lined.journal.tables.reports import ReportRow
from lined.journal.views.true_time import Right, TrueTime, later
from lined.vocabulary.packages import PackageState

_MEMBERS = "SELECT p.id FROM package p WHERE p.batch_id = :batch AND p.own IS NULL"
_CODES = f"FROM code c WHERE c.package_id IN ({_MEMBERS})"
_CLOSED = f"SELECT closed_no, closed_ms FROM package WHERE id IN ({_MEMBERS}) AND closed_ms IS NOT NULL"
_CHILDREN = f"SELECT closed_no, closed_ms FROM package WHERE package_id IN ({_MEMBERS}) AND closed_ms IS NOT NULL"
_GIVEN = (
    "SELECT DISTINCT (SELECT r.attributes ->> 'production_date' FROM report r WHERE r.batch_id = b.batch_id "
    f"ORDER BY r.id DESC LIMIT 1) FROM (SELECT DISTINCT c.batch_id {_CODES}) b"
)
_WAITING = "FROM package WHERE state = :closed AND batch_id IS NULL AND job_id = :job AND closed_ms IS NOT NULL"
_CHUNK = 250


def packed(true: TrueTime, connection: Connection, report: ReportRow) -> Right:
    """When the last package of an aggregation was closed, and never before what is in them was made."""
    batch = {"batch": report.batch_id}
    moments = [
        true.of_closing(number, closed_ms)
        for statement in (_CLOSED, _CHILDREN)
        for number, closed_ms in connection.execute(statement, batch).fetchall()
    ]
    low, high = connection.execute(f"SELECT min(c.id), max(c.id) {_CODES}", batch).fetchone()
    for first, last in true.code_spans(low, high):
        row = connection.execute(
            f"SELECT max(c.at_ms), max(c.id) {_CODES} AND c.id BETWEEN :first AND :last",
            {**batch, "first": first, "last": last},
        ).fetchone()
        moments += [] if row[0] is None else [true.of_code(int(row[1]), int(row[0]))]
    return reduce(later, moments) if moments else Right(report.opened_ms)


def given_dates(connection: Connection, report: ReportRow) -> list[str]:
    """The production dates that people gave for the units in the packages of an aggregation."""
    return [row[0] for row in connection.execute(_GIVEN, {"batch": report.batch_id}).fetchall() if row[0]]


def first_waiting(true: TrueTime, connection: Connection, job_id: int) -> Right | None:
    """When the first package of a job was closed whose content is not yet known to be applied; None: there is none."""
    which = {"closed": PackageState.CLOSED, "job": job_id}
    low, high = connection.execute(f"SELECT min(closed_no), max(closed_no) {_WAITING}", which).fetchone()
    found = [
        connection.execute(
            f"SELECT min(closed_ms), closed_no {_WAITING} AND closed_no BETWEEN :first AND :last",
            {**which, "first": first, "last": last},
        ).fetchone()
        for first, last in true.closing_spans(low, high)
    ]
    return _first(true.of_closing, ((row[1], row[0]) for row in found if row[0] is not None))


def first_containing(true: TrueTime, connection: Connection, code_ids: Sequence[int]) -> Right | None:
    """When the first package was closed that one of these codes lies in; None: they lie in none."""
    rows: list[tuple[int, int]] = []
    for start in range(0, len(code_ids), _CHUNK):
        part = code_ids[start : start + _CHUNK]
        rows += connection.execute(
            "SELECT DISTINCT p.closed_no, p.closed_ms FROM code c JOIN package p ON p.id = c.package_id "
            f"WHERE p.closed_ms IS NOT NULL AND c.id IN ({','.join('?' * len(part))})",
            part,
        ).fetchall()
    return _first(true.of_closing, rows)


def _first(of: Callable[[int | None, int], Right], rows: Iterable[tuple[int, int]]) -> Right | None:
    return min((of(number, at_ms) for number, at_ms in rows), default=None)
