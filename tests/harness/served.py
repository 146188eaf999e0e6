"""A client of a line that is served in this process (`served_lines`), and stand-ins for what its endpoint shows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple, cast

from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from lined.api import alarms, devices, keeping, orders, people, reading, rolls, stock, work
from lined.api.described import shape_in
from lined.codes import build, gtin_check_digit
from lined.commands.registry.execution import Commands
from lined.journal import Journal
from lined.journal.database import Connection
from lined.journal.tables import reports
from lined.line.intake.capture import Tap
from lined.line.intake.intake import LineIntake
from lined.line.state import LineState
from lined.line.watch.problems import Problems
from lined.vocabulary.facts import Fact
from lined.web.server import StatusServer

GTIN = "0489921512237" + gtin_check_digit("0489921512237")
TAIL = "vuzv"


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def code(number: int) -> str:
    """A full marking code of the product; its check part is TAIL."""
    return build("GS1_AISTR_SHORT", GTIN, f"{number:013d}", check=TAIL)


class Frame(NamedTuple):
    """As a driver makes them."""

    kind: str
    codes: tuple[bytes, ...] = ()
    raw: bytes = b""
    grade: str | None = None
    missed: int = 0


@dataclass
class Device:
    """As a link describes one."""

    connected: bool = True
    since: float | None = 1_700_000_000.0
    problem: str | None = None
    peer: str = "10.0.0.21:9004"
    listening_on: str = ""
    last_read_at: float | None = None
    frames: int = 0
    heartbeats: int = 0
    last_heartbeat_at: float | None = None
    silent: bool = False
    faults: int = 0
    last_fault: str | None = None
    retransmissions: int = 0
    garbled: int = 0
    dropped_bytes: int = 0
    reconnects: int = 0
    unanswered: int = 0
    last_raw: bytes = b""
    tap: Tap | None = None


class Bucket(NamedTuple):
    available: float
    per_minute: int
    held_back_s: float
    waiting: int


@dataclass
class Other:
    """The regulator's side, as the endpoint sees it."""

    reachable: bool = True
    last_problem: Fact | None = None
    server_skew_s: float | None = 0.25
    credential_expires_at: datetime | None = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def budget_state(self) -> Mapping[str, Bucket]:
        return {"limited": Bucket(4.5, 90, 0.0, 0)}


class Reply(NamedTuple):
    """One answer of the endpoint. `headers` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The word of a refusal, whose shape is looked at on the way."""
        document = self.json
        assert set(document) == {"error"} and set(document["error"]) == {"code", "message", "details"}, document
        assert self.headers["content-type"] == "application/json"
        return str(document["error"]["code"])


@cache
def questions_asked() -> list[APIRoute]:
    """The routes of every question that the endpoint answers."""
    nobody = cast("Any", None)
    asked = [
        *(reading.health(nobody, nobody), reading.permission(nobody), reading.questions(nobody)),
        *(work.questions(nobody), alarms.alarm_routes(nobody), keeping.questions(nobody)),
        devices.device_routes(nobody),
        *(people.questions(nobody), people.sessions(nobody), orders.questions(nobody), rolls.questions(nobody)),
        stock.questions(nobody),
    ]
    routes = [route for router in asked for route in router.routes if isinstance(route, APIRoute)]
    return [route for route in routes if "GET" in (route.methods or ())]


@cache
def shape_of(path: str) -> TypeAdapter[Any] | None:
    """The shape of what is answered at a path; None where it is no JSON."""
    for route in questions_asked():
        if route.path_regex.match(path):
            shape = shape_in(route.responses)
            return None if shape is None else TypeAdapter(shape)
    return None


@dataclass
class Line:
    """The parts, and a client for them."""

    journal: Journal
    intake: LineIntake
    problems: Problems
    line: Commands
    devices: dict[str, Device]
    other: Other
    server: StatusServer
    token: str
    flags: dict[str, bool]
    state: LineState

    async def raw(self, request: bytes, *, to: str = "127.0.0.1") -> Reply:
        """Bytes out, one answer back; the connection is closed."""
        reader, writer = await asyncio.open_connection(to, self.server.port)
        try:
            writer.write(request)
            await writer.drain()
            return await _reply(reader)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def get(self, target: str, *, headers: Mapping[str, str] | None = None) -> Reply:
        """An answer, in the very shape that the OpenAPI document publishes of it."""
        reply = await self.raw(self.request("GET", target, headers=headers))
        if reply.status == 200 and (shape := shape_of(target.partition("?")[0])) is not None:
            assert shape.dump_python(shape.validate_json(reply.body), mode="json") == reply.json
        return reply

    async def post(
        self, path: str, body: object = None, *, headers: Mapping[str, str] | None = None, raw: bytes | None = None
    ) -> Reply:
        sent = raw if raw is not None else json.dumps({} if body is None else body).encode()
        default = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return await self.raw(self.request("POST", path, headers={**default, **(headers or {})}, body=sent))

    def request(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> bytes:
        """One HTTP/1.1 request. A header whose value is empty is left out."""
        fields = {"Host": f"127.0.0.1:{self.server.port}", "Connection": "close", **(headers or {})}
        if body is not None:
            fields["Content-Length"] = str(len(body))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value)]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")

    async def read(self, *frames: Frame, device: str = "cam-1") -> list[bool]:
        """Frames of a device, judged and said."""
        judgement = await self.intake.judge(device, frames, asyncio.get_running_loop().time())
        self.intake.replied(device, judgement)
        return judgement.accepts

    async def codes(self, numbers: Sequence[int], device: str = "cam-1") -> list[bool]:
        return await self.read(*(Frame("read", (code(number).encode(),)) for number in numbers), device=device)

    async def start(self, **body: object) -> dict[str, Any]:
        reply = await self.post("/api/v1/job/start", {"gtin": GTIN, **body})
        assert reply.status == 200, reply
        found: dict[str, Any] = reply.json
        return found

    async def hold(self, report: str, *, in_doubt: bool = False) -> None:
        """Let a sealed report be held, as delivery would: after a refusal of the key, or after a doubt."""

        def step(connection: Connection) -> None:
            if in_doubt:
                reports.move(connection, int(report), "sending", wall_ms(), "sent", attempts=1, attempt_ms=wall_ms())
                reports.move(connection, int(report), "in_doubt", wall_ms(), "no answer came")
            evidence = '{"error": "no right to report"}'
            why = "the regulator refused the key"
            reports.move(connection, int(report), "held", wall_ms(), why, evidence=evidence, problem=why)

        await self.journal.do(step)

    async def fresh(self) -> dict[str, Any]:
        """The `/status` document, not one of a moment ago."""
        self.server.document._asked = float("-inf")
        found: dict[str, Any] = (await self.get("/status")).json
        return found


async def _reply(reader: asyncio.StreamReader) -> Reply:
    async with asyncio.timeout(60):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length")
        body = await (reader.read() if length is None else reader.readexactly(int(length)))
    return Reply(int(status.split()[1]), headers, body)


@contextlib.asynccontextmanager
async def served(server: StatusServer) -> AsyncIterator[None]:
    """The server answers inside."""
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve())
        async with asyncio.timeout(60):
            await server.started.wait()
        try:
            yield
        finally:
            serving.cancel()


def malformed_frame() -> Frame:
    """A frame that does not fit, as a driver reports it."""
    return Frame("malformed", raw=b"garbage")
