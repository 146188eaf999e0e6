"""A device over all its connections: its bytes to the driver, its frames to the line, its state to whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn

import structlog

from drivers import Command, Driver, Event, Fault, Garbled, Heartbeat, Read
from lined.devices.flood import FloodGuard
from lined.devices.reply_writer import PendingReply, ReplyWriter
from lined.devices.scheduler import FairScheduler
from lined.devices.silence import Silence
from lined.devices.spec import LAST_RAW_BYTES, DeviceSpec, DeviceState, LinkLimits
from lined.devices.wire import Wire
from lined.line.intake.capture import DOWN, GAP, IN, OUT, UP
from lined.line.intake.ports import Intake
from lined.vocabulary.errors import DeviceError, clause
from lined.vocabulary.facts import DeviceFact, Fact

log = structlog.get_logger()

ACKNOWLEDGED_POLL_S = 0.01


class Device:
    """At most one connection at a time is served, and read once the verdicts of the one before are said or unsaid."""

    def __init__(
        self,
        spec: DeviceSpec,
        driver: Driver,
        intake: Intake,
        state: DeviceState,
        limits: LinkLimits,
        wall_time: Callable[[], float],
        scheduler: FairScheduler,
        note: Callable[[str, BaseException], None],
    ) -> None:
        self.spec = spec
        self.state = state
        self.limits = limits
        self._flood = FloodGuard(limits, self._flooding)
        self.replies = ReplyWriter(spec, driver, intake, limits, state, self._flood)
        self._silence = Silence(driver.silent_s, self._silent, limits.silence_least_s)
        self._keepalive: asyncio.TimerHandle | None = None
        self._driver = driver
        self._intake = intake
        self._wall_time = wall_time
        self._scheduler = scheduler
        self._note = note
        self._wire: Wire | None = None

    async def serve(self, wire: Wire) -> NoReturn:
        """Reads until the connection ends; raises DeviceError with the reason, the wire closed.

        Cancelled, it leaves the wire open for the verdicts under way: `part` closes it.
        """
        self._wire = wire
        self._up(wire.peer)
        self._driver.reset()
        await self.replies.drained()  # what the connection before was not told is listed before this one's first read
        try:
            if login := self._driver.encode(Command.LOGIN):
                await wire.write(login, self.limits.write_s)
                self._tapped(OUT, b"*" * len(login))  # it may be a secret
            self._silence.begin()
            self._keep_alive(wire)
            while True:
                await self.replies.room()
                if self._flood.is_over_the_bound:
                    await self._flood.slow_down()
                chunk = await wire.read_within(self.limits.chunk_bytes, self._driver.gap_s)
                arrived = asyncio.get_running_loop().time()
                await self._scheduler.acquire()
                self._take(wire, chunk, arrived)
        except DeviceError:
            self._driver.reset()  # half a frame is never glued to the next connection's first
            await self._leave(wire)
            raise
        finally:
            self._silence.end()
            if self._keepalive is not None:
                self._keepalive.cancel()

    def _keep_alive(self, wire: Wire) -> None:
        """Say what the device wants to hear, now and again and again."""
        every_s = self._driver.keepalive_s
        if every_s is None:
            return
        self.replies.enqueue(wire, self._driver.encode(Command.KEEPALIVE))
        self._keepalive = asyncio.get_running_loop().call_later(every_s, self._keep_alive, wire)

    async def part(self) -> None:
        """Close the connection that a cancelled `serve` has left."""
        self._flood.close()
        wire, self._wire = self._wire, None
        if wire is None:
            return
        self.state.connected = False
        self.state.since = self._wall_time()
        try:
            if not wire.gone:
                await wire.part(self.limits.part_s)
        finally:
            self.replies.ended(wire)
            wire.close()

    async def _leave(self, wire: Wire) -> None:
        """Close a connection that has ended. One that was superseded is told first what is under way; what was said on
        one that the device closed has a moment to be acknowledged.
        """
        try:
            async with asyncio.timeout(self.limits.part_s):
                if wire.superseded and not wire.gone:
                    await self.replies.drained()
                while wire.gone == wire.at_end and wire.delivered() < wire.written:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(ACKNOWLEDGED_POLL_S)
        except TimeoutError:
            if wire.superseded:
                wire.drop(wire.superseded)
        self.replies.ended(wire)
        wire.close()
        self._wire = None

    def down(self, why: DeviceError) -> None:
        """There is no connection, and why. Told and logged once for each change."""
        problem = Fact(DeviceFact.DOWN, where=str(self.spec.url), more=clause(why))
        if self.state.down(problem, self._wall_time()):
            self._tapped(DOWN)
            log.warning("device not connected", device=self.spec.id, problem=problem)
            self._intake.connected(self.spec.id, False, problem)

    def _flooding(self, pours: bool) -> None:
        log.warning("device floods" if pours else "device floods no more", device=self.spec.id)
        self._intake.flooding(self.spec.id, pours)

    def _silent(self, is_silent: bool) -> None:
        log.warning("device silent" if is_silent else "device silent no more", device=self.spec.id)
        self.state.silent = is_silent
        self._intake.silent(self.spec.id, is_silent)

    def _up(self, peer: str) -> None:
        self.state.up(peer, self._wall_time())
        self._tapped(UP)
        log.info("device connected", device=self.spec.id, peer=peer)
        self._intake.connected(self.spec.id, True, None)

    def _tapped(self, what: str, data: bytes = b"") -> None:
        if self.state.tap is not None:
            self.state.tap(what, data)

    def _take(self, wire: Wire, chunk: bytes, arrived: float) -> None:
        state = self.state
        if state.tap is not None:
            state.tap(IN if chunk else GAP, chunk)
        try:
            events = self._driver.feed(chunk) if chunk else self._driver.gap()
        except Exception as error:  # without an answer to each read a device may take the next one's for its own
            self._note(f"driver of {self.spec.id}", error)
            raise DeviceError(Fact(DeviceFact.READING_DEFECT, id=type(error).__name__)) from error
        if chunk:
            self._silence.received()
        state.received_bytes += len(chunk)
        state.dropped_bytes = self._driver.dropped_bytes
        state.retransmissions = self._driver.retransmissions
        reads = [event for event in events if isinstance(event, Read)]
        if len(reads) < len(events):
            self._note_others(wire, events)
        if not reads:
            return
        state.frames += len(reads)
        state.last_read_at = self._wall_time()
        state.last_raw = reads[-1].raw[:LAST_RAW_BYTES]
        self.replies.add(PendingReply(wire, self._intake.judge(self.spec.id, reads, arrived), len(reads), arrived))

    def _note_others(self, wire: Wire, events: Sequence[Event]) -> None:
        """What the device said beside its reads."""
        state = self.state
        for event in events:
            if isinstance(event, Heartbeat):
                state.heartbeats += 1
                state.last_heartbeat_at = self._wall_time()
                self._silence.heartbeat()
            elif isinstance(event, Fault):
                state.faults += 1
                state.last_fault = event.text
                self._intake.fault(self.spec.id, event.text)
            elif isinstance(event, Garbled):
                state.garbled += 1
                self.replies.enqueue(wire, self._driver.encode(Command.NACK))
