"""Rows of `code`: what makes a code a duplicate, and what became of it; of `code_event`: how that came about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables.reports import ReportRow, current_report, shift
from lined.vocabulary.codes import CodeState
from lined.vocabulary.facts import from_column, to_column

_CHUNK = 250  # parameters of one look-up; a multiple of it is padded, so that SQLite compiles the statement once
_FIND = (
    "SELECT ident, id, tail, at_ms, device_no, job_id, batch_id, own FROM code WHERE ident IN ("
    + ",".join("?" * _CHUNK)
    + ")"
)
_FIND_ONE = "SELECT ident, id, tail, at_ms, device_no, job_id, batch_id, own FROM code WHERE ident = ?"
_LAST_UP_TO = (
    "SELECT ident, id, tail, at_ms, device_no, job_id, batch_id, own FROM code WHERE ident <= ? "
    "ORDER BY ident DESC LIMIT 1"
)
_OF_REPORT = "FROM code WHERE id BETWEEN ? AND ? AND batch_id = ?"  # at most 30,000 neighbours
_INSERT = "INSERT INTO code (id, ident, tail, at_ms, device_no, job_id, batch_id) VALUES (?, ?, ?, ?, ?, ?, ?)"


class KnownCode(NamedTuple):
    """A code this journal has seen applied. `own`: its own state, or None where its batch's report says it."""

    ident: str
    id: int
    tail: str
    at_ms: int
    device_no: int
    job_id: int
    batch_id: int
    own: str | None


def find(connection: Connection, idents: Sequence[str]) -> dict[str, KnownCode]:
    """Those of the identification codes that are known, in a dictionary by identification code."""
    if len(idents) < 8:
        rows: list[tuple[object, ...]] = []
        for ident in idents:
            rows += connection.execute(_FIND_ONE, (ident,)).fetchall()
        return {row[0]: KnownCode(*row) for row in rows}  # type: ignore[misc, arg-type]
    found: dict[str, KnownCode] = {}
    for start in range(0, len(idents), _CHUNK):
        part = list(idents[start : start + _CHUNK])
        part += [""] * (_CHUNK - len(part))
        for row in connection.execute(_FIND, part):
            found[row[0]] = KnownCode(*row)
    return found


def beginning(connection: Connection, text: str) -> KnownCode | None:
    """The known code that a text begins with, whatever of its check part and separators follows; None where none is."""
    row = connection.execute(_LAST_UP_TO, (text,)).fetchone()
    return KnownCode(*row) if row is not None and text.startswith(row[0]) else None


def insert(connection: Connection, rows: Iterable[tuple[int, str, str, int, int, int, int]]) -> None:
    """New codes: (id, ident, tail, at_ms, device_no, job_id, batch_id). sqlite3.IntegrityError on a known one."""
    connection.executemany(_INSERT, rows)


def remove(connection: Connection, code_id: int) -> None:
    """Its row goes; what else tells of it stays, and is moved to the code's next id."""
    connection.execute("DELETE FROM code WHERE id = ?", (code_id,))


def forget(connection: Connection, up_to: int) -> None:
    """Of a rehearsal: the oldest codes, up to that id."""
    connection.execute("DELETE FROM code WHERE id <= ?", (up_to,))


def last_detail(connection: Connection, code_id: int, what: str) -> str | None:
    """The detail of the newest line of that kind in a code's story."""
    row = connection.execute(
        "SELECT detail FROM code_event WHERE code_id = ? AND what = ? ORDER BY id DESC LIMIT 1", (code_id, what)
    ).fetchone()
    return from_column(str(row[0])) if row else None


def move_events(connection: Connection, before: int, after: int) -> None:
    """The story of a code follows it to its new id."""
    connection.execute("UPDATE code_event SET code_id = ? WHERE code_id = ?", (after, before))


def last_id(connection: Connection) -> int:
    """The id of the newest code; 0 where there is none."""
    row = connection.execute("SELECT max(id) FROM code").fetchone()
    return int(row[0] or 0)


def applied_after(connection: Connection, code_id: int) -> Iterator[tuple[int, int, int]]:
    """Of codes that came after that one: id, number of the device, when."""
    return iter(connection.execute("SELECT id, device_no, at_ms FROM code WHERE id > ?", (code_id,)))


def bucket_of(connection: Connection, code: KnownCode) -> str:
    """Which of the sums of `/status` the code stands in: unreported, reported, accepted, refused, held, withdrawn."""
    if code.own is not None:
        return code.own
    report = current_report(connection, code.batch_id)
    return report.bucket if report is not None else CodeState.UNREPORTED


def set_own(
    connection: Connection,
    code: KnownCode,
    own: str,
    at_ms: int,
    *,
    detail: str,
    by: str = "",
    report_id: int | None = None,
) -> None:
    """Give one code a state of its own, keep why, move the sums. No change where it has that state already."""
    before = bucket_of(connection, code)
    if code.own == own:
        return
    connection.execute("UPDATE code SET own = ? WHERE id = ?", (own, code.id))
    if code.own is None:
        connection.execute(
            "UPDATE report SET codes = codes - 1, revision = revision + 1 WHERE id = ("
            "SELECT max(id) FROM report WHERE batch_id = ?)",
            (code.batch_id,),
        )
    record(connection, code.id, at_ms, own, detail, by=by, report_id=report_id)
    shift(connection, code.job_id, before, own, 1)


def record(
    connection: Connection,
    code_id: int,
    at_ms: int,
    what: str,
    detail: str,
    *,
    by: str = "",
    report_id: int | None = None,
) -> None:
    """One line of a code's story that no other table tells."""
    connection.execute(
        "INSERT INTO code_event (code_id, at_ms, what, detail, report_id, by) VALUES (?, ?, ?, ?, ?, ?)",
        (code_id, at_ms, what, to_column(detail), report_id, by or None),
    )


# ── the codes of a report: all of its batch ─────────────────────────────────────────────────────────────────────────


def of_report(connection: Connection, report: ReportRow) -> Iterator[tuple[str, str]]:
    """Identification code and check part of each, read as they are asked for."""
    return iter(connection.execute(f"SELECT ident, tail {_OF_REPORT}", report.span))


def left(connection: Connection, report: ReportRow, size: int) -> Iterator[list[tuple[str, str]]]:
    """The same of those without a state of their own, in the order they were applied, in slices read as they are asked
    for.
    """
    cursor = connection.execute(f"SELECT ident, tail {_OF_REPORT} AND own IS NULL ORDER BY id", report.span)
    while rows := cursor.fetchmany(size):
        yield rows


def count_left(connection: Connection, report: ReportRow) -> int:
    """How many have no state of their own."""
    return int(connection.execute(f"SELECT count(*) {_OF_REPORT} AND own IS NULL", report.span).fetchone()[0])


def with_own(connection: Connection, report: ReportRow, own: str) -> list[str]:
    """Those that have this state of their own."""
    rows = connection.execute(f"SELECT ident {_OF_REPORT} AND own = ?", (*report.span, own))
    return [row[0] for row in rows]


def unless_other(connection: Connection, report: ReportRow, own: str) -> list[str]:
    """Those that have this state of their own or none, in the order they were applied."""
    rows = connection.execute(
        f"SELECT ident {_OF_REPORT} AND coalesce(own, ?) = ? ORDER BY id", (*report.span, own, own)
    )
    return [row[0] for row in rows]
