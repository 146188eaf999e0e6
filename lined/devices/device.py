"""A device over all its connections: its bytes to the driver, its frames to the line, its state to whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

import structlog

from drivers import Driver
from lined.devices.flood import FloodGuard
from lined.devices.reply_writer import Sayer, Turn
from lined.devices.spec import LAST_RAW_BYTES, DeviceSpec, DeviceState, LinkLimits
from lined.devices.turns import Turns
from lined.devices.wire import Wire
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
        turns: Turns,
        note: Callable[[str, BaseException], None],
    ) -> None:
        self.spec = spec
        self.state = state
        self.limits = limits
        self._flood = FloodGuard(limits, self._flooding)
        self.sayer = Sayer(spec, intake, limits, state, self._flood)
        self._driver = driver
        self._intake = intake
        self._wall_time = wall_time
        self._turns = turns
        self._note = note
        self._wire: Wire | None = None

    async def serve(self, wire: Wire) -> NoReturn:
        """Reads until the connection ends; raises DeviceError with the reason, the wire closed.

        Cancelled, it leaves the wire open for the verdicts under way: `part` closes it.
        """
        self._wire = wire
        self._up(wire.peer)
        self._driver.reset()
        await self.sayer.quiet()  # what the connection before was not told is listed before this one's first read
        try:
            while True:
                await self.sayer.room()
                if self._flood.is_over_the_bound:
                    await self._flood.slow_down()
                chunk = await wire.read(self.limits.chunk_bytes)
                arrived = asyncio.get_running_loop().time()
                await self._turns.mine()
                self._take(wire, chunk, arrived)
        except DeviceError:
            self._driver.reset()  # half a frame is never glued to the next connection's first
            await self._leave(wire)
            raise

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
            self.sayer.ended(wire)
            wire.close()

    async def _leave(self, wire: Wire) -> None:
        """Close a connection that has ended. One that was superseded is told first what is under way; what was said on
        one that the device closed has a moment to be acknowledged.
        """
        try:
            async with asyncio.timeout(self.limits.part_s):
                if wire.superseded and not wire.gone:
                    await self.sayer.quiet()
                while wire.gone == wire.at_end and wire.delivered() < wire.written:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(ACKNOWLEDGED_POLL_S)
        except TimeoutError:
            if wire.superseded:
                wire.drop(wire.superseded)
        self.sayer.ended(wire)
        wire.close()
        self._wire = None

    def down(self, why: DeviceError) -> None:
        """There is no connection, and why. Told and logged once for each change."""
        problem = Fact(DeviceFact.DOWN, where=str(self.spec.url), more=clause(why))
        state = self.state
        if not state.connected and state.problem == problem:
            return
        if state.connected:
            state.connected = False
            state.since = self._wall_time()
        state.problem = problem
        log.warning("device not connected", device=self.spec.id, problem=problem)
        self._intake.connected(self.spec.id, False, problem)

    def _flooding(self, pours: bool) -> None:
        log.warning("device floods" if pours else "device floods no more", device=self.spec.id)
        self._intake.flooding(self.spec.id, pours)

    def _up(self, peer: str) -> None:
        state = self.state
        state.connected = True
        state.since = self._wall_time()
        state.problem = None
        state.peer = peer
        state.connections += 1
        log.info("device connected", device=self.spec.id, peer=peer)
        self._intake.connected(self.spec.id, True, None)

    def _take(self, wire: Wire, chunk: bytes, arrived: float) -> None:
        state = self.state
        try:
            reads = self._driver.feed(chunk)
        except Exception as error:  # without an answer to each read a device may take the next one's for its own
            self._note(f"driver of {self.spec.id}", error)
            raise DeviceError(Fact(DeviceFact.READING_DEFECT, id=type(error).__name__)) from error
        state.received_bytes += len(chunk)
        state.heartbeats = self._driver.heartbeats
        state.dropped_bytes = self._driver.dropped_bytes
        if not reads:
            return
        state.frames += len(reads)
        state.last_read_at = self._wall_time()
        state.last_raw = reads[-1].raw[:LAST_RAW_BYTES]
        self.sayer.add(Turn(wire, self._intake.judge(self.spec.id, reads, arrived), len(reads), arrived))
