"""A real line of three stations behind a real endpoint, for the browser: marking, verification, packing of four."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import time
from pathlib import Path

from lined.api.ports import PlantView
from lined.journal import Journal
from lined.line.intake.intake import LineIntake
from lined.line.plant import BatchRules, PackageRule, Plant, Product, SsccRange, Station
from lined.line.state import LineState
from lined.line.stations.read import typed_device
from lined.line.watch.alarms import AlarmBook
from lined.line.watch.balance import BalanceWatch
from lined.line.watch.problems import Problems
from lined.web.server import StatusServer, make_token
from tests.commands import line_commands
from tests.integration.api.plant import BINDING, GTIN, Device, Line, Other, served, wall_ms

NASTY = """Yog' <b>"1 l" & 'x'</b>"""
STATIONS = {
    "marking": Station("marking", "apply", ("cam-1",)),
    "grading": Station("grading", "verify", ("verifier",), applies=False),
    "packing": Station(
        "packing", "pack", ("cam-3",), applies=False, level="BOX_LV_1", mode="children-then-parent", confirm_ms=0
    ),
}


@contextlib.asynccontextmanager
async def a_shown_line(path: Path, *, language: str = "en", port: int = 0) -> AsyncIterator[Line]:
    """A line whose journal is `path`/line-1.db, served, with alarms and balance at work."""
    path.mkdir(parents=True, exist_ok=True)
    product = Product(GTIN, NASTY, "vegetableoil", "PRODUCTION", "UZ", shelf_life_days=1095)
    plant = Plant(
        "line-1",
        "Asia/Tashkent",
        27,
        {GTIN: product},
        STATIONS,
        BatchRules(),
        validation=BatchRules(),
        aggregation=BatchRules(),
        packing={GTIN: {"BOX_LV_1": PackageRule("BOX_LV_1", 4, "UNIT")}},
        sscc=SsccRange("0307797292", 1, 9_999_999),
    )
    journal = Journal(path / "line-1.db")
    problems = Problems(wall_ms)
    state = LineState(plant)
    devices = [device for station in STATIONS.values() for device in station.devices]
    numbers = await journal.open(BINDING, [*devices, *(typed_device(station) for station in STATIONS)])
    intake = LineIntake(plant, journal, state, problems, numbers, wall_ms)
    line = line_commands(plant, journal, state, intake, wall_ms)
    alarms = line.context.alarms = AlarmBook(journal, problems, wall_ms)
    balance = BalanceWatch(journal, problems, list(STATIONS), packs=True)
    seen = {device: Device(last_read_at=1_700_000_000.0, last_raw=b"<NOREAD>&'\"") for device in devices}
    flags = {"ready": True}
    other = Other()
    view = PlantView(
        line_id="line-1",
        journal=journal,
        intake=intake,
        problems=problems,
        commands=line,
        regulator=other,
        wall_ms=wall_ms,
        ready=lambda: flags["ready"],
        devices=seen,
        stations={device: station.id for station in STATIONS.values() for device in station.devices},
        url="https://example.invalid",
        plant=plant,
        language=language,
        shifts=(time(8), time(20)),
        alarms=alarms,
        balance=balance,
    )
    token = make_token(journal.token_path)
    server = StatusServer(view, "127.0.0.1", port, token=token)
    try:
        async with served(server), _at_work(alarms, balance):
            yield Line(journal, intake, problems, line, seen, other, server, token, flags, state)
    finally:
        await journal.close()


@contextlib.asynccontextmanager
async def _at_work(alarms: AlarmBook, balance: BalanceWatch) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(alarms.run()), group.create_task(balance.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
