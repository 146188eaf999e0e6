from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lined.commands.registry import registry
from lined.commands.registry.caller import Caller
from lined.commands.registry.command import Body, Command, Source
from lined.mqtt.commands import CommandConsumer
from lined.mqtt.messages import Reply
from lined.mqtt.outbox import Event, Outbox
from lined.mqtt.spec import MqttLimits, MqttSpec
from lined.vocabulary.errors import Conflict, Defect, JournalFull, Problem, Unsupported

BASE = "lined/line-1"
START = {"id": "a-1", "gtin": "04899215122371"}


class Line:
    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], str, str]] = []
        self.slow = asyncio.Event()
        self.slow.set()

    async def execute(self, command: Command, body: Body, *, caller: Caller) -> dict[str, Any]:
        self.asked.append((command.name, body.given(), body.id or "", caller.name(body.by)))
        match command.name:
            case "job-start":
                await self.slow.wait()
                return {"id": "7", "started_at": "2026-11-23T08:00:00.250Z", "stopped_at": None, "series": None}
            case "job-stop":
                raise Conflict("no-job", "No job is running.", [Problem("job", "none")])
            case "seal":
                raise JournalFull("the disk is full")
            case "read":
                return {"verdict": "accept", "reason": None, "code": "0104"}
        raise Unsupported("not-available", f"{command.name} is not possible on this line.")


