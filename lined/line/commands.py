"""What people and the PLC command, carried out in the writer's transaction, once for each id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from lined.codes import masked
from lined.journal.database import Connection
from lined.journal.steps import one_step
from lined.journal.tables import codes, counters, eligible
from lined.journal.tables.commands import Command, once
from lined.journal.tables.reports import select
from lined.line.jobs import jobs
from lined.line.state import LineState
from lined.line.stations.judging import Judging
from lined.line.stations.read import Chunk
from lined.line.stations.verdicts import Ruling, told_code
from lined.vocabulary.codes import CodeState, Withdrawal
from lined.vocabulary.errors import Conflict, Invalid, LinedError, NotFound
from lined.vocabulary.reports import ReportKind
from lined.vocabulary.verdicts import ACCEPTED, Answer, Decision
from lined.vocabulary.word import member

Action = Callable[[Connection, LineState, int], dict[str, Any]]


class Order(NamedTuple):
    """A command and what carries it out."""

    command: Command
    action: Action

    @property
    def label(self) -> str:
        """For what is told about it."""
        return f"command {self.command.name}"


class Commands:
    """A Work of the journal's writer, one command at a time: an error undoes that command alone."""

    def __init__(self, state: LineState, *, intake: bool = False) -> None:
        self._state = state
        self.intake = intake

    def run(self, connection: Connection, items: Sequence[Order]) -> list[dict[str, Any] | LinedError]:
        return [self._one(connection, order) for order in items]

    def rolled_back(self) -> None:
        self._state.stale = True

    def _one(self, connection: Connection, order: Order) -> dict[str, Any] | LinedError:
        def action() -> dict[str, Any]:
            return order.action(connection, self._state, order.command.at_ms)

        answer: dict[str, Any] | LinedError = one_step(connection, lambda c: once(c, order.command, action))
        if isinstance(answer, LinedError):
            self._state.stale = True
        return answer


def start_job(wish: jobs.JobOrder, by: str) -> Action:
    return lambda connection, state, at_ms: jobs.start(connection, state, wish, by, at_ms)


def stop_job(by: str) -> Action:
    return lambda connection, state, at_ms: jobs.stop(connection, state, by, at_ms)


def correct_job(changes: dict[str, Any], by: str) -> Action:
    return lambda connection, state, at_ms: jobs.correct(connection, state, changes, by, at_ms)


def seal(kind: str | None) -> Action:
    """Seal every open batch; one whose codes were all withdrawn becomes void. Raises CommandError 409 `clock` where the
    clock cannot be trusted.
    """

    def action(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:
        state.refresh(connection)
        if not state.may_seal or state.clock_is_behind(at_ms):
            raise Conflict(
                "clock",
                "The clock of this computer cannot be trusted: set it right, then seal again.",
            )
        if kind in {None, ReportKind.AGGREGATION}:
            eligible.ask(connection, at_ms)
        found = select(connection, "state = 'open' AND (? IS NULL OR kind = ?)", (kind, kind))
        for report in found:
            jobs.end_batch(connection, state, report, at_ms, "command")
        return {"sealed": [str(report.id) for report in found if report.codes]}

    return action


def withdraw(ident: str, reason: str, by: str) -> Action:
    """Take a code out before it is reported, with a reason. Raises CommandError 404, 409 `already-reported`, 422."""

    def action(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:  # noqa: ARG001 - an Action
        if member(Withdrawal, reason) is None:
            raise Invalid("wrong-value", f"reason is one of {', '.join(Withdrawal)}.")
        known = codes.find(connection, [ident]).get(ident)
        if known is None:
            raise NotFound("unknown-code", f"{masked(ident)} was never applied on this line.")
        bucket = codes.bucket_of(connection, known)
        if bucket == CodeState.WITHDRAWN:
            raise Conflict("already-withdrawn", f"{ident} is withdrawn already.")
        if bucket != CodeState.UNREPORTED or _frozen(connection, known.batch_id):
            raise Conflict(
                "already-reported",
                f"{ident} is {bucket}: its report has been sent or is being sent. Withdraw it at the regulator.",
            )
        codes.set_own(connection, known, CodeState.WITHDRAWN, at_ms, detail=reason, by=by)
        return {"code": ident, "state": CodeState.WITHDRAWN, "reason": reason}

    return action


def _frozen(connection: Connection, batch_id: int) -> bool:
    return bool(
        connection.execute(
            "SELECT 1 FROM report WHERE batch_id = ? AND frozen_ms IS NOT NULL AND state = 'sealed'", (batch_id,)
        ).fetchone()
    )


def count(station: str, increments: Mapping[str, int]) -> Action:
    """What the PLC counted at a station since it last said so (`triggers`, `ejected`): added to the job's sums and the
    life's. The answer: the job's, or the life's where no job runs.
    """

    def action(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:
        state.refresh(connection)
        job_id = state.job.id if state.job is not None else counters.LIFE
        names = {what: f"station.{station}.{what}" for what in increments}
        counters.add_in_time(connection, job_id, {names[what]: n for what, n in increments.items()}, at_ms)
        sums = counters.of_job(connection, job_id)
        return {"station": station, **{what: sums.get(name, 0) for what, name in names.items()}}

    return action


def typed_read(judging: Judging, chunk: Chunk, rulings: list[Ruling]) -> Action:
    """Judge a code typed in by hand, in the command's own transaction. The ruling is added to `rulings`, and means
    nothing before the command has been answered.
    """

    def action(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:  # noqa: ARG001 - an Action
        ruling = judging.run(connection, [chunk])[0]
        rulings.append(ruling)
        word, code_id = ruling.verdicts[0], ruling.code_ids[0]
        good = word in ACCEPTED
        return {
            "station": chunk.station.id,
            "verdict": Answer.ACCEPT if good else Answer.REJECT,
            "reason": None if good and word != Decision.REPEAT else word,
            "code": told_code(chunk.reads[0].code, word, code_id),
            "code_id": code_id,
        }

    return action
