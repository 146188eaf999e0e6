"""Old reads, grades, bodies and report events move to a file a year beside the journal, and are read from there.

    <journal>.archive-2026.db

What is decided with never moves: codes, their states, their memberships, the sums; so a duplicate is one for ever. Of
each table the newest row stays, because SQLite gives the number of a newest row that went away once more. Rows move in
small steps: read, written to the archive and synced, deleted in the journal. A crash in between leaves a row in both,
which the next step puts right. Rows in an archive stand for themselves: codes and devices by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from lined.journal.database import Connection, SqliteError, open_archive, open_untouched
from lined.vocabulary.reports import FINAL

STEP_ROWS = 200  # deleted in one transaction: about a millisecond of somebody's verdict

_SCHEMA = """
CREATE TABLE IF NOT EXISTS read (
    id INTEGER, at_ms INTEGER, device TEXT, job_id INTEGER, verdict TEXT, ident TEXT, raw BLOB, PRIMARY KEY (id, at_ms)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS read_ident ON read (ident) WHERE ident IS NOT NULL;
CREATE TABLE IF NOT EXISTS grade (
    id INTEGER, at_ms INTEGER, device TEXT, job_id INTEGER, verdict TEXT, ident TEXT, class TEXT, said TEXT, value REAL,
    formal TEXT, device_at TEXT, PRIMARY KEY (id, at_ms)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS grade_ident ON grade (ident);
CREATE TABLE IF NOT EXISTS report_event (
    id INTEGER, at_ms INTEGER, report_id INTEGER, before TEXT, after TEXT, why TEXT, evidence TEXT,
    PRIMARY KEY (id, at_ms)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS report_event_report ON report_event (report_id);
CREATE TABLE IF NOT EXISTS body (id INTEGER, at_ms INTEGER, packed BLOB, PRIMARY KEY (id, at_ms))
"""

_DEVICE = "(SELECT id FROM device WHERE no = t.device_no)"
_FINISHED = "r.state IN ('" + "', '".join(sorted(FINAL)) + "') AND r.due_ms IS NULL AND r.final_ms < :cut"
# Each: rows in the order of the archive's columns, id and at_ms first, older than :cut, from :after on.
_OLD = {
    "read": (
        f"SELECT t.id, t.at_ms, {_DEVICE}, t.job_id, t.verdict, (SELECT ident FROM code WHERE id = t.code_id), t.raw "
        "FROM read t WHERE t.id > :after AND t.id < (SELECT max(id) FROM read) AND t.at_ms < :cut "
        "ORDER BY t.id LIMIT :most"
    ),
    "grade": (
        f"SELECT t.id, t.at_ms, {_DEVICE}, t.job_id, t.verdict, t.ident, t.class, t.said, t.value, t.formal, "
        "t.device_at "
        "FROM grade t WHERE t.id > :after AND t.id < (SELECT max(id) FROM grade) AND t.at_ms < :cut "
        "AND t.batch_id IS NULL ORDER BY t.id LIMIT :most"
    ),
    "report_event": (
        "SELECT t.id, t.at_ms, t.report_id, t.before, t.after, t.why, t.evidence FROM report_event t "
        f"JOIN report r ON r.id = t.report_id WHERE t.id > :after AND {_FINISHED} "
        "AND t.id < (SELECT max(id) FROM report_event) ORDER BY t.id LIMIT :most"
    ),
    "body": (
        "SELECT t.report_id, r.final_ms, t.packed FROM body t JOIN report r ON r.id = t.report_id "
        f"WHERE t.report_id > :after AND {_FINISHED} ORDER BY t.report_id LIMIT :most"
    ),
}
TABLES = tuple(_OLD)
_KEY = {"body": "report_id"}
_MOST = {"body": 2}  # half a megabyte each

Row = tuple[Any, ...]


class Slice(NamedTuple):
    """Rows of one table that are old enough; the first two columns are their number and moment."""

    table: str
    rows: list[Row]


def old_rows(connection: Connection, table: str, cut_ms: int, after: int) -> Slice:
    """The next rows older than `cut_ms` behind number `after`; none: there are no more."""
    most = _MOST.get(table, STEP_ROWS)
    rows = connection.execute(_OLD[table], {"cut": cut_ms, "after": after, "most": most}).fetchall()
    return Slice(table, [tuple(row) for row in rows])


def put(journal: Path, found: Slice) -> None:
    """Write rows to the archives of their years; on disk when it returns. Rows that are there already stay."""
    by_year: dict[int, list[Row]] = {}
    for row in found.rows:
        by_year.setdefault(datetime.fromtimestamp(row[1] / 1000, UTC).year, []).append(row)
    for year, rows in by_year.items():
        connection = open_archive(journal.with_name(f"{journal.name}.archive-{year}.db"))
        try:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute("BEGIN IMMEDIATE")
            marks = ",".join("?" * len(rows[0]))
            connection.executemany(f"INSERT OR IGNORE INTO {found.table} VALUES ({marks})", rows)
            connection.execute("COMMIT")
        finally:
            connection.close()


def drop(connection: Connection, found: Slice) -> None:
    """Delete in the journal what the archive has."""
    key = _KEY.get(found.table, "id")
    connection.executemany(f"DELETE FROM {found.table} WHERE {key} = ?", [(row[0],) for row in found.rows])


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def reads_of(connection: Connection, ident: str, most: int) -> list[tuple[int, str | None, int, str]]:
    """Archived reads of a code that did not apply it, oldest first: at_ms, device, job, verdict."""
    statement = "SELECT at_ms, device, job_id, verdict FROM read WHERE ident = ? ORDER BY at_ms DESC LIMIT ?"
    return sorted(_asked(connection, statement, (ident, most)))[-most:]


def grades_of(connection: Connection, ident: str, most: int) -> list[Row]:
    """Archived gradings of a code, oldest first: at_ms, device, class, said, value, formal, verdict, no report."""
    statement = (
        "SELECT at_ms, device, class, said, value, formal, verdict, NULL FROM grade WHERE ident = ? "
        "ORDER BY at_ms DESC LIMIT ?"
    )
    return sorted(_asked(connection, statement, (ident, most)), key=lambda row: int(row[0]))[-most:]


def events_of(connection: Connection, report_id: int, most: int, evidence_chars: int) -> list[Row]:
    """Archived events of a report, oldest first: at_ms, before, after, why, evidence."""
    statement = (
        "SELECT id, at_ms, before, after, why, substr(evidence, 1, ?) FROM report_event WHERE report_id = ? "
        "ORDER BY id DESC LIMIT ?"
    )
    rows = sorted(_asked(connection, statement, (evidence_chars, report_id, most)), key=lambda row: int(row[0]))
    return [row[1:] for row in rows[-most:]]


def body_of(connection: Connection, report_id: int) -> bytes | None:
    """The archived body of a report, packed; None where there is none."""
    rows = _asked(connection, "SELECT at_ms, packed FROM body WHERE id = ?", (report_id,))
    return bytes(max(rows)[1]) if rows else None


def archives(journal: Path) -> list[Path]:
    """The archive files of a journal, oldest year first."""
    named = re.compile(rf"{re.escape(journal.name)}\.archive-\d{{4}}\.db")
    return sorted(path for path in journal.parent.glob("*.db") if named.fullmatch(path.name))


def _asked(connection: Connection, statement: str, parameters: Sequence[object]) -> list[Row]:
    """Of all archives; one that cannot be read gives nothing: old stories must not hide new ones."""
    found: list[Row] = []
    for path in archives(_file_of(connection)):
        try:
            with open_untouched(path) as archive:
                found += archive.execute(statement, tuple(parameters)).fetchall()
        except SqliteError:
            continue
    return found


def _file_of(connection: Connection) -> Path:
    return next(Path(row[2]) for row in connection.execute("PRAGMA database_list") if row[1] == "main")
