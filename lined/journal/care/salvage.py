"""Recovery of a damaged journal: what can still be read, row by row, into a new file.

A page that cannot be read costs the rows on it: reading goes on behind them. The damaged file is not changed. The
result is a whole journal that can be looked at, or put in place with `lined restore`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils.db import Database

from lined.journal.care.backup import check_whole
from lined.journal.care.takeover import newest_ms
from lined.journal.database import Connection, SqliteError, open_copy, open_untouched
from lined.journal.files import sync_file, sync_folder
from lined.journal.schema import empty_drawer, migrations
from lined.journal.tables import drawer, life
from lined.vocabulary.errors import JournalError

SLICE = 500
STEP_MOST = 2**40  # no journal has so many rows

Row = tuple[Any, ...]


class Salvaged(NamedTuple):
    """Rows by table, and how often reading had to jump over something."""

    rows: dict[str, int]
    gaps: dict[str, int]


def salvage(damaged: Path, into: Path) -> Salvaged:
    """Read what can be read. Raises JournalError where nothing can, FileExistsError where `into` is there already."""
    if into.exists():
        raise FileExistsError(f"{into} is there already")
    part = into.with_name(into.name + ".part")
    part.unlink(missing_ok=True)
    rows: dict[str, int] = {}
    gaps: dict[str, int] = {}
    target = open_copy(part)
    try:
        with open_untouched(damaged) as source:
            migrations.apply(Database(target))
            target.execute("PRAGMA foreign_keys=OFF")
            for table in _tables(target):
                rows[table], gaps[table] = _table(source, target, table)
            if drawer.is_there(source):
                target.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
                rows["meta"], gaps["meta"] = _table(source, target, "meta")
                empty_drawer(target)
            newest = newest_ms(target)
            life.date(target, newest)
    except SqliteError as error:
        raise JournalError(f"nothing can be read of {damaged}: {error}") from error
    finally:
        target.close()
    check_whole(part)
    sync_file(part)
    part.rename(into)
    sync_folder(into.parent)
    return Salvaged(rows, gaps)


def _tables(target: Connection) -> list[str]:
    rows = target.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'")
    return [name for (name,) in rows.fetchall() if not name.startswith("sqlite_")]


def _table(source: Connection, target: Connection, table: str) -> tuple[int, int]:
    """How many rows came over, and how many gaps were jumped. A table that is not in the source has none of either."""
    ours = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    try:
        theirs = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    except SqliteError:
        theirs = set(ours)  # the schema itself is damaged: perhaps the rows can be read all the same
    names = [name for name in ours if name in theirs]
    if not names:
        return 0, 0
    columns = ", ".join(names)
    put = f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({', '.join('?' * len(names))})"
    reading = _Reading(source, table, columns)
    with_rowid = _has_rowid(target, table)
    target.execute("BEGIN")
    count = 0
    for rows in reading.by_rowid() if with_rowid else reading.from_both_ends():
        target.executemany(put, rows)
        count += len(rows)
    target.execute("COMMIT")
    return count, reading.gaps


def _has_rowid(target: Connection, table: str) -> bool:
    row = target.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return "WITHOUT ROWID" not in str(row[0]).upper()


class _Reading:
    """The rows of one table that can be read."""

    def __init__(self, source: Connection, table: str, columns: str) -> None:
        self._source = source
        self._table = table
        self._columns = columns
        self.gaps = 0

    def by_rowid(self) -> Iterator[list[Row]]:
        """Slice by slice; where one cannot be read, row by row, and behind the damage on."""
        after, size = -1, SLICE
        while True:
            rows = self._slice(after, size)
            if rows is None and size > 1:
                size = 1
                continue
            if rows is None:
                self.gaps += 1
                found = self._behind(after)
                if found is None:
                    return
                after = found
                continue
            if not rows:
                return
            yield [row[1:] for row in rows]
            after = rows[-1][0]
            size = min(SLICE, size * 2)

    def _slice(self, after: int, size: int) -> list[Row] | None:
        try:
            return self._source.execute(
                f"SELECT rowid, {self._columns} FROM {self._table} WHERE rowid > ? ORDER BY rowid LIMIT ?",
                (after, size),
            ).fetchall()
        except SqliteError:
            return None

    def _behind(self, after: int) -> int | None:
        """The smallest rowid found behind which reading works again; None: behind it nothing can be read."""
        step = 1
        while self._slice(after + step, 1) is None:
            step *= 2
            if step > STEP_MOST:
                return None
        least, most = step // 2, step
        while most - least > 1:
            middle = (least + most) // 2
            if self._slice(after + middle, 1) is None:
                least = middle
            else:
                most = middle
        return after + most

    def from_both_ends(self) -> Iterator[list[Row]]:
        """A small table without rowids: forward until the damage, backward until the damage."""
        for way in ("ASC", "DESC"):
            cursor = None
            try:
                cursor = self._source.execute(f"SELECT {self._columns} FROM {self._table} ORDER BY 1 {way}")
                while rows := cursor.fetchmany(1):
                    yield rows
            except SqliteError:
                self.gaps += 1
                continue
            return
