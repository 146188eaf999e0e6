"""A line in one process against a real sandbox: reads go in as a link would hand them over, reports go out over
HTTP.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx

from lined import codes
from lined.commands.registry.execution import Commands
from lined.journal import Journal
from lined.journal.database import Connection
from lined.line.intake.intake import LineIntake
from lined.line.jobs.sealing import Sealer
from lined.line.plant import BatchRules, PackageRule, Plant, Product, SsccRange, Station
from lined.line.state import LineState
from lined.line.stations.read import typed_device
from lined.line.stations.verdicts import PublishedVerdict
from lined.line.watch.problems import Problems
from lined.regulator.account import Account
from lined.regulator.client import Regulator
from lined.regulator.profiles import load_profile
from lined.reports.delivery.freezing import stored_body
from lined.reports.delivery.loops import Delivery
from lined.reports.delivery.ports import Ports
from lined.reports.delivery.rules import DeliveryRules
from lined.reports.planning import Planning, PlanningRules
from lined.sandbox import SandboxServer, SandboxSettings, issuing
from lined.service.kind_search import KindSearch
from lined.vocabulary.facts import from_column
from tests.commands import line_commands
from tests.rows import reports_where

GTIN = "04899215122371"
GROUP_GTIN = "14899215122378"
OTHER_GTIN = "04780012345004"
SOON_MS = 600_000
QUICK: dict[str, Any] = {
    "validating_after_s": 0.0,
    "in_process_after_s": 0.0,
    "final_after_s": (0.0, 0.0),
    "seed": 1,
    "requests_per_minute": 0,
}


class Read(NamedTuple):
    """One frame, as drivers give it."""

    kind: str
    codes: tuple[bytes, ...]
    raw: bytes
    grade: str | None = None
    at: str | None = None
    missed: int = 0


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def box_plant(stations: Sequence[Station], **changes: Any) -> Plant:
    """Units in boxes of 3, boxes on pallets of 2, groups of 2; nothing is sealed by its age."""
    rules = BatchRules(max_age_ms=SOON_MS, first_ms=0)
    dates = frozenset({"production_date", "expiration_date"})
    product = Product(GTIN, "Oil", "vegetableoil", "PRODUCTION", "UZ", shelf_life_days=365, demands=dates)
    other = Product(OTHER_GTIN, "Other oil", "vegetableoil", "PRODUCTION", "UZ", shelf_life_days=365, demands=dates)
    levels = {
        "GROUP": PackageRule("GROUP", 2, "UNIT", GROUP_GTIN),
        "BOX_LV_1": PackageRule("BOX_LV_1", 3, "UNIT"),
        "BOX_LV_2": PackageRule("BOX_LV_2", 2, "BOX_LV_1"),
    }
    values: dict[str, Any] = {
        "line_id": "line-1",
        "timezone": "Asia/Tashkent",
        "business_place_id": 27,
        "products": {GTIN: product, OTHER_GTIN: other},
        "stations": {station.id: station for station in stations},
        "batches": rules,
        "validation": rules,
        "aggregation": rules,
        "packing": {GTIN: levels},
    }
    return Plant(**(values | changes))


APPLY = Station("marking", "apply", ("cam",))
VERIFY = Station("quality", "verify", ("grader",), applies=False)
VERIFY_APPLY = Station("quality", "verify", ("grader",), applies=True)
PACK = Station("boxing", "pack", ("packer",), applies=False, level="BOX_LV_1", mode="children-then-parent")
PALLET = Station("pallets", "pack", ("stacker",), applies=False, level="BOX_LV_2", mode="children-then-parent")
GROUPS = Station("groups", "pack", ("wrapper",), applies=False, level="GROUP", mode="children-then-parent")
SSCC = SsccRange("0307797292", 1, 9_999)


class Line:
    """One line that runs; `say` brings a read through the writer and returns its verdict."""

    def __init__(self, plant: Plant, path: Path) -> None:
        self.plant = plant
        self.journal = Journal(path)
        self.problems = Problems(wall_ms)
        self.state = LineState(plant)
        self.verdicts: list[PublishedVerdict] = []
        self.intake: LineIntake
        self.operations: Commands

    async def open(self) -> None:
        devices = [device for station in self.plant.stations.values() for device in station.devices]
        devices += [typed_device(station) for station in self.plant.stations]
        binding = {"profile": "asl-belgisi", "url": "http://127.0.0.1", "tin": "307797292", "business_place_id": "27"}
        numbers = await self.journal.open(binding, devices)
        self.intake = LineIntake(self.plant, self.journal, self.state, self.problems, numbers, wall_ms)
        self.intake.listeners.append(self.verdicts.extend)
        self.operations = line_commands(self.plant, self.journal, self.state, self.intake, wall_ms)

    async def close(self) -> None:
        await self.journal.close()

    async def say(self, device: str, *codes: str, grade: str | None = None, missed: int = 0) -> str:
        """The word of the verdict on one frame: accept, or its reason."""
        raw = tuple(code.encode() for code in codes)
        await self._judge(device, [Read("read", raw, b",".join(raw), grade, missed=missed)])
        return self.verdicts[-1].reason or "accept"

    async def say_each(self, device: str, codes: Sequence[str], grade: str | None = None) -> list[str]:
        """The words on many frames of one code, in one chunk."""
        before = len(self.verdicts)
        await self._judge(device, [Read("read", (code.encode(),), code.encode(), grade) for code in codes])
        return [verdict.reason or "accept" for verdict in self.verdicts[before:]]

    async def _judge(self, device: str, frames: list[Read]) -> None:
        judgement = await self.intake.judge(device, frames, 0.0)
        self.intake.replied(device, judgement)

    async def execute(self, sql: str) -> None:
        """Change the journal behind everybody's back."""

        def step(connection: Connection) -> None:
            connection.execute(sql)

        await self.journal.do(step)

    async def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        def ask(connection: Connection) -> list[tuple[Any, ...]]:
            found = connection.execute(sql, parameters).fetchall()
            return [tuple(from_column(one) if isinstance(one, str) else one for one in row) for row in found]

        return await self.journal.read(ask)


