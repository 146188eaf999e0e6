"""A line over a real journal file, with a clock that stands still unless told: for the tests of journal and line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from lined.journal import Journal
from lined.journal.database import Connection, SqliteError
from lined.journal.tables import counters
from lined.journal.tables.reports import ReportRow
from lined.line.intake.intake import LineIntake
from lined.line.intake.ports import Judgement
from lined.line.jobs.sealing import Sealer
from lined.line.plant import BatchRules, Plant, Product, Station
from lined.line.state import LineState
from lined.line.stations.read import typed_device
from lined.line.stations.verdicts import PublishedVerdict
from lined.line.watch.problems import Problems
from lined.vocabulary.facts import from_column
from tests.commands import line_commands
from tests.rows import reports_where

GS = "\x1d"
OIL = "04899215122371"
WATER = "03077972920046"
TOBACCO = "04640030095537"
SSCC = "00030779729200012315"
NOON = int(datetime(2026, 11, 23, 7, 0, tzinfo=UTC).timestamp() * 1000)  # 12:00 in Tashkent
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BINDING = {"profile": "asl-belgisi", "url": "https://one.example", "tin": "307797292", "business_place_id": "27"}
DEVICES = ("cam-1", "cam-2", "hand-1", "hand-2")
REPEAT_MS = 5_000


class FullError(SqliteError):
    """What SQLite raises where it finds no room."""

    sqlite_errorcode = 13


def oil(number: int, tail: str = "93abcd") -> str:
    """A full marking code of the product OIL."""
    return f"01{OIL}21A{number:06d}{GS}{tail}"


def ident(number: int) -> str:
    return oil(number).partition(GS)[0]


class Frame(NamedTuple):
    kind: str = "read"
    codes: Sequence[bytes] = ()
    raw: bytes = b""
    grade: str | None = None
    missed: int = 0


def frame(*codes: str) -> Frame:
    raw = tuple(code.encode("utf-8") for code in codes)
    return Frame("read", raw, b";".join(raw))


def plant(**changes: Any) -> Plant:
    """OIL demands both dates; `apply` has two cameras, `hand` two handhelds with `repeat_s`."""
    demands = frozenset({"production_date", "expiration_date"})
    products = {
        OIL: Product(OIL, "Oil", "vegetableoil", "PRODUCTION", "UZ", shelf_life_days=365, demands=demands),
        WATER: Product(WATER, "Water", "water", "PRODUCTION", "UZ", shelf_life_days=None, demands=demands | {"series"}),
        TOBACCO: Product(TOBACCO, "Cigarettes", "tobacco", "PRODUCTION", "UZ", shelf_life_days=100, demands=demands),
    }
    stations = {
        "apply": Station("apply", "apply", ("cam-1", "cam-2")),
        "hand": Station("hand", "apply", ("hand-1", "hand-2"), repeat_ms={"hand-1": REPEAT_MS, "hand-2": REPEAT_MS}),
    }
    return replace(Plant("line-1", "Asia/Tashkent", 27, products, stations), **changes)


class Line:
    """`async with Line(path) as line`: the daemon's parts between links and journal, without links and delivery."""

    def __init__(
        self,
        path: Path,
        plan: Plant | None = None,
        now: int = NOON,
        floor_bytes: int = 0,
        batches: BatchRules | None = None,
    ) -> None:
        self.path = path
        self.plant = plan or plant()
        if batches is not None:
            self.plant = replace(self.plant, batches=batches)
        self.now = now
        self.skew_s: float | None = None
        self.fail_next = False
        self.floor_bytes = floor_bytes
        self.at: Callable[[str], None] = lambda _where: None
        self.verdicts: list[PublishedVerdict] = []
        self.numbers: dict[str, int] = {}
        self.nudges = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.journal.close()

    async def start(self) -> None:
        self.journal = Journal(self.path, floor_bytes=self.floor_bytes, crash_point=self._crash_point)
        devices = [*DEVICES, *(typed_device(station) for station in self.plant.stations)]
        self.numbers = await self.journal.open(BINDING, devices)
        self.state = LineState(self.plant)
        self.problems = Problems(lambda: self.now)
        self.intake = LineIntake(self.plant, self.journal, self.state, self.problems, self.numbers, lambda: self.now)
        self.journal.writer.on_defect = self.intake.defects.note
        self.intake.listeners.append(self.verdicts.extend)
        self.line = line_commands(self.plant, self.journal, self.state, self.intake, lambda: self.now)
        self.sealer = Sealer(
            self.journal, self.state, self.problems, lambda: self.now, lambda: self.skew_s, self._nudge
        )

    async def restart(self) -> None:
        await self.journal.close()
        await self.start()

    async def job(self, gtin: str = OIL, **attributes: Any) -> dict[str, Any]:
        return await self.line.do("job-start", {"gtin": gtin, **attributes})

    def submit(self, device: str, *frames: Frame) -> asyncio.Future[Judgement]:
        return self.intake.judge(device, frames, asyncio.get_running_loop().time())

    async def words(self, device: str, *codes: str | Frame, say: bool = True) -> list[str]:
        """Frames of one code each, in one chunk; the verdicts' reasons, `accept` where there is none."""
        frames = [code if isinstance(code, Frame) else frame(code) for code in codes]
        before = len(self.verdicts)
        judgement = await self.submit(device, *frames)
        if say:
            self.intake.replied(device, judgement)
        else:
            self.intake.unsaid(device, judgement, 0, "test")
        assert all(v.verdict == "accept" for v in self.verdicts[before:] if v.reason in (None, "repeat"))
        return [v.reason or "accept" for v in self.verdicts[before:]]

    async def word(self, device: str, code: str | Frame, *, say: bool = True) -> str:
        return (await self.words(device, code, say=say))[0]

    async def read(self, question: Callable[[Connection], Any]) -> Any:
        """On the writer, after everything queued so far."""
        return await self.journal.do(question)

    async def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Facts as what they say."""
        found: list[tuple[Any, ...]] = await self.read(lambda c: c.execute(sql, parameters).fetchall())
        return [tuple(from_column(one) if isinstance(one, str) else one for one in row) for row in found]

    async def sums(self, job_id: int = counters.LIFE) -> Mapping[str, int]:
        found: dict[str, int] = await self.read(lambda c: counters.of_job(c, job_id))
        return {name: n for name, n in found.items() if n}

    async def reports(self) -> list[ReportRow]:
        found: list[ReportRow] = await self.read(reports_where)
        return found

    async def unsaid(self) -> list[str]:
        sql = "SELECT ident FROM unsaid JOIN code ON code.id = code_id ORDER BY code_id"
        return [row[0] for row in await self.rows(sql)]

    def _nudge(self) -> None:
        self.nudges += 1

    def _crash_point(self, where: str) -> None:
        self.at(where)
        if where == "before-commit" and self.fail_next:
            self.fail_next = False
            raise FullError("database or disk is full")
