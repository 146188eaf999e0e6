"""One table over all commands and surfaces: the same body gets the same answer and the same error from everywhere, and
no value of any field is a defect. What there is, is read from the registry: a new command and a new field are covered.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from lined.api import described
from lined.api.described import SHAPES
from lined.api.statuses import STATUS
from lined.cli.daemon import command as ask_daemon
from lined.commands.registry import registry
from lined.commands.registry.command import DECLARED, EVERYWHERE, Answer, Body, Command, Source, command
from lined.commands.registry.execution import Tx
from lined.commands.registry.fields import Required, Short
from lined.config import load
from lined.mqtt import asyncapi
from lined.mqtt.commands import CommandConsumer
from lined.mqtt.messages import Reply
from lined.mqtt.outbox import Outbox
from lined.mqtt.spec import MqttLimits, MqttSpec
from lined.vocabulary.errors import CommandError
from lined.web import openapi as openapi_document
from tests.harness.served import GTIN, Line, code
from tests.harness.served_lines import a_line
from tests.integration.cli.test_at_work import configure
from tests.monsters import JSON, LONG

GOOD: dict[str, Any] = {
    "gtin": GTIN,
    "station": "marking",
    "code": code(1),
    "with": code(2),
    "parent": code(3),
    "reason": "scrap",
    "codes": [code(1)],
    "task": "1",
    "session": "s",
    "seq": 1,
    "production_date": "2026-01-01",
    "expiration_date": "2199-01-01",
    "packages": "close",
    "mode": "normal",
    "kind": "utilisation",
    "replace": True,
    "confirm": "not-received",
    "country": "UZ",
    "triggers": 3,
    "ejected": 1,
    "complete": False,
    "products": [{"gtin": GTIN, "quantity": 2}],
    "method": "PRIMARY",
    "quantity": 2,
    "after": 0,
    "preview": True,
}
"""A value that may stand in a field, by its name; any other text: `x`."""
ODD = [None, "", "x", 5, True, ["x"], {"a": 1}, "x" * 600, "9999-12-31", "0001-01-01T00:00:00+23:59", "2026-13-01"]
SUBJECT = "1"


class Said(NamedTuple):
    """What a surface answered: the error's code, or none, and the rest without what differs by its nature."""

    error: str | None
    document: Any


Surface = Callable[[Line, Command, dict[str, Any]], Awaitable[Said]]


def fields_of(one: Command) -> list[str]:
    return [field.alias or name for name, field in one.body.model_fields.items() if name not in {"id", "by"}]


def good_body(one: Command) -> dict[str, Any]:
    """What is required."""
    required = [field.alias or name for name, field in one.body.model_fields.items() if field.is_required()]
    return {name: GOOD.get(name, "accepted" if one.name == "report-release" else "x") for name in required}


def bodies(one: Command) -> Iterator[dict[str, Any]]:
    """What is required, each of it left out, each field with a good value and with odd ones, and a misspelt field."""
    good = good_body(one)
    yield good
    yield {**good, "misspelt": 1}
    for name in good:
        yield {key: value for key, value in good.items() if key != name}
    for name in fields_of(one):
        for value in [GOOD.get(name, "x"), *ODD]:
            yield {**good, name: value}


def comparable(document: Any) -> Any:
    """Without moments, and without what a protocol adds."""
    if isinstance(document, dict):
        return {key: comparable(value) for key, value in document.items() if key not in {"id", "job", "by", "mark"}}
    if isinstance(document, list):
        return [comparable(one) for one in document]
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "T", document) if isinstance(document, str) else document


# ── surfaces ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def over_http(line: Line, one: Command, body: dict[str, Any]) -> Said:
    reply = await line.post(one.path_of(SUBJECT), body)
    if reply.status == 200:
        one.answer.model_validate(reply.json)  # its model says what is answered
        return Said(None, comparable(reply.json))
    found = reply.json["error"]
    assert reply.status in STATUS.values(), reply
    return Said(reply.error, (found["message"], found["details"]))