class Plantwide:
    """The line with its deliveries and the sandbox they go to."""

    def __init__(self, line: Line, server: SandboxServer, regulator: Regulator, delivery: Delivery) -> None:
        self.line = line
        self.server = server
        self.regulator = regulator
        self.delivery = delivery
        self.sealer = Sealer(line.journal, line.state, line.problems, wall_ms, lambda: None, delivery.nudge)
        self.planning = Planning(delivery._ports, PlanningRules(27, self._most(line)))
        key = {"Authorization": f"Bearer {server.credentials.api_key}"}
        self.http = httpx.AsyncClient(base_url=server.url, timeout=20, headers=key)

    @staticmethod
    def _most(line: Line) -> int:
        assert line.plant.aggregation is not None
        return line.plant.aggregation.max_codes

    async def issue(self, count: int, **wanted: Any) -> list[str]:
        answer = await self.http.post("/sandbox/codes", json={"gtin": GTIN, "count": count} | wanted)
        assert answer.status_code == 201, answer.text
        codes: list[str] = answer.json()["codes"]
        return codes

    async def ssccs(self, count: int, first: int = 500_000) -> list[str]:
        answer = await self.http.post("/sandbox/ssccs", json={"prefix": "0307797292", "first": first, "count": count})
        found: list[str] = answer.json()["codes"]
        return found

    async def deliver(self) -> None:
        """Seal what may be sealed, send it, follow it, until nothing moves any more."""
        await self.line.operations.do("seal", {})
        async with asyncio.timeout(60):
            while True:
                moved = await self.planning.look()
                moved = await self.sealer.look() > 0 or moved
                while await self.delivery.send_next():
                    moved = True
                while await self.line.rows("SELECT 1 FROM report WHERE state = 'submitted'"):
                    moved = True
                    await self.delivery.follow_next()
                    await asyncio.sleep(0.005)
                while await self._due_soon():
                    moved = True
                    await asyncio.sleep(0.02)
                if not moved:
                    return

    async def _due_soon(self) -> bool:
        """A report that waits until the regulator's clock has passed its date: a Date tells whole seconds only."""
        now = wall_ms()
        query = "SELECT 1 FROM report WHERE state = 'sealed' AND due_ms > ? AND due_ms < ?"
        return bool(await self.line.rows(query, now, now + 5_000))

    async def deliver_only(self, kind: str) -> None:
        """Seal and bring to their end the reports of one kind, and nothing else."""
        await self.line.operations.do("seal", {"kind": kind})
        async with asyncio.timeout(60):
            while await self.delivery.send_next():
                pass
            while await self.line.rows("SELECT 1 FROM report WHERE state = 'submitted'"):
                await self.delivery.follow_next()
                await asyncio.sleep(0.005)

    async def send_as_another(self, kind: str, parent: str, codes: list[str]) -> None:
        """A package that some other program of the same account formed."""
        unit = {
            "aggregationItemsCount": len(codes),
            "aggregationUnitCapacity": len(codes),
            "codes": codes,
            "unitSerialNumber": parent,
        }
        moment = datetime.now(UTC).isoformat()
        content = {"aggregationUnits": [unit], "businessPlaceId": 27, "documentDate": moment}
        encoded = base64.b64encode(json.dumps(content).encode()).decode()
        answer = await self.http.post(f"/public/api/v1/doc/{kind}", json={"documentBody": encoded})
        assert answer.status_code == 200, answer.text
        card = f"/public/api/v1/doc/storage/docs/{answer.json()['documentId']}"
        async with asyncio.timeout(60):
            while (await self.http.get(card)).json().get("status") != "SUCCESS":
                await asyncio.sleep(0.01)

    async def sent(self, kind: str) -> list[dict[str, Any]]:
        """The contents of the documents of one kind, in the order they were frozen."""
        found = []
        for (report_id,) in await self.line.rows(
            "SELECT id FROM report WHERE kind = ? AND fingerprint IS NOT NULL ORDER BY frozen_ms, id", kind
        ):
            wire = json.loads(await self.line.journal.read(stored_body, report_id))
            found.append(json.loads(base64.b64decode(wire["documentBody"])) if "documentBody" in wire else wire)
        return found

    async def states(self, kind: str) -> list[str]:
        found = await self.line.journal.read(reports_where, "kind = ? ORDER BY id", kind)
        return [report.state for report in found]

    async def story(self, code: str) -> dict[str, Any]:
        answer = await self.http.get("/sandbox/books/codes", params={"code": code})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def fault(self, kind: str, **wanted: Any) -> None:
        answer = await self.http.post("/sandbox/faults", json={"kind": kind} | wanted)
        assert answer.status_code == 201, answer.text


