"""What stands on the work list ends because somebody has dealt with it: one task, or all of a report and reason.

A report of 30,000 refused codes is ended in steps, so that no verdict waits long for it. What came after the command
stays. The last step is the one that is remembered under the command's id: a command that was cut off goes on when it is
given again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import tasks
from lined.journal.tables.commands import Command, earlier
from lined.line.commands import Action
from lined.line.state import LineState
from lined.vocabulary.errors import CommandError, NotFound

STEP_TASKS = 2_500  # in one transaction: 7 ms
LARGEST = 2**63  # no number of SQLite's is as large


class _Wish(NamedTuple):
    report_id: int
    word: str | None
    by: str
    note: str


def end_one(body: Mapping[str, Any], by: str) -> Action:
    """`task`, `note`. Raises CommandError 404."""
    task = str(body["task"])

    def action(connection: Connection, _state: LineState, at_ms: int) -> dict[str, Any]:
        number = _number(task)
        if number is None or not tasks.end(connection, number, at_ms, by, str(body.get("note") or "")):
            raise NotFound("unknown-task", f"There is no open task {task!r}.")
        return {"task": task, "state": "done"}

    return action


async def end_group(
    body: Mapping[str, Any], command: Command, step: Callable[[Action], Awaitable[dict[str, Any]]]
) -> Action:
    """`report`, `reason`, `note`: all but the last STEP_TASKS end here, by `step`; the rest in the action returned.

    Nothing ends where a command of this id was answered. Raises CommandError 404, 409.
    """
    number = _number(str(body["report"]))
    if number is None:
        raise _unknown(body)
    word = str(body.get("reason") or "").partition(":")[0] or None
    wish = _Wish(number, word, command.by, str(body.get("note") or ""))

    def look(connection: Connection, _state: LineState, at_ms: int) -> dict[str, Any]:
        if command.id and earlier(connection, command._replace(at_ms=at_ms)) is not None:
            return {"newest": 0}
        return {"newest": tasks.newest_of(connection, wish.report_id, wish.word)}

    newest = int((await step(look))["newest"])

    def part(connection: Connection, _state: LineState, at_ms: int) -> dict[str, Any]:
        return {"ended": _end(connection, wish, newest, at_ms) if _much(connection, wish, newest) else 0}

    before = 0
    while newest and (ended := int((await step(part))["ended"])):
        before += ended

    def last(connection: Connection, _state: LineState, at_ms: int) -> dict[str, Any]:
        ended = before + _end(connection, wish, newest, at_ms)
        if not ended:
            raise _unknown(body)
        return {"report": str(number), "reason": wish.word, "state": "done", "tasks": ended}

    return last


def _end(connection: Connection, wish: _Wish, newest: int, at_ms: int) -> int:
    return tasks.end_some(connection, wish.report_id, wish.word, newest, at_ms, wish.by, wish.note, STEP_TASKS)


def _much(connection: Connection, wish: _Wish, newest: int) -> bool:
    return tasks.more_than(connection, wish.report_id, wish.word, newest, STEP_TASKS)


def _unknown(body: Mapping[str, Any]) -> CommandError:
    return NotFound("unknown-task", f"There is no open task of report {body['report']!r} with that reason.")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < LARGEST else None
