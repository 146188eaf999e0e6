"""What people and the PLC command, carried out in the writer's transaction, once for each id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from lined.errors import CommandError, LinedError
from lined.journal import codes, commands
from lined.journal.database import Connection
from lined.journal.reports import select
from lined.journal.steps import one_step
from lined.line import jobs
from lined.line.state import LineState

WITHDRAWAL_REASONS = ("sample", "scrap", "damaged", "other")

Action = Callable[[Connection, LineState, int], dict[str, Any]]


class Command(NamedTuple):
    """`id` and `by` as given (`id` empty: done without protection against repetition); `action` writes and answers."""

    id: str
    by: str
    name: str
    body: dict[str, Any]
    at_ms: int
    action: Action


class Commands:
    """A Work of the journal's writer, one command at a time: an error undoes that command alone."""

    intake = False

    def __init__(self, state: LineState) -> None:
        self._state = state

    def run(self, connection: Connection, items: Sequence[Command]) -> list[dict[str, Any] | LinedError]:
        return [self._one(connection, command) for command in items]

    def rolled_back(self) -> None:
        self._state.stale = True

    def _one(self, connection: Connection, command: Command) -> dict[str, Any] | LinedError:
        answer: dict[str, Any] | LinedError = one_step(connection, lambda c: self._carried_out(c, command))
        if isinstance(answer, LinedError):
            self._state.stale = True
        return answer

    def _carried_out(self, connection: Connection, command: Command) -> dict[str, Any]:
        if command.id:
            earlier = commands.answered(connection, command.id, command.at_ms)
            if earlier is not None:
                return earlier[1]
        answer = command.action(connection, self._state, command.at_ms)
        if command.id:
            commands.remember(
                connection,
                command.id,
                command.at_ms,
                name=command.name,
                by=command.by,
                body=command.body,
                status=200,
                answer=answer,
            )
        return answer


def start_job(wish: jobs.JobOrder, by: str) -> Action:
    return lambda connection, state, at_ms: jobs.start(connection, state, wish, by, at_ms)


def stop_job(by: str) -> Action:
    return lambda connection, state, at_ms: jobs.stop(connection, state, by, at_ms)


def correct_job(changes: dict[str, Any], by: str) -> Action:
    return lambda connection, state, at_ms: jobs.correct(connection, state, changes, by, at_ms)


def seal(kind: str | None) -> Action:
    """Seal every open batch that has codes. Raises CommandError 409 `clock` where the clock cannot be trusted."""

    def action(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:
        state.refresh(connection)
        if not state.may_seal or state.clock_is_behind(at_ms):
            raise CommandError(409, "clock", "The clock of this computer cannot be trusted: set it right, then seal again.")
        found = select(connection, "state = 'open' AND codes > 0 AND (? IS NULL OR kind = ?)", (kind, kind))
        for report in found:
            jobs.end_batch(connection, state, report, at_ms, "command")
        return {"sealed": [str(report.id) for report in found]}

    return action


def withdraw(ident: str, reason: str, by: str) -> Action:
    """Take a code out before it is reported, with a reason. Raises CommandError 404, 409 `already-reported`, 422."""

    def action(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:
        if reason not in WITHDRAWAL_REASONS:
            raise CommandError(422, "wrong-value", f"reason is one of {', '.join(WITHDRAWAL_REASONS)}.")
        known = codes.find(connection, [ident]).get(ident)
        if known is None:
            raise CommandError(404, "unknown-code", f"{ident} was never applied on this line.")
        bucket = codes.bucket_of(connection, known)
        if bucket == "withdrawn":
            raise CommandError(409, "already-withdrawn", f"{ident} is withdrawn already.")
        if bucket != "unreported" or _frozen(connection, known.batch_id):
            raise CommandError(
                409,
                "already-reported",
                f"{ident} is {bucket}: its report has been sent or is being sent. Withdraw it at the regulator.",
            )
        codes.set_own(connection, known, "withdrawn", at_ms, detail=reason, by=by)
        return {"code": ident, "state": "withdrawn", "reason": reason}

    return action


def _frozen(connection: Connection, batch_id: int) -> bool:
    return bool(
        connection.execute(
            "SELECT 1 FROM report WHERE batch_id = ? AND frozen_ms IS NOT NULL AND state = 'sealed'", (batch_id,)
        ).fetchone()
    )
