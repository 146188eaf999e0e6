"""The reply writer: one task a device, over all its connections, in the order of the reads.

Guarantees: a verdict goes to the connection its read came from, or is reported as unsaid; it is reported as said only
when the kernel has taken every byte of it, and as unacknowledged where the connection ended before the device had them;
nothing is said after the deadline. What is under way is bounded.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

from drivers import Command, Driver
from lined.devices.flood import FloodGuard
from lined.devices.spec import DeviceSpec, DeviceState, LinkLimits
from lined.devices.wire import Wire
from lined.line.intake.capture import OUT, REPLIED, UNACKNOWLEDGED, UNSAID
from lined.line.intake.ports import Intake, Judgement
from lined.vocabulary.errors import DeviceError, clause
from lined.vocabulary.facts import DeviceFact, Fact

TOO_LATE = Fact(DeviceFact.TOO_LATE)
NEVER_ACKNOWLEDGED = Fact(DeviceFact.UNACKNOWLEDGED)
LOOK_S = 0.25  # between two looks at what was acknowledged, while something is not known to be
GIVEN_UP = Fact(DeviceFact.GIVEN_UP)
NO_VERDICT = 0  # the mark of a judgement of nothing
NOT_AT_ONCE = Fact(DeviceFact.NOT_AT_ONCE)


class PendingReply(NamedTuple):
    """The frames of one chunk, being judged; or bytes that are no verdict, to be written between verdicts."""

    wire: Wire
    judging: asyncio.Future[Judgement]
    frames: int
    arrived: float
    """The loop's time."""
    words: bytes = b""
    """Written as they are, where there are no frames."""


class Written(NamedTuple):
    """Replies that the kernel has taken, and the device may not have."""

    wire: Wire
    judgement: Judgement
    begins: int
    """In the bytes written to the wire."""


