"""The live feed of a screen: one bounded stream of server-sent events.

    hello     once: the rates of the last minutes, the last verdicts
    verdict   at most UPDATES_S apart, however many reads: the last of each station, and the last reject
    tick      each second: the time, the rate, the parts of the page that changed, what to do now at a pack station; its
              absence means "dead"
    bye       the stream ends by itself after LIFE_S, and the screen asks again: no request here lives for ever

A slow screen slows its own stream only: each message is made of what holds at that moment, nothing is queued.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from lined.api.ports import PlantView
from lined.api.rendering import json_bytes
from lined.i18n.shown import code_end
from lined.line.stations.verdicts import PublishedVerdict
from lined.vocabulary.errors import JournalError
from lined.vocabulary.line import Role
from lined.vocabulary.verdicts import Answer, Reason
from lined.web.fragments import FRESH_S, Fragments
from lined.web.guide import Guide, PackState, guide, pack_state

CLIENTS_MAX = 20
UPDATES_S = 0.1
TICK_S = 1.0
LIFE_S = 25.0  # well below the endpoint's bound for a request
RETRY_MS = 200
KEPT_S = 600  # seconds of rates, for the curve
SHOWN_MAX = 10  # verdicts beside each other
RECENT_MAX = 500  # in which those of one station are looked for
GUIDE_S = 1.0  # for the journal to say what lies in a package; without it the verdict's own words stand


class Rates:
    """Items a second, good and bad, of the last KEPT_S seconds. `second`: whole seconds of any clock that goes on."""

    def __init__(self) -> None:
        self._second = 0
        self._good = self._bad = 0
        self._past: deque[tuple[int, int]] = deque(maxlen=KEPT_S)

    def add(self, second: int, good: int, bad: int) -> None:
        self.roll(second)
        self._good += good
        self._bad += bad

    def roll(self, second: int) -> None:
        """Begin a new second, with empty ones for those in which nothing passed."""
        if not self._second:
            self._second = second
        for _ in range(min(second - self._second, KEPT_S)):
            self._past.append((self._good, self._bad))
            self._good = self._bad = 0
        self._second = max(second, self._second)

    def past(self, seconds: int = KEPT_S) -> list[tuple[int, int]]:
        """The last whole seconds, oldest first."""
        return list(self._past)[-seconds:]

    @property
    def last(self) -> tuple[int, int]:
        return self._past[-1] if self._past else (0, 0)


class Feed:
    """A listener of the intake, and the streams of all screens."""

    def __init__(self, view: PlantView, fragments: Fragments) -> None:
        self.clients = 0
        self._view = view
        self._fragments = fragments
        self._rates: dict[str, Rates] = {}  # by station
        self._last: dict[str, PublishedVerdict] = {}
        self._last_reject: PublishedVerdict | None = None
        self._packed: dict[str, tuple[int, float, PackState]] = {}
        """By station: of which verdict, when it was asked, and what lies in the package: once for all screens."""
        self._pack_lock = asyncio.Lock()
        self._recent: deque[PublishedVerdict] = deque(maxlen=RECENT_MAX)  # of all stations
        self._wakes: set[asyncio.Event] = set()
        self._ended = False
        view.intake.listeners.append(self._on_verdicts)
        for verdict in view.intake.shown:
            self._keep([verdict])

    def _on_verdicts(self, verdicts: Sequence[PublishedVerdict]) -> None:
        """Called for each chunk, inside the way of a verdict: counts, and wakes who looks."""
        if verdicts:
            bad = self._keep(verdicts)
            self._rates_at(verdicts[0].station).add(self._now_s(), len(verdicts) - bad, bad)
        for wake in self._wakes:
            wake.set()

    def _keep(self, verdicts: Sequence[PublishedVerdict]) -> int:
        """Those of one chunk, which is of one device, so of one station. Returns how many are rejects."""
        self._last[verdicts[-1].station] = verdicts[-1]
        self._recent.extend(verdicts)
        rejects = [verdict for verdict in verdicts if verdict.verdict != Answer.ACCEPT]
        for verdict in rejects:
            if verdict.reason != Reason.NO_READ:
                self._last_reject = verdict
        return len(rejects)

    def _rates_at(self, station: str) -> Rates:
        return self._rates.setdefault(station, Rates())

    def _now_s(self) -> int:
        return int(asyncio.get_running_loop().time())

    def end(self) -> None:
        """No more streams: the daemon stops."""
        self._ended = True
        for wake in self._wakes:
            wake.set()

    @property
    def full(self) -> bool:
        return self._ended or self.clients >= CLIENTS_MAX

    async def stream(self, language: str, part: str, station: str | None) -> AsyncIterator[bytes]:
        """The events of one screen, as bytes on the wire. `part`: whose fragments it shows, "" for none."""
        wake = asyncio.Event()
        self._wakes.add(wake)
        self.clients += 1
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            told = self._view.intake.seq
            rates = self._rates_at(station or measured(self._view))
            rates.roll(self._now_s())
            yield _event("hello", {"rates": rates.past(), **await self._verdicts(language, station)})
            async for message in self._go_on(wake, language, part, station, told):
                yield message
            yield _event("bye", {})
        finally:
            self.clients -= 1
            self._wakes.discard(wake)

    async def _go_on(
        self, wake: asyncio.Event, language: str, part: str, station: str | None, told: int
    ) -> AsyncIterator[bytes]:
        """`told`: the newest verdict that the screen knows."""
        clock = asyncio.get_running_loop().time
        sent: dict[str, str] = {}
        rates = self._rates_at(station or measured(self._view))
        now = clock()
        until, tick_at = now + LIFE_S, now
        while not self._ended and now < until:
            if now >= tick_at:
                tick_at = now + TICK_S
                tick = await self._tick(language, part, sent, rates)
                yield _event("tick", tick | {"guide": await self._guide(language, self._newest(station), station)})
            if self._view.intake.seq != told:
                told = self._view.intake.seq
                yield _event("verdict", await self._verdicts(language, station))
                await asyncio.sleep(UPDATES_S)
            wake.clear()
            if self._view.intake.seq == told:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, tick_at - clock())):
                        await wake.wait()
            now = clock()

    async def _tick(self, language: str, part: str, sent: dict[str, str], rates: Rates) -> dict[str, Any]:
        """The second's news. `sent`: what this screen has of the page's parts; it is brought up to date."""
        rates.roll(self._now_s())
        picture = await self._fragments.current(language, part)
        changed = {name: html for name, html in picture.parts.items() if sent.get(name) != html}
        sent.update(changed)
        return {
            "at": picture.clock,
            "rate": rates.last,
            "state": picture.state,
            "down": down(self._view),
            "version": picture.version,
            "work": picture.work,
            "parts": changed,
        }

    def _newest(self, station: str | None) -> PublishedVerdict | None:
        if station is not None:
            return self._last.get(station)
        return max(self._last.values(), key=lambda verdict: verdict.seq, default=None)

    async def _guide(
        self, language: str, last: PublishedVerdict | None, station: str | None = None
    ) -> dict[str, str] | None:
        """What to do now at the station of the last verdict, or at the one that is shown; None where it is none that
        packs, or the journal does not say.
        """
        plant = self._view.plant
        name = last.station if last is not None else station
        place = plant.stations.get(name) if plant is not None and name is not None else None
        if place is None or place.role != Role.PACK:
            return None
        reason = last.reason if last is not None and last.verdict != Answer.ACCEPT else None
        try:
            async with asyncio.timeout(GUIDE_S):
                state = await self._pack_state(place.id, last)
        except (JournalError, TimeoutError):
            return None
        found: Guide = guide(place, state, reason, partial(self._fragments.translate, language))
        return {**found._asdict(), "station": place.id}

    async def _pack_state(self, station: str, last: PublishedVerdict | None) -> PackState:
        """Raises JournalError."""
        seq, clock = last.seq if last is not None else 0, asyncio.get_running_loop().time
        async with self._pack_lock:
            kept = self._packed.get(station)
            if kept is not None and kept[0] == seq and clock() - kept[1] < FRESH_S:
                return kept[2]
            state = await self._view.journal.read(pack_state, station, last.code if last is not None else None)
            self._packed[station] = (seq, clock(), state)
            return state

    async def _verdicts(self, language: str, station: str | None) -> dict[str, Any]:
        newest = self._newest(station)
        reject = self._last_reject
        if reject is not None and station not in {None, reject.station}:
            reject = None
        return {
            "last": None if newest is None else self._shown(newest),
            "guide": await self._guide(language, newest, station),
            "reject": None if reject is None else self._shown(reject),
            "recent": self._of_the_last(station),
            "stations": {name: verdict.verdict for name, verdict in self._last.items()},
        }

    def _of_the_last(self, station: str | None) -> list[list[str]]:
        """The last SHOWN_MAX verdicts, oldest first: verdict, reason, end of the code."""
        found = [one for one in self._recent if station is None or one.station == station]
        return [[one.verdict, one.reason or "", code_end(one.code)] for one in found[-SHOWN_MAX:]]

    def _shown(self, verdict: PublishedVerdict) -> dict[str, Any]:
        return {
            "seq": verdict.seq,
            "verdict": verdict.verdict,
            "reason": verdict.reason,
            "station": verdict.station,
            "end": code_end(verdict.code),
            "age_ms": max(0, self._view.wall_ms() - verdict.at_ms),
        }


def down(view: PlantView) -> list[str]:
    """The stations of which a device is not connected."""
    gone = (name for name, seen in view.devices.items() if not seen.connected)
    return sorted({view.stations[name] for name in gone if name in view.stations})


def measured(view: PlantView) -> str:
    """The station whose items are the line's rate: the first that applies codes, else the first of all."""
    stations = list(view.plant.stations.values()) if view.plant is not None else []
    return next((one.id for one in stations if one.applies), stations[0].id if stations else "")


def _event(name: str, body: dict[str, Any]) -> bytes:
    """JSON has no line breaks of its own, so one `data` line holds it."""
    return b"event: " + name.encode() + b"\ndata: " + json_bytes(body) + b"\n\n"