class Desk:
    def __init__(self, limits: MqttLimits) -> None:
        self.line = Line()
        self.strange: list[str] = []
        spec = MqttSpec("localhost", 1883, "line-1")
        self.outbox = Outbox(spec, lambda *_: None, lambda *_: None, lambda: 0, limits)
        self.noted: list[str] = []
        note = lambda where, _error: self.noted.append(where)  # noqa: E731
        self.consumer = CommandConsumer(self.line, self.outbox, self.strange.append, note)

    async def events(self) -> list[Event]:
        async with asyncio.timeout(60):
            await self.consumer.drained()
        found = []
        while (event := self.outbox.first_event()) is not None:
            found.append(event)
            self.outbox.done(event)
        return found

    async def ask(self, name: str, body: object, **aside: Any) -> dict[str, Any]:
        """The one answer, checked against its shape."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.consumer.take(f"{BASE}/command/{name}", payload, **aside)
        events = await self.events()
        assert [event.topic for event in events] == [aside.get("response_topic") or f"{BASE}/reply/{name}"]
        document: dict[str, Any] = json.loads(events[0].payload)
        Reply.model_validate(document, strict=True)
        return document


@asynccontextmanager
async def at_work(limits: MqttLimits = MqttLimits()) -> AsyncIterator[Desk]:  # noqa: B008  frozen
    consumer = Desk(limits)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(consumer.consumer.run())
        yield consumer
        running.cancel()


async def test_a_command_is_carried_out_and_answered() -> None:
    async with at_work() as consumer:
        answer = await consumer.ask("job-start", {**START, "by": "PLC 1"})
        assert consumer.line.asked == [("job-start", {"gtin": START["gtin"]}, "a-1", "PLC 1")]
        assert answer == {
            "id": "a-1",
            "ok": True,
            "error": None,
            "job": "7",
            "started_at": "2026-11-23T08:00:00.250Z",
            "stopped_at": None,
            "series": None,
        }


async def test_who_says_no_name_is_mqtt() -> None:
    async with at_work() as consumer:
        await consumer.ask("job-start", START)
        assert consumer.line.asked[0][3] == "mqtt"
        answer = await consumer.ask("read", {"id": "2", "station": "m", "code": "x"})
        assert answer == {"id": "2", "ok": True, "error": None, "verdict": "accept", "reason": None, "code": "0104"}


async def test_errors_have_the_shape_of_http() -> None:
    async with at_work() as consumer:
        answer = await consumer.ask("job-stop", {"id": "b"})
        details = [{"path": "job", "message": "none"}]
        assert answer == {
            "id": "b",
            "ok": False,
            "error": {"code": "no-job", "message": "No job is running.", "details": details},
        }
        assert (await consumer.ask("seal", {"id": "c"}))["error"]["code"] == "cannot-commit"
        assert (await consumer.ask("job-start", {"id": "d", "gtin": 5}))["error"]["details"][0]["path"] == "gtin"


async def test_what_the_line_cannot_do_yet_is_not_available() -> None:
    async with at_work() as consumer:
        for name, body in (
            ("reject-confirm", {"session": "s", "seq": 1}),
            ("count", {"station": "m", "triggers": 1}),
            ("package-close", {"station": "m"}),
        ):
            answer = await consumer.ask(name, {"id": "e", **body})
            assert (answer["ok"], answer["error"]["code"]) == (False, "not-available")


async def test_an_answer_goes_where_the_sender_wants_it_with_its_correlation() -> None:
    async with at_work() as consumer:
        consumer.consumer.take(
            f"{BASE}/command/job-start", json.dumps(START).encode(), response_topic="plc/1", correlation=b"x"
        )
        (event,) = await consumer.events()
        assert (event.topic, event.correlation) == ("plc/1", b"x")


@pytest.mark.parametrize(
    "topic", [f"{BASE}/availability", f"{BASE}/command/seal", "a/#", "+", "", "$SYS/x", "x" * 1001]
)
async def test_nobody_has_us_speak_where_it_is_not_his_to_speak(topic: str) -> None:
    async with at_work() as consumer:
        consumer.consumer.take(f"{BASE}/command/job-start", json.dumps(START).encode(), response_topic=topic)
        (event,) = await consumer.events()
        assert event.topic == f"{BASE}/reply/job-start"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        *((payload, "not-json") for payload in (b"", b"{", b"\xff\xfe", b"[" * 60_000, b"null")),
        *((payload, "wrong-values") for payload in (b'{"gtin": "04899215122371"}', b"[]", b"7")),
        (b'{"id": 7, "gtin": "04899215122371"}', "wrong-values"),
        (b'{"id": null, "gtin": "04899215122371"}', "wrong-values"),
    ],
)
async def test_a_command_without_an_id_that_can_be_read_is_answered_with_none(payload: bytes, code: str) -> None:
    async with at_work() as consumer:
        answer = await consumer.ask("job-start", payload)
        assert (answer["id"], answer["ok"], answer["error"]["code"]) == (None, False, code)
        assert consumer.line.asked == []


async def test_what_a_plc_pads_its_strings_with_is_no_part_of_the_command() -> None:
    async with at_work() as consumer:
        assert (await consumer.ask("job-start", json.dumps(START).encode() + b"\0\0"))["ok"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b'{"id": "g", "gtin": ', "not-json"),
        (b'{"id": "g", "order": "\\ud800", "gtin": "04899215122371"}', "wrong-values"),
        (b'{"id": "g", "gtin": "04899215122371", "order": "' + b"x" * 70_000 + b'"}', "too-large"),
    ],
)
async def test_what_is_not_json_is_answered_where_an_id_can_be_seen_in_it(payload: bytes, code: str) -> None:
    async with at_work() as consumer:
        answer = await consumer.ask("job-start", payload)
        assert (answer["id"], answer["error"]["code"]) == ("g", code)
        assert consumer.line.asked == []


async def test_what_is_not_json_is_answered_on_a_response_topic() -> None:
    async with at_work() as consumer:
        answer = await consumer.ask("job-start", b"{", response_topic="plc/1")
        assert (answer["id"], answer["error"]["code"]) == (None, "not-json")


async def test_a_misspelt_command_is_answered_under_its_own_name_and_people_are_told() -> None:
    async with at_work() as consumer:
        answer = await consumer.ask("job-strat", {"id": "h"})
        assert (answer["id"], answer["error"]["code"]) == ("h", "unknown-command")
        assert "job-start" in answer["error"]["message"]
        assert [f"{BASE}/command/job-strat" in text for text in consumer.strange] == [True]
        answer = await consumer.ask("self-destruct", {"id": "h"}, response_topic="plc/1")
        assert answer["error"]["code"] == "unknown-command"
        consumer.consumer.take(f"{BASE}/command/{'x' * 1_000}", b'{"id": "h"}')
        assert await consumer.events() == []
        assert all(len(text) < 300 for text in consumer.strange)


async def test_a_retained_command_is_not_carried_out_and_people_are_told() -> None:
    async with at_work() as consumer:
        answer = await consumer.ask("job-start", START, retained=True)
        assert (answer["id"], answer["ok"], answer["error"]["code"]) == ("a-1", False, "retained")
        assert consumer.line.asked == [] and len(consumer.strange) == 1
        consumer.consumer.take(f"{BASE}/command/job-start", b"", retained=True)  # how it is cleared
        assert await consumer.events() == [] and len(consumer.strange) == 1


async def test_commands_are_carried_out_in_their_order_and_their_number_is_bounded() -> None:
    async with at_work(MqttLimits(commands_most=3)) as consumer:
        consumer.line.slow.clear()
        for number in range(6):
            consumer.consumer.take(f"{BASE}/command/job-start", json.dumps({**START, "id": str(number)}).encode())
            await asyncio.sleep(0)
        consumer.line.slow.set()
        answers = [json.loads(event.payload) for event in await consumer.events()]
        refused = [answer["id"] for answer in answers if not answer["ok"]]
        assert {answer["error"]["code"] for answer in answers if not answer["ok"]} == {"busy"}
        done = [asked[2] for asked in consumer.line.asked]
        assert done == sorted(done)
        assert sorted(done + refused) == [str(number) for number in range(6)]
        assert len(refused) >= 2


async def test_a_command_whose_commit_does_not_come_is_answered() -> None:
    async with at_work(MqttLimits(command_s=0.02)) as consumer:
        consumer.line.slow.clear()
        assert (await consumer.ask("job-start", START))["error"]["code"] == "cannot-commit"


@given(
    name=st.sampled_from([*registry.from_source(Source.MQTT), "", "x", "job-start/x", "\u0000"]),
    payload=st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(["id", "gtin", "station", "code", "reason"]), st.text() | st.integers()).map(
        lambda value: json.dumps(value).encode()
    ),
)
async def test_nothing_that_arrives_raises(name: str, payload: bytes) -> None:
    async with at_work() as consumer:
        consumer.consumer.take(f"{BASE}/command/{name}", payload, response_topic="plc/1")
        for event in await consumer.events():
            Reply.model_validate_json(event.payload, strict=True)


@pytest.mark.parametrize(("met", "noted"), [(Defect("in the writer"), []), (KeyError("gtin"), ["command job-start"])])
async def test_a_defect_is_that_commands_answer_and_the_next_is_carried_out(
    met: Exception, noted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spoilt(*_: Any, **__: Any) -> None:
        raise met

    async with at_work() as consumer:
        with monkeypatch.context() as patch:
            patch.setattr(consumer.line, "execute", spoilt)
            answer = await consumer.ask("job-start", START)
        assert (answer["id"], answer["ok"], answer["error"]["code"]) == ("a-1", False, "defect")
        assert consumer.noted == noted
        assert (await consumer.ask("job-start", START))["ok"]
