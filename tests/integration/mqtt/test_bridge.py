"""The bridge at a real broker: topics, retained state, commands, both protocols."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from lined.mqtt.asyncapi import PUBLISHED, document
from lined.mqtt.connection import connect
from lined.mqtt.messages import Reply
from lined.mqtt.spec import TOPICS, MqttLimits
from tests.integration.mqtt.broker import Ear, broker, ear, until
from tests.integration.mqtt.side import SOON, Side, side, spec_of

pytestmark = pytest.mark.mosquitto

START = {"id": "a-1", "gtin": "04899215122371", "by": "PLC 1"}
AT = "2026-11-23T08:00:00.250Z"
REPORT = {
    "id": "1",
    "kind": "utilisation",
    "state": "sealed",
    "codes": 3,
    "document_id": None,
    "job": "1",
    "problem": None,
    "waits_for": None,
    "at": AT,
}
PACKAGE = {"parent": "00123", "level": "BOX_LV_1", "count": 12, "at": AT}
ALARM = {
    "id": "1",
    "kind": "stuck-code",
    "severity": "warning",
    "text": "…",
    "raised_at": AT,
    "acknowledged_by": None,
    "cleared_at": None,
}


def check_published(heard: Ear) -> set[str]:
    """Every message of the line has its shape of the AsyncAPI document, QoS and retain flag too. Returns the topics."""
    published = document()
    channels = {
        channel["address"].replace("{root}/{line}", "lined/line-1"): name
        for name, channel in published["channels"].items()
    }
    topics = set()
    for message in heard.messages:
        name = channels[message.topic]
        if name.startswith("command-"):
            continue
        topics.add(name)
        model = Reply if name.startswith("reply-") else PUBLISHED[name].message
        payload: Any = message.payload.decode() if name == "availability" else message.document
        model.model_validate(payload, strict=True)
        told = published["operations"].get(f"tell-{name}", {"bindings": {"mqtt": {"qos": 1, "retain": False}}})
        assert message.qos == told["bindings"]["mqtt"]["qos"]
    return topics


async def tell_everything(working: Side, heard: Ear) -> None:
    working.line.judges(working.outbox, reads=3)
    working.outbox.report(REPORT)
    working.outbox.package(PACKAGE)
    working.outbox.alarm(ALARM)
    await heard.ask("job-start", START)
    await until(lambda: heard.on("reply/job-start") and heard.on("alarm") and len(heard.on("verdict")) == 3)


@pytest.mark.parametrize("protocol", [5, 311])
async def test_everything_that_is_published_fits_the_published_schema(tmp_path: Path, protocol: int) -> None:
    async with broker(tmp_path) as at, ear(at) as heard:
        async with side(at, protocol=protocol) as working:
            await until(lambda: heard.on("status"))
            await tell_everything(working, heard)
            assert heard.on("report")[0].document == REPORT
            assert heard.on("reply/job-start")[0].document["ok"]
            assert working.line.said == [1]
        await until(lambda: heard.last("availability") == b"offline")
        told = {"availability", "permit", "status", "verdict", "report", "package", "alarm", "reply-job-start"}
        assert check_published(heard) == told


async def test_a_late_subscriber_hears_how_things_are_and_no_old_verdict(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, side(at) as working, ear(at) as early:
        await until(lambda: early.on("status"))
        await tell_everything(working, early)
        async with ear(at, identifier="late") as late:
            retained = {f"lined/line-1/{name}" for name in ("availability", "permit", "status")}
            await until(lambda: {m.topic for m in late.messages if m.retained} == retained)
            working.line.judges(working.outbox)
            await until(lambda: late.on("verdict"))
            assert [m.document["seq"] for m in late.on("verdict")] == [4]


async def test_a_stop_publishes_what_waits_and_then_offline(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, ear(at) as heard:
        async with side(at) as working:
            for _ in range(50):
                working.line.judges(working.outbox)
            working.outbox.report(REPORT)
        await until(lambda: heard.last("availability") == b"offline")
        assert len(heard.on("verdict")) == 50
        assert working.line.said == list(range(1, 51))
        assert heard.on("status")[-1].document["state"] == "stopped"
        assert heard.messages[-1].topic.endswith("availability")
        assert heard.on("report")


async def test_a_killed_line_is_offline_by_its_last_will(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys, pathlib; from tests.integration.mqtt import broker, side\n"
        "async def main():\n"
        "    at = broker.Broker(pathlib.Path('.'), port=int(sys.argv[1]))\n"
        "    async with side.side(at): await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[3]
    async with broker(tmp_path) as at, ear(at) as heard:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(at.port), cwd=root, stdout=subprocess.DEVNULL
        )
        try:
            await until(lambda: heard.on("availability"))
            assert heard.last("availability") == b"online"
        finally:
            process.kill()
            await process.wait()
        await until(lambda: heard.last("availability") == b"offline")
        async with side(at):  # comes back
            await until(lambda: heard.last("availability") == b"online")


async def test_the_last_will_of_a_half_dead_connection_never_comes_after_our_online(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, ear(at) as heard, side(at) as first:
        await until(lambda: heard.on("availability"))
        async with side(at, wait=False) as second:  # the same line again, as after a power cut that the broker missed
            await until(lambda: second.outbox.state.connected)
            first.bridge.stop()
            await until(lambda: len(heard.on("availability")) >= 3)
            words = [message.payload for message in heard.on("availability")]
            assert words[:3] == [b"online", b"offline", b"online"]


async def test_status_goes_out_on_change_and_not_more_often_than_allowed(tmp_path: Path) -> None:
    limits = MqttLimits(status_s=0.3)
    async with broker(tmp_path) as at, ear(at) as heard, side(at, limits) as working:
        await until(lambda: heard.on("status"))
        for number in range(90):
            working.status["version"] = str(number)
            await asyncio.sleep(0.01)
        await until(lambda: heard.on("status")[-1].document["version"] == "89")
        count = len(heard.on("status"))
        assert 3 <= count <= 6
        await asyncio.sleep(3 * limits.status_s)
        assert len(heard.on("status")) == count, "nothing has changed"
        times = [message.at for message in heard.on("status")]
        assert min(b - a for a, b in itertools.pairwise(times)) > 0.8 * limits.status_s


async def test_the_heartbeat_mends_what_somebody_else_wrote_over_it(tmp_path: Path) -> None:
    limits = MqttLimits(status_s=0.1, heartbeat_s=0.3)
    async with broker(tmp_path) as at, ear(at) as heard, side(at, limits):
        await until(lambda: heard.on("status"))
        await heard.client.publish("lined/line-1/availability", b"offline", 1, retain=True)
        await until(lambda: heard.last("availability") == b"offline")
        await until(lambda: heard.last("availability") == b"online")


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_mqtt_5_response_topic_and_correlation_are_honoured(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, ear(at) as heard, side(at):
        await heard.ask("job-stop", {"id": "b"}, response_topic="plc/answers", correlation=b"\x00\x17")
        await until(lambda: heard.on("answers", root="plc"))
        answer = heard.on("answers", root="plc")[0]
        assert answer.correlation == b"\x00\x17"
        assert (answer.document["id"], answer.document["error"]["code"]) == ("b", "no-job")
        assert not heard.on("reply/job-stop")


async def test_garbage_is_answered_where_it_can_be_and_hurts_nobody(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, ear(at) as heard, side(at) as working:
        await heard.ask("job-start", b"\xff\x00garbage")
        await heard.ask("job-start", b"[" * 70_000)
        await heard.ask("job-start", b"x" * 900_000)
        await heard.ask("job-start", b"{", response_topic="plc/answers")
        await heard.ask("nonsense/../x", {"id": "1"})
        await heard.ask("count", {"id": "2", "station": "marking", "triggers": "3"})
        await heard.ask("count", {"id": "3", "station": "marking", "triggers": 3})
        await until(lambda: len(heard.on("reply/count")) == 2)
        wrong, right = (message.document for message in heard.on("reply/count"))
        assert wrong["error"]["details"] == [{"path": "triggers", "message": "must be a whole number"}]
        assert right["ok"]
        assert heard.on("answers", root="plc")[0].document["error"]["code"] == "not-json"
        assert [asked[0] for asked in working.line.asked] == ["count"]
        assert working.outbox.state.connections == 1


@pytest.mark.parametrize("protocol", [5, 311])
async def test_a_retained_command_is_never_carried_out(tmp_path: Path, protocol: int) -> None:
    async with broker(tmp_path) as at, ear(at) as heard:
        await heard.ask("job-start", START, retain=True)
        await until(lambda: heard.on("command/job-start"))
        async with side(at, protocol=protocol) as working:
            await heard.ask("count", {"id": "2", "station": "marking"})
            await until(lambda: heard.on("reply/count"))
            assert [asked[0] for asked in working.line.asked] == ["count"]
            assert [m.document["error"]["code"] for m in heard.on("reply/job-start")] == ["retained"]
            assert len(working.strange) == 1  # what lay there is told, too
            await heard.ask("job-start", {**START, "id": "now"}, retain=True)
            await heard.ask("count", {"id": "3", "station": "marking"})
            await until(lambda: len(heard.on("reply/count")) == 2)
            assert [asked[0] for asked in working.line.asked] == ["count", "count"]
            assert [m.document["id"] for m in heard.on("reply/job-start")] == ["a-1", "now"]
            await heard.ask("job-start", {**START, "id": "meant"})  # beside one that is retained
            await until(lambda: len(heard.on("reply/job-start")) == 3)
            assert [asked[0] for asked in working.line.asked] == ["count", "count", "job-start"]


@pytest.mark.parametrize("protocol", [5, 311])
async def test_a_command_given_while_we_are_away_is_not_waiting_for_us(tmp_path: Path, protocol: int) -> None:
    async with broker(tmp_path) as at, ear(at) as heard:
        async with side(at, protocol=protocol):
            pass
        await heard.ask("job-start", START)
        async with side(at, protocol=protocol) as working:
            await heard.ask("count", {"id": "2", "station": "marking"})
            await until(lambda: heard.on("reply/count"))
            assert [asked[0] for asked in working.line.asked] == ["count"]


async def test_topics_begin_as_the_settings_say(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, ear(at) as heard, side(at, root="plant/hall-2") as working:
        working.line.judges(working.outbox)
        await until(lambda: heard.on("verdict", root="plant/hall-2/line-1"))
        assert all(message.topic.startswith("plant/hall-2/line-1/") for message in heard.messages)


@pytest.mark.parametrize("protocol", [5, 311])
async def test_each_topic_is_called_as_the_settings_say(tmp_path: Path, protocol: int) -> None:
    topics = {name: f"x/{number}" for number, name in enumerate(TOPICS)}
    async with broker(tmp_path) as at, ear(at) as heard:
        async with side(at, topics=topics, protocol=protocol) as working:
            working.line.judges(working.outbox)
            working.outbox.report(REPORT)
            working.outbox.package(PACKAGE)
            working.outbox.alarm(ALARM)
            await heard.client.publish(f"lined/line-1/{topics['command']}/job-start", json.dumps(START).encode(), 1)
            out = [
                *(topics[name] for name in TOPICS if name not in {"command", "reply"}),
                f"{topics['reply']}/job-start",
            ]
            await until(lambda: all(heard.on(name) for name in out))
            assert [asked[0] for asked in working.line.asked] == ["job-start"]
            assert heard.on(topics["reply"] + "/job-start")[0].document["ok"]
        await until(lambda: heard.last(topics["availability"]) == b"offline")
        ours = {message.topic.removeprefix("lined/line-1/") for message in heard.messages}
        assert ours == {*out, f"{topics['command']}/job-start"}


async def test_the_last_will_stands_on_a_renamed_topic_too(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, ear(at) as heard:
        connection = await connect(spec_of(at, topics={"availability": "alive"}), MqttLimits())
        await connection.drop()
        await until(lambda: heard.last("alive") == b"offline")


async def test_a_thousand_verdicts_a_second_are_published_in_their_order(tmp_path: Path) -> None:
    async with broker(tmp_path, "allow_anonymous true", "set_tcp_nodelay true") as at, ear(at) as heard:
        async with side(at, SOON) as working:
            for _ in range(100):
                for _ in range(10):
                    working.line.judges(working.outbox)
                await asyncio.sleep(0.01)
            await until(lambda: len(working.line.said) + len(working.line.unsaid) == 1000)
            assert working.line.said == list(range(1, 1001))
        await until(lambda: len(heard.on("verdict")) == 1000)
        assert [message.document["seq"] for message in heard.on("verdict")] == list(range(1, 1001))
        assert json.loads(heard.on("verdict")[0].payload)["device"] == "cam-1"


@pytest.mark.parametrize("protocol", [5, 311])
async def test_a_second_client_of_our_name_is_told_to_people(tmp_path: Path, protocol: int) -> None:
    async with broker(tmp_path) as at, side(at, protocol=protocol) as working:
        rival = {"identifier": working.outbox.spec.client_id, "protocol": aiomqtt.ProtocolVersion.V311}
        for _ in range(4):
            before = working.outbox.state.connections
            async with aiomqtt.Client("127.0.0.1", at.port, timeout=5, **rival):  # type: ignore[arg-type]
                with suppress(aiomqtt.MqttError):
                    await until(lambda: working.outbox.state.connections > before)  # noqa: B023  awaited here
        await until(lambda: "is there a second lined, or a cloned PC?" in (working.problem() or ""))
        await until(lambda: working.outbox.state.connected)
        assert "a second lined" in (working.problem() or "")  # we are connected, and it is still said


async def test_an_idle_line_does_not_say_its_status_each_second(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, ear(at) as heard, side(at) as working:
        told = -1
        for turn in range(12):
            working.status["at"] = f"2026-11-23T08:00:{turn:02}Z"
            working.status["journal"] = {"bytes": 4_096_000 + turn, "free_bytes": 51_234_567_890 - 4096 * turn}
            working.status["regulator"] = {"clock_skew_s": 0.251 + turn / 1000, "budget": {"x": {"available": turn}}}
            if turn == 0:
                await until(lambda: b"free_bytes" in heard.last("status"))
                told = len(heard.on("status"))
            await asyncio.sleep(SOON.status_s / 4)
        assert len(heard.on("status")) == told
        working.status["problems"] = [{"kind": "device"}]
        await until(lambda: b"device" in heard.last("status"))
