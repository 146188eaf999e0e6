"""The MQTT bridge (docs/contract.md, MQTT): the line tells the PLC, and is told.

    verdicts   QoS 0, one stretch after the other: the next goes out when the broker has confirmed the last
    events     reports, packages, alarms, replies: QoS 1, in order, until the broker has them
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
from lined.mqtt.commands import CommandDesk
from lined.mqtt.connection import OFFLINE, ONLINE, Connection, connect
from lined.mqtt.outbox import Outbox, Saying, json_bytes, verdict_document
from lined.vocabulary.errors import BrokerError
from lined.vocabulary.line import LineState

log = structlog.get_logger()

SWEEP_S = 0.1  # how often late verdicts are looked for
STRETCH = 100  # judgements that are published before the broker is asked to confirm
DEAF = "the broker does not let {client} subscribe to {commands}: no command is heard until it may"
EXPIRY_S = 1  # MQTT 5: how long the broker may keep a verdict for a slow subscriber; the least that can be said

Status = Callable[[], Awaitable[Mapping[str, Any]]]
Problem = Callable[[str | None], None]


class Bridge:
    """One broker over all its connections. `status` gives the `/status` document; `problem` hears what is wrong with
    the broker, or None when all is well, once for each change.
    """

    def __init__(
        self,
        outbox: Outbox,
        operations: object,
        status: Status,
        problem: Problem = lambda _text: None,
        *,
        random: Callable[[], float] = random_numbers.random,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        self.spec = outbox.spec
        self.state = outbox.state
        self._limits = outbox.limits
        self._outbox = outbox
        self._status = status
        self._problem = problem
        self._desk = CommandDesk(operations, outbox)
        self._stopping = asyncio.Event()
        limits = LinkLimits(retry_first_s=self._limits.retry_first_s, retry_most_s=self._limits.retry_most_s)
        self._backoff = Backoff(limits, random)
        self._wall_time = wall_time
        self._status_told = float("-inf")

    def stop(self) -> None:
        """Ask for an orderly end: what is waiting is published, within bounds, then `offline`. `run` returns then."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`. May be cancelled at any time: then the broker publishes the last will. A broker's faults stay
        here; any other exception comes out (in an ExceptionGroup).
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                around = [
                    tasks.create_task(self._sweep(), name="mqtt: late verdicts"),
                    tasks.create_task(self._desk.run(), name="mqtt: commands"),
                ]
                await self._keep_connected()
                for task in around:
                    task.cancel()
        finally:
            self._outbox.drop_all()
            self.state.connected = False

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            since = loop.time()
            try:
                connection = await connect(self.spec, self._limits)
                since = loop.time()
                await self._serve(connection)
            except* BrokerError as faults:
                if loop.time() - since >= self._limits.lasted_s:
                    self._backoff.reset()
                self._down(f"{self.spec}: {faults.exceptions[0]}")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.next_s()):
                    await self._stopping.wait()

    async def _serve(self, connection: Connection) -> None:
        """Until the connection ends (then BrokerError in an ExceptionGroup), or the bridge is stopped."""
        try:
            commands = f"{self.spec.topic('command')}/+"
            heard = await connection.subscribe(commands)
            await self._tell_availability(connection)
            self._up(None if heard else f"{self.spec}: {DEAF.format(client=self.spec.client_id, commands=commands)}")
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(self._listen(connection), name="mqtt: listening")
                telling = [
                    tasks.create_task(self._say(connection), name="mqtt: verdicts"),
                    tasks.create_task(self._tell_events(connection), name="mqtt: events"),
                    tasks.create_task(self._tell_status(connection), name="mqtt: status"),
                ]
                await self._stopping.wait()
                listening.cancel()
                await self._last_words()
                for task in telling:
                    task.cancel()
            await self._farewell(connection)
        finally:
            await connection.drop()

    async def _last_words(self) -> None:
        """What was said and done before the stop, within bounds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.farewell_s):
                await self._desk.quiet()
                await self._outbox.quiet()

    async def _farewell(self, connection: Connection) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.farewell_s):
                document = {**await self._status(), "state": LineState.STOPPED}
                await connection.publish(self.spec.topic("status"), json_bytes(document), retain=True)
                await connection.publish(self.spec.topic("availability"), OFFLINE, retain=True)
                await connection.part(self._limits.farewell_s)
        log.info("mqtt_parted", broker=str(self.spec))

    def _up(self, problem: str | None) -> None:
        state = self.state
        state.connected, state.since, state.problem = True, self._wall_time(), problem
        state.connections += 1
        log.info("mqtt_connected", broker=str(self.spec), problem=problem)
        self._problem(problem)

    def _down(self, problem: str) -> None:
        state = self.state
        if not state.connected and state.problem == problem:
            return
        if state.connected:
            state.connected, state.since = False, self._wall_time()
        state.problem = problem
        log.warning("mqtt_not_connected", problem=problem)
        self._problem(problem)

    # ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _say(self, connection: Connection) -> NoReturn:
        """Verdicts. What was begun and not confirmed when this ends is never published again."""
        while True:
            await self._outbox.some_verdict()
            begun: list[Saying] = []
            try:
                while len(begun) < STRETCH and (saying := self._outbox.take()) is not None:
                    begun.append(saying)
                    if not await self._publish(connection, saying):
                        self._outbox.unconfirmed(begun.pop())
                if begun:
                    await connection.prove(self._limits.silent_s)
            except BaseException:
                for saying in begun:
                    self._outbox.unconfirmed(saying)
                raise
            for saying in begun:
                self._outbox.said(saying)

    async def _publish(self, connection: Connection, saying: Saying) -> bool:
        """The verdicts of one judgement. False: the last of them would have been late. Raises BrokerError where the
        socket takes nothing: what the library holds must not go out any more, so the connection has to end.
        """
        loop = asyncio.get_running_loop()
        for verdict in saying.verdicts:
            left_s = saying.until - loop.time()
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

    async def _tell_events(self, connection: Connection) -> NoReturn:
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

    async def _tell_status(self, connection: Connection) -> NoReturn:
        loop = asyncio.get_running_loop()
        told, beat = b"", loop.time()
        while True:
            await asyncio.sleep(max(0.0, self._status_told + self._limits.status_s - loop.time()))
            payload = json_bytes(await self._status())
            due = loop.time() - beat >= self._limits.heartbeat_s
            if due:
                await self._tell_availability(connection)
                beat = loop.time()
            self._status_told = loop.time()
            if due or payload != told:
                await connection.publish(self.spec.topic("status"), payload, retain=True)
                told = payload

    async def _tell_availability(self, connection: Connection) -> None:
        await connection.publish(self.spec.topic("availability"), ONLINE, retain=True)

    # ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.messages():
            self._desk.take(
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
