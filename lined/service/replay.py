"""A replay: the bytes of a capture through the real driver and the line's real rules, on an empty journal that ends
with it (docs/capture.md). The clock is the capture's: at any speed the verdicts are the same.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import drivers
from lined.codes import Malformed, parse
from lined.config import Config, Device
from lined.journal import Journal
from lined.line.intake.capture import (
    DOWN,
    GAP,
    IN,
    REPLIED,
    UNACKNOWLEDGED,
    UNSAID,
    UP,
    VERDICT,
    CaptureEvent,
)
from lined.line.intake.intake import LineIntake
from lined.line.intake.ports import Judgement
from lined.line.jobs import jobs
from lined.line.plant import Product
from lined.line.state import LineState
from lined.line.stations.verdicts import PublishedVerdict
from lined.line.watch.problems import Problems
from lined.service import assembly
from lined.vocabulary.facts import DeviceFact, Fact
from lined.vocabulary.line import JobMode
from lined.vocabulary.word import member

LOST: Final = Fact(DeviceFact.CLOSED_BY_DEVICE)
REPLIED_MAX: Final = 10_000  # as many as a link has under way
SERIES: Final = "REPLAY"  # of a job that only the replay has begun
EXPIRES: Final = "2198-12-31"


class Difference(NamedTuple):
    """At a place, from 1: what was expected and what came; None: nothing."""

    place: int
    expected: CaptureEvent | None
    came: CaptureEvent | None


def verdicts_in(events: Sequence[CaptureEvent]) -> list[CaptureEvent]:
    """What was decided, in order."""
    return [event for event in events if event.what == VERDICT]


def differences(expected: Sequence[CaptureEvent], came: Sequence[CaptureEvent], *, whole: bool) -> list[Difference]:
    """Verdicts that are not as expected. `whole`: more than expected are wrong too; a capture ends before the last
    verdicts of its line do.
    """
    most = max(len(expected), len(came)) if whole else len(expected)
    padded = ([*one, *[None] * (most - len(one))][:most] for one in (expected, came))
    return [
        Difference(place, wanted, found)
        for place, (wanted, found) in enumerate(zip(*padded, strict=True), 1)
        if wanted is None or found is None or not _are_equal(wanted.more, found.more)
    ]


def _are_equal(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    codes = (wanted.get("code"), found.get("code"))
    same_code = codes[0] == codes[1] or None in codes  # a code that may hold a check part is told nowhere
    return same_code and all(wanted.get(key) == found.get(key) for key in ("verdict", "reason"))


async def replayed(
    config: Config,
    about: Device,
    events: Sequence[CaptureEvent],
    *,
    speed: float = 0,
    gtin: str | None = None,
    tell: Callable[[CaptureEvent], None] = lambda _verdict: None,
) -> list[CaptureEvent]:
    """The verdicts, each told as it comes. `speed`: 1 as it was, 0 at once; `gtin`: of the job, where the capture's
    own is not meant. Raises CommandError where the job cannot be started here.
    """
    with tempfile.TemporaryDirectory(prefix="lined-replay-") as folder:
        journal = Journal(Path(folder) / "replay.db")
        replay = _Replay(config, about, events, journal, tell)
        numbers = await journal.open(assembly.binding_of(config), assembly.device_ids_of(config))
        try:
            replay.begin(numbers)
            await replay.start_job(gtin)
            await replay.play(speed)
        finally:
            await journal.close()
    return replay.came


class _Replay:
    """The parts of a line between a link and its journal, for one device. `came`: its verdicts."""

    def __init__(
        self,
        config: Config,
        about: Device,
        events: Sequence[CaptureEvent],
        journal: Journal,
        tell: Callable[[CaptureEvent], None],
    ) -> None:
        self.came: list[CaptureEvent] = []
        self._about = about
        self._events = events
        self._journal = journal
        self._tell = tell
        self._plant = assembly.plant_of(config)
        self._state = LineState(self._plant)
        self._driver = drivers.load(about.driver)(about.options)
        self._settings = assembly.settings_of(config)
        head = self._head = events[0].more
        self._began_ms = int(datetime.fromisoformat(head["at"]).timestamp() * 1000)
        self._at_s = 0.0
        self._waits_for_reply = any(event.what in {REPLIED, UNSAID} for event in events)
        self._unanswered: deque[Judgement] = deque()
        self._replied: deque[Judgement] = deque(maxlen=REPLIED_MAX)

    def begin(self, numbers: Mapping[str, int]) -> None:
        problems = Problems(self._now_ms)
        self._intake = LineIntake(
            self._plant, self._journal, self._state, problems, numbers, self._now_ms, settings=self._settings
        )
        self._journal.writer.on_defect = self._intake.defects.note
        self._intake.listeners.append(self._take)

    async def start_job(self, gtin: str | None) -> None:
        """The job that ran; of a capture without a line, one of the product whose codes come."""
        job = self._head.get("job")
        if not (isinstance(job, dict) and isinstance(job.get("gtin"), str)):
            job = None
        if gtin is None and "job" in self._head and job is None:
            return
        wanted = gtin or (job["gtin"] if job is not None else self._product_seen())
        if wanted is None:
            return
        mode = (member(JobMode, job.get("mode")) if job is not None else None) or JobMode.NORMAL
        requested = job if job is not None and job["gtin"] == wanted else self._invented(wanted)
        start = partial(
            jobs.start,
            state=self._state,
            gtin=wanted,
            requested=requested,
            by="replay",
            at_ms=self._now_ms(),
            mode=mode,
        )
        await self._journal.do(start)

    def _product_seen(self) -> str | None:
        shapes = {gtin: product.shape for gtin, product in self._plant.products.items()}
        for event in self._events:
            for found in self._driver.feed(event.data) if event.what == IN else ():
                for raw in found.codes if isinstance(found, drivers.Read) else ():
                    try:
                        code = parse(raw, shapes)
                    except Malformed:
                        continue
                    if code.gtin in self._plant.products:
                        return code.gtin
        return None

    def _invented(self, gtin: str) -> dict[str, str]:
        """What the product's group demands and no capture tells."""
        product: Product | None = self._plant.products.get(gtin.zfill(14))
        if product is None:
            return {}
        expires = {} if product.shelf_life_days is not None else {"expiration_date": EXPIRES}
        return {key: value for key, value in {"series": SERIES, **expires}.items() if key in product.demands}

    async def play(self, speed: float) -> None:
        self._driver.reset()
        for event in self._events:
            if speed and event.at_s > self._at_s:
                await asyncio.sleep((event.at_s - self._at_s) / speed)
            self._at_s = max(self._at_s, event.at_s)
            await self._happens(event)

    async def _happens(self, event: CaptureEvent) -> None:
        match event.what:
            case word if word in {UP, DOWN}:
                self._driver.reset()  # half a frame is dropped
            case word if word in {IN, GAP}:
                await self._read(self._driver.feed(event.data) if word == IN else self._driver.gap())
            case word if word in {REPLIED, UNSAID}:
                self._reply(unsaid=word == UNSAID)
            case word if word == UNACKNOWLEDGED and self._replied:
                arrived = int(event.more.get("frames", 0))
                self._intake.unacknowledged(self._about.id, self._replied.pop(), arrived, LOST)
            case _:
                pass  # what it was told as well, and what is not the device's doing

    async def _read(self, found: Sequence[drivers.Event]) -> None:
        reads = [event for event in found if isinstance(event, drivers.Read)]
        if not reads:
            return
        judgement = await self._intake.judge(self._about.id, reads, 0)
        self._unanswered.append(judgement)
        if not self._waits_for_reply:
            self._reply()

    def _reply(self, *, unsaid: bool = False) -> None:
        if self._unanswered:
            judgement = self._unanswered.popleft()
            if unsaid:
                self._intake.unsaid(self._about.id, judgement, 0, LOST)
            else:
                self._replied.append(judgement)
                self._intake.replied(self._about.id, judgement)
        if not self._unanswered:
            self._driver.answered()

    def _take(self, verdicts: Sequence[PublishedVerdict]) -> None:
        for one in verdicts:
            about = {"verdict": one.verdict, "reason": one.reason, "code": one.code}
            event = CaptureEvent(self._at_s, VERDICT, more=about)
            self.came.append(event)
            self._tell(event)

    def _now_ms(self) -> int:
        return self._began_ms + int(self._at_s * 1000)
