"""The work list as people ask for it. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.vocabulary.facts import from_column

PAGE_MAX = 1_000


class Task(NamedTuple):
    """One thing to look at. `reason` is the regulator's word or a fact; times in milliseconds. `about`: the code to
    blame, where that is another than `ident`; `word`: what it stands in a group by.

    `package`: the parent code of the package that holds the code, or that it is about.
    """

    id: int
    kind: str
    ident: str | None
    package: str | None
    report_id: int | None
    reason: str
    created_ms: int
    done_ms: int | None
    done_by: str | None
    note: str | None
    package_id: int | None
    about: str | None
    word: str

    @property
    def whole_reason(self) -> str:
        """The reason with the code it is about, as programs read it."""
        return self.reason if self.about is None else f"{self.reason}: {self.about}"


def _task(row: Sequence[Any]) -> Task:
    found = Task(*row)
    return found._replace(reason=from_column(found.reason), note=from_column(found.note))


_SELECT = (
    "SELECT t.id, t.kind, t.ident, coalesce((SELECT p.ident FROM package p WHERE p.id = t.package_id), "
    "(SELECT p.ident FROM code c JOIN package p ON p.id = c.package_id WHERE c.ident = t.ident)), "
    "t.report_id, t.reason, t.created_ms, t.done_ms, t.done_by, t.note, t.package_id, t.about, t.word FROM task t "
)


def tasks(
    connection: Connection,
    *,
    done: bool = False,
    report: int | None = None,
    word: str | None = None,
    limit: int = 100,
    after: int | None = None,
) -> tuple[list[Task], int | None]:
    """Open tasks, or those dealt with, newest first, from the one after `after` on; and the id to go on after.

    `report`, `word`: only what that report put before people, for reasons of that word.
    """
    limit = max(1, min(limit, PAGE_MAX))
    wanted = f"t.done_ms IS {'NOT ' if done else ''}NULL"
    values: list[object] = []
    for condition, value in (("t.report_id = ?", report), ("t.word = ?", word), ("t.id < ?", after)):
        if value is not None:
            wanted += f" AND {condition}"
            values.append(value)
    rows = connection.execute(f"{_SELECT} WHERE {wanted} ORDER BY t.id DESC LIMIT ?", (*values, limit + 1)).fetchall()
    items = [_task(row) for row in rows[:limit]]
    return items, items[-1].id if len(rows) > limit else None


def task(connection: Connection, task_id: int) -> Task:
    """A task that is there."""
    return _task(connection.execute(_SELECT + "WHERE t.id = ?", (task_id,)).fetchone())


def of_code(connection: Connection, ident: str) -> list[Task]:
    """Every task about a code or package, oldest first."""
    return [_task(row) for row in connection.execute(_SELECT + "WHERE t.ident = ? ORDER BY t.id", (ident,)).fetchall()]


class Grading(NamedTuple):
    """One reading of a code's print quality; `class_` None where the device gave no grade. `reported`: in which
    report.
    """

    at_ms: int
    device: str | None
    class_: str | None
    said: str | None
    value: float | None
    formal: str | None
    verdict: str
    reported: int | None


def grades_of(connection: Connection, ident: str, limit: int = 100) -> list[Grading]:
    """The readings of a code, oldest first, the newest `limit`."""
    rows = connection.execute(
        "SELECT at_ms, (SELECT id FROM device WHERE no = device_no), class, said, value, formal, verdict, batch_id "
        "FROM grade WHERE ident = ? ORDER BY id DESC LIMIT ?",
        (ident, limit),
    ).fetchall()
    return [Grading(*row) for row in rows[::-1]]


def closed_after(connection: Connection, closed_no: int, limit: int = 500) -> list[tuple[int, str, str, int, int]]:
    """Packages closed since the closing of that number: (number, parent, level, children, moment), oldest first."""
    rows = connection.execute(
        "SELECT closed_no, ident, level, holds, closed_ms FROM package WHERE closed_no > ? ORDER BY closed_no LIMIT ?",
        (closed_no, limit),
    )
    return [tuple(row) for row in rows.fetchall()]


def last_closed_before(connection: Connection, at_ms: int) -> int:
    """The number of the last closing before a moment, 0 for none."""
    row = connection.execute(
        "SELECT closed_no FROM package WHERE closed_no > 0 AND closed_ms < ? ORDER BY closed_no DESC LIMIT 1", (at_ms,)
    ).fetchone()
    return int(row[0]) if row else 0


def rejected_lately(connection: Connection, devices: Sequence[str], span_ms: int, most: int) -> bool:
    """Whether one of these devices read something that was rejected, within so long of the newest read of all; among
    the last `most` reads.
    """
    marks = ",".join("?" * len(devices))
    row = connection.execute(
        "SELECT 1 FROM (SELECT * FROM read ORDER BY id DESC LIMIT ?) r JOIN device d ON d.no = r.device_no "
        f"WHERE d.id IN ({marks}) AND r.verdict NOT IN ('accept', 'again', 'repeat') "
        "AND r.at_ms >= (SELECT at_ms FROM read ORDER BY id DESC LIMIT 1) - ? LIMIT 1",
        (most, *devices, span_ms),
    ).fetchone()
    return row is not None
