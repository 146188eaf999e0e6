"""The MQTT bridge (docs/contract.md, MQTT): the line tells the PLC, and is told.

    verdicts   QoS 0, one stretch after the other: the next goes out when the broker has confirmed the last
    events     reports, packages, alarms, replies: QoS 1, in order, until the broker has them
    permit     retained, on change and each second
    status     retained, on change, at most once a second; with `availability` at least every 30 s
    commands   one at a time

Guarantees: no verdict is handed to the broker later than a second after it was made, none twice, none of an old
connection over a new one; the line never waits for the broker; a broker that is away is looked for for ever. What
cannot be promised: a broker that stops for a while and goes on has one stretch of verdicts (those of one moment) in its
own hands, and may pass it on late. So whoever acts on a verdict looks at `at`.
"""

from __future__ import annotations

import asyncio
import random as random_numbers
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, NoReturn

import structlog

from lined.devices.dial import Backoff
from lined.devices.spec import LinkLimits
from lined.line.watch.permit import PermitWatch
from lined.mqtt.commands import CommandConsumer, Executor
from lined.mqtt.connection import OFFLINE, ONLINE, Connection, TakenOver, connect
from lined.mqtt.outbox import Outbox, PendingVerdicts, json_bytes, verdict_document
from lined.vocabulary.errors import BrokerError, clause
from lined.vocabulary.facts import BrokerFact, Fact
from lined.vocabulary.line import LineState

log = structlog.get_logger()

SWEEP_S = 0.1  # how often late verdicts are looked for
STRETCH = 100  # judgements that are published before the broker is asked to confirm
EXPIRY_S = 1  # MQTT 5: how long the broker may keep a verdict for a slow subscriber; the least that can be said

Status = Callable[[], Awaitable[Mapping[str, Any]]]
Problem = Callable[[Fact | None], None]
Strange = Callable[[Fact], None]
Note = Callable[[str, BaseException], None]

RIVAL_S = 60.0  # without another such loss, until the rival is believed to have gone
SHORT_LIVED = 3  # connections in a row that end soon: MQTT 3.1.1, and older brokers, do not say why
# What changes by itself, with nothing done on the line: it goes out with the next status, and is no cause for one.
BY_ITSELF = {"at", "oldest_age_s", "clear_s", "available", "held_back_s", "heartbeats", "commits", "queued"}
ROUNDED: dict[str, Callable[[float], float]] = {
    "bytes": lambda value: float(f"{value:.1e}"),
    "free_bytes": lambda value: float(f"{value:.1e}"),
    "clock_skew_s": round,
}


