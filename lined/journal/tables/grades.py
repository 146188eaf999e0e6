"""Rows of `grade`: every reading of a print quality, and which of them stands for its code in a validation report.

A code is reported once: the first accepted reading makes it a member of the open batch. A later accepted reading
changes the class that will be sent, a later rejection takes it out, for as long as the batch is not frozen; afterwards
readings are kept and nothing more is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import report_lists, reports
from lined.journal.tables.reports import ReportRow
from lined.vocabulary.codes import CodeState
from lined.vocabulary.reports import ReportKind

_OF_REPORT = "FROM grade WHERE id BETWEEN ? AND ? AND batch_id = ?"
_CHECK_PART = "coalesce((SELECT tail FROM code c WHERE c.ident = grade.ident), '')"


class Reading(NamedTuple):
    """One reading of a code's grade. `class_`: A to F, None where the device gave no grade. `said`: its own words."""

    ident: str
    at_ms: int
    device_no: int
    job_id: int
    class_: str | None
    said: str | None
    value: float | None
    formal: str
    device_at: str
    verdict: str


class Membership(NamedTuple):
    """The row of a code in a validation batch. `frozen`: too late for changes."""

    id: int
    batch_id: int
    own: str | None
    frozen: bool


def keep(connection: Connection, reading: Reading) -> int:
    """Write down a reading. Returns its id."""
    cursor = connection.execute(
        "INSERT INTO grade (ident, at_ms, device_no, job_id, class, said, value, formal, device_at, verdict) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        reading,
    )
    return int(cursor.lastrowid or 0)


def membership(connection: Connection, ident: str) -> Membership | None:
    """The code's row in a validation batch, or None where it is in none yet."""
    row = connection.execute(
        "SELECT g.id, g.batch_id, g.own, EXISTS (SELECT 1 FROM report r WHERE r.batch_id = g.batch_id AND "
        "(r.frozen_ms IS NOT NULL OR r.state NOT IN ('open', 'sealed'))) "
        "FROM grade g WHERE g.ident = ? AND g.batch_id IS NOT NULL LIMIT 1",
        (ident,),
    ).fetchone()
    return Membership(row[0], row[1], row[2], bool(row[3])) if row else None


def join(connection: Connection, grade_id: int, class_: str, batch_id: int, at_ms: int) -> None:
    """The code of this reading becomes a member of an open batch."""
    connection.execute("UPDATE grade SET batch_id = ?, as_class = ? WHERE id = ?", (batch_id, class_, grade_id))
    connection.execute(
        "UPDATE report SET codes = codes + 1, last_code = ?, first_ms = coalesce(first_ms, ?), last_ms = ? "
        "WHERE id = ?",
        (grade_id, at_ms, at_ms, batch_id),
    )


def change_class(connection: Connection, member: Membership, class_: str) -> None:
    """A later accepted reading: this class will be sent; a code that had been taken out is in again."""
    connection.execute("UPDATE grade SET as_class = ?, own = NULL WHERE id = ?", (class_, member.id))
    _revise(connection, member, 0 if member.own is None else 1)


def take_out(connection: Connection, ident: str) -> None:
    """The item was rejected or withdrawn: its code is in no validation report, unless that is frozen already."""
    member = membership(connection, ident)
    if member is not None and not member.frozen and member.own is None:
        connection.execute("UPDATE grade SET own = ? WHERE id = ?", (CodeState.WITHDRAWN, member.id))
        _revise(connection, member, -1)


def open_batch(
    connection: Connection, job_id: int, attributes: Mapping[str, Any], most: int, grade_id: int, at_ms: int
) -> int:
    """The open validation batch of a job and package type (one of the `attributes`) that has room; a new one if need
    be.
    """
    for report in report_lists.with_room(connection, ReportKind.VALIDATION, job_id):
        if json.loads(report.attributes)["package_type"] == attributes["package_type"]:
            if report.codes < most:
                return report.id
            reports.change(connection, report.id, full=1)
    return reports.open_batch(
        connection,
        kind=ReportKind.VALIDATION,
        job_id=job_id,
        attributes=attributes,
        day=None,
        first_code=grade_id,
        at_ms=at_ms,
        early=False,
    )


# ── the codes of a report: all of its batch ─────────────────────────────────────────────────────────────────────────


def of_report(connection: Connection, report: ReportRow) -> Iterator[tuple[str, str]]:
    """Identification code and check part ("" where it is not known) of each, read as they are asked for."""
    return iter(connection.execute(f"SELECT ident, {_CHECK_PART} {_OF_REPORT}", report.span))


def left(connection: Connection, report: ReportRow, size: int, *, full: bool) -> Iterator[list[tuple[str, str]]]:
    """(code, class) of those without a state of their own, in order, in slices read as they are asked for. `full`: with
    the check part where it is known.
    """
    tail = _CHECK_PART if full else "''"
    cursor = connection.execute(
        f"SELECT ident || {tail}, as_class {_OF_REPORT} AND own IS NULL ORDER BY id", report.span
    )
    while rows := cursor.fetchmany(size):
        yield rows


def count_left(connection: Connection, report: ReportRow) -> int:
    """How many have no state of their own."""
    return int(connection.execute(f"SELECT count(*) {_OF_REPORT} AND own IS NULL", report.span).fetchone()[0])


def with_own(connection: Connection, report: ReportRow, own: str) -> list[str]:
    """Those that have this state of their own."""
    rows = connection.execute(f"SELECT ident {_OF_REPORT} AND own = ?", (*report.span, own))
    return [row[0] for row in rows]


def set_own(connection: Connection, report: ReportRow, ident: str, own: str) -> None:
    """Give one of them a state of its own; its report counts it no more."""
    changed = connection.execute(
        "UPDATE grade SET own = ? WHERE ident = ? AND batch_id = ? AND own IS NULL",
        (own, ident, report.batch_id),
    ).rowcount
    reports.lose(connection, report.id, changed)
    if not changed:
        connection.execute("UPDATE grade SET own = ? WHERE ident = ? AND batch_id = ?", (own, ident, report.batch_id))


def _revise(connection: Connection, member: Membership, codes: int) -> None:
    connection.execute(
        "UPDATE report SET codes = codes + ?, revision = revision + 1 WHERE id = ("
        "SELECT max(id) FROM report WHERE batch_id = ?)",
        (codes, member.batch_id),
    )
