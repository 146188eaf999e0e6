"""Commands that only a PLC gives: what left the line, and what it has counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lined.commands.registry.command import PLC, Answer, Body, command
from lined.commands.registry.execution import Call, Tx
from lined.commands.registry.fields import Increment, Required, Seq
from lined.journal.tables import counters


class RejectConfirm(Body):
    """`session` and `seq` of a verdict: its item is in the reject bin."""

    session: Required
    seq: Seq


class Count(Body):
    """What the PLC has counted at a station since it last said so."""

    station: Required
    triggers: Increment | None = None
    ejected: Increment | None = None


class Confirmed(Answer):
    """`state`: `withdrawn`, `task`, or `none` where no code changes."""

    code: str | None
    state: str


class Counted(Answer):
    """The new sums of what was counted: the running job's, or the life's where none runs."""

    station: str
    triggers: int | None = None
    ejected: int | None = None


@command(
    "reject-confirm",
    RejectConfirm,
    Confirmed,
    "The item of a rejected read, named by its verdict, has left the line.",
    sources=PLC,
    audited=False,
)
async def reject_confirm(call: Call, body: RejectConfirm) -> Mapping[str, Any]:
    confirm = call.context.line.confirming.confirm(body.session, body.seq, call.by)
    return await call.finish(lambda tx: confirm(tx.connection, tx.state, tx.at_ms))


@command(
    "count",
    Count,
    Counted,
    "What the PLC has counted at a station since it last said so.",
    sources=PLC,
    audited=False,
)
def count(tx: Tx, body: Count) -> dict[str, Any]:
    station = tx.context.line.station(body.station).id
    increments = {what: n for what in ("triggers", "ejected") if (n := getattr(body, what)) is not None}
    tx.state.refresh(tx.connection)
    job_id = tx.state.job.id if tx.state.job is not None else counters.LIFE
    names = {what: f"station.{station}.{what}" for what in increments}
    counters.add_in_time(tx.connection, job_id, {names[what]: n for what, n in increments.items()}, tx.at_ms)
    sums = counters.of_job(tx.connection, job_id)
    return {"station": station, **{what: sums.get(name, 0) for what, name in names.items()}}
