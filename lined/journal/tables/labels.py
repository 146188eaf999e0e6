"""Rows of `label`: what was given to printers, one row each time.

    wanted → given → printed            see lined/vocabulary/printing.py for every edge
                  ↘ unsure, not-taken   set aside: printed again only as another row, asked for by a person

A row is `given`, durably, before a byte of it leaves. `earlier_id`: the label that this one is printed again for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import counters
from lined.vocabulary.facts import from_column, to_column
from lined.vocabulary.printing import LabelState

SENT = "label.sent"  # ever given
SEEN = "label.seen"  # of the printed ones
CREATED = """
CREATE TABLE label (
    id INTEGER PRIMARY KEY, ident TEXT NOT NULL, tail TEXT NOT NULL, package INTEGER NOT NULL, printer TEXT NOT NULL,
    job_id INTEGER NOT NULL, state TEXT NOT NULL, why TEXT, by TEXT, earlier_id INTEGER, asked_ms INTEGER NOT NULL,
    given_ms INTEGER, ended_ms INTEGER, seen_ms INTEGER
);
CREATE INDEX label_ident ON label (ident);
CREATE INDEX label_under_way ON label (printer, state, id) WHERE state IN ('wanted', 'given');
CREATE INDEX label_aside ON label (id) WHERE state IN ('unsure', 'not-taken');
CREATE INDEX label_unseen ON label (id) WHERE seen_ms IS NULL AND package = 0 AND state IN ('printed', 'unsure')
"""
_UNSEEN = "seen_ms IS NULL AND package = 0 AND state IN ('printed', 'unsure')"
_ASIDE = "state IN ('unsure', 'not-taken')"
_CHUNK = 250


class LabelRow(NamedTuple):
    """`tail`: the check part; empty for an SSCC. `why`: why it is set aside, or printed again. `by`: who asked."""

    id: int
    ident: str
    tail: str
    package: int
    printer: str
    job_id: int
    state: str
    why: str | None
    by: str | None
    earlier_id: int | None
    asked_ms: int
    given_ms: int | None
    ended_ms: int | None
    seen_ms: int | None


class Unseen(NamedTuple):
    """Labels of a printer that were printed before some moment and no reader has seen."""

    printer: str
    labels: int
    first_ms: int
    last_ms: int


_COLUMNS = ", ".join(LabelRow._fields)


def want(
    connection: Connection,
    *,
    ident: str,
    tail: str,
    package: bool,
    printer: str,
    job_id: int,
    at_ms: int,
    why: str | None = None,
    by: str | None = None,
    earlier_id: int | None = None,
) -> int:
    """A label that its printer is to print next. Returns its number."""
    cursor = connection.execute(
        "INSERT INTO label (ident, tail, package, printer, job_id, state, why, by, earlier_id, asked_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (ident, tail, int(package), printer, job_id, LabelState.WANTED, to_column(why), by, earlier_id, at_ms),
    )
    return int(cursor.lastrowid or 0)


def give_wanted(connection: Connection, printer: str, most: int, at_ms: int, since_ms: int) -> list[LabelRow]:
    """The oldest that wait for this printer and were asked for since a moment, given now."""
    found = _rows(
        connection.execute(
            f"SELECT {_COLUMNS} FROM label WHERE printer = ? AND state = 'wanted' AND asked_ms >= ? "
            "ORDER BY id LIMIT ?",
            (printer, since_ms, most),
        )
    )
    connection.executemany(
        "UPDATE label SET state = ?, given_ms = ? WHERE id = ?", [(LabelState.GIVEN, at_ms, row.id) for row in found]
    )
    for row in found:
        counters.add(connection, row.job_id, {SENT: 1, f"label.{LabelState.GIVEN}": 1})
    return [row._replace(state=LabelState.GIVEN, given_ms=at_ms) for row in found]


def waits(connection: Connection, printer: str, since_ms: int) -> bool:
    """Whether a label that was asked for since a moment waits for this printer."""
    asked = "SELECT 1 FROM label WHERE printer = ? AND state = 'wanted' AND asked_ms >= ? LIMIT 1"
    return connection.execute(asked, (printer, since_ms)).fetchone() is not None


def give(
    connection: Connection, printer: str, job_id: int, codes: Sequence[tuple[str, str]], at_ms: int
) -> list[LabelRow]:
    """Codes out of a pool, as (identification code, check part), given now."""
    first = int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM label").fetchone()[0])
    rows = [
        LabelRow(number, ident, tail, 0, printer, job_id, LabelState.GIVEN, None, None, None, at_ms, at_ms, None, None)
        for number, (ident, tail) in enumerate(codes, first)
    ]
    connection.executemany(f"INSERT INTO label ({_COLUMNS}) VALUES ({','.join('?' * len(LabelRow._fields))})", rows)
    counters.add(connection, job_id, {SENT: len(rows), f"label.{LabelState.GIVEN}": len(rows)})
    return rows


def set_aside(connection: Connection, printer: str, why: str, at_ms: int) -> int:
    """What was given to this printer and is not known to be printed: nobody knows. Returns how many."""
    found = _rows(connection.execute(f"SELECT {_COLUMNS} FROM label WHERE printer = ? AND state = 'given'", (printer,)))
    _end(connection, found, LabelState.UNSURE, at_ms, why)
    return len(found)


def printed(connection: Connection, printer: str, numbers: Sequence[int], at_ms: int) -> list[LabelRow]:
    """The printer's own word. Of a label that is printed already, or another printer's, it changes nothing. Returns
    those that it changed, as they were.
    """
    found = [
        row
        for row in _of_numbers(connection, numbers)
        if row.printer == printer and row.state in (LabelState.GIVEN, LabelState.UNSURE)
    ]
    _end(connection, found, LabelState.PRINTED, at_ms, None)
    return found


def not_taken(connection: Connection, printer: str, number: int, why: str, at_ms: int) -> bool:
    """The printer refused it, or cannot be told it."""
    found = [
        row for row in _of_numbers(connection, [number]) if (row.printer, row.state) == (printer, LabelState.GIVEN)
    ]
    _end(connection, found, LabelState.NOT_TAKEN, at_ms, why)
    return bool(found)


def unseen_after(connection: Connection, number: int, most: int) -> list[int]:
    """Numbers of labels that may be out and that no reader has seen, behind a number, in order."""
    return [
        one
        for (one,) in connection.execute(
            f"SELECT id FROM label WHERE id > ? AND {_UNSEEN} ORDER BY id LIMIT ?", (number, most)
        )
    ]


def note_seen(connection: Connection, numbers: Sequence[int], at_ms: int) -> None:
    """A reader has seen them: one that was unsure is printed."""
    for row in _of_numbers(connection, numbers):
        if row.seen_ms is None and row.state in (LabelState.PRINTED, LabelState.UNSURE):
            if row.state == LabelState.UNSURE:
                _end(connection, [row], LabelState.PRINTED, row.ended_ms or at_ms, row.why)
            connection.execute("UPDATE label SET seen_ms = ? WHERE id = ?", (at_ms, row.id))
            counters.add(connection, row.job_id, {SEEN: 1})


def unseen(connection: Connection, printer: str, before_ms: int) -> Unseen | None:
    """Those of a printer that were printed before a moment and are still to be seen; None: there are none."""
    count, first, last = connection.execute(
        f"SELECT count(*), min(ended_ms), max(ended_ms) FROM label "
        f"WHERE {_UNSEEN} AND state = 'printed' AND printer = ? AND ended_ms < ?",
        (printer, before_ms),
    ).fetchone()
    return Unseen(printer, count, first, last) if count else None


def unsure(connection: Connection, printer: str) -> int:
    """How many of a printer's labels wait for somebody to say what became of them."""
    asked = f"SELECT count(*) FROM label WHERE {_ASIDE} AND state = 'unsure' AND printer = ?"
    return int(connection.execute(asked, (printer,)).fetchone()[0])


