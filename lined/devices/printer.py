"""A printer over all its connections: labels out of a source, its words back to it, its state to whoever asks.

Guarantees: a label is given to it once; what is with it is bounded; when a connection ends, all that was with it is set
aside, durably, before another label is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import structlog

from drivers.printers import Condition, Printed, PrinterDriver, PrinterEvent, Refused, Unprintable
from lined.devices.printer_ports import LabelSource
from lined.devices.scheduler import FairScheduler
from lined.devices.spec import LinkLimits, LinkState
from lined.devices.urls import LinkUrl
from lined.devices.wire import Wire
from lined.vocabulary.errors import DeviceError, JournalError, clause
from lined.vocabulary.facts import DeviceFact, Fact

log = structlog.get_logger()

IDLE_S = 0.25  # between two looks for labels where there were none
ANSWERS_WITHIN_S = 5.0
STANDS_S = 60.0
LOOK_S = 1.0
WRITE_S = 30.0  # a slow serial line, or a printer whose buffer is full
LATE_MOST = 100  # labels of earlier connections that it may name between two looks: more is no printer's word


@dataclass(frozen=True, slots=True)
class PrinterSpec:
    """One printer of the configuration. `queue`: labels with it at once, at most."""

    id: str
    url: LinkUrl
    queue: int


@dataclass(slots=True)
class PrinterState(LinkState):
    """A printer's link, and what is with the printer."""

    in_flight: int = 0
    """Labels that are with it."""
    queue: int | None = None
    """Labels that it says it has still to print."""
    ready: bool = False
    troubles: tuple[str, ...] = ()
    printed: int = 0
    """Since the start."""


