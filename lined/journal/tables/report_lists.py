"""Lists of rows of `report`: open batches, what is due to be sent or followed, in doubt, held, and pages of all.

How single reports are written stands in `reports`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from lined.journal.database import Connection
from lined.journal.tables.reports import COLUMNS, ReportRow, row_of
from lined.vocabulary.facts import column_forms
from lined.vocabulary.reports import FINAL


def unfinished(connection: Connection) -> int:
    """How many may still change."""
    marks = ",".join("?" * len(FINAL))
    found = connection.execute(f"SELECT count(*) FROM report WHERE state NOT IN ({marks})", tuple(FINAL))
    return int(found.fetchone()[0])


# ── open batches ────────────────────────────────────────────────────────────────────────────────────────────────────


def open_batches(connection: Connection, kind: str | None = None, job_id: int | None = None) -> list[ReportRow]:
    """Every open batch, of this kind and job where one is named, oldest first."""
    return _select(
        connection,
        "state = 'open' AND (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR job_id = ?2) ORDER BY id",
        (kind, job_id),
    )


def with_room(connection: Connection, kind: str, job_id: int | None = None) -> list[ReportRow]:
    """The open batches of a kind that take codes still, of this job where one is named, oldest first."""
    return _select(
        connection,
        "state = 'open' AND kind = ?1 AND (?2 IS NULL OR job_id = ?2) AND full = 0 ORDER BY id",
        (kind, job_id),
    )


def unfrozen(connection: Connection, job_id: int) -> list[ReportRow]:
    """The reports of a job that may still be changed, oldest first."""
    return _select(
        connection, "job_id = ? AND state IN ('open', 'sealed') AND frozen_ms IS NULL ORDER BY id", (job_id,)
    )


def first_of_batch(connection: Connection, batch_id: int, kind: str) -> ReportRow | None:
    """The report that a batch was opened with."""
    return _one(connection, "batch_id = ? AND kind = ? ORDER BY id LIMIT 1", (batch_id, kind))


def is_frozen(connection: Connection, batch_id: int) -> bool:
    """Whether the bytes of a report of the batch are fixed, and it was not sent yet."""
    row = connection.execute(
        "SELECT 1 FROM report WHERE batch_id = ? AND frozen_ms IS NOT NULL AND state = 'sealed'", (batch_id,)
    ).fetchone()
    return row is not None


# ── on the way ──────────────────────────────────────────────────────────────────────────────────────────────────────


def due_to_send(
    connection: Connection,
    at_ms: int,
    longest_ms: int,
    settles_ms: int,
    kinds: Collection[str],
    aside: Collection[int],
) -> ReportRow | None:
    """The oldest sealed report whose time has come, but those of these kinds and those aside. A moment further ahead
    than `longest_ms`, or than the report settles (`settles_ms` at most), was set by a wrong clock: it counts as come.
    """
    settles = "CASE WHEN frozen_ms IS NULL THEN min(due_ms - sealed_ms, ?) ELSE 0 END"
    return _one(
        connection,
        f"state = 'sealed' AND (due_ms <= ? OR due_ms > ? + max(?, {settles})) AND kind NOT IN ({_marks(kinds)}) "
        f"AND id NOT IN ({_marks(aside)}) ORDER BY id LIMIT 1",
        (at_ms, at_ms, longest_ms, settles_ms, *kinds, *aside),
    )


def due_to_follow(connection: Connection, at_ms: int, longest_ms: int, most: int) -> list[ReportRow]:
    """Reports whose document is to be looked at, the longest due first. A moment further ahead than `longest_ms` was
    set by a wrong clock: it counts as come.
    """
    return _select(
        connection,
        "state IN ('submitted', 'held', 'partial') AND document_id IS NOT NULL AND (due_ms <= ? OR due_ms > ?) "
        f"ORDER BY due_ms LIMIT {most:d}",  # written out: SQLite prepares a statement anew for each bound LIMIT
        (at_ms, at_ms + longest_ms),
    )


def sending(connection: Connection) -> list[ReportRow]:
    """What is being sent now; at the start: what was, when the process ended."""
    return _select(connection, "state = 'sending'")


def in_doubt(connection: Connection, most: int) -> list[ReportRow]:
    """Reports of which nobody knows whether they arrived, the longest due first."""
    return _select(connection, f"state = 'in_doubt' ORDER BY due_ms LIMIT {most:d}")


def sealed_for(connection: Connection, waits_for: str) -> list[ReportRow]:
    """Sealed reports that wait for this, oldest first."""
    return _select(connection, "state = 'sealed' AND waits_for IN (?, ?) ORDER BY id", column_forms(waits_for))


def without_document(connection: Connection) -> list[ReportRow]:
    """Reports that may be with the regulator without our knowing of it, if this journal is older than what was sent."""
    return _select(connection, "state IN ('open', 'sealed', 'sending', 'in_doubt')")


def without_remarks(connection: Connection, since_ms: int, aside: Sequence[int]) -> ReportRow | None:
    """The newest report that succeeded since then whose remarks were never asked for, but those aside."""
    return _one(
        connection,
        "state = 'succeeded' AND warnings IS NULL AND document_id IS NOT NULL AND final_ms >= ? "
        f"AND id NOT IN ({_marks(aside)}) ORDER BY id DESC LIMIT 1",
        (since_ms, *aside),
    )


# ── for people ──────────────────────────────────────────────────────────────────────────────────────────────────────


def held(connection: Connection, most: int) -> tuple[int, list[int]]:
    """How many reports are held, and the ids of the first of them."""
    (count,) = connection.execute("SELECT count(*) FROM report WHERE state = 'held'").fetchone()
    rows = connection.execute("SELECT id FROM report WHERE state = 'held' ORDER BY id LIMIT ?", (most,)).fetchall()
    return int(count), [int(row[0]) for row in rows]


def held_or_in_doubt(connection: Connection, most: int) -> list[ReportRow]:
    """What a person has to decide about or may help with, newest first."""
    return _select(connection, "state IN ('held', 'in_doubt') ORDER BY id DESC LIMIT ?", (most,))


def page(
    connection: Connection, *, kind: str | None, state: str | None, before: int | None, most: int
) -> list[ReportRow]:
    """Reports, newest first, of this kind, in this state, and older than the one with the id `before`."""
    conditions = {"kind = ?": kind, "state = ?": state, "id < ?": before}
    used = {condition: value for condition, value in conditions.items() if value is not None}
    where = " AND ".join(used) or "1"
    return _select(connection, f"{where} ORDER BY id DESC LIMIT ?", (*used.values(), most))


def of_span(connection: Connection, from_ms: int, to_ms: int, job_id: int | None, most: int) -> list[ReportRow]:
    """Reports that hold something applied in that time, oldest first; None: of whatever job."""
    return _select(
        connection,
        "first_ms < ? AND last_ms >= ? AND (? IS NULL OR job_id = ?) AND coalesce(carried, codes) > 0 "
        "ORDER BY id LIMIT ?",
        (to_ms, from_ms, job_id, job_id, most),
    )


def of_batches(connection: Connection, batch_ids: Sequence[int], most: int) -> list[ReportRow]:
    """The newest reports of these batches, newest first."""
    return _select(connection, f"batch_id IN ({_marks(batch_ids)}) ORDER BY id DESC LIMIT ?", (*batch_ids, most))


def _select(connection: Connection, where: str, parameters: tuple[Any, ...] = ()) -> list[ReportRow]:
    rows = connection.execute(f"SELECT {COLUMNS} FROM report WHERE {where}", parameters).fetchall()
    return [row_of(row) for row in rows]


def _one(connection: Connection, where: str, parameters: tuple[Any, ...]) -> ReportRow | None:
    found = _select(connection, where, parameters)
    return found[0] if found else None


def _marks(values: Collection[object]) -> str:
    return ",".join("?" * len(values))