@asynccontextmanager
async def plantwide(plant: Plant, directory: Path, **settings: Any) -> AsyncIterator[Plantwide]:
    """A line, a sandbox, and what goes between them; documents are decided at once unless told otherwise."""
    async with SandboxServer(SandboxSettings(**(QUICK | settings))) as server:
        line = Line(plant, directory / "line.db")
        await line.open()
        account = Account(
            url=server.url,
            tin="307797292",
            business_place_id=27,
            profile=load_profile("asl-belgisi", {"requests_per_minute": 6_000, "reads_per_minute": 60_000}),
            api_key=lambda: server.credentials.api_key,
            requests_per_minute=6_000,
        )
        try:
            async with Regulator(account) as regulator:
                delivery = Delivery(_ports(line, regulator))
                await delivery.recover()
                both = Plantwide(line, server, regulator, delivery)
                async with both.http:
                    yield both
        finally:
            await line.close()


def _ports(line: Line, regulator: Regulator) -> Ports:
    return Ports(
        journal=line.journal,
        regulator=KindSearch(regulator),
        problems=line.problems,
        rules=DeliveryRules(poll_ms=1, poll_max_ms=5),
        profile=regulator.profile,
        timezone=line.plant.timezone,
        wall_ms=wall_ms,
        sleep=asyncio.sleep,
        chance=random.Random(1),
    )


PARENT_FIRST = Station("boxing", "pack", ("packer",), applies=False, level="BOX_LV_1", mode="parent-then-children")
FRAMES = Station("boxing", "pack", ("packer",), applies=False, level="BOX_LV_1", mode="frame")


def marks(count: int, gtin: str = GTIN, seed: int = 1) -> list[str]:
    lot = issuing.Lot(gtin, count, "GS1_AISTR_SHORT", 13, "UNIT", "307797292", "t")
    return [ident + tail for ident, tail in issuing.make(lot, count, Random(seed))]


def sscc(number: int) -> str:
    return codes.sscc("0307797292", 500_000 + number)


def ident(code: str) -> str:
    return code.partition("\x1d")[0]


@asynccontextmanager
async def running(plant: Plant, directory: Path, **job: Any) -> AsyncIterator[Line]:
    line = Line(plant, directory / "line.db")
    await line.open()
    try:
        await line.operations.do("job-start", {"gtin": GTIN} | job)
        yield line
    finally:
        await line.close()


async def children(line: Line, parent: str) -> list[str]:
    rows = await line.rows(
        "SELECT c.ident FROM code c JOIN package p ON p.id = c.package_id WHERE p.ident = ? ORDER BY c.ident", parent
    )
    return [row[0] for row in rows]