class Printer:
    """See the head. `serve` as a link wants it; `finish` before a stop."""

    def __init__(
        self,
        spec: PrinterSpec,
        driver: PrinterDriver,
        source: LabelSource,
        state: PrinterState,
        limits: LinkLimits,
        wall_time: Callable[[], float],
        scheduler: FairScheduler,
        note: Callable[[str, BaseException], None],
    ) -> None:
        self.spec = spec
        self.state = state
        self.limits = limits
        self._driver = driver
        self._source = source
        self._wall_time = wall_time
        self._scheduler = scheduler
        self._note = note
        self._with_it: set[int] = set()
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._ending = False
        self._late_left = LATE_MOST
        self._fresh = True
        self._moved = 0.0
        self._wire: Wire | None = None

    async def serve(self, wire: Wire) -> NoReturn:
        """Feeds until the connection ends; raises DeviceError with the reason, the wire closed."""
        self._wire = wire
        why = DeviceError("")
        try:
            await self._set_aside()
            self._up(wire)
            async with asyncio.TaskGroup() as tasks:
                await self._write(wire, self._driver.opening())
                tasks.create_task(self._read(wire), name=f"{self.spec.id}: reading")
                tasks.create_task(self._feed(wire), name=f"{self.spec.id}: feeding")
                tasks.create_task(self._ask(wire), name=f"{self.spec.id}: asking")
        except* (DeviceError, JournalError) as gone:
            why = DeviceError(clause(_first(gone)))
        await self._leave(wire)
        raise why

    def down(self, why: DeviceError) -> None:
        """There is no connection, and why. Told and logged once for each change."""
        problem = Fact(DeviceFact.DOWN, where=str(self.spec.url), more=clause(why))
        if self.state.down(problem, self._wall_time()):
            log.warning("printer not connected", printer=self.spec.id, problem=problem)
            self._source.connected(self.spec.id, False, problem)

    async def finish(self) -> None:
        """Take no label any more; returns when none is with it. The caller bounds that."""
        self._ending = True
        while self._with_it:
            self._changed.clear()
            await self._changed.wait()

    def part(self) -> None:
        """Close the connection that a cancelled `serve` has left. What is with it is set aside at the next start."""
        wire, self._wire = self._wire, None
        if wire is not None:
            self.state.connected = False
            wire.close()

    # ── a connection ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _set_aside(self) -> None:
        await self._source.set_aside(self.spec.id, cut_off=not self._fresh)
        self._fresh = False
        self._with_it.clear()
        self._changed.set()
        self._show()

    async def _leave(self, wire: Wire) -> None:
        wire.close()
        self._wire = None
        self.state.ready, self.state.queue = False, None
        try:
            await self._set_aside()
        except JournalError as fault:  # the next connection begins with it again
            log.warning("labels not set aside", printer=self.spec.id, error=str(fault))

    def _up(self, wire: Wire) -> None:
        self.state.up(wire.peer, self._wall_time())
        self._moved = asyncio.get_running_loop().time()
        log.info("printer connected", printer=self.spec.id, peer=wire.peer)
        self._source.connected(self.spec.id, True, None)

    async def _write(self, wire: Wire, words: bytes) -> None:
        """Whole, or the connection ends: half a label must not be followed by another."""
        if words:
            async with self._writing:
                try:
                    await wire.write(words, WRITE_S)
                except DeviceError as fault:
                    wire.drop(clause(fault))
                    raise

    async def _feed(self, wire: Wire) -> None:
        most = min(self.spec.queue, self._driver.most)
        while True:
            room = most - len(self._with_it)
            if self._ending or room <= 0 or not self._driver.takes:
                await self._change(LOOK_S)
                continue
            labels = await self._source.take(self.spec.id, room)
            if not labels:
                await self._change(IDLE_S)
                continue
            words = b""
            for number, label in labels:
                try:
                    words += self._driver.load(number, label)
                except Unprintable as why:
                    await self._source.not_taken(self.spec.id, number, str(why))
                else:
                    self._with_it.add(number)
            self._show()
            await self._write(wire, words)

    async def _change(self, within_s: float) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _ask(self, wire: Wire) -> None:
        """Questions, and a look at whether it prints at all."""
        every_s = self._driver.ask_s or LOOK_S
        while True:
            await asyncio.sleep(every_s)
            if self._driver.ask_s is not None:
                await self._write(wire, self._driver.ask())
                self._source.answers(self.spec.id, self._driver.unanswered * every_s < ANSWERS_WITHIN_S)
            self._look()

    def _look(self) -> None:
        self._late_left = LATE_MOST
        now = asyncio.get_running_loop().time()
        if not self._with_it:
            self._moved = now
        self._source.stands(self.spec.id, len(self._with_it) if now - self._moved > STANDS_S else 0)

    async def _read(self, wire: Wire) -> None:
        while True:
            chunk = await wire.read_within(self.limits.chunk_bytes, self._driver.gap_s)
            await self._scheduler.acquire()
            try:
                events = self._driver.feed(chunk) if chunk else self._driver.gap()
            except Exception as error:
                self._note(f"driver of {self.spec.id}", error)
                raise DeviceError(Fact(DeviceFact.READING_DEFECT, id=type(error).__name__)) from error
            self.state.received_bytes += len(chunk)
            await self._on_events(events)
            self._changed.set()  # what it said may be that it takes labels again

    async def _on_events(self, events: list[PrinterEvent]) -> None:
        """What it says of labels is durable before more of it is read."""
        numbers = self._believed([event.number for event in events if isinstance(event, Printed)])
        if numbers:
            await self._source.printed(self.spec.id, numbers)
            self.state.printed += len(self._with_it.intersection(numbers))
            self._with_it.difference_update(numbers)
        for event in events:
            if isinstance(event, Refused) and event.number in self._with_it:
                await self._source.not_taken(self.spec.id, event.number, "")
                self._with_it.discard(event.number)
            elif isinstance(event, Condition):
                self._note_condition(event)
        if any(isinstance(event, Printed | Refused) for event in events):
            self._moved = asyncio.get_running_loop().time()
        self._show()

    def _believed(self, numbers: list[int]) -> list[int]:
        """Those that are with it, and some that it names of earlier connections."""
        found = []
        for number in numbers:
            if number not in self._with_it:
                if not self._late_left:
                    continue
                self._late_left -= 1
            found.append(number)
        return found

    def _note_condition(self, told: Condition) -> None:
        state = self.state
        state.ready, state.queue = told.ready and not told.troubles, told.queue
        state.troubles = tuple(sorted(trouble.value for trouble in told.troubles))
        self._source.condition(self.spec.id, told)

    def _show(self) -> None:
        self.state.in_flight = len(self._with_it)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
