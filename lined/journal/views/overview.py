"""Lists for people: what they have to look at, what was read and rejected, what was commanded, how prints were
graded.

Read only, by the order of the tables themselves; a page at a time, newest first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.journal.tables.commands import without_tails
from lined.journal.tables.jobs import JobRow
from lined.journal.tables.jobs import get as job
from lined.journal.views.stories import shown_raw
from lined.vocabulary.verdicts import ACCEPTED

PAGE_MAX = 1_000
GRADES_LOOKED_AT = 20_000  # the newest gradings that a distribution is made of
TREND_POINTS = 60
READS_LOOKED_AT = 200_000


class PastRead(NamedTuple):
    """A read that was rejected. `raw`: what the device sent, check parts masked; `code`: where it is a known one."""

    id: int
    at_ms: int
    device: str | None
    job_id: int
    verdict: str
    code: str | None
    raw: str | None


class Commanded(NamedTuple):
    """A command that was carried out, with what was asked for."""

    id: str
    at_ms: int
    name: str
    by: str | None
    body: dict[str, Any]


class Grades(NamedTuple):
    """`counts` by class (None: no grade) and verdict, of the newest gradings; `trend`: averages of equal runs of them,
    oldest first.
    """

    looked_at: int
    counts: dict[str, int]
    rejected: int
    trend: list[float]


def reads(connection: Connection, *, limit: int = 100, after: int | None = None) -> tuple[list[PastRead], int | None]:
    """What was read and not accepted, newest first, among the next READS_LOOKED_AT reads; there may be more behind."""
    newest = connection.execute("SELECT max(id) FROM read WHERE id < ?", (_before(after),)).fetchone()[0] or 0
    rows = connection.execute(
        "SELECT r.id, r.at_ms, (SELECT id FROM device WHERE no = r.device_no), r.job_id, r.verdict, "
        "(SELECT ident FROM code WHERE id = r.code_id), r.raw FROM read r WHERE r.id <= ? AND r.id > ? "
        "AND r.verdict NOT IN ('accept', 'repeat', 'again') ORDER BY r.id DESC LIMIT ?",
        (newest, newest - READS_LOOKED_AT, limit + 1),
    ).fetchall()
    shown = [(*row[:6], None if row[6] is None else shown_raw(bytes(row[6]))) for row in rows]
    found, following = _page([PastRead._make(row) for row in shown], limit)
    if following is None and newest > READS_LOOKED_AT:
        following = newest - READS_LOOKED_AT + 1
    return found, following


def commands(
    connection: Connection, *, limit: int = 100, before_ms: int | None = None
) -> tuple[list[Commanded], int | None]:
    """Commands of the last days, and the moment before which there are more."""
    rows = connection.execute(
        "SELECT id, at_ms, name, by, body FROM command WHERE at_ms < ? ORDER BY at_ms DESC LIMIT ?",
        (_before(before_ms), limit + 1),
    ).fetchall()
    found = [Commanded._make((*row[:4], without_tails(json.loads(row[4])))) for row in rows]
    return found[:limit], found[limit - 1].at_ms if len(found) > limit else None


def jobs(connection: Connection, *, limit: int = 100, after: int | None = None) -> tuple[list[JobRow], int | None]:
    rows = connection.execute("SELECT id FROM job WHERE id < ? ORDER BY id DESC LIMIT ?", (_before(after), limit + 1))
    found = [one for (job_id,) in rows.fetchall() if (one := job(connection, job_id)) is not None]
    return _page(found, limit)


def grades(connection: Connection) -> dict[str, Grades]:
    """By device that grades, of the newest GRADES_LOOKED_AT gradings together."""
    rows = connection.execute(
        "SELECT (SELECT id FROM device WHERE no = device_no), class, value, verdict FROM "
        "(SELECT * FROM grade ORDER BY id DESC LIMIT ?) ORDER BY id",
        (GRADES_LOOKED_AT,),
    ).fetchall()
    by_device: dict[str, list[tuple[str | None, float | None, str]]] = {}
    for device, class_, value, verdict in rows:
        by_device.setdefault(str(device), []).append((class_, value, verdict))
    return {device: _graded(found) for device, found in sorted(by_device.items())}


_MIDDLES = {"A": 4.0, "B": 3.0, "C": 2.0, "D": 1.0, "F": 0.0}


def _graded(found: Sequence[tuple[str | None, float | None, str]]) -> Grades:
    counts = dict.fromkeys([*_MIDDLES, "-"], 0)
    numbers = []
    for class_, value, _ in found:
        counts[class_ or "-"] = counts.get(class_ or "-", 0) + 1
        if class_ is not None:
            numbers.append(_MIDDLES.get(class_, 0.0) if value is None else value)
    run = max(1, -(-len(numbers) // TREND_POINTS))
    trend = [sum(part) / len(part) for at in range(0, len(numbers), run) if (part := numbers[at : at + run])]
    rejected = sum(1 for _, _, verdict in found if verdict not in ACCEPTED)
    return Grades(len(found), counts, rejected, trend)


def _before(after: int | None) -> int:
    return 2**62 if after is None else after


def _page(found: list[Any], limit: int) -> tuple[list[Any], int | None]:
    return found[:limit], found[limit - 1].id if len(found) > limit else None
