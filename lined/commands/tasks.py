"""The command that ends what stands on the work list: somebody has dealt with one task, or all of a report and reason.

A report of 30,000 refused codes is ended in steps, so that no verdict waits long for it. What came after the command
stays. The last step is the one that is remembered under the command's id: a command that was cut off goes on when it is
given again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lined.commands.registry.command import PAGE, Answer, Body, command
from lined.commands.registry.execution import Call, Tx
from lined.commands.registry.fields import Required, Short
from lined.journal.tables import tasks
from lined.vocabulary.errors import Invalid, NotFound, Problem
from lined.vocabulary.facts import Fact, FieldFact
from lined.vocabulary.ids import row_number
from lined.vocabulary.people import PersonRole

STEP_TASKS = 2_500  # in one transaction: 7 ms


class TaskDone(Body):
    """`task`, or `report`: all that it put before people, or with `reason` what of it has that reason."""

    task: Required | None = None
    report: Required | None = None
    reason: Short | None = None
    note: Short | None = None


class DoneTask(Answer):
    """`task`; or `report`, `reason` and how many `tasks` ended."""

    state: str
    task: str | None = None
    report: str | None = None
    reason: str | None = None
    tasks: int | None = None


@command(
    "task-done",
    TaskDone,
    DoneTask,
    "Somebody has dealt with a task of the work list, or with all that a report put there for one reason.",
    path="tasks/done",
    tag="tasks",
    sources=PAGE,
    role=PersonRole.MASTER,
)
async def end_task(call: Call, body: TaskDone) -> Mapping[str, Any]:
    if (body.task is None) == (body.report is None):
        raise Invalid("wrong-values", "Give task or report.", [Problem("task", Fact(FieldFact.EITHER, other="report"))])
    if body.task is not None:
        return await call.finish(lambda tx: _end_one(tx, body))
    return await _end_group(call, body)


def _end_one(tx: Tx, body: TaskDone) -> dict[str, Any]:
    number = row_number(body.task or "")
    if number is None or not tasks.end(tx.connection, number, tx.at_ms, tx.by, body.note or ""):
        raise NotFound("unknown-task", f"There is no open task {body.task!r}.")
    return {"task": body.task, "state": "done"}


async def _end_group(call: Call, body: TaskDone) -> Mapping[str, Any]:
    """All but the last STEP_TASKS end in steps; none where a command of this id was answered."""
    number = row_number(body.report or "")
    if number is None:
        raise _unknown(body)
    word = tasks.word_of(body.reason or "") or None

    def look(tx: Tx) -> dict[str, Any]:
        return {"newest": 0 if call.earlier(tx) is not None else tasks.newest_of(tx.connection, number, word)}

    newest = int((await call.step(look))["newest"])

    def end(tx: Tx) -> int:
        return tasks.end_some(tx.connection, number, word, newest, tx.at_ms, tx.by, body.note or "", STEP_TASKS)

    def part(tx: Tx) -> dict[str, Any]:
        return {"ended": end(tx) if tasks.more_than(tx.connection, number, word, newest, STEP_TASKS) else 0}

    before = 0
    while newest and (ended := int((await call.step(part))["ended"])):
        before += ended

    def last(tx: Tx) -> dict[str, Any]:
        ended = before + end(tx)
        if not ended:
            raise _unknown(body)
        return {"report": str(number), "reason": word, "state": "done", "tasks": ended}

    return await call.finish(last)


def _unknown(body: TaskDone) -> NotFound:
    return NotFound("unknown-task", f"There is no open task of report {body.report!r} with that reason.")
