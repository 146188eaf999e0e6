"""The bridge's side: a line that remembers what it was told, and a bridge between it and a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from lined.commands.registry.caller import Caller
from lined.commands.registry.command import Body, Command
from lined.line.intake.ports import Judgement
from lined.line.plant import Plant
from lined.line.stations.verdicts import PublishedVerdict
from lined.line.watch.permit import PermitWatch
from lined.mqtt.bridge import Bridge
from lined.mqtt.outbox import Outbox
from lined.mqtt.spec import MqttLimits, MqttSpec
from lined.vocabulary.errors import Conflict, Problem
from tests.integration.mqtt.broker import Broker, until

NO_PLANT = Plant("line-1", "UTC", 27, {}, {})
SOON = MqttLimits(retry_first_s=0.02, retry_most_s=0.1, status_s=0.2)


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Line:
    """Says what it was asked, and whether verdicts were said."""

    said: list[int] = field(default_factory=list)
    unsaid: list[tuple[int, str]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any], str, str]] = field(default_factory=list)
    seq: int = 0
    mark: int = 0

    def hears_said(self, _device: str, judgement: Judgement) -> None:
        self.said.append(judgement.mark)

    def hears_unsaid(self, _device: str, judgement: Judgement, _first: int, why: str) -> None:
        self.unsaid.append((judgement.mark, why))

    def judges(self, outbox: Outbox, device: str = "cam-1", *, reads: int = 1) -> int:
        """One judgement of so many verdicts, passed on as the intake does. Returns its mark."""
        self.mark += 1
        verdicts = []
        for _ in range(reads):
            self.seq += 1
            code = f"0104899215122371215{self.seq:012d}"
            verdicts.append(PublishedVerdict(self.seq, "run", "marking", device, "accept", None, code, wall_ms()))
        outbox.enqueue(device, Judgement([True] * reads, self.mark), verdicts)
        return self.mark

    # ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def execute(self, command: Command, body: Body, *, caller: Caller) -> dict[str, Any]:
        self.asked.append((command.name, body.given(), body.id or "", caller.name(body.by)))
        match command.name:
            case "job-start":
                started_at = "2023-11-14T22:13:20.000Z"
                return {"id": "7", "gtin": body.given()["gtin"], "mode": "normal", "started_at": started_at}
            case "count":
                return {"station": body.given()["station"]}
        raise Conflict("no-job", "No job is running.", [Problem("job", "none")])


@dataclass
class Side:
    line: Line
    outbox: Outbox
    bridge: Bridge
    problems: list[str | None]
    status: dict[str, Any]
    strange: list[str]

    def problem(self) -> str | None:
        """The last that was told."""
        return self.problems[-1]


def spec_of(at: Broker, **settings: Any) -> MqttSpec:
    usual = {"host": "127.0.0.1", "port": at.port, "line": "line-1", "published": {"cam-1": None}}
    return MqttSpec(**{**usual, **settings})


def empty_status() -> dict[str, Any]:
    parts: dict[str, Any] = {key: {} for key in ("reads", "codes", "reports", "regulator", "mqtt", "journal")}
    return {"line": "line-1", "version": "0", "state": "running", "problems": [], "job": None, "devices": [], **parts}


@asynccontextmanager
async def side(at: Broker, limits: MqttLimits = SOON, *, wait: bool = True, **settings: Any) -> AsyncIterator[Side]:
    """A bridge at work; stopped in order at the end."""
    line = Line()
    outbox = Outbox(spec_of(at, **settings), line.hears_said, line.hears_unsaid, wall_ms, limits)
    problems: list[str | None] = []
    strange: list[str] = []
    status = empty_status()

    async def document() -> dict[str, Any]:
        return {**status, "mqtt": {"connected": outbox.state.connected}}

    permit = PermitWatch(NO_PLANT, "run", lambda: True, lambda: True, lambda _device: True, wall_ms)
    bridge = Bridge(outbox, line, document, problems.append, strange.append, permit=permit)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bridge.run())
        try:
            if wait:
                await until(lambda: outbox.state.connected)
            yield Side(line, outbox, bridge, problems, status, strange)
        finally:
            bridge.stop()
            done, _ = await asyncio.wait([running], timeout=60)
            running.cancel()
        assert done, "the bridge did not end"
