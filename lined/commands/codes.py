"""Commands about codes: withdraw one, and type one in that no device could read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lined.codes import masked
from lined.commands.registry.command import EVERYWHERE, PAGE, PLC, Answer, Body, command
from lined.commands.registry.context import cannot_commit
from lined.commands.registry.execution import Call, Tx
from lined.commands.registry.fields import Code, Reason, Required, Short
from lined.journal.database import Connection
from lined.journal.tables import codes, grades, packages, report_lists, tasks
from lined.line.state import LineState
from lined.line.stations import rework
from lined.line.stations.read import Chunk
from lined.line.stations.verdicts import Ruling, told_code
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Conflict, JournalFull, NotFound
from lined.vocabulary.facts import Fact, TaskFact
from lined.vocabulary.people import PersonRole
from lined.vocabulary.verdicts import ACCEPTED, Decision
from lined.vocabulary.verdicts import Answer as Verdict


class Withdraw(Body):
    code: Code
    reason: Reason


class TypedRead(Body):
    """A code typed in by hand; `reason` is why it had to be, for the log."""

    station: Required
    code: Code
    reason: Short | None = None


class Withdrawn(Answer):
    code: str
    state: str
    reason: str


class Judged(Answer):
    """`code` without its check part; null where there is none."""

    station: str
    verdict: str
    reason: str | None
    code: str | None


@command(
    "withdraw",
    Withdraw,
    Withdrawn,
    "Take a code out before it is reported.",
    path="codes/withdraw",
    tag="codes",
    sources=EVERYWHERE,
    role=PersonRole.OPERATOR,
)
def withdraw(tx: Tx, body: Withdraw) -> dict[str, Any]:
    ident = tx.context.line.identification(body.code)
    withdraw_code(tx.connection, tx.state, ident, body.reason, tx.by, tx.at_ms)
    return {"code": ident, "state": CodeState.WITHDRAWN, "reason": body.reason}


def withdraw_code(connection: Connection, state: LineState, ident: str, reason: str, by: str, at_ms: int) -> None:
    """What is withdrawn lies in no package and in no validation report. Raises NotFound, Conflict."""
    known = _unreported(connection, ident)
    codes.set_own(connection, known, CodeState.WITHDRAWN, at_ms, detail=reason, by=by)
    grades.take_out(connection, ident)
    packed = packages.packed_code(connection, ident)
    if packed is not None and packed.package_id is not None:
        rework.take_out(connection, state, ident, by, at_ms)
    rework.without_its_code(connection, state, ident, by, at_ms)
    tasks.end_of_code(connection, ident, at_ms, by, Fact(TaskFact.WITHDRAWN))


def _unreported(connection: Connection, ident: str) -> codes.KnownCode:
    """The code, which nobody has reported yet. Raises NotFound, Conflict."""
    known = codes.find(connection, [ident]).get(ident)
    if known is None:
        raise NotFound("unknown-code", f"{masked(ident)} was never applied on this line.")
    bucket = codes.bucket_of(connection, known)
    if bucket == CodeState.WITHDRAWN:
        raise Conflict("already-withdrawn", f"{ident} is withdrawn already.")
    if bucket != CodeState.UNREPORTED or report_lists.is_frozen(connection, known.batch_id):
        raise Conflict(
            "already-reported",
            f"{ident} is {bucket}: its report has been sent or is being sent. Withdraw it at the regulator.",
        )
    return known


@command(
    "read",
    TypedRead,
    Judged,
    "A code typed in by hand, judged like a read of the station.",
    path="reads",
    tag="codes",
    sources=PAGE | PLC,
    role=PersonRole.OPERATOR,
    intake=True,
)
async def read(call: Call, body: TypedRead) -> Mapping[str, Any]:
    """Judged in the command's own transaction; its verdict counts as said when it is answered."""
    line = call.context.line
    station = line.station(body.station)
    problem = cannot_commit(call.context.journal)
    if problem is not None:  # a device would be told to reject; a person is told why
        raise JournalFull(problem)
    chunk = line.intake.typed_chunk(station, body.code)
    rulings: list[Ruling] = []
    judged = False
    try:
        answer = await call.finish(lambda tx: _judge(tx, chunk, rulings))
        judged = bool(rulings)
    finally:
        line.intake.typed_done(chunk, rulings[0] if judged else None)
    return answer


def _judge(tx: Tx, chunk: Chunk, rulings: list[Ruling]) -> dict[str, Any]:
    """The ruling is added to `rulings`, and means nothing before the command has been answered."""
    ruling = tx.context.line.intake.judging.run(tx.connection, [chunk])[0]
    rulings.append(ruling)
    word, code_id = ruling.verdicts[0], ruling.code_ids[0]
    good = word in ACCEPTED
    return {
        "station": chunk.station.id,
        "verdict": Verdict.ACCEPT if good else Verdict.REJECT,
        "reason": None if good and word != Decision.REPEAT else word,
        "code": told_code(chunk.reads[0].code, word, code_id),
        "code_id": code_id,
    }
