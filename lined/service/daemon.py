"""The daemon: what is started, in which order, and how it ends. The only task groups besides those of a link.

    delivery (outer)   sending, looking for what is in doubt, following documents, the local endpoint
      intake (inner)   devices, sealing, marks of what was said
    journal            opened first, closed last

Nesting is the order of stopping: `permit` says no; no more bytes are read, and what was read is committed and said;
sending, orders and a key's renewal come to the end of what is under way; the broker is told the last changes and that
the line is offline; endpoint and loops end, then the regulator's client; the journal closes. The bounds of these steps
are here and in `outward`, that of the whole in `ending`. Exit codes: 0 stopped, 1 failed, 74 the journal cannot be
written, 78 it belongs to another account or program.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

import drivers
from lined.config import Config
from lined.devices import DeviceSpec, DeviceState, FairScheduler, run_device
from lined.journal import Journal
from lined.journal.database import SQLITE_VERSION, affected_by_wal_reset
from lined.line.intake.intake import LineIntake
from lined.line.jobs.clock_steps import ClockSteps
from lined.line.jobs.sealing import Sealer
from lined.line.state import LineState
from lined.line.watch.clock import WallClock
from lined.line.watch.defects import Defects
from lined.line.watch.problems import Problems
from lined.mqtt.outbox import Outbox
from lined.service import assembly
from lined.service.crash_point import crash_point
from lined.service.ending import BROKEN_S, STOP_S, LastResort, cancelled
from lined.service.loop_watch import LoopWatch
from lined.service.opening import note_damage, open_journal
from lined.service.systemd import Notify, Starting
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import (
    DEFECT,
    JournalBound,
    JournalBroken,
    JournalError,
    JournalLocked,
    LinedError,
    SettingsError,
)
from lined.vocabulary.facts import Fact, ServiceFact

if TYPE_CHECKING:
    from lined.devices.printer import PrinterState
    from lined.service.outward import Outward

log = structlog.get_logger()

EXIT_OK, EXIT_FAILED, EXIT_JOURNAL, EXIT_SETTINGS = 0, 1, 74, 78

SWITCH_INTERVAL_S = 0.0005  # a thread in pure Python keeps the loop waiting no longer than this
COLLECTIONS = (700, 10, 1_000)  # young and middling objects as usual; a look at all of them a hundred times more seldom
DRAIN_S = 3.0  # at a stop: for verdicts under way
WATCH_S = 0.1  # how often the journal's health is looked at
FILES_S = 0.5  # how often the files under the journal's name are compared with those that are open
SILENCE_S = 10.0  # the oldest write may wait this long before the watchdog is no longer fed


class Service:
    """One line. `run` returns the exit code. `loop_watch`: its loop's selector, where that is measured."""

    def __init__(self, config: Config, loop_watch: LoopWatch | None = None) -> None:
        self.config = config
        self._loop_watch = loop_watch
        self.plant = assembly.plant_of(config)
        self.clock = WallClock()
        self.problems = Problems(self.clock)
        self.defects = Defects(self.problems)
        self.journal = Journal(config.journal.path, floor_bytes=config.journal.floor_bytes, crash_point=crash_point())
        self.state = LineState(self.plant)
        self.devices: dict[str, DeviceState] = {}
        self.printers: dict[str, PrinterState] = {}
        self.intake: LineIntake
        self.outward: Outward | None = None
        self.outbox: Outbox | None = None
        self._since_ms = self.clock()
        self.ready = False
        self._stop = asyncio.Event()
        self._stopping_links = asyncio.Event()
        self._scheduler = FairScheduler()
        self._exit = EXIT_OK
        self._last_resort = LastResort()
        self._notify = Notify()
        self._starting = Starting(self._notify, self.plant.line_id)
        self.journal.on_start = self._starting.tell

    def stop(self) -> None:
        """Ask for an orderly end, as SIGTERM does."""
        self._stop.set()

    async def run(self) -> int:
        """Until SIGTERM, SIGINT or `stop`. What ends the daemon is logged and stands in the exit code."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        gc.disable()  # until everything is loaded; see `_settle_memory`
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unhandled)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
            signal.signal(number, self._asked_to_stop)  # at once, also while the loop is held; then the loop's own
        try:
            with self._starting:  # `_until_stopped` ends it
                numbers = await self._open()
                if numbers is not None:
                    try:
                        await self._work(numbers)
                    finally:
                        await self.journal.close()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
        self._last_resort.off()
        log.info("stopped", exit=self._exit)
        return self._exit

    def _asked_to_stop(self, _number: int, _frame: object) -> None:
        self._last_resort.within(STOP_S, EXIT_OK)

    def _broken(self) -> None:
        """The journal cannot be written: from the writer's thread, or from the loop."""
        self._last_resort.within(BROKEN_S, EXIT_JOURNAL)

    async def _open(self) -> dict[str, int] | None:
        """The journal, opened; the number of each device. None: it cannot be had, and the exit code says why."""
        config = self.config
        try:
            return await open_journal(self.journal, config, self.clock())
        except JournalBound as error:
            for problem in error.problems:
                log.critical("journal_is_another_ones", path=problem.path, problem=problem.message)
            self._exit = EXIT_SETTINGS
        except JournalLocked as error:
            log.critical("journal_in_use", error=str(error))
            self._exit = EXIT_FAILED
        except (JournalError, OSError) as error:
            log.critical("journal_cannot_be_opened", path=str(config.journal.path), error=str(error))
            self._exit = EXIT_JOURNAL
        return None

    async def _work(self, numbers: dict[str, int]) -> None:
        """Everything between the journal's opening and its closing."""
        self.clock.begin(self.journal, ClockSteps(self.state))
        self.intake = LineIntake(
            self.plant,
            self.journal,
            self.state,
            self.problems,
            numbers,
            self.clock,
            self.defects,
            assembly.settings_of(self.config),
        )
        self.journal.writer.on_defect = self.defects.note
        self.journal.writer.on_broken = self._broken
        if affected_by_wal_reset():
            self.problems.set(
                AlarmKind.SQLITE,
                SQLITE_VERSION,
                Fact(ServiceFact.SQLITE_RACE, version=SQLITE_VERSION),
            )
        spec = assembly.mqtt_spec_of(self.config)
        if spec is not None:
            self.outbox = Outbox(spec, self.intake.replied, self.intake.unsaid, self.clock)
            self.intake.sinks.append(self.outbox.enqueue)
        try:
            async with asyncio.TaskGroup() as outer:
                await self._live(outer)
        except* JournalBroken as group:
            log.critical("journal_cannot_be_written", error=_words(group))
            note_damage(self.journal, group)
            self._exit = EXIT_JOURNAL
        except* LinedError as group:
            log.critical("failed", error=_words(group))
            wrong = group.subgroup(SettingsError) is not None
            self._exit = self._exit or (EXIT_SETTINGS if wrong else EXIT_FAILED)
        except* Exception as group:  # a defect of ours: told whole, and the process ends as it does otherwise
            log.critical(DEFECT, exc_info=group)
            self._exit = self._exit or EXIT_FAILED

    async def _live(self, outer: asyncio.TaskGroup) -> None:
        """Start inside out, stop outside in."""
        async with asyncio.TaskGroup() as inner:
            try:
                await self._until_stopped(outer, inner)
            except asyncio.CancelledError:  # something ended that must not: whatever hangs has to end too
                self._last_resort.within(BROKEN_S, EXIT_JOURNAL if self.journal.writer.broken else EXIT_FAILED)
                raise

    async def _until_stopped(self, outer: asyncio.TaskGroup, inner: asyncio.TaskGroup) -> None:
        intake_tasks: list[asyncio.Task[None]] = []
        self._start_intake(inner, intake_tasks)
        watch = outer.create_task(self.defects.keep_going("watch", self._watch), name="watch")
        await self._start_outward(outer)
        _settle_memory()
        settling = outer.create_task(self._settle_endpoint(), name="memory")
        self.ready = True
        self._starting.end()
        self._notify.ready(f"{self.plant.line_id}: running")
        log.info("running", line=self.plant.line_id, devices=len(self.devices))
        if self._loop_watch is not None:
            self._loop_watch.begin()
        await self._stop.wait()
        if self._loop_watch is not None:
            log.info("loop_held", **self._loop_watch.longest_ms())
        log.info("stopping")
        self._notify.stopping()
        if self.outward is not None:
            self.outward.permit.ended = True
        await self._end_intake(intake_tasks)
        if self.outward is not None:
            await self.outward.end()
        settling.cancel()  # the endpoint may never have been there
        watch.cancel()

    async def _settle_endpoint(self) -> None:
        """The endpoint is put together in a thread, after the line is ready."""
        assert self.outward is not None
        await self.outward.status.started.wait()
        _settle_memory()

    # ── intake ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _start_intake(self, inner: asyncio.TaskGroup, tasks: list[asyncio.Task[None]]) -> None:
        def start(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
            tasks.append(inner.create_task(self.defects.keep_going(name, work), name=name))

        by_id = {device.id: device for device in self.config.devices}
        for spec in assembly.device_specs_of(self.config):
            device = by_id[spec.id]
            self.devices[spec.id] = DeviceState()
            start(partial(self._device, spec, drivers.load(device.driver)(device.options)), spec.id)
        if self.config.printers:
            self._start_printers(start)
        self.sealer = Sealer(self.journal, self.state, self.problems, self.clock, self._skew_s, self._nudge)
        start(self.sealer.run, "sealer")
        start(self._settle_marks, "marks")

    def _start_printers(self, start: Callable[[Callable[[], Coroutine[Any, Any, None]], str], None]) -> None:
        from lined.service.printing import tasks_of  # lines without a printer do not load what feeds them

        for name, work in tasks_of(
            self.config,
            self.plant,
            self.journal,
            self.problems,
            self.clock,
            self.printers,
            stopping=self._stopping_links,
            scheduler=self._scheduler,
            note=self.defects.note,
        ):
            start(work, name)

    async def _device(self, spec: DeviceSpec, driver: drivers.Driver) -> None:
        state = self.devices[spec.id]
        await run_device(
            spec,
            driver,
            self.intake,
            state=state,
            stopping=self._stopping_links,
            scheduler=self._scheduler,
            note=self.defects.note,
        )

    async def _settle_marks(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self.intake.settle_marks()

    async def _end_intake(self, tasks: list[asyncio.Task[None]]) -> None:
        """No more bytes are read; what was read is committed and said, within bounds."""
        self._stopping_links.set()
        links = [task for task in tasks if task.get_name() in self.devices or task.get_name() in self.printers]
        if links:
            await asyncio.wait(links, timeout=DRAIN_S)
        await cancelled(tasks)

    # ── outward ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _start_outward(self, outer: asyncio.TaskGroup) -> None:
        """Late: importing an HTTP client and an endpoint takes longer than devices should wait."""
        module = await asyncio.to_thread(importlib.import_module, "lined.service.outward")
        self.outward = module.Outward(
            self.config,
            self.plant,
            self.journal,
            self.state,
            self.intake,
            self.problems,
            self.defects,
            self.devices,
            self.clock,
            self.outbox,
            self._since_ms,
            self.printers,
        )
        await self.outward.start(outer)

    def _unhandled(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A callback that raised, or a task that nobody waits for."""
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, LinedError):
            self.defects.note("the event loop", error)
        else:
            log.warning("event_loop", message=str(context.get("message")), error=repr(error))

    # ── health ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _watch(self) -> None:
        """The journal's health, and the watchdog, which is fed only while loop and writer are well."""
        feed_s = (self._notify.watchdog_s or 0) / 3
        fed = looked = 0.0
        while True:
            await asyncio.sleep(WATCH_S)
            writer = self.journal.writer
            now = time.monotonic()
            if now - looked >= FILES_S:
                looked = now
                self._look_at_files()
            if writer.broken is not None:
                raise JournalBroken(str(writer.broken))
            self._journal_problems()
            if feed_s and now - fed >= feed_s and writer.waiting_s() < SILENCE_S:
                self._notify.alive(f"{self.plant.line_id}: {len(self.problems.all())} problems")
                fed = now

    def _look_at_files(self) -> None:
        wrong = self.journal.files.wrong() if self.journal.files is not None else None
        if wrong is not None:
            self.journal.writer.fail(JournalBroken(f"{wrong}. What is accepted now would be lost."))

    def _journal_problems(self) -> None:
        writer, path = self.journal.writer, str(self.journal.path)
        if writer.low_on_space:
            self.problems.set(AlarmKind.DISK, path, Fact(ServiceFact.DISK_LOW, n=self.config.journal.floor_bytes))
        elif writer.full is not None:
            self.problems.set(AlarmKind.DISK, path, Fact(ServiceFact.DISK_FULL, more=writer.full))
        else:
            self.problems.clear(AlarmKind.DISK, path)

    def _skew_s(self) -> float | None:
        skew_s = self.outward.skew_s() if self.outward is not None else None
        self.clock.on_skew(skew_s)
        return skew_s

    def _nudge(self) -> None:
        if self.outward is not None:
            self.outward.nudge()


def _settle_memory() -> None:
    """What was loaded stays for good: the cyclic collector need not walk through it again and again, which held every
    verdict for 40 to 90 ms.
    """
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    gc.enable()


def _words(group: BaseExceptionGroup[Any]) -> str:
    parts = [_words(e) if isinstance(e, BaseExceptionGroup) else str(e) for e in group.exceptions]
    return "; ".join(parts)
