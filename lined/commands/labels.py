"""Commands about labels: have one printed again."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

from lined.commands.registry.command import SHELL, Answer, Body, command
from lined.commands.registry.execution import Tx
from lined.commands.registry.fields import Code
from lined.journal.tables import labels
from lined.journal.tables.labels import LabelRow
from lined.vocabulary.errors import Conflict, NotFound
from lined.vocabulary.facts import Fact, PrinterFact
from lined.vocabulary.people import PersonRole
from lined.vocabulary.printing import LABEL_TRANSITIONS, LabelState

Why = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]


class LabelReprint(Body):
    """`reason` is kept, and says why the label that there may be does not count."""

    code: Code
    reason: Why


class Label(Answer):
    """`number`: of this label. `why`: why it is set aside, or printed again."""

    number: str
    code: str
    state: str
    printer: str
    package: bool
    why: str | None
    by: str | None
    again_for: str | None
    given_at: str | None
    ended_at: str | None
    seen_at: str | None


@command(
    "label-reprint",
    LabelReprint,
    Label,
    "Print a code's label once more, on the printer that had it; the label before counts no more.",
    path="labels/reprint",
    tag="labels",
    sources=SHELL,
    role=PersonRole.MASTER,
)
def reprint(tx: Tx, body: LabelReprint) -> dict[str, Any]:
    ident = tx.context.line.identification(body.code)
    earlier = labels.newest_of(tx.connection, ident)
    if earlier is None:
        raise NotFound("unknown-label", f"{ident} was never given to a printer of this line.")
    if LabelState.REPLACED not in LABEL_TRANSITIONS.get(earlier.state, {}):
        raise Conflict(
            "wrong-state", f"The label of {ident} is {earlier.state}: wait until it is printed or set aside."
        )
    why = Fact(PrinterFact.AGAIN, more=body.reason)
    labels.replace(tx.connection, earlier, why, tx.at_ms)
    labels.want(
        tx.connection,
        ident=ident,
        tail=earlier.tail,
        package=bool(earlier.package),
        printer=earlier.printer,
        job_id=earlier.job_id,
        at_ms=tx.at_ms,
        why=why,
        by=tx.by or None,
        earlier_id=earlier.id,
    )
    wanted = labels.newest_of(tx.connection, ident)
    assert wanted is not None
    return described(wanted)


def described(row: LabelRow) -> dict[str, Any]:
    """A label as people and programs see it: without its check part."""
    return {
        "number": str(row.id),
        "code": row.ident,
        "state": row.state,
        "printer": row.printer,
        "package": bool(row.package),
        "why": row.why,
        "by": row.by,
        "again_for": None if row.earlier_id is None else str(row.earlier_id),
        "given_ms": row.given_ms,
        "ended_ms": row.ended_ms,
        "seen_ms": row.seen_ms,
    }