async def over_mqtt(line: Line, one: Command, body: dict[str, Any]) -> Said:
    found = (await told(line, one.name, json.dumps(body).encode())).model_dump()
    error = found.pop("error")
    if error is None:
        return Said(None, comparable({key: value for key, value in found.items() if key != "ok"}))
    return Said(error["code"], (error["message"], error["details"]))


async def told(line: Line, name: str, payload: bytes) -> Reply:
    """The reply to a message."""
    outbox = Outbox(MqttSpec("localhost", 1883, "line-1"), lambda *_: None, lambda *_: None, lambda: 0, MqttLimits())
    consumer = CommandConsumer(line.line, outbox)
    running = asyncio.ensure_future(consumer.run())
    try:
        consumer.take(f"lined/line-1/command/{name}", payload)
        async with asyncio.timeout(20):
            await consumer.drained()
    finally:
        running.cancel()
    event = outbox.first_event()
    assert event is not None and event.topic == f"lined/line-1/reply/{name}"
    return Reply.model_validate_json(event.payload, strict=True)


async def from_the_shell(line: Line, one: Command, body: dict[str, Any]) -> Said:
    config = load(line.journal.path.parent / "lined.toml", secrets=False)
    subject = SUBJECT if one.subject else ""
    try:
        found = await asyncio.to_thread(ask_daemon, config, one.name, body, "people", subject)
    except CommandError as refused:
        details = [problem._asdict() for problem in refused.details]
        return Said(refused.code, (str(refused), details))
    return Said(None, comparable(found))


@asynccontextmanager
async def a_used_line(folder: Path) -> AsyncIterator[Line]:
    """With a job and some codes, so that there is something to command about."""
    folder.mkdir()
    async with a_line(folder) as line:
        configure(folder, line.server.port)
        await line.start()
        await line.codes([1, 2, 3])
        await line.codes([1], device="cam-3")
        yield line


async def all_said(folder: Path, surface: Surface, chosen: list[Command]) -> list[tuple[str, dict[str, Any], Said]]:
    async with a_used_line(folder) as line:
        found = []
        for one in chosen:
            await line.line.do("job-start", {"gtin": GTIN, "replace": True})
            for number, body in enumerate(bodies(one)):
                named = {**body, "id": f"{one.name}-{number}", "by": "people"}
                found.append((one.name, body, await surface(line, one, named)))
        await alive(line)
        return found


async def alive(line: Line) -> None:
    assert line.journal.writer.broken is None and not line.intake.defects.counts
    await line.post("/api/v1/job/stop", {})
    assert (await line.post("/api/v1/job/start", {"gtin": GTIN})).status == 200


@pytest.mark.bound(240)
@pytest.mark.parametrize(("other", "source"), [(over_mqtt, Source.MQTT), (from_the_shell, Source.SHELL)])
async def test_the_same_body_gets_the_same_answer_from_everywhere(
    tmp_path: Path, other: Surface, source: Source
) -> None:
    there = registry.from_source(source).values()
    parts = {"journal-backup", "journal-confirm", "key-renew"}  # the plant of these tests has none of them
    chosen = [one for one in there if Source.HTTP in one.sources and one.name not in parts]
    assert len(chosen) >= 7
    here, elsewhere = await all_said(tmp_path / "a", over_http, chosen), await all_said(tmp_path / "b", other, chosen)
    for (name, body, one), (_, _, two) in zip(here, elsewhere, strict=True):
        assert one == two, (name, body)
    done = {name for name, _, said in here if said.error is None}
    assert done >= {
        "job-start",
        "job-correct",
        "seal",
        *(["order-new"] if source == Source.SHELL else []),
    }


