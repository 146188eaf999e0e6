"""One life of the program: everything the daemon wires together, from opening the journal to its end or its death."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import drivers
from lined.journal import Journal
from lined.journal.database import open_readonly
from lined.line.intake.intake import LineIntake
from lined.line.intake.ports import Judgement
from lined.line.jobs.clock_steps import ClockSteps
from lined.line.jobs.sealing import Sealer
from lined.line.state import LineState
from lined.line.stations.read import Read, typed_device
from lined.line.watch.clock import WallClock
from lined.line.watch.problems import Problems
from lined.reports.delivery.loops import Delivery
from lined.reports.delivery.ports import Ports, RegulatorPort
from lined.vocabulary.errors import CommandError, Defect, JournalBroken, JournalFull, LookupFailed
from lined.vocabulary.verdicts import ACCEPTED, Decision
from tests.commands import line_commands, report_commands
from tests.harness.drivers import reads_of
from tests.profiles import PROFILE
from tests.simulation.disk import InlineWriter
from tests.simulation.mistakes import FaultyPort, Mistake, Noted
from tests.simulation.network import Connection as Port

if TYPE_CHECKING:
    from tests.simulation.world import World

BINDING = {"profile": "asl-belgisi", "url": "sim", "tin": "307797292", "business_place_id": "27"}
CREDENTIAL_S = 900.0
MARKS_S = 5.0
SAY_S = (0.0, 0.05)
BETWEEN_READS_S = (0.2, 8.0)


class Reading(NamedTuple):
    """What a device sent in one piece. `ago_s`: how long ago it had last read each of the codes."""

    judged: asyncio.Future[Judgement]
    ago_s: list[float]
    cable_fault: bool


class Life:
    """`ended` is set when it cannot go on by itself: a journal that cannot be written, or a defect."""

    def __init__(self, world: World, path: Path) -> None:
        self.world = world
        self.path = path
        self.dead = False
        self.clock = WallClock(world.wall_ms, world.uptime_ms, world.boot)
        self.problems = Problems(self.clock)
        self.journal = Journal(path)
        self.writer = InlineWriter(path, world.disk, world.mistakes)
        self.journal.writer = self.writer
        self.defects = Noted(self.problems, world.wrong)
        self.writer.on_defect = self.defects.note
        self.ended = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: dict[str, asyncio.Queue[Reading]] = {}

    async def start(self) -> None:
        """As the daemon starts. Raises nothing: a start that fails is a broken promise."""
        world = self.world
        devices = [*world.repeat_s, *(typed_device(station) for station in world.plant.stations)]
        numbers = await self.journal.open(BINDING, devices)
        self._look = open_readonly(self.path)
        self.journal._connections.append(self._look)  # one reader for both: opening one costs as much as 30 questions
        state = LineState(world.plant)
        self.clock.begin(self.journal, ClockSteps(state))
        self.intake = LineIntake(world.plant, self.journal, state, self.problems, numbers, self.clock, self.defects)
        self._meets_mistakes()
        self.line = line_commands(world.plant, self.journal, state, self.intake, self.clock)
        self.port = Port(  # it compares clocks by the one that notices steps, as the regulator's client does
            world.books, world.weather, world.now_s, self.clock, world.epoch_ms, world.hidden_for_s, world.point
        )
        ports = Ports(
            journal=self.journal,
            regulator=cast("RegulatorPort", FaultyPort(self.port, world.mistakes)),
            problems=self.problems,
            rules=world.rules,
            profile=PROFILE,
            timezone=world.plant.timezone,
            wall_ms=self.clock,
            sleep=asyncio.sleep,
            chance=random.Random(world.chance.getrandbits(64)),
            note=self.defects.note,
        )
        self.delivery = Delivery(ports)
        self.clock.listeners += [self.port.clock_was_set, self.delivery.clock_was_set]
        self.reports = report_commands(self.journal, self.clock, self.delivery.nudge)
        sealer = Sealer(self.journal, state, self.problems, self.clock, self._skew_s, self.delivery.nudge)
        self._begin(self._outward(), "outward")
        self._begin(self.defects.keep_going("sealer", sealer.run), "sealer")
        self._begin(self._watch(), "watch")
        for device in world.repeat_s:
            self._waiting[device] = asyncio.Queue()
            self._begin(self._reads(device), "reads")
            self._begin(self._says(device), "says")

    def known(self) -> dict[str, str | None]:
        """Identification codes in the journal's file, committed, with their own state."""
        return dict(self._look.execute("SELECT ident, own FROM code").fetchall())

    async def command(self, call: Callable[[Life], Coroutine[Any, Any, dict[str, Any]]]) -> dict[str, Any] | None:
        """A person's command, until it is answered. None: this life does not answer any more."""
        while not self.dead:
            try:
                return await call(self)
            except CommandError as error:
                return {"error": error.code}
            except (JournalFull, Defect, Mistake):  # asked again, with the same id
                await asyncio.sleep(5.0)
            except JournalBroken:
                return None
        return None

    async def stop(self) -> None:
        """An orderly end, in the daemon's order. Where the disk has broken what was being written last may be there or
        not, as after a death.
        """
        reading = [task for task in self._tasks if task.get_name() == "reads"]
        for task in reading:
            task.cancel()
        for _ in range(30):
            if not self.intake.under_way:
                break
            await asyncio.sleep(0.1)
        await self.delivery.finish(4.0)
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        self.journal._connections.clear()  # it is looked at until the very end
        await self.journal.close()
        if self.writer.broken is not None:
            self.world.ledger.died(self.known(), None)
        self._bury()

    async def die(self) -> None:
        """SIGKILL: nothing this life does from now on has an effect."""
        self._bury()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _bury(self) -> None:
        self.dead = True
        self.port.dead = True
        self.writer.kill()
        for connection in self.journal._connections:
            connection.close()
        self._look.close()  # the last one, and it cannot write: the WAL stays as it is
        if self.journal.reply_marks is not None:
            self.journal._release()

    def _meets_mistakes(self) -> None:
        """Where no connection and no regulator is: questions, reads, listeners."""
        mistakes, ask, parse = self.world.mistakes, self.journal._ask, self.intake.parsing._read

        def asked(question: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
            mistakes.maybe("a question")
            return ask(question, arguments)

        def read(*arguments: Any) -> Any:
            mistakes.maybe("a read")
            return parse(*arguments)

        self.journal._ask = asked  # type: ignore[method-assign]
        self.intake.parsing._read = read  # type: ignore[assignment, method-assign]
        self.intake.listeners.insert(0, lambda _verdicts: mistakes.maybe("a listener"))

    # ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(self._over)
        self._tasks.append(task)

    def _over(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self.dead:
            return
        error = task.exception()
        if isinstance(error, ExceptionGroup):
            error = error.split(JournalBroken)[1]
        if error is not None and not isinstance(error, JournalBroken):
            self.world.wrong(f"a task ended with {error!r}", error)
        self.ended.set()
        self.world.stirred()

    async def _outward(self) -> None:
        await self.delivery.recover()
        async with asyncio.TaskGroup() as group:
            for run in (
                self.delivery.run_sending,
                self.delivery.run_looking,
                self.delivery.run_following,
                self._care_for_regulator,
            ):
                group.create_task(self.defects.keep_going(run.__name__, run))

    async def _care_for_regulator(self) -> None:
        """Now and then the credential is looked at, which tells the time of the regulator too."""
        while True:
            with contextlib.suppress(LookupFailed):
                await self.port.check_credential()
            await asyncio.sleep(CREDENTIAL_S)

    async def _watch(self) -> None:
        while self.writer.broken is None:
            await asyncio.sleep(MARKS_S)
            self.intake.settle_marks()
        if not self.world.disk.broke:
            self.world.wrong(f"a life was ended by a mistake: {self.writer.broken}")
        self.world.disk.broke = False
        self.ended.set()
        self.world.stirred()

    def _skew_s(self) -> float | None:
        self.clock.on_skew(self.port.server_skew_s)
        return self.port.server_skew_s

    async def _reads(self, device: str) -> None:
        """The device's bytes, cut anywhere, through the driver to the line."""
        driver, chance = drivers.load("generic")({}), self.world.chance
        while True:
            await asyncio.sleep(chance.uniform(*BETWEEN_READS_S))
            await self.world.belt_moves.wait()
            sent = self.world.next_read()
            cut = chance.randrange(len(sent) + 1)
            for piece in (sent[:cut], sent[cut:]):
                frames = reads_of(driver.feed(piece))
                if frames:
                    texts = [code for frame in frames for code in frame.codes or (b"",)]
                    wall_s = self.world.wall_ms() / 1000
                    ago_s = [self.world.ledger.read(device, text.decode("latin-1"), wall_s) for text in texts]
                    judged = self.intake.judge(device, frames, self.world.now_s())
                    fault = chance.random() < self.world.cable_fault
                    self._waiting[device].put_nowait(Reading(judged, ago_s, fault))
            if chance.random() < self.world.cable_fault:
                driver.reset()

    async def _says(self, device: str) -> None:
        chance = self.world.chance
        while True:
            reading = await self._waiting[device].get()
            judgement = await reading.judged
            pending = self.intake._pending[judgement.mark]
            words = list(zip(pending.chunk.reads, pending.ruling.verdicts, strict=True))
            self.world.ledger.applied(c.code.ident for c, w in words if c.code and w == Decision.ACCEPT)
            await asyncio.sleep(chance.uniform(*SAY_S))
            said = len(words) if not reading.cable_fault else chance.randrange(len(words) + 1)
            accepted = [c.code.ident if c.code and w in ACCEPTED else "" for c, w in words]
            self._hear(self.world.repeat_s[device], words[:said], reading.ago_s)
            self.world.point("heard")
            await asyncio.sleep(0)
            if reading.cable_fault:
                self.world.ledger.unsaid(ident for ident in accepted[said:] if ident)
                self.intake.unsaid(device, judgement, said, "connection lost")
            else:
                self.intake.replied(device, judgement)
                self.world.ledger.told(ident for ident in accepted if ident)
                if self.intake._notes[device]:
                    self.world.ledger.marked_later(ident for ident in accepted if ident)

    def _hear(self, repeat_s: float, words: list[tuple[Read, str]], ago_s: list[float]) -> None:
        for (read, word), ago in zip(words, ago_s, strict=False):
            if word in ACCEPTED:
                assert read.code is not None
                ident = read.code.ident
                if self._look.execute("SELECT 1 FROM code WHERE ident = ?", (ident,)).fetchone() is None:
                    self.world.wrong(f"{ident} was accepted and is not on disk")
                self.world.ledger.accept_heard(ident, word, ago, repeat_s)
