"""Open tasks in groups: what one report puts before people for one reason is one thing to do. Read only."""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables.tasks import OF_GROUP
from lined.journal.views.work_items import Task, task, tasks
from lined.vocabulary.tasks import TaskKind

CONTAINING_ONE = 3  # the packages around one code: a group, a box, a pallet
_SUMS = (  # SQL: the newest task, then how many are about codes, about packages, and about what lies around
    "max(id) AS newest, sum(kind IN (:code, :ejected)), sum(kind = :package), sum(kind = :around)"
)
_KINDS = {
    "code": TaskKind.REFUSED_CODE,
    "ejected": TaskKind.EJECTED_REPORTED,
    "package": TaskKind.REFUSED_PACKAGE,
    "around": TaskKind.PACKAGE_HOLDS_REFUSED,
}


class Group(NamedTuple):
    """`word`: what its reasons have in common (`tables.tasks.word_of`). `codes` and `packages` are to blame,
    `containing` holds them. `newest`: of its tasks.
    """

    report_id: int | None
    word: str
    newest: int
    codes: int
    packages: int
    containing: int

    @property
    def many(self) -> bool:
        """More than one code or package with what lies around it: too much to stand there singly."""
        alone = self.codes <= 1 and self.packages <= 1 and self.containing <= CONTAINING_ONE
        return self.report_id is not None and not alone


class Waiting(NamedTuple):
    """How many `things` there are to do, a group being one, and the `tasks` of which they consist."""

    things: int
    tasks: int
    newest: int


def groups(connection: Connection, *, limit: int, after: int | None = None) -> tuple[list[Group], int | None]:
    """The one with the newest task first, from the one after the task `after` on; and what to go on after."""
    rows = connection.execute(
        f"SELECT report_id, word, {_SUMS} FROM task WHERE done_ms IS NULL GROUP BY report_id, word "
        "HAVING :after IS NULL OR newest < :after ORDER BY newest DESC LIMIT :limit",
        {**_KINDS, "after": after, "limit": limit + 1},
    ).fetchall()
    found = [Group(*row) for row in rows[:limit]]
    return found, found[-1].newest if len(rows) > limit else None


def group(connection: Connection, report_id: int, word: str) -> Group | None:
    """What is open of a report and word."""
    row = connection.execute(
        f"SELECT {_SUMS} FROM task WHERE {OF_GROUP}", {**_KINDS, "report": report_id, "word": word}
    ).fetchone()
    return None if row[0] is None else Group(report_id, word, *row)


def tasks_of(connection: Connection, found: Group, limit: int) -> list[Task]:
    """The newest tasks of a group, newest first; of no report, too."""
    if found.report_id is not None:
        return tasks(connection, report=found.report_id, word=found.word, limit=limit)[0]
    rows = connection.execute(
        "SELECT id FROM task WHERE done_ms IS NULL AND report_id IS NULL AND word = ? ORDER BY id DESC LIMIT ?",
        (found.word, limit),
    )
    return [task(connection, row[0]) for row in rows.fetchall()]


def kind_of(connection: Connection, found: Group) -> str:
    """Which kind of task it is made of: of those to blame where there are any."""
    if not found.codes:
        return TaskKind.REFUSED_PACKAGE if found.packages else TaskKind.PACKAGE_HOLDS_REFUSED
    row = connection.execute(
        f"SELECT 1 FROM task WHERE {OF_GROUP} AND kind = :kind LIMIT 1",
        {"report": found.report_id, "word": found.word, "kind": TaskKind.REFUSED_CODE},
    ).fetchone()
    return TaskKind.EJECTED_REPORTED if row is None else TaskKind.REFUSED_CODE


def first_codes(connection: Connection, found: Group, kind: str, limit: int) -> list[str]:
    """The first codes of a group's tasks of a kind."""
    rows = connection.execute(
        f"SELECT ident FROM task WHERE {OF_GROUP} AND kind = :kind AND ident IS NOT NULL ORDER BY id LIMIT :limit",
        {"report": found.report_id, "word": found.word, "kind": kind, "limit": limit},
    )
    return [row[0] for row in rows.fetchall()]


def waiting(connection: Connection) -> Waiting:
    """What stands on the work list, as a person sees it there."""
    row = connection.execute(
        "SELECT coalesce(sum(CASE WHEN report_id IS NULL THEN n ELSE 1 END), 0), coalesce(sum(n), 0), "
        "coalesce(max(newest), 0) FROM (SELECT report_id, count(*) AS n, max(id) AS newest FROM task "
        "WHERE done_ms IS NULL GROUP BY report_id, word)"
    ).fetchone()
    return Waiting(*row)