class ReplyWriter:
    """`add` from the reader, `run` as a task, `flush` after that task has ended."""

    def __init__(
        self,
        spec: DeviceSpec,
        driver: Driver,
        intake: Intake,
        limits: LinkLimits,
        state: DeviceState,
        flood: FloodGuard,
    ) -> None:
        self._flood = flood
        self._driver = driver
        self._spec = spec
        self._intake = intake
        self._limits = limits
        self._state = state
        ack = driver.encode(Command.ACK)
        self._accept, self._reject = ack + spec.reply_accept, ack + spec.reply_reject
        self._again = driver.encode(Command.NACK) if ack else spec.reply_reject
        self._mute = not (self._accept or self._reject)
        self._pending: deque[PendingReply] = deque()
        self._written: deque[Written] = deque()
        self._look: asyncio.TimerHandle | None = None
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._room = asyncio.Event()
        self._tell()

    def add(self, pending: PendingReply) -> None:
        self._pending.append(pending)
        self._state.unanswered += pending.frames
        self._tell()

    def enqueue(self, wire: Wire, words: bytes) -> None:
        """Bytes that are no verdict, after the verdicts that are under way. None: nothing happens."""
        if words:
            loop = asyncio.get_running_loop()
            done: asyncio.Future[Judgement] = loop.create_future()
            done.set_result(Judgement([], NO_VERDICT))
            self.add(PendingReply(wire, done, 0, loop.time(), words))

    async def room(self) -> None:
        """Returns while fewer frames are unanswered than the limit: reading pauses until then."""
        await self._room.wait()

    async def drained(self) -> None:
        """Returns when nothing is under way."""
        await self._none.wait()

    async def run(self) -> None:
        """Runs until cancelled; a turn cut off in its middle leaves its wire dropped."""
        while True:
            await self._some.wait()
            pending = self._pending[0]
            if pending.judging.done():
                await asyncio.sleep(0)  # a burst of verdicts does not hold the loop
            else:
                await asyncio.wait([pending.judging])  # unlike `await`, does not cancel what it waits for
            if pending.judging.cancelled():
                pending.wire.drop("a verdict was given up")
            else:
                await self._write_reply(pending, pending.judging.result())
            self._pop()

    def flush(self) -> None:
        """Say what is judged already and the kernel takes at once. What is not judged yet remains unsaid: nobody is
        told, as after a crash.
        """
        while self._pending and self._pending[0].judging.done():
            pending = self._pending[0]
            self._pop()
            if pending.judging.cancelled() or pending.judging.exception() is not None:
                break
            self._write_at_once(pending, pending.judging.result())

    def ended(self, wire: Wire) -> None:
        """The connection has ended, and is still open for questions: what the device has not acknowledged is unsaid."""
        delivered = wire.delivered()
        lost: list[int] = []
        while self._written:
            written = self._written.popleft()
            first = self._acknowledged(written, delivered)
            if first < len(written.judgement.accepts):
                lost.insert(0, first)
                why = wire.gone or NEVER_ACKNOWLEDGED
                self._intake.unacknowledged(self._spec.id, written.judgement, first, why)
        if self._state.tap is not None:
            for first in lost:  # the newest first
                self._state.tap(UNACKNOWLEDGED, b"", first)
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _wrote(self, wire: Wire, judgement: Judgement, begins: int) -> None:
        if not self._spec.published:
            self._written.append(Written(wire, judgement, begins))
            if self._look is None:
                self._look = asyncio.get_running_loop().call_later(LOOK_S, self._forget_acknowledged)

    def _forget_acknowledged(self) -> None:
        """Memory holds what is in the kernel's buffer, and the replies since the last look, for which none waits."""
        self._look = None
        if not self._written:
            return
        delivered = self._written[-1].wire.delivered()
        while self._written:
            written = self._written[0]
            if self._acknowledged(written, delivered) < len(written.judgement.accepts):
                break
            self._written.popleft()
        if self._written:
            self._look = asyncio.get_running_loop().call_later(LOOK_S, self._forget_acknowledged)

    def _acknowledged(self, written: Written, delivered: int) -> int:
        """How many replies of these the device has whole."""
        ends, accept, reject = written.begins, len(self._accept), len(self._reject_reply(written.judgement))
        if ends + len(written.judgement.accepts) * max(accept, reject) <= delivered:
            return len(written.judgement.accepts)
        for count, good in enumerate(written.judgement.accepts):
            ends += accept if good else reject
            if ends > delivered:
                return count
        return len(written.judgement.accepts)

    def give_up(self) -> None:
        """Nobody says any more what is under way: all of it is unsaid, as soon as it is judged."""
        while self._pending:
            pending = self._pending[0]
            self._pop()
            pending.wire.drop(GIVEN_UP)
            pending.judging.add_done_callback(self._given_up)

    def _given_up(self, judging: asyncio.Future[Judgement]) -> None:
        if not judging.cancelled() and judging.exception() is None:
            self._report(judging.result(), GIVEN_UP)

    async def _write_reply(self, pending: PendingReply, judgement: Judgement) -> None:
        why = self._obstacle(pending)
        reply = self._reply(pending, judgement)
        begins = pending.wire.written
        if reply and not why:
            try:
                await pending.wire.write(reply, self._time_left_s(pending))
            except DeviceError as fault:
                why = clause(fault)
                pending.wire.drop(why)
            except asyncio.CancelledError:
                pending.wire.drop(Fact(DeviceFact.CUT_OFF))
                raise
        if reply and not why and self._state.tap is not None:
            self._state.tap(OUT, reply)
        self._report(judgement, why)
        if reply and judgement.accepts and not why:
            self._wrote(pending.wire, judgement, begins)

    def _write_at_once(self, pending: PendingReply, judgement: Judgement) -> None:
        why = self._obstacle(pending)
        reply = self._reply(pending, judgement)
        begins = pending.wire.written
        if reply and not why:
            try:
                if pending.wire.write_at_once(reply) < len(reply):
                    why = NOT_AT_ONCE
            except DeviceError as fault:
                why = clause(fault)
            if why:
                pending.wire.drop(why)
        if reply and not why and self._state.tap is not None:
            self._state.tap(OUT, reply)
        self._report(judgement, why)
        if reply and judgement.accepts and not why:
            self._wrote(pending.wire, judgement, begins)

    def _obstacle(self, pending: PendingReply) -> str:
        """Why nothing may be said; empty where it may. Who gets no replies misses none with the connection."""
        if self._time_left_s(pending) <= 0:
            return TOO_LATE
        return "" if self._mute and not pending.words else pending.wire.gone

    def _time_left_s(self, pending: PendingReply) -> float:
        if self._spec.deadline_s is None or pending.words:
            return self._limits.write_s
        left_s = pending.arrived + self._spec.deadline_s - asyncio.get_running_loop().time()
        return min(self._limits.write_s, left_s)

    def _reply(self, pending: PendingReply, judgement: Judgement) -> bytes:
        accept, reject = self._accept, self._reject_reply(judgement)
        return pending.words or b"".join(accept if good else reject for good in judgement.accepts)

    def _reject_reply(self, judgement: Judgement) -> bytes:
        """What could not be kept is not acknowledged: a device that waits for that sends it again."""
        return self._again if judgement.failed else self._reject

    def _report(self, judgement: Judgement, why: str) -> None:
        self._flood.rejected(judgement.accepts.count(False))
        if self._spec.published or not judgement.accepts:
            return
        if self._state.tap is not None:
            self._state.tap(UNSAID if why else REPLIED, b"", len(judgement.accepts))
        if why:
            self._intake.unsaid(self._spec.id, judgement, 0, why)
        else:
            self._intake.replied(self._spec.id, judgement)

    def _pop(self) -> None:
        self._state.unanswered -= self._pending.popleft().frames
        if not self._state.unanswered:
            self._driver.answered()
        self._tell()

    def _tell(self) -> None:
        for event, holds in (
            (self._some, bool(self._pending)),
            (self._none, not self._pending),
            (self._room, self._state.unanswered < self._limits.unanswered_frames),
        ):
            if holds:
                event.set()
            else:
                event.clear()
