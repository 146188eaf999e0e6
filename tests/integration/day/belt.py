"""The belt with its PLC: what passes which device, what the ejector does, and what of it the PLC says."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path

from lined.line.stations.verdicts import PublishedVerdict
from lined.vocabulary.errors import JournalFull
from tests.harness.line import OIL, Frame, FullError, frame, oil
from tests.harness.office import Clock
from tests.integration.day.ledger import LIFE, Box, Item, Ledger
from tests.integration.day.line import BEGIN_MS, CONFIRM_MS, SHIFT_MS, STATIONS, Line, plant
from tests.integration.day.office import Books


class Belt:
    """`ledger` is its own count of what it did; `happened`: how often which fault was there."""

    def __init__(self, path: Path, seed: int, events: int) -> None:
        self.chance = random.Random(seed)
        self.clock = Clock(BEGIN_MS, BEGIN_MS)
        self.office = Books(self.clock, self.chance)
        self.line = Line(path, self.office, self.clock)
        self.ledger = Ledger()
        self.happened: Counter[str] = Counter()
        self._step_ms = 3 * SHIFT_MS // events
        self._plc: Counter[tuple[str, str]] = Counter()
        self._counts = 0
        self._next = 0
        self._jobs = 0
        self._sscc = 0
        self._marked: deque[Item] = deque()
        self._checked: deque[Item] = deque()
        self._unheard: list[int] = []
        self._open: Box | None = None
        self._closed: list[tuple[str, Box]] = []
        self._test = False

    # ── the belt ────────────────────────────────────────────────────────────────────────────────────────────────────
    async def tell(self, device: str, frame_: Frame, *expected: str, heard: bool = True) -> PublishedVerdict:
        """One item before one device; the verdict is what the floor says it has to be, or one of a few."""
        self.trigger(self.station_of(device))
        [verdict] = await self.line.say(device, [frame_], heard=heard)
        self._told(device, frame_, verdict, *expected)
        return verdict

    async def tell_at_once(self, device: str, frames: Sequence[Frame], expected: str) -> None:
        """Several items in one commit: a fast belt, or a disk that took its time."""
        for _ in frames:
            self.trigger(self.station_of(device))
        for frame_, verdict in zip(frames, await self.line.say(device, frames), strict=True):
            self._told(device, frame_, verdict, expected)

    def _told(self, device: str, frame_: Frame, verdict: PublishedVerdict, *expected: str) -> None:
        station, word = self.station_of(device), verdict.reason or "accept"
        assert word in expected or (word, *expected) == ("accept", "again"), (device, word, expected, frame_)
        if word == "not-durable":
            self.ledger.count(station, "missed")  # in no journal: for the balance the item passed unseen
        else:
            self.ledger.read(station, word)

    @staticmethod
    def station_of(device: str) -> str:
        return next(one.id for one in plant().stations.values() if device in one.devices)

    def trigger(self, station: str) -> None:
        """The PLC has a light barrier at two of the stations."""
        if station in ("marking", "boxing"):
            self._plc[station, "triggers"] += 1
            self.ledger.count(station, "triggers")

    async def reject(self, station: str, verdict: PublishedVerdict | None) -> None:
        """The ejector pushes an item out, mostly says so in time. None: it heard no verdict, and silence rejects."""
        self._plc[station, "ejected"] += 1
        self.ledger.count(station, "ejected")
        # what no job was to eject is waited for by nobody
        waits = station == "marking" and verdict is not None and verdict.in_job
        if waits and verdict is not None and self.chance.random() < 0.85:
            body = {"session": verdict.session, "seq": verdict.seq}
            await self.line.does.do("reject-confirm", body, id=f"confirm-{verdict.session}-{verdict.seq}")
            self.ledger.count(station, "confirmed")
            return
        self.ledger.count(station, "unconfirmed")
        self.happened["unconfirmed"] += 1
        if waits:
            await self._rescan()

    async def _rescan(self) -> None:
        """A reject nobody confirmed: the open package's content is read once more."""
        self.clock.pass_ms(CONFIRM_MS + 100)
        await self.line.does.context.line.confirming.look()
        await self._see_again()

    async def _see_again(self) -> None:
        for item in list(self._open.items) if self._open is not None else []:
            verdict = await self.tell("packer", frame(oil(item.number)), "repeat", "not-applied")
            if verdict.reason == "not-applied":  # refused meanwhile: it has to leave the box
                assert self.office.outcomes.get(item.number) == "refused"
                await self.line.does.do("package-take-out", {"code": oil(item.number)})
                self._leave_box(item)
        if self._open is not None and not self._open.items:
            await self.line.does.do("package-dissolve", {"station": "boxing"})
            self._open = None

    def _leave_box(self, item: Item) -> None:
        if item.box is not None:
            item.box.items.remove(item)
            item.box = None

    # ── jobs, tests, the PLC ────────────────────────────────────────────────────────────────────────────────────────
    async def start_job(self, *, test: bool = False) -> None:
        await self.flush()
        self._jobs += 1
        body = {"gtin": OIL, "series": f"S{self._jobs}", "mode": "test" if test else "normal"}
        answer = await self.line.does.do("job-start", body)
        self.ledger.job, self._test = int(answer["id"]), test

    async def begin_shift(self, number: int) -> None:
        """What the PLC counted goes to the shift before; then the hands of the clock move on."""
        await self.flush()
        self.clock.pass_ms(max(0, BEGIN_MS + number * SHIFT_MS - self.clock.ms))
        self.ledger.shift = number

    async def stop_job(self) -> None:
        await self.flush()
        await self.line.does.do("job-stop", {})
        self.ledger.job, self._test = 0, False

    async def flush(self) -> None:
        """The PLC says what it counted, twice where the answer got lost, and again where the disk took nothing."""
        for station in ("marking", "quality", "boxing"):
            counted = {what: n for (place, what), n in self._plc.items() if place == station}
            if not counted:
                continue
            self._counts += 1
            body = {"station": station, **counted}
            if self.chance.random() < 0.05:
                self.line.fail_next = FullError("database or disk is full")
            for _ in range(self.chance.choice((1, 1, 2))):
                try:
                    await self.line.does.do("count", body, id=f"count-{self._counts}")
                except JournalFull:
                    await self.line.does.do("count", body, id=f"count-{self._counts}")
        self._plc.clear()

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def expected(self, scope: tuple[str, int] = LIFE) -> dict[tuple[str, str, str], int]:
        buckets = {number: self.office.bucket(number) for number in self.ledger.items}
        return self.ledger.equations(scope, buckets, STATIONS)