@pytest.mark.bound(240)
async def test_no_value_of_a_command_by_mqtt_is_a_defect(tmp_path: Path) -> None:
    async with a_used_line(tmp_path / "a") as line:
        for one in registry.from_source(Source.MQTT).values():
            for name in ["id", "by", *fields_of(one)]:
                rest = {"id": "1", **good_body(one)}
                rest.pop(name, None)
                for monster, text in JSON.items():
                    if len(text) >= LONG:
                        continue
                    said = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in rest.items())
                    payload = f"{{{said}{', ' if said else ''}{json.dumps(name)}: {text}}}".encode()
                    reply = await told(line, one.name, payload)
                    assert reply.error is None or reply.error.code != "defect", (one.name, name, monster, reply)
        reply = await told(line, "job-start", f'{{"gtin": {JSON["long"]}}}'.encode())
        assert reply.error is not None and reply.error.code == "too-large"
        await alive(line)


# ── a new one ───────────────────────────────────────────────────────────────────────────────────────────────────────
class Greeting(Body):
    """Somebody is greeted."""

    whom: Required
    how: Short | None = None


class Greeted(Answer):
    said: str


def greet(tx: Tx, body: Greeting) -> dict[str, Any]:
    """In the writer's transaction."""
    (n,) = tx.connection.execute("SELECT count(*) FROM job").fetchone()
    return {"said": f"{body.how or 'Salom'}, {body.whom}: {n} by {tx.by}"}


async def test_a_command_that_is_declared_once_is_on_every_surface(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lined.commands.registry.command.DECLARED", dict(registry.every()))
    monkeypatch.setattr(registry, "DECLARED", __import__("lined.commands.registry.command", fromlist=["x"]).DECLARED)
    monkeypatch.setattr("lined.api.described.SHAPES", dict(SHAPES))
    monkeypatch.setattr("lined.web.openapi.SHAPES", described.SHAPES)
    command("greet", Greeting, Greeted, "Greet somebody.", path="greet", tag="job", sources=EVERYWHERE)(greet)
    one = registry.get("greet")
    async with a_used_line(tmp_path / "a") as line:
        answers = [
            await surface(line, one, {"whom": "you", "by": "people", "id": str(number)})
            for number, surface in enumerate((over_http, over_mqtt, from_the_shell))
        ]
        assert set(map(str, answers)) == {str(Said(None, {"said": "Salom, you: 1 by people"}))}
        refused = [await surface(line, one, {"id": "9", "who": "you"}) for surface in (over_http, over_mqtt)]
        assert refused[0] == refused[1] and refused[0].error == "wrong-values"
        openapi = openapi_document.document()
        operation = openapi["paths"]["/api/v1/greet"]["post"]
        assert operation["description"] == "Greet somebody."
        assert {"Greeting", "Greeted"} <= set(openapi["components"]["schemas"])
        document = asyncapi.document()
        assert document["operations"]["hear-greet"]["summary"] == "Greet somebody."
        assert document["components"]["messages"]["command-greet"]["payload"]["required"] == ["id", "whom"]
    assert "greet" not in DECLARED


def test_every_command_is_declared_whole() -> None:
    """What no program would notice and people would."""
    for one in registry.every().values():
        assert one.summary.endswith((".", "?")) and one.name == one.name.lower()
        assert (Source.HTTP in one.sources) == bool(one.path) == bool(one.tag)
        assert one.sources <= {Source.HTTP, Source.MQTT} or Source.HTTP in one.sources
        assert issubclass(one.body, Body) and one.body.model_config["frozen"] and issubclass(one.answer, BaseModel)


LINED = Path(registry.__file__).parents[2]
NAMED = {Source.SHELL: ("cli", "*.py", r'"([a-z-]+)"'), Source.PAGE: ("web", "*.html", r'command_path\("([a-z-]+)"')}


@pytest.mark.parametrize("source", NAMED)
def test_shell_and_page_command_what_the_registry_says_and_nothing_else(source: Source) -> None:
    room, files, name = NAMED[source]
    texts = [path.read_text("utf-8") for path in (LINED / room).rglob(files)]
    named = {found for text in texts for found in re.findall(name, text)} & set(registry.every())
    words_of_the_shell = {"seal", "read", "count", "withdraw"} if source == Source.SHELL else set()  # its commands, too
    assert named - words_of_the_shell == set(registry.from_source(source)) - words_of_the_shell
    assert not any(re.search(r'(command|data-action)[^\n]{0,40}"/api/v1', text) for text in texts)