class Bridge:
    """One broker over all its connections. `status` gives the `/status` document; `problem` hears what is wrong with
    the broker, or None when all is well, once for each change; `note` hears of defects in commands.
    """

    def __init__(
        self,
        outbox: Outbox,
        commands: Executor,
        status: Status,
        problem: Problem = lambda _text: None,
        strange: Strange = lambda _text: None,
        note: Note = lambda _where, _error: None,
        *,
        permit: PermitWatch,
        random: Callable[[], float] = random_numbers.random,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        self.spec = outbox.spec
        self.state = outbox.state
        self._limits = outbox.limits
        self._outbox = outbox
        self._status = status
        self._permit = permit
        self._problem = problem
        self._consumer = CommandConsumer(commands, outbox, strange, note)
        self._short_lived = 0
        self._rival_until = float("-inf")
        self._stopping = asyncio.Event()
        limits = LinkLimits(retry_first_s=self._limits.retry_first_s, retry_most_s=self._limits.retry_most_s)
        self._backoff = Backoff(limits, random)
        self._wall_time = wall_time
        self._status_published = float("-inf")

    def stop(self) -> None:
        """Ask for an orderly end: what is waiting is published, within bounds, then `offline`. `run` returns then."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`. May be cancelled at any time: then the broker publishes the last will. A broker's faults stay
        here; any other exception comes out (in an ExceptionGroup).
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                background = [
                    tasks.create_task(self._sweep(), name="mqtt: late verdicts"),
                    tasks.create_task(self._consumer.run(), name="mqtt: commands"),
                ]
                await self._keep_connected()
                for task in background:
                    task.cancel()
        finally:
            self._outbox.drop_all()
            self.state.connected = False

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            since = loop.time()
            connected = False
            try:
                connection = await connect(self.spec, self._limits)
                since, connected = loop.time(), True
                await self._serve(connection)
            except* BrokerError as faults:
                lasted_s = loop.time() - since
                if lasted_s >= self._limits.lasted_s:
                    self._backoff.reset()
                if not connected:
                    self._short_lived = 0  # a broker that is away is no rival
                else:
                    self._look_for_rival(lasted_s, taken=faults.subgroup(TakenOver) is not None)
                self._down(self._about(self._rival() or clause(faults.exceptions[0])))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.next_s()):
                    await self._stopping.wait()

    def _look_for_rival(self, lasted_s: float, *, taken: bool) -> None:
        """A connection was lost: does somebody else go by our name?"""
        soon = lasted_s < self._limits.lasted_s + self._limits.retry_most_s
        self._short_lived = self._short_lived + 1 if soon else 0
        if taken or self._short_lived >= SHORT_LIVED:
            self._rival_until = asyncio.get_running_loop().time() + RIVAL_S

    def _about(self, what: str) -> Fact:
        return Fact(BrokerFact.AWAY, where=str(self.spec), more=what)

    def _rival(self) -> Fact | None:
        """What people are told while somebody else goes by our name."""
        if asyncio.get_running_loop().time() >= self._rival_until:
            return None
        return Fact(BrokerFact.RIVAL, client=self.spec.client_id)

    async def _serve(self, connection: Connection) -> None:
        """Until the connection ends (then BrokerError in an ExceptionGroup), or the bridge is stopped."""
        try:
            commands = f"{self.spec.topic('command')}/+"
            granted = await connection.subscribe(commands)
            await self._publish_availability(connection)
            denied = None if granted else Fact(BrokerFact.DENIED, client=self.spec.client_id, commands=commands)
            self._up(denied)
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(self._listen(connection, commands), name="mqtt: listening")
                publishing = [
                    tasks.create_task(self._publish_verdicts(connection), name="mqtt: verdicts"),
                    tasks.create_task(self._publish_events(connection), name="mqtt: events"),
                    tasks.create_task(self._tell_permit(connection), name="mqtt: permit"),
                    tasks.create_task(self._publish_status(connection, denied), name="mqtt: status"),
                ]
                await self._stopping.wait()
                listening.cancel()
                await self._drain()
                for task in publishing:
                    task.cancel()
            await self._publish_offline(connection)
        finally:
            await connection.drop()

    async def _drain(self) -> None:
        """What was said and done before the stop, within bounds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.stop_s):
                await self._consumer.drained()
                await self._outbox.drained()

    async def _publish_offline(self, connection: Connection) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.stop_s):
                self._permit.ended = True
                last = json_bytes(self._permit.told(self._permit.now()))
                await connection.publish(self.spec.topic("permit"), last, retain=True)
                document = {**await self._status(), "state": LineState.STOPPED}
                await connection.publish(self.spec.topic("status"), json_bytes(document), retain=True)
                await connection.publish(self.spec.topic("availability"), OFFLINE, retain=True)
                await connection.part(self._limits.stop_s)
        log.info("mqtt_parted", broker=str(self.spec))

    def _up(self, denied: Fact | None) -> None:
        state = self.state
        state.connected, state.since = True, self._wall_time()
        state.connections += 1
        log.info("mqtt_connected", broker=str(self.spec), problem=denied)
        self._connected_with(denied)

    def _connected_with(self, denied: Fact | None) -> None:
        """What is wrong although the broker is there."""
        text = self._rival() or denied
        problem = self._about(text) if text else None
        self.state.problem = problem
        self._problem(problem)

    def _down(self, problem: Fact) -> None:
        state = self.state
        if not state.connected and state.problem == problem:
            return
        if state.connected:
            state.connected, state.since = False, self._wall_time()
        state.problem = problem
        log.warning("mqtt_not_connected", problem=problem)
        self._problem(problem)

    # ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _publish_verdicts(self, connection: Connection) -> NoReturn:
        """Verdicts. What was begun and not confirmed when this ends is never published again."""
        while True:
            await self._outbox.some_verdict()
            begun: list[PendingVerdicts] = []
            try:
                while len(begun) < STRETCH and (pending := self._outbox.take()) is not None:
                    begun.append(pending)
                    if not await self._publish(connection, pending):
                        self._outbox.unconfirmed(begun.pop())
                if begun:
                    await connection.prove(self._limits.silent_s)
            except BaseException:
                for pending in begun:
                    self._outbox.unconfirmed(pending)
                raise
            for pending in begun:
                self._outbox.confirmed(pending)

    async def _publish(self, connection: Connection, pending: PendingVerdicts) -> bool:
        """The verdicts of one judgement. False: the last of them would have been late. Raises BrokerError where the
        socket takes nothing: what the library holds must not go out any more, so the connection has to end.
        """
        loop = asyncio.get_running_loop()
        for verdict in pending.verdicts:
            left_s = pending.until - loop.time()
            if left_s <= 0:
                return False
            await connection.publish(
                self.spec.topic("verdict"),
                json_bytes(verdict_document(verdict)),
                qos=0,
                expiry_s=EXPIRY_S,
                timeout_s=left_s,
            )
        return True

    async def _publish_events(self, connection: Connection) -> NoReturn:
        while True:
            await self._outbox.some_event()
            event = self._outbox.first_event()
            if event is None:
                continue
            if not event.topic.startswith(f"{self.spec.base}/"):
                self._outbox.done(event)  # a stranger's topic is tried once: the broker may hang up on it each time
            await connection.publish(event.topic, event.payload, correlation=event.correlation)
            self.state.events += 1
            self._outbox.done(event)

    async def _publish_status(self, connection: Connection, denied: Fact | None) -> NoReturn:
        loop = asyncio.get_running_loop()
        told: object = None
        beat = loop.time()
        while True:
            await asyncio.sleep(max(0.0, self._status_published + self._limits.status_s - loop.time()))
            if self._rival_until < loop.time() and self.state.problem is not None:
                self._connected_with(denied)
            document = await self._status()
            substance = settled(document)
            due = loop.time() - beat >= self._limits.heartbeat_s
            if due:
                await self._publish_availability(connection)
                beat = loop.time()
            self._status_published = loop.time()
            if due or substance != told:
                await connection.publish(self.spec.topic("status"), json_bytes(document), retain=True)
                told = substance

    async def _tell_permit(self, connection: Connection) -> NoReturn:
        """One at a time, so that a broker that stands still has at most one old one in its hands."""
        loop = asyncio.get_running_loop()
        before, beat = None, float("-inf")
        while True:
            found = self._permit.now()
            if found != before or loop.time() - beat >= self._limits.permit_s:
                before, beat = found, loop.time()
                payload = json_bytes(self._permit.told(found))
                expiry_s = self._limits.permit_expiry_s
                await connection.publish(self.spec.topic("permit"), payload, retain=True, expiry_s=expiry_s)
            await asyncio.sleep(self._limits.permit_look_s)

    async def _publish_availability(self, connection: Connection) -> None:
        await connection.publish(self.spec.topic("availability"), ONLINE, retain=True)

    # ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _listen(self, connection: Connection, subscribed: str) -> None:
        async for message in connection.messages(subscribed):
            self._consumer.take(
                message.topic,
                message.payload,
                retained=message.retained,
                response_topic=message.response_topic,
                correlation=message.correlation,
            )

    async def _sweep(self) -> NoReturn:
        while True:
            await asyncio.sleep(SWEEP_S)
            self._outbox.drop_late()


def settled(part: Any) -> Any:
    """A status document without what changes by itself."""
    if isinstance(part, Mapping):
        return {
            key: ROUNDED[key](value) if key in ROUNDED and isinstance(value, int | float) else settled(value)
            for key, value in part.items()
            if key not in BY_ITSELF
        }
    return [settled(one) for one in part] if isinstance(part, list) else part
