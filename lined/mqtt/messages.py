"""The shape of every message that goes out (docs/contract.md, MQTT): what the AsyncAPI document publishes. What comes
in is in the registry of commands.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from lined.commands.registry.command import Command, Source
from lined.commands.registry.fields import SEQ_MOST, Kind, one_of
from lined.vocabulary.line import LineState, Stop
from lined.vocabulary.reports import ReportState
from lined.vocabulary.verdicts import Answer, Decision, Reason

Schema = dict[str, Any]

Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")]
Number = Annotated[int, Field(ge=0)]
Facts = dict[str, Any]


class Message(BaseModel):
    """Every field is always there."""

    model_config = ConfigDict(extra="forbid")


class Availability(RootModel[Annotated[str, one_of(["online", "offline"])]]):
    """The one that is a word, not JSON."""


class Permit(Message):
    """`where`: the device it is about. Stale where no new `n` came for 3 s: see docs/plc.md."""

    run: bool
    because: Annotated[str, one_of(Stop)] | None
    where: str | None
    session: Annotated[str, StringConstraints(min_length=1)]
    n: Annotated[int, Field(ge=1, le=SEQ_MOST)]
    at: Moment


class Status(BaseModel):
    """The `/status` document holds at least these."""

    model_config = ConfigDict(extra="allow")

    line: str
    version: str
    state: Annotated[str, one_of(LineState)]
    problems: list[Facts]
    job: Facts | None
    reads: Facts
    codes: Facts
    reports: Facts
    devices: list[Facts]
    regulator: Facts
    mqtt: Facts
    journal: Facts


class Verdict(Message):
    seq: Annotated[int, Field(ge=1, le=SEQ_MOST)]
    session: Annotated[str, StringConstraints(min_length=1)]
    station: str
    device: str
    verdict: Annotated[str, one_of(Answer)]
    reason: Annotated[str, one_of([*Reason, Decision.REPEAT])] | None
    code: str | None
    at: Moment


class Report(Message):
    id: str
    kind: Kind
    state: Annotated[str, one_of(ReportState)]
    codes: Number
    document_id: str | None
    job: str | None
    problem: str | None
    waits_for: str | None
    at: Moment


class Package(Message):
    parent: str
    level: str
    count: Number
    at: Moment


class Alarm(Message):
    id: str
    kind: str
    severity: str
    text: str | Facts
    raised_at: Moment
    acknowledged_by: str | None
    cleared_at: Moment | None


class Fault(Message):
    path: str
    message: str


class Error(Message):
    code: Annotated[str, StringConstraints(min_length=1)]
    message: str
    details: list[Fault]


class Reply(BaseModel):
    """`id` is the command's, null where none could be read; beside it stands what the command answers, whose own `id`
    is `job`.
    """

    model_config = ConfigDict(extra="allow")

    id: str | None
    ok: bool
    error: Error | None
    job: str | None = None


def schema_of(model: type[BaseModel], schemas: dict[str, Any]) -> Schema:
    """Its JSON Schema; models within it go into `schemas` of the document."""
    found: Schema = _untitled(model.model_json_schema(ref_template="#/components/schemas/{model}"))
    schemas.update(found.pop("$defs", {}))
    return found


def body_schema(command: Command, schemas: dict[str, Any]) -> Schema:
    """Of a command by MQTT."""
    return schema_of(command.body_from(Source.MQTT), schemas)


def _untitled(part: Any) -> Any:
    """Without the titles that only repeat a name."""
    if isinstance(part, dict):
        return {key: _untitled(inner) for key, inner in part.items() if key != "title" or not isinstance(inner, str)}
    return [_untitled(one) for one in part] if isinstance(part, list) else part
