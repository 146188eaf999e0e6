"""Real lines behind real endpoints, in this process: journal, intake and commands, served on a port of loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from lined.api.ports import PlantView
from lined.api.sign_in import SignIn
from lined.journal import Journal
from lined.line.intake.intake import LineIntake
from lined.line.plant import BatchRules, PackageRule, Plant, Product, SsccRange, Station
from lined.line.state import LineState
from lined.line.stations.read import typed_device
from lined.line.watch.alarms import AlarmBook
from lined.line.watch.balance import BalanceWatch
from lined.line.watch.permit import PermitWatch
from lined.line.watch.problems import Problems
from lined.web.server import StatusServer, make_token
from tests.commands import line_commands
from tests.harness.served import GTIN, Device, Line, Other, served, wall_ms

BINDING = {"profile": "asl-belgisi", "url": "http://127.0.0.1:1", "tin": "307797292", "business_place_id": "27"}
NASTY = """Yog' <b>"1 l" & 'x'</b>"""


@contextlib.asynccontextmanager
async def a_line(path: Path, *, host: str = "127.0.0.1", port: int = 0, floor_bytes: int = 0) -> AsyncIterator[Line]:
    """A line of two stations whose journal is `path`/line-1.db: marking, and packing of three."""
    stations = {
        "marking": Station("marking", "apply", ("cam-1", "cam-2"), repeat_ms={"cam-1": 60_000}),
        "boxing": Station("boxing", "pack", ("cam-3",), level="BOX_LV_1", mode="children-then-parent"),
    }
    packing = {GTIN: {"BOX_LV_1": PackageRule("BOX_LV_1", 3, "UNIT")}}
    product = Product(GTIN, "Sunflower oil 1 l", "vegetableoil", "PRODUCTION", "UZ", shelf_life_days=1095)
    plant = Plant("line-1", "Asia/Tashkent", 27, {GTIN: product}, stations, BatchRules(), packing=packing)
    seen = {"cam-1": Device(), "cam-2": Device(connected=False, problem="refused")}
    async with _assembled(path, plant, seen, host=host, port=port, floor_bytes=floor_bytes) as line:
        yield line


@contextlib.asynccontextmanager
async def a_shown_line(path: Path, *, language: str = "en", port: int = 0, issues: bool = True) -> AsyncIterator[Line]:
    """The same for the page, with alarms and balance at work: marking, verification, packing of four. `issues`: lined
    names the packages; else each has a label.
    """
    path.mkdir(parents=True, exist_ok=True)
    stations = {
        "marking": Station("marking", "apply", ("cam-1",), rejects_in_a_row=10),
        "grading": Station("grading", "verify", ("verifier",), applies=False),
        "packing": Station(
            "packing", "pack", ("cam-3",), applies=False, level="BOX_LV_1", mode="children-then-parent", confirm_ms=0
        ),
    }
    plant = Plant(
        "line-1",
        "Asia/Tashkent",
        27,
        {GTIN: Product(GTIN, NASTY, "vegetableoil", "PRODUCTION", "UZ", shelf_life_days=1095)},
        stations,
        BatchRules(),
        validation=BatchRules(),
        aggregation=BatchRules(),
        packing={GTIN: {"BOX_LV_1": PackageRule("BOX_LV_1", 4, "UNIT")}},
        sscc=SsccRange("0307797292", 1, 9_999_999) if issues else None,
        contact="Akmal, 11-22",
    )
    devices = [device for station in stations.values() for device in station.devices]
    seen = {device: Device(last_read_at=1_700_000_000.0, last_raw=b"<NOREAD>&'\"") for device in devices}
    async with _assembled(path, plant, seen, port=port, language=language) as line:
        yield line


@contextlib.asynccontextmanager
async def _assembled(
    path: Path,
    plant: Plant,
    seen: dict[str, Device],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    floor_bytes: int = 0,
    language: str = "",
) -> AsyncIterator[Line]:
    """The parts of a line, put together and served. `seen`: the devices that are shown; `language`: the page's, which
    has alarms and balance then.
    """
    stations = plant.stations.values()
    journal = Journal(path / "line-1.db", floor_bytes=floor_bytes)
    problems, state, other, flags = Problems(wall_ms), LineState(plant), Other(), {"ready": True}
    devices = [device for station in stations for device in station.devices]
    numbers = await journal.open(BINDING, [*devices, *(typed_device(station) for station in plant.stations)])
    intake = LineIntake(plant, journal, state, problems, numbers, wall_ms)
    journal.writer.on_defect = intake.defects.note
    commands = line_commands(plant, journal, state, intake, wall_ms)
    alarms = balance = None
    if language:
        alarms = commands.context.alarms = AlarmBook(journal, problems, wall_ms)
        balance = BalanceWatch(journal, problems, list(plant.stations), packs=True)
    sign_in = commands.context.people = SignIn(journal, "a secret of this line", asyncio.get_running_loop().time)
    permit = PermitWatch(
        plant,
        intake.session,
        lambda: flags["ready"],
        lambda: state.job is not None,
        lambda device: device not in seen or seen[device].connected,
        wall_ms,
    )
    view = PlantView(
        line_id="line-1",
        journal=journal,
        intake=intake,
        problems=problems,
        commands=commands,
        regulator=other,
        wall_ms=wall_ms,
        ready=lambda: flags["ready"],
        devices=seen,
        stations={device: station.id for station in stations for device in station.devices if device in seen},
        url="https://example.invalid",
        permit=permit,
        sign_in=sign_in,
        reading_token=make_token(journal.reading_token_path),
        hosts=("line-1.plant.example",),
        plant=plant if language else None,
        language=language or "en",
        alarms=alarms,
        balance=balance,
    )
    token = make_token(journal.token_path)
    server = StatusServer(view, host, port, token=token)
    try:
        async with served(server), _at_work(alarms, balance):
            yield Line(journal, intake, problems, commands, seen, other, server, token, flags, state)
    finally:
        await journal.close()


@contextlib.asynccontextmanager
async def _at_work(*parts: AlarmBook | BalanceWatch | None) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part.run()) for part in parts if part is not None]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
