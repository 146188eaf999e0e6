"""Tallies between two moments: counted out of the rows themselves, a slice of them at a time.

Rows are found by halving: numbers rise with time. Where a clock was wrong for a while, its rows are counted where they
stand. Each function is one short question; `slices` says which to ask. Reads older than the archive's age are not here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import counters, report_lists, reports
from lined.journal.tables.reports import ReportRow
from lined.vocabulary.codes import CodeState

SLICE = 20_000  # rows looked at in one question: some 10 ms
TABLES = ("read", "code", "grade")
REPORTS_MAX = 1_000
MINUTE_MS = 60_000


class Span(NamedTuple):
    """From a moment until before another, milliseconds since 1970; `job_id`: of that job alone."""

    from_ms: int
    to_ms: int
    job_id: int | None = None


class Range(NamedTuple):
    """Numbers of rows, from `first` to `last`."""

    first: int
    last: int


class Tally(NamedTuple):
    """Sums of one slice. `verdicts`: by device and verdict; `minutes`: reads by minute since 1970; `batches`: codes by
    batch and own state; `classes`: gradings by class, "-" for none; `packed`: codes that lie in a package, under "".
    """

    verdicts: Counter[tuple[str, str]]
    minutes: Counter[int]
    batches: Counter[tuple[int, str | None]]
    classes: Counter[str]
    packed: Counter[str]


def rows_in(connection: Connection, table: str, span: Span) -> Range:
    """The rows of a table in a span."""
    return Range(_first_at(connection, table, span.from_ms), _first_at(connection, table, span.to_ms) - 1)


def _first_at(connection: Connection, table: str, at_ms: int) -> int:
    """The number of the first row at that moment or later; one more than the last where there is none."""
    low, high = connection.execute(f"SELECT coalesce(min(id), 1), coalesce(max(id), 0) + 1 FROM {table}").fetchone()
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            f"SELECT id, at_ms FROM {table} WHERE id >= ? ORDER BY id LIMIT 1", (middle,)
        ).fetchone()
        if row is None or row[1] >= at_ms:
            high = middle
        else:
            low = row[0] + 1
    return int(low)


def slices(found: Range) -> Iterator[Range]:
    for first in range(found.first, found.last + 1, SLICE):
        yield Range(first, min(first + SLICE - 1, found.last))


def tally(connection: Connection, table: str, part: Range, job_id: int | None) -> Tally:
    """One slice of `read`, `code` or `grade`."""
    where = "id BETWEEN ? AND ? AND (? IS NULL OR job_id = ?)"
    values = (*part, job_id, job_id)
    found = nothing()
    if table == "grade":
        rows = connection.execute(f"SELECT coalesce(class, '-'), count(*) FROM grade WHERE {where} GROUP BY 1", values)
        found.classes.update(dict(rows.fetchall()))
        return found
    verdict = "verdict" if table == "read" else "'accept'"
    for device, word, n in connection.execute(
        f"SELECT (SELECT id FROM device WHERE no = device_no), {verdict}, count(*) FROM {table} WHERE {where} "
        "GROUP BY device_no, 2",
        values,
    ):
        found.verdicts[str(device), word] += n
    minutes = connection.execute(
        f"SELECT at_ms / {MINUTE_MS}, count(*) FROM {table} WHERE {where} GROUP BY 1", values
    ).fetchall()
    found.minutes.update(dict(minutes))
    if table == "code":
        for batch, own, n, packed in connection.execute(
            f"SELECT batch_id, own, count(*), count(package_id) FROM code WHERE {where} GROUP BY 1, 2", values
        ):
            found.batches[batch, own] += n
            found.packed[""] += packed
    return found


def nothing() -> Tally:
    return Tally(Counter(), Counter(), Counter(), Counter(), Counter())


def groups_packed(connection: Connection, span: Span) -> int:
    """Closed GROUPs, applied in the span, that lie in a package: the package says so, not their own code."""
    row = connection.execute(
        "SELECT count(*) FROM package p JOIN code c ON c.id = p.code_id WHERE p.level = 'GROUP' "
        "AND p.state <> 'dissolved' AND p.package_id IS NOT NULL AND c.at_ms >= ? AND c.at_ms < ? "
        "AND (? IS NULL OR c.job_id = ?)",
        (span.from_ms, span.to_ms, span.job_id, span.job_id),
    ).fetchone()
    return int(row[0])


def of_plc(connection: Connection, span: Span) -> dict[str, int]:
    """What the PLC counted and confirmed, by the counters' names."""
    return counters.between(connection, span.from_ms, span.to_ms, span.job_id)


def applied_earlier(connection: Connection, span: Span) -> dict[str, int]:
    """Reads that applied codes which were withdrawn and applied again since, by device: their rows are gone."""
    rows = connection.execute(
        "SELECT detail, count(*) FROM code_event WHERE what = 'applied' AND at_ms >= ? AND at_ms < ? GROUP BY detail",
        (span.from_ms, span.to_ms),
    ).fetchall()
    return dict(rows)


def buckets(connection: Connection, batches: Counter[tuple[int, str | None]]) -> Counter[str]:
    """Codes by what they count as now."""
    found: Counter[str] = Counter()
    for (batch_id, own), n in batches.items():
        report = reports.current_report(connection, batch_id)
        found[own or (report.bucket if report is not None else CodeState.UNREPORTED)] += n
    return found


def documents(connection: Connection, span: Span) -> list[ReportRow]:
    """Reports that hold something of the span, oldest first."""
    return report_lists.of_span(connection, span.from_ms, span.to_ms, span.job_id, REPORTS_MAX)


def closed_packages(connection: Connection, span: Span) -> dict[str, tuple[int, int]]:
    """Packages closed in the span, by level: how many, and how much they hold."""
    rows = connection.execute(
        "SELECT level, count(*), sum(holds) FROM package WHERE state = 'closed' AND closed_ms >= ? AND closed_ms < ? "
        "AND (? IS NULL OR job_id = ?) GROUP BY level",
        (span.from_ms, span.to_ms, span.job_id, span.job_id),
    ).fetchall()
    return {level: (n, holds) for level, n, holds in rows}


def jobs_in(connection: Connection, span: Span) -> list[int]:
    """Jobs that ran in the span, oldest first."""
    rows = connection.execute(
        "SELECT id FROM job WHERE started_ms < ? AND coalesce(stopped_ms, ?) >= ? AND (? IS NULL OR id = ?) "
        "ORDER BY id",
        (span.to_ms, span.to_ms, span.from_ms, span.job_id, span.job_id),
    ).fetchall()
    return [int(row[0]) for row in rows]
