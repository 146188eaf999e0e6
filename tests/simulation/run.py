"""One seed, one run: a line works under faults drawn from the seed; then all is well again and must come to rest."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import tempfile
from collections import Counter
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import structlog

from lined.line.jobs import sealing
from lined.reports.delivery import loops as delivery
from lined.vocabulary.errors import JournalError
from tests.simulation import invariants
from tests.simulation.clock import Stalled, VirtualLoop
from tests.simulation.disk import empty_journal
from tests.simulation.faults import all_is_well, trouble
from tests.simulation.ledger import Sure
from tests.simulation.life import Life
from tests.simulation.people import People
from tests.simulation.world import World

WORKING_S = 150.0
RESTING_S = 3 * 3600.0  # the longest until everything is decided once the faults have ended
LOOK_S = 60.0
GLANCE_S = 10.0  # a few items pass between two glances
BUSY_TICK_S, RESTING_TICK_S = 4.0, 45.0
RESTART_S = 2.0

R = TypeVar("R")


class Result(NamedTuple):
    """What one seed gave. `figures` are for people."""

    seed: int
    wrongs: list[str]
    trace: list[str]
    figures: dict[str, int]
    errors: list[BaseException]


class Run:
    """The lives of one run, one after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lives = 0
        self.life: Life | None = None
        self._living = asyncio.Condition()
        self._ends: asyncio.Queue[str] = asyncio.Queue()
        self._path = world.directory / "line.db"
        self._path.write_bytes(empty_journal())
        self._said = world.directory / "line.db.said"
        self.people = People(self)
        self.seen: Counter[str] = Counter()

    async def a_life(self) -> Life:
        """The life that is lived now, or the next."""
        async with self._living:
            await self._living.wait_for(lambda: self.life is not None)
        assert self.life is not None
        return self.life

    async def while_alive(self, life: Life, work: Coroutine[Any, Any, R]) -> R | None:
        """The work's result; None where that life ends first."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done() and not life.dead:
                await asyncio.wait([task], timeout=2.0)
            return task.result() if task.done() else None
        finally:
            task.cancel()

    async def live(self) -> None:
        """Life after life."""
        while True:
            stale = await self._begin()
            assert self.life is not None
            life = self.life
            how = await self._end_of(life)
            self.world.note(f"life {self.lives} ends: {how}")
            async with self._living:
                self.life = None
            if how == "stop":
                await life.stop()
            else:
                self.world.ledger.died(life.known(), stale[1] if how == "cut" else None)
                await life.die()
                if how == "cut":
                    self._said.write_bytes(stale[0])
                    self.world.reboot()
            await asyncio.sleep(RESTART_S)

    async def _begin(self) -> tuple[bytes, Sure]:
        """Start. Second of the answer: what the said-file is sure of, should it be all that is left."""
        while True:
            self.lives += 1
            self.world.note(f"life {self.lives} begins")
            life = Life(self.world, self._path)
            self.world.crash_in = None
            try:
                await life.start()
            except JournalError as error:
                self.world.wrong(f"the journal could not be opened: {error!r}", error)
                raise
            async with self._living:
                self.life = life
                self._living.notify_all()
            return self._said.read_bytes(), self.world.ledger.sure

    async def _end_of(self, life: Life) -> str:
        """Wait for the end of a life: by itself, drawn from the seed at a point, or by chaos."""
        while True:
            if life.ended.is_set():
                return "by itself"
            if self.world.crash_in is not None:
                for _ in range(self.world.crash_in):
                    await asyncio.sleep(0)
                return "kill"
            try:
                return self._ends.get_nowait()
            except asyncio.QueueEmpty:
                await self.world.stir()

    def end(self, how: str) -> None:
        """End this life."""
        self._ends.put_nowait(how)
        self.world.stirred()


async def scenario(run: Run) -> None:
    """Work, then rest. Raises nothing that is not a defect."""
    delivery.TICK_S = sealing.TICK_S = BUSY_TICK_S
    living = asyncio.ensure_future(run.live())
    living.add_done_callback(lambda done: _ended(run.world, done))
    others = [asyncio.ensure_future(trouble(run.world, run.end))]
    await run.people.start_job()
    others.append(asyncio.ensure_future(run.people.operate()))
    await asyncio.sleep(WORKING_S)
    for task in others:
        task.cancel()
    await asyncio.wait(others)
    all_is_well(run.world)
    await _rest(run)
    await _works_again(run)
    if run.life is not None:
        run.seen.update(invariants.happened(run.life))
        await invariants.at_the_end(run, run.life)
        await run.life.die()
    living.cancel()
    await asyncio.wait([living])


def _ended(world: World, living: asyncio.Future[None]) -> None:
    """Living goes on until it is cancelled; anything else is a defect."""
    if not living.cancelled() and living.exception() is not None:
        world.wrong(f"the program cannot be started or stopped: {living.exception()!r}", living.exception())


async def _rest(run: Run) -> None:
    delivery.TICK_S = sealing.TICK_S = RESTING_TICK_S
    await run.people.stop_job()
    world = run.world
    world.belt_moves.clear()
    until_s = world.now_s() + RESTING_S
    while world.now_s() < until_s:
        await asyncio.sleep(LOOK_S)
        life = await run.a_life()
        left = invariants.unfinished(life)
        if not left:
            return
        await run.people.decide()
    life = await run.a_life()
    world.wrong(f"did not come to rest: {invariants.unfinished(life)}")


async def _works_again(run: Run) -> None:
    """After all that, a new item is accepted and comes to its end like any other."""
    world = run.world
    if world.wrongs:
        return
    heard = len(world.ledger.heard)
    await run.people.start_job()
    world.belt_moves.set()
    for _ in range(120):
        await asyncio.sleep(GLANCE_S)
        if len(world.ledger.heard) > heard:
            await _rest(run)
            return
    world.wrong("no item is accepted any more")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing is logged: what the parts say about faults is what the simulation wanted."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def play(seed: int) -> Result:
    """Play one seed from beginning to end."""
    chance = random.Random(seed)
    loop = VirtualLoop(chance)
    with tempfile.TemporaryDirectory(dir=_memory(), prefix="lined-sim-") as directory:
        world = World(seed, loop, chance, Path(directory))
        figures: dict[str, int] = {}
        loop.set_exception_handler(lambda _loop, context: _unheard(world, context))
        try:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(_played(world, figures))
        except Stalled as stalled:
            world.wrong(str(stalled))
        finally:
            loop.steps = 0
            _clear(loop)
    return Result(seed, world.wrongs, world.trace, figures, world.errors)


def play_briefly(seed: int) -> Result:
    """The same in another process, where nobody reads what happened."""
    with quiet():
        return play(seed)._replace(trace=[], errors=[])


async def _played(world: World, figures: dict[str, int]) -> None:
    run = Run(world)
    try:
        await scenario(run)
    finally:
        figures.update(
            lives=run.lives,
            codes=len(world.ledger.heard),
            documents=len(world.books.documents),
            twice=len(world.books.twice),
            doubts=run.seen["in_doubt"],
            echoes=run.seen["echo"],
            steps=world.steps(),
            virtual_s=int(world.now_s()),
        )


def _unheard(world: World, context: dict[str, Any]) -> None:
    """A callback that raised is a defect; answers that nobody waits for any more are those of the dead."""
    error = context.get("exception")
    if isinstance(error, Exception) and "never retrieved" not in str(context.get("message")):
        world.wrong(f"{context.get('message')}: {error!r}", error)


def _clear(loop: VirtualLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
    for _ in range(20):
        loop.call_soon(loop.stop)
        loop.run_forever()
    asyncio.set_event_loop(None)
    loop.close()


def _memory() -> str | None:
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() else None
