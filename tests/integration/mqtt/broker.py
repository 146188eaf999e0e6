"""A real Mosquitto with a configuration of its own, and a subscriber that remembers what it heard and when."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.harness.programs import free_port

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
BOUND_S = 60.0


def needs_mosquitto() -> str:
    """Its path; skips the test where there is none."""
    if MOSQUITTO is None:
        pytest.skip("there is no mosquitto: apt-get install mosquitto")
    return MOSQUITTO


@dataclass
class Broker:
    """`port` is the same over every restart. `lines` go into its configuration."""

    directory: Path
    lines: list[str] = field(default_factory=lambda: ["allow_anonymous true"])
    port: int = 0
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        program = needs_mosquitto()
        self.port = self.port or free_port()
        file = self.directory / "mosquitto.conf"
        head = [f"listener {self.port} 127.0.0.1", "persistence false", "user root", "log_type all"]
        file.write_text("\n".join([*head, *self.lines]) + "\n")
        with (self.directory / "mosquitto.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(program, "-c", str(file), stdout=log, stderr=log)
        await until(self._listens)

    async def kill(self) -> None:
        """As a power failure would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        return (self.directory / "mosquitto.log").read_text(errors="replace")

    async def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
        await self.process.wait()
        self.process = None

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@asynccontextmanager
async def broker(directory: Path, *lines: str) -> AsyncIterator[Broker]:
    running = Broker(directory, list(lines) or ["allow_anonymous true"])
    try:
        await running.start()
        yield running
    finally:
        await running.stop()


@dataclass
class Heard:
    """One message as a subscriber got it. `at`: seconds since 1970."""

    topic: str
    payload: bytes
    retained: bool
    qos: int
    at: float
    correlation: bytes | None = None

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.payload)
        return found


class Ear:
    """A subscriber to everything, and a sender of commands. `messages` grows while it listens."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.messages: list[Heard] = []

    def on(self, name: str, *, root: str = "lined/line-1") -> list[Heard]:
        return [message for message in self.messages if message.topic == f"{root}/{name}"]

    def last(self, name: str) -> bytes:
        """The newest payload; empty where there is none yet."""
        heard = self.on(name)
        return heard[-1].payload if heard else b""

    async def ask(
        self,
        name: str,
        body: object,
        *,
        retain: bool = False,
        response_topic: str | None = None,
        correlation: bytes | None = None,
    ) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        properties = None
        if response_topic is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ResponseTopic = response_topic
            if correlation is not None:
                properties.CorrelationData = correlation
        await self.client.publish(f"lined/line-1/command/{name}", payload, 1, retain, properties)

    async def listen(self) -> None:
        with suppress(aiomqtt.MqttError):  # the broker was stopped: what was heard remains
            async for message in self.client.messages:
                payload = message.payload
                assert isinstance(payload, bytes)
                correlation = getattr(message.properties, "CorrelationData", None)
                self.messages.append(
                    Heard(str(message.topic), payload, message.retain, message.qos, time.time(), correlation)
                )


@asynccontextmanager
async def ear(at: Broker, filters: str = "#", **client: Any) -> AsyncIterator[Ear]:
    settings = {"protocol": aiomqtt.ProtocolVersion.V5, "identifier": "ear", **client}
    subscriber = aiomqtt.Client("127.0.0.1", at.port, timeout=5, **settings)
    with suppress(aiomqtt.MqttError):
        async with subscriber:
            await subscriber.subscribe(filters, 1)
            heard = Ear(subscriber)
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(heard.listen())
                try:
                    yield heard
                finally:
                    listening.cancel()


async def until(holds: Callable[[], object], within_s: float = BOUND_S) -> None:
    """Returns once it holds; fails after the bound."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


def openssl(directory: Path, *arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl to make certificates with")
    subprocess.run([program, *arguments], cwd=directory, check=True, capture_output=True, timeout=30)


def make_certificates(directory: Path, name: str = "localhost") -> None:
    """`ca.crt`, and `server.crt` with `server.key` for `name`."""
    openssl(directory, *"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Plant -keyout ca.key -out ca.crt".split())
    openssl(directory, *f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout server.key -out server.csr".split())
    (directory / "names").write_text(f"subjectAltName=DNS:{name}\n")
    signing = "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt"
    openssl(directory, *signing.split())
