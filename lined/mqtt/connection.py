"""A connection to the broker. The only file that knows aiomqtt; its errors leave as BrokerError.

Guarantees: a client is used for one connection only (paho delivers what could not be published once the same client
reconnects: a verdict that comes back from the dead rejects the wrong item); after `drop` not a byte more leaves, also
not what was written and has not been sent; there is no session at the broker, so nothing is kept for us while we are
away.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from lined.mqtt.spec import MqttLimits, MqttSpec
from lined.vocabulary.errors import BrokerError, LinedError
from lined.vocabulary.facts import BrokerFact, Fact

T = TypeVar("T")

ONLINE, OFFLINE = b"online", b"offline"
REFUSED = 128  # reason codes of a subscription from here on are a no (MQTT 5, 3.9.3; MQTT 3.1.1, 3.9.3)
PACKET_BYTES = 1_048_576  # MQTT 5: the broker keeps larger messages away from us

TAKEN_OVER = 142  # MQTT 5, 3.14.2.1: another connection came with our client id

_ABORT = struct.pack("ii", 1, 0)  # linger for 0 s: close resets the connection and forgets what was not sent
_FAULTS = (aiomqtt.MqttError, OSError)

# What the library would log is what its exceptions say: the bridge logs each change of state once.
_silent = logging.getLogger("lined.mqtt")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class TakenOver(BrokerError):
    """Another client has connected with our client id."""


class Incoming(NamedTuple):
    """A message from the broker. The last two: MQTT 5 only."""

    topic: str
    payload: bytes
    retained: bool
    response_topic: str | None
    correlation: bytes | None


class Connection:
    """Made by `connect`. Ends with `part` or `drop`, once."""

    def __init__(self, client: aiomqtt.Client, spec: MqttSpec, limits: MqttLimits) -> None:
        self._client = client
        self._limits = limits
        self._five = spec.protocol == 5
        self._probe = f"{spec.base}/probe"

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        correlation: bytes | None = None,
        expiry_s: int | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """QoS 0: returns when the kernel has it; QoS 1: when the broker has confirmed it. Raises BrokerError; a message
        whose publication failed may still go out until `drop`.
        """
        properties = self._properties(correlation, expiry_s)
        try:
            await _answered(
                self._client.publish(
                    topic, payload, qos, retain, properties, timeout=timeout_s or self._limits.answer_s
                )
            )
        except _FAULTS as fault:
            raise BrokerError(Fact(BrokerFact.NOT_PUBLISHED, topic=topic, more=str(fault))) from fault

    async def prove(self, timeout_s: float) -> None:
        """Returns when the broker has read everything that was published before. Raises BrokerError.

        QoS 0 has no confirmation. But a broker works in order, and answers the end of a subscription that never was
        (MQTT 5 and 3.1.1, 3.10.4): a question that nobody else sees.
        """
        try:
            await _answered(self._client.unsubscribe(self._probe, timeout=timeout_s))
        except _FAULTS as fault:
            raise BrokerError(Fact(BrokerFact.UNCONFIRMED, more=str(fault))) from fault

    async def subscribe(self, topic: str) -> bool:
        """QoS 1; what was retained earlier comes first, and says so. False: the broker does not let us. Raises
        BrokerError.
        """
        options: dict[str, Any] = {"qos": 1}
        if self._five:
            options["options"] = SubscribeOptions(
                qos=options.pop("qos"),
                noLocal=True,
                retainAsPublished=True,  # tells a command that was meant to be retained
            )
        try:
            granted = await _answered(self._client.subscribe(topic, **options))
        except _FAULTS as fault:
            raise BrokerError(Fact(BrokerFact.NOT_SUBSCRIBED, topic=topic, more=str(fault))) from fault
        return all((code if isinstance(code, int) else code.value) < REFUSED for code in granted)

    async def messages(self, subscribed: str) -> AsyncIterator[Incoming]:
        """What comes under the subscription, until the connection ends: then BrokerError."""
        waiting: deque[Incoming] = deque()
        try:
            while True:
                message = waiting.popleft() if waiting else _incoming(await anext(self._client.messages))
                if not (self._five or message.retained) and message.payload:
                    message = message._replace(retained=await self._lies_there(subscribed, message, waiting))
                yield message
        except _FAULTS as fault:
            raise (TakenOver if _is_taken(fault) else BrokerError)(_why_lost(fault)) from fault

    async def _lies_there(self, subscribed: str, message: Incoming, waiting: deque[Incoming]) -> bool:
        """Whether a message is retained at the broker, which MQTT 3.1.1 does not tell who has subscribed already: who
        subscribes anew is sent what is (3.8.4). What else comes meanwhile goes on waiting.
        """
        await self.subscribe(subscribed)
        await self.prove(self._limits.answer_s)
        come = [_incoming(await anext(self._client.messages)) for _ in range(len(self._client.messages))]
        waiting.extend(one for one in come if not one.retained)
        return any(one.retained and (one.topic, one.payload) == (message.topic, message.payload) for one in come)

    async def part(self, timeout_s: float) -> None:
        """Say goodbye, so that the last will is not published."""
        with suppress(*_FAULTS, TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._client.__aexit__(None, None, None)
        await self.drop()

    async def drop(self) -> None:
        """Reset the connection, whatever its state. The broker publishes the last will."""
        await asyncio.sleep(0)  # what the library has put to the loop refers to the socket
        lost = self._client._disconnected  # noqa: SLF001  asyncio complains where nobody asks how it ended
        if lost.done() and not lost.cancelled():
            lost.exception()
        paho = self._client._client  # noqa: SLF001  aiomqtt has no end that does not wait for the broker
        sock = paho.socket()
        if sock is None:
            return
        with suppress(OSError):
            if isinstance(sock, socket.socket):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        paho._sock_close()  # noqa: SLF001  takes the socket out of the loop, too

    def _properties(self, correlation: bytes | None, expiry_s: int | None) -> Properties | None:
        if not self._five or (correlation is None and expiry_s is None):
            return None
        properties = _no_properties(PacketTypes.PUBLISH)
        if correlation is not None:
            properties.CorrelationData = correlation
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        return properties


async def _answered(call: Awaitable[T]) -> T:
    """The call's answer. On Python 3.11 `asyncio.wait_for`, in which the library waits, forgets a cancellation that
    comes in the turn of the answer: whoever was to end would go on for ever, over a connection that is gone.
    """
    found = await call
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return found


def _incoming(message: aiomqtt.Message) -> Incoming:
    properties, payload = message.properties, message.payload
    return Incoming(
        str(message.topic),
        payload if isinstance(payload, bytes) else str(payload).encode(),
        message.retain,
        getattr(properties, "ResponseTopic", None),
        getattr(properties, "CorrelationData", None),
    )


async def connect(spec: MqttSpec, limits: MqttLimits) -> Connection:
    """A connection with the last will set, nothing published yet. Raises BrokerError.

    Cancelled, it first waits for the attempt under way: a client that came up later would be a second one of ours.
    """
    try:
        password, context = await asyncio.to_thread(_secrets, spec)
        client = _client(spec, limits, password, context)
    except (OSError, ValueError, LinedError) as fault:
        raise BrokerError(str(fault)) from fault
    connection = Connection(client, spec, limits)
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.wait([entering])
    except asyncio.CancelledError:
        await asyncio.wait([entering])
        entering.exception()
        await connection.drop()
        raise
    try:
        entering.result()
    except (*_FAULTS, ValueError) as fault:  # a host's name that cannot be one
        await connection.drop()
        raise BrokerError(str(fault)) from fault
    return connection


def _secrets(spec: MqttSpec) -> tuple[str | None, ssl.SSLContext | None]:
    """Read anew for each connection, in a thread: both touch the disk."""
    password = spec.password() if spec.password is not None else None
    if not spec.tls:
        return password, None
    context = ssl.create_default_context(cafile=spec.ca_file)
    context.sslsocket_class = _TidySocket
    return password, context


class _TidySocket(ssl.SSLSocket):
    """paho forgets a socket whose handshake fails; a broker with an old certificate is tried for ever."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class _Client(aiomqtt.Client):
    """aiomqtt asks the loop to watch a socket one round later. If the connection breaks in between, the number it asks
    for is free, and may be a device's by then: so here it is watched at once, or not at all.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._thread = threading.get_ident()

    def _on_socket_register_write(self, client: Any, _userdata: Any, sock: Any) -> None:
        if threading.get_ident() == self._thread:
            self._watch(client, sock)
        else:  # paho connects in a thread
            self._loop.call_soon_threadsafe(self._watch, client, sock)

    def _watch(self, client: Any, sock: Any) -> None:
        if client.socket() is sock:
            self._loop.add_writer(sock.fileno(), self._write, client)

    def _write(self, client: Any) -> None:
        try:
            client.loop_write()
        except (OSError, ValueError) as fault:
            if not self._disconnected.done():
                self._disconnected.set_exception(fault)


def _client(spec: MqttSpec, limits: MqttLimits, password: str | None, context: ssl.SSLContext | None) -> aiomqtt.Client:
    five = spec.protocol == 5
    of_protocol: dict[str, Any] = {"clean_start": True} if five else {"clean_session": True}
    if five:
        of_protocol["properties"] = _no_properties(PacketTypes.CONNECT)
        of_protocol["properties"].MaximumPacketSize = PACKET_BYTES
    unacknowledged_ms = int(limits.late_s * 1000)  # what a pulled cable holds back is not delivered later than this
    return _Client(
        spec.host,
        spec.port,
        username=spec.username or ("" if password is not None else None),
        password=password,
        logger=_silent,
        identifier=spec.client_id,
        protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
        will=aiomqtt.Will(spec.topic("availability"), OFFLINE, qos=1, retain=True),
        timeout=limits.connect_s,
        keepalive=limits.keepalive_s,
        max_queued_incoming_messages=limits.commands_most,
        tls_context=context,
        socket_options=(
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unacknowledged_ms),
        ),
        **of_protocol,
    )


def _no_properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]  # paho's own


def _is_taken(fault: BaseException) -> bool:
    causes = (fault, fault.__cause__, fault.__context__)
    codes = [cause.rc for cause in causes if isinstance(cause, aiomqtt.MqttCodeError)]
    return any(getattr(code, "value", code) == TAKEN_OVER for code in codes)


def _why_lost(fault: BaseException) -> Fact:
    cause = fault.__cause__
    return Fact(BrokerFact.LOST, more=str(cause or fault))
