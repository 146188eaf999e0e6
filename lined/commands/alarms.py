"""The command about alarms: somebody has seen one. And an alarm as the outside reads it."""

from __future__ import annotations

from typing import Any

from lined.commands.registry.command import PAGE, Answer, Body, Subject, command
from lined.commands.registry.execution import Call
from lined.i18n import words
from lined.i18n.catalogues import LANGUAGES, catalogue
from lined.journal.tables import alarms
from lined.journal.tables.alarms import AlarmRow
from lined.vocabulary.errors import NotFound
from lined.vocabulary.people import PersonRole
from lined.vocabulary.times import moment


class Alarm(Answer):
    """`text`: the cause in English; `texts`: what to do, by language."""

    id: str
    kind: str
    severity: str
    text: str
    raised_at: str
    acknowledged_by: str | None
    cleared_at: str | None
    acknowledged_at: str | None
    where: str
    times: int
    texts: dict[str, str]


@command(
    "alarm-acknowledge",
    Body,
    Alarm,
    "Say that somebody has seen it; error `acknowledged` where somebody has said so before.",
    path="alarms/{alarm_id}/acknowledge",
    tag="alarms",
    subject=Subject("alarm"),
    sources=PAGE,
    role=PersonRole.OPERATOR,
)
async def acknowledge(call: Call, _body: Body) -> dict[str, Any]:
    book = call.context.alarms
    if book is None:
        raise NotFound("unknown-alarm", f"There is no alarm {call.subject!r}.")
    row = AlarmRow(
        **await call.finish(
            lambda tx: alarms.acknowledge(tx.connection, tx.subject, tx.by, tx.at_ms)._asdict(),
        )
    )
    book.acknowledged(row)
    return document(row)


def document(row: AlarmRow) -> dict[str, Any]:
    """One alarm as HTTP has it; see `Alarm`."""
    about = words.alarm(row.kind)
    texts = {
        language: f"{translate(about.sentence)}. {translate(about.advice)}"
        for language in LANGUAGES
        for translate in (catalogue(language).gettext,)
    }
    return {
        "id": str(row.id),
        "kind": row.kind,
        "severity": row.severity,
        "text": row.text,
        "raised_at": moment(row.raised_ms),
        "acknowledged_by": row.acknowledged_by if row.acknowledged_ms is None else row.acknowledged_by or "",
        "cleared_at": moment(row.cleared_ms),
        "acknowledged_at": moment(row.acknowledged_ms),
        "where": row.place,
        "times": row.times,
        "texts": texts,
    }
