"""Codes of a journal that was set aside, into the one that took its place; the daemon is stopped.

What the present journal knows already stays as it is. Each batch of the others becomes a report that is looked for at
the regulator first, whatever the old journal thought of it, and waits for a person where it is not found (see
`takeover`). So nothing that was acknowledged is left out, and nothing is reported twice. Packages, grades and rejected
reads are not taken over: they stay in the old file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lined.journal.care.backup import integrity
from lined.journal.care.takeover import PERSON
from lined.journal.database import Connection, SqliteError, open_untouched, open_writable, translated
from lined.journal.outcomes import seal
from lined.journal.reply_marks import ReplyMarks
from lined.journal.tables import clock_settings, codes, counters, life, pools, report_lists, reports
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact, TakeoverFact
from lined.vocabulary.reports import ReportKind, ReportState

SLICE = 1_000
# States of single codes that are kept.
FINAL_OWN = frozenset({CodeState.ACCEPTED, CodeState.REFUSED, CodeState.WITHDRAWN})
WHY = Fact(TakeoverFact.ADOPTED)

Code = tuple[str, str, int, int, str | None]


class Adopted(NamedTuple):
    """`orphans`: codes that were left out because the row of their report cannot be read."""

    codes: int
    reports: int
    orphans: int


def adopt(journal: Path, source: Path, at_ms: int) -> Adopted:
    """Take over every code of `source` that `journal` does not know. All of it or nothing; may be repeated.

    Raises JournalError where the journal was not stopped in order or one of the files cannot be used.
    """
    try:
        with open_untouched(source) as old:
            _need_whole(source, old)
            database = open_writable(journal)
            try:
                return _adopt(database.conn, old, journal, at_ms)
            finally:
                database.conn.close()
    except SqliteError as error:
        raise translated(error) or JournalError(f"{source} cannot be taken over: {error}") from error


def _need_whole(source: Path, old: Connection) -> None:
    """Of a damaged file only a part would be taken over, and nobody would hear of the rest. Raises JournalError."""
    try:
        whole = not integrity(old)
    except SqliteError:
        whole = False
    if not whole:
        raise to_be_recovered(source)


def to_be_recovered(source: Path) -> JournalError:
    """What to tell people whose file is damaged."""
    return JournalError(
        f"{source} is damaged: say `lined journal recover {source.name}` first, then adopt the file that makes"
    )


def _adopt(new: Connection, old: Connection, journal: Path, at_ms: int) -> Adopted:
    if life.was_stopped(new) is False:
        raise JournalError(f"{journal} was not stopped in order: start the daemon once and stop it, then try again")
    taken = made = orphans = 0
    new.execute("BEGIN IMMEDIATE")
    clock_settings.record(new, clock_settings.UNKNOWN, 0, at_ms)  # what is taken over was dated by whatever clock
    for (batch_id,) in old.execute("SELECT DISTINCT batch_id FROM code ORDER BY batch_id").fetchall():
        missing = list(_missing(new, old, batch_id))
        batch = report_lists.first_of_batch(old, batch_id, ReportKind.UTILISATION)
        if missing and batch is None:
            orphans += len(missing)
        elif missing and batch is not None:
            _take(new, old, batch, missing, at_ms)
            taken += len(missing)
            made += 1
    new.execute("COMMIT")
    _nothing_unsaid(new, journal)
    new.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return Adopted(taken, made, orphans)


def _missing(new: Connection, old: Connection, batch_id: int) -> Iterator[Code]:
    """Codes of an old batch that are not known here: ident, tail, at_ms, device, own."""
    cursor = old.execute(
        "SELECT ident, tail, at_ms, device_no, own FROM code WHERE batch_id = ? ORDER BY id", (batch_id,)
    )
    while rows := cursor.fetchmany(SLICE):
        known = codes.find(new, [row[0] for row in rows])
        yield from (row for row in rows if row[0] not in known)


def _take(new: Connection, old: Connection, batch: reports.ReportRow, missing: list[Code], at_ms: int) -> None:
    """One batch: its job, its report, its codes, the sums."""
    job_id = _job(new, old, batch.job_id, at_ms)
    devices = {number: _device(new, old, number) for number in {row[3] for row in missing}}
    first = codes.last_id(new) + 1
    attributes: dict[str, Any] = json.loads(batch.attributes)
    report_id = reports.open_batch(
        new,
        kind=ReportKind.UTILISATION,
        job_id=job_id,
        attributes=attributes,
        day=batch.day,
        first_code=first,
        at_ms=at_ms,
        early=False,
    )
    rows = [
        (number, ident, tail, when, devices[device], job_id, report_id)
        for number, (ident, tail, when, device, _) in enumerate(missing, first)
    ]
    codes.insert(new, rows)
    for pool in pools.present(new).values():
        given = pools.listed(new, pool, [ident for ident, *_ in missing])
        pools.count_applied(new, pool.no, len(given), list(given.values()).count(False))
    own = [(state, ident) for ident, _, _, _, state in missing if state in FINAL_OWN]
    new.executemany("UPDATE code SET own = ? WHERE ident = ?", own)
    left = len(missing) - len(own)
    sums = {"code.applied": len(missing), f"code.{CodeState.UNREPORTED}": left}
    for state, _ in own:
        sums[f"code.{state}"] = sums.get(f"code.{state}", 0) + 1
    counters.add(new, job_id, sums)
    moments = [row[2] for row in missing]
    reports.change(new, report_id, codes=left, full=1, first_ms=min(moments), last_ms=max(moments))
    sealed = reports.get(new, report_id)
    assert sealed is not None
    if seal(new, sealed, at_ms, WHY) != ReportState.VOID:
        reports.change(
            new,
            report_id,
            due_ms=None,
            waits_for=PERSON,
            problem=Fact(TakeoverFact.ADOPTED_LOOKED_FOR),
            attempt_server_ms=batch.opened_ms,
        )


def _job(new: Connection, old: Connection, job_id: int, at_ms: int) -> int:
    """The same job here, or a copy of it that has ended."""
    row = old.execute(
        "SELECT gtin, product, mode, attributes, started_ms, started_by, stopped_ms FROM job WHERE id = ?", (job_id,)
    )
    found = row.fetchone()
    if found is None:
        raise JournalError(f"job {job_id} of the old journal cannot be read")
    here = new.execute("SELECT id FROM job WHERE gtin = ? AND started_ms = ?", (found[0], found[4])).fetchone()
    if here is not None:
        return int(here[0])
    cursor = new.execute(
        "INSERT INTO job (gtin, product, mode, attributes, started_ms, started_by, stopped_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*found[:6], found[6] or at_ms),
    )
    return int(cursor.lastrowid or 0)


def _device(new: Connection, old: Connection, number: int) -> int:
    row = old.execute("SELECT id FROM device WHERE no = ?", (number,)).fetchone()
    name = str(row[0]) if row else f"unknown-{number}"
    new.execute("INSERT OR IGNORE INTO device (id) VALUES (?)", (name,))
    return int(new.execute("SELECT no FROM device WHERE id = ?", (name,)).fetchone()[0])


def _nothing_unsaid(new: Connection, journal: Path) -> None:
    """The old devices were told long ago: these codes are not to be accepted once more."""
    marks = ReplyMarks(journal.with_name(journal.name + ".said"))
    try:
        for (number,) in new.execute("SELECT no FROM device").fetchall():
            marks.set(number, codes.last_id(new))
    finally:
        marks.close()