def newest_of(connection: Connection, ident: str) -> LabelRow | None:
    """The last label of a code; None: it was never given to a printer."""
    found = _rows(
        connection.execute(f"SELECT {_COLUMNS} FROM label WHERE ident = ? ORDER BY id DESC LIMIT 1", (ident,))
    )
    return found[0] if found else None


def known(connection: Connection, idents: Sequence[str]) -> set[str]:
    """Those of the identification codes that were ever given to a printer, or wait for one."""
    found: set[str] = set()
    for start in range(0, len(idents), _CHUNK):
        part = [*idents[start : start + _CHUNK]]
        part += [""] * (_CHUNK - len(part))
        marks = ",".join("?" * _CHUNK)
        found.update(one for (one,) in connection.execute(f"SELECT ident FROM label WHERE ident IN ({marks})", part))
    return found


def page(connection: Connection, most: int, before: int | None) -> list[LabelRow]:
    """Newest first, from before a number."""
    return _page(connection, "TRUE", most, before)


def aside(connection: Connection, most: int, before: int | None) -> list[LabelRow]:
    """The same of those that nobody knows of, or that were not taken."""
    return _page(connection, _ASIDE, most, before)


def _page(connection: Connection, which: str, most: int, before: int | None) -> list[LabelRow]:
    return _rows(
        connection.execute(
            f"SELECT {_COLUMNS} FROM label WHERE {which} AND (?1 IS NULL OR id < ?1) ORDER BY id DESC LIMIT ?2",
            (before, most),
        )
    )


def replace(connection: Connection, row: LabelRow, why: str, at_ms: int) -> None:
    """Another label is to take its place."""
    _end(connection, [row], LabelState.REPLACED, at_ms, why)
    if row.seen_ms is not None:
        counters.add(connection, row.job_id, {SEEN: -1})


def _end(connection: Connection, rows: Sequence[LabelRow], state: str, at_ms: int, why: str | None) -> None:
    connection.executemany(
        "UPDATE label SET state = ?, ended_ms = ?, why = coalesce(?, why) WHERE id = ?",
        [(state, at_ms, to_column(why), row.id) for row in rows],
    )
    changes: dict[int, dict[str, int]] = {}
    for row in rows:
        of_job = changes.setdefault(row.job_id, {})
        for name, n in ((f"label.{row.state}", -1), (f"label.{state}", 1)):
            of_job[name] = of_job.get(name, 0) + n
    for job_id, each in changes.items():
        counters.add(connection, job_id, each)


def _of_numbers(connection: Connection, numbers: Sequence[int]) -> list[LabelRow]:
    found: list[LabelRow] = []
    for start in range(0, len(numbers), _CHUNK):
        part: list[int | None] = [*numbers[start : start + _CHUNK]]
        part += [None] * (_CHUNK - len(part))
        marks = ",".join("?" * _CHUNK)
        found += _rows(connection.execute(f"SELECT {_COLUMNS} FROM label WHERE id IN ({marks})", part))
    return found


def _rows(found: Iterable[Sequence[object]]) -> list[LabelRow]:
    rows = [LabelRow._make(row) for row in found]
    return [row._replace(why=from_column(row.why)) if row.why else row for row in rows]
