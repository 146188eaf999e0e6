"""The installed program at a real broker: what the PLC hears and says while a line runs and its broker does not."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lined.mqtt.messages import Reply, Report, Status, Verdict
from tests.harness.daemon import GTIN, Line, device
from tests.harness.programs import free_port
from tests.integration.mqtt.broker import Broker, Ear, broker, ear, until

pytestmark = pytest.mark.mosquitto

NODELAY = ("allow_anonymous true", "set_tcp_nodelay true")
READS = 1_600
GAP_S = 0.005  # 200 reads a second
EARS_S = 1.0  # from the broker to this process, on a busy machine; the outage is longer than both


class MqttLine(Line):
    """A line with a broker. `mute`: its device has no reply, so that MQTT is how verdicts are said."""

    def __init__(self, folder: Path, at: Broker, *, mute: bool, **settings: Any) -> None:
        super().__init__(folder, [f"raw:tcp-listen://127.0.0.1:{free_port()}"], **settings)
        self._at = at
        self._mute = mute

    def configure(self) -> None:
        super().configure()
        text = self.config.read_text()
        if self._mute:
            text = "\n".join(line for line in text.split("\n") if not line.startswith("reply = "))
        self.config.write_text(f'{text}\n[mqtt]\nurl = "mqtt://127.0.0.1:{self._at.port}"\n')


async def pass_by(writer: asyncio.StreamWriter, items: list[bytes]) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    for item in items:
        writer.write(item + b"\r\n")
        await writer.drain()
        due += GAP_S
        await asyncio.sleep(max(0.0, due - loop.time()))


async def connected(line: MqttLine, wanted: bool) -> None:
    async def holds() -> bool:
        return bool((await line.status())["mqtt"]["connected"]) is wanted

    await line.until(holds, f"mqtt.connected is not {wanted}", bound_s=60)


async def accepted(line: MqttLine, count: int) -> None:
    async def holds() -> bool:
        return int((await line.status())["reads"]["accepted"]) >= count

    await line.until(holds, f"{count} reads are not accepted", bound_s=60)


def verdicts(*ears: Ear) -> list[dict[str, Any]]:
    """All of them, each in time and of its shape, none repeated and none out of order."""
    messages = [message for one in ears for message in one.on("verdict")]
    for message in messages:
        Verdict.model_validate(message.document, strict=True)
        late_s = message.at - datetime.fromisoformat(message.document["at"]).timestamp()
        assert late_s <= 1.0 + EARS_S, message
    documents = [message.document for message in messages]
    seqs = [document["seq"] for document in documents]
    assert seqs == sorted(set(seqs))
    return documents


@pytest.mark.bound(120)
@pytest.mark.parametrize("mute", [False, True])
async def test_the_broker_dies_and_comes_back_in_the_middle_of_200_reads_a_second(tmp_path: Path, mute: bool) -> None:
    async with broker(tmp_path, *NODELAY) as at, MqttLine(tmp_path, at, mute=mute) as line:
        codes = await line.issue(READS)
        await connected(line, True)
        async with ear(at) as before, device(line) as (reader, writer):
            await line.start_job()
            await until(lambda: before.last("availability") == b"online")
            passing = asyncio.create_task(pass_by(writer, codes))
            await until(lambda: len(before.on("verdict")) >= READS // 4)
            await at.kill()
            await connected(line, False)
            status = await line.status()
            assert status["state"] == "degraded"
            assert "mqtt" in [problem["kind"] for problem in status["problems"]]
            await accepted(line, READS // 2)  # the line goes on
            await at.start()
            async with ear(at, identifier="after") as after:
                await until(lambda: after.last("availability") == b"online")
                await passing
                await accepted(line, READS)
                last = codes[-1].partition(b"\x1d")[0].decode()
                await until(lambda: after.on("verdict")[-1].document["code"] == last)
                if not mute:
                    async with asyncio.timeout(60):
                        assert await reader.readexactly(4 * READS) == b"OK\r\n" * READS
                await connected(line, True)
                heard = verdicts(before, after)
                await retried(line, writer, codes, {document["code"] for document in heard}, mute)
                await until(lambda: "mqtt" not in problems(after))  # others are a busy machine's
                Status.model_validate(after.on("status")[-1].document, strict=True)
                assert await line.terminate() == 0
                await until(lambda: after.last("availability") == b"offline")
                assert after.on("status")[-1].document["state"] == "stopped"


def problems(heard: Ear) -> set[str]:
    """Kinds, as the last status tells them."""
    return {problem["kind"] for problem in heard.on("status")[-1].document["problems"]}


async def retried(
    line: MqttLine, writer: asyncio.StreamWriter, codes: list[bytes], heard: set[str], mute: bool
) -> None:
    """No read is lost: each was applied once. Where MQTT is the device's only ear, a code whose verdict nobody heard
    may come once more; where it is not, it was said, and is a duplicate.
    """
    quiet = [code for code in codes if code.partition(b"\x1d")[0].decode() not in heard]
    assert 20 < len(quiet) < READS
    before = await line.status()
    assert before["codes"]["unreported"] + before["codes"]["reported"] + before["codes"]["accepted"] == READS
    await pass_by(writer, quiet[:100])

    async def judged() -> bool:
        return int((await line.status())["reads"]["total"]) == READS + len(quiet[:100])

    await line.until(judged, "not all were judged", bound_s=60)
    reads = (await line.status())["reads"]
    assert reads["by_reason"].get("duplicate", 0) == (0 if mute else len(quiet[:100]))


@pytest.mark.bound(90)
async def test_a_job_is_commanded_and_followed_over_mqtt_alone(tmp_path: Path) -> None:
    settings = {"max_age_s": 1.0, "first_batch_s": 1.0}
    async with broker(tmp_path, *NODELAY) as at, MqttLine(tmp_path, at, mute=True, **settings) as line:
        codes = await line.issue(3)
        async with ear(at) as heard, device(line) as (_, writer):
            await until(lambda: heard.on("status"))
            start = {"id": "s-1", "gtin": GTIN, "by": "PLC 1"}
            await heard.ask("job-start", start)
            await heard.ask("job-start", start)
            await heard.ask("job-start", {**start, "id": "s-2"})
            await until(lambda: len(heard.on("reply/job-start")) == 3)
            first, again, second = (message.document for message in heard.on("reply/job-start"))
            assert first["ok"] and first == again
            assert (second["ok"], second["error"]["code"]) == (False, "job-running")
            await pass_by(writer, [codes[0], codes[1], codes[0], b"NOREAD", b"rubbish"])
            await until(lambda: len(heard.on("verdict")) == 5)
            words = [(document["verdict"], document["reason"]) for document in verdicts(heard)]
            rejects = [("reject", reason) for reason in ("duplicate", "no-read", "malformed")]
            assert words == [("accept", None)] * 2 + rejects
            count = {"id": "c-1", "station": "marking-1", "triggers": 5, "ejected": 3}
            await heard.ask("count", count)
            await heard.ask("count", count)
            await heard.ask("count", {**count, "id": "c-2", "station": "elsewhere"})
            await until(lambda: len(heard.on("reply/count")) == 3)
            counted = [message.document for message in heard.on("reply/count")]
            assert counted[0] == counted[1]
            assert (counted[0]["triggers"], counted[0]["ejected"]) == (5, 3)
            assert counted[2]["error"]["code"] == "unknown-station"
            await heard.ask("job-stop", {"id": "e-1"})
            states = ["open", "sealed", "sending", "submitted", "succeeded"]
            await until(lambda: len(heard.on("report")) >= len(states))
            assert [message.document["state"] for message in heard.on("report")] == states
            assert heard.on("report")[-1].document["codes"] == 2
            assert all(Report.model_validate(message.document, strict=True) for message in heard.on("report"))
            replies = [message for message in heard.messages if "/reply/" in message.topic]
            assert all(Reply.model_validate(message.document, strict=True) for message in replies)


@pytest.mark.bound(60)
async def test_a_killed_daemon_is_offline_and_comes_back_with_a_new_session(tmp_path: Path) -> None:
    async with broker(tmp_path, *NODELAY) as at, MqttLine(tmp_path, at, mute=True) as line:
        codes = await line.issue(2)
        async with ear(at) as heard:
            await until(lambda: heard.last("availability") == b"online")
            await line.start_job()
            async with device(line) as (_, writer):
                await pass_by(writer, codes[:1])
                await until(lambda: heard.on("verdict"))
            await line.kill()
            await until(lambda: heard.last("availability") == b"offline")
            await line.start()
            await until(lambda: heard.last("availability") == b"online")
            async with device(line) as (_, writer):
                await pass_by(writer, codes)
                await until(lambda: len(heard.on("verdict")) == 3)
            first, again, new = verdicts_by_session(heard)
            # Killed between the message and its note in the journal, the first accept was not said: it is said again.
            assert (again["verdict"], again["reason"]) in {("reject", "duplicate"), ("accept", None)}
            assert new["verdict"] == "accept"
            assert first["session"] != new["session"]
            assert (again["seq"], new["seq"]) == (1, 2)


def verdicts_by_session(heard: Ear) -> list[dict[str, Any]]:
    return [message.document for message in heard.on("verdict")]
