"""The settings of the MQTT bridge, the bounds it works within, and the state it shows.

Nothing here or in `mqtt_outbox` imports an MQTT library: both exist before the devices are connected.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

TOPICS = ("availability", "permit", "status", "verdict", "report", "package", "alarm", "command", "reply")
"""What each topic is called after the base; below `command` and `reply` stand the commands' names."""
PORT, TLS_PORT = 1883, 8883  # IANA: mqtt, secure-mqtt


@dataclass(frozen=True, slots=True)
class MqttSpec:
    """The `[mqtt]` table. `password` is asked anew for each connection and may raise LinedError.

    `published`: the devices whose verdicts are published and not replied, with their deadline in seconds from the read
    (None: no deadline but the bridge's own).
    """

    host: str
    port: int
    line: str
    root: str = "lined"
    tls: bool = False
    username: str = ""
    password: Callable[[], str] | None = None
    ca_file: Path | None = None
    protocol: int = 5
    """5 or 311."""
    published: Mapping[str, float | None] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)
    """Other names than those of TOPICS."""

    def topic(self, name: str) -> str:
        """One of TOPICS, whole."""
        return f"{self.base}/{self.topics.get(name, name)}"

    @property
    def base(self) -> str:
        """What every topic begins with, without a slash at its end."""
        return f"{self.root}/{self.line}"

    @property
    def client_id(self) -> str:
        """The same for ever, so that the broker ends a connection of ours that is half dead when we come back: its last
        will comes before our `online`, not minutes after it.
        """
        return f"lined-{self.line}-{zlib.crc32(self.root.encode()):08x}"

    def __str__(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{shown}:{self.port}"


@dataclass(frozen=True, slots=True)
class MqttLimits:
    """Every wait and every bound of the bridge."""

    connect_s: float = 5.0
    """Each step: the connection, TLS, the broker's yes."""
    answer_s: float = 5.0
    """For the broker to confirm a QoS 1 message."""
    keepalive_s: int = 15
    retry_first_s: float = 0.2
    retry_most_s: float = 5.0
    lasted_s: float = 5.0
    """A connection that lasted so long was a good one: after it the first attempt comes soon."""
    late_s: float = 0.9
    """docs/contract.md, MQTT: a verdict is never published later than 1 s. What is left is for the way."""
    silent_s: float = 2.0
    """A broker that confirms no verdict for so long is left, and what was not sent to it is forgotten."""
    status_s: float = 1.0
    """docs/contract.md, MQTT: the status goes out at most once in this time."""
    heartbeat_s: float = 30.0
    """Status and availability go out at least this often."""
    permit_s: float = 1.0
    """docs/contract.md, MQTT: the permit goes out at least this often."""
    permit_look_s: float = 0.1
    """How soon a change of the permit is told."""
    permit_expiry_s: int = 3
    """MQTT 5: how long the broker keeps a permit; after that a PLC takes none for one."""
    stop_s: float = 1.0
    """At a stop: for what waits to be published, and again for the last messages."""
    command_s: float = 30.0
    """For a command's commit."""
    verdicts_most: int = 20_000
    events_most: int = 1_000
    """Reports, packages, alarms and replies that wait for the broker; the oldest goes first."""
    commands_most: int = 100
    payload_bytes: int = 65_536
    """Of a command."""


@dataclass(slots=True)
class MqttState:
    """For the status page. Written by the bridge, read by anybody; `since` in seconds since 1970."""

    connected: bool = False
    since: float | None = None
    """When `connected` last changed; None before the first connection."""
    problem: str | None = None
    connections: int = 0
    verdicts: int = 0
    """Published, and confirmed by the broker."""
    verdicts_late: int = 0
    """Dropped, because they could not be published in time."""
    verdicts_unconfirmed: int = 0
    """On their way when the connection broke: perhaps published, never published again."""
    events: int = 0
    events_dropped: int = 0
    """There was no more room for them while the broker was away."""
    commands: int = 0
    commands_refused: int = 0
    commands_ignored: int = 0
    """Retained, or nobody could have been answered."""


def broker_address(url: str) -> tuple[str, int, bool]:
    """Host, port and whether TLS is used, of `mqtt://host[:port]` or `mqtts://host[:port]`. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise ValueError("must begin with mqtt:// or mqtts:// and name a host")
    tls = parts.scheme == "mqtts"
    return parts.hostname, parts.port or (TLS_PORT if tls else PORT), tls
