"""The settings of a link, the state it shows, and the bounds it works within."""

from __future__ import annotations

from dataclasses import dataclass

from lined.devices.urls import LinkUrl
from lined.line.intake.capture import Tap

LAST_RAW_BYTES = 256


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """One device of the configuration. Both replies empty: nothing is written to it, ever.

    `published`: its verdicts go out over MQTT only, which tells the line whether they did.
    """

    id: str
    url: LinkUrl
    reply_accept: bytes = b""
    reply_reject: bytes = b""
    deadline_s: float | None = None
    """From the chunk's arrival; later than this nothing is said."""
    published: bool = False


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """Every wait and every bound of a link."""

    connect_s: float = 5.0
    retry_first_s: float = 0.2
    retry_most_s: float = 10.0
    write_s: float = 2.0
    """A device that takes no replies for so long is disconnected."""
    part_s: float = 0.25
    """For what was said to arrive, before a connection is closed at a stop."""
    chunk_bytes: int = 2048
    """What is judged in one turn of the loop (see `turns`): some 40 codes in half a millisecond, at the most a thousand
    frames of one byte."""
    silence_least_s: float = 10.0
    """A bound on a device's silence that its heartbeats have taught is no shorter: see `silence`."""
    unanswered_frames: int = 10_000
    """Reading pauses above this."""
    rejects_at_once: int = 2_000
    rejects_per_s: int = 2_000
    """What is more than both is read later: see `flood`."""


@dataclass(slots=True)
class LinkState:
    """A link for the status page. Written by the link, read by anybody; times are wall time, seconds since 1970."""

    connected: bool = False
    since: float | None = None
    """When `connected` last changed; None before the first connection."""
    problem: str | None = None
    peer: str = ""
    listening_on: str = ""
    received_bytes: int = 0
    connections: int = 0

    def up(self, peer: str, now: float) -> None:
        """A connection begins."""
        self.connected, self.since, self.problem, self.peer = True, now, None, peer
        self.connections += 1

    def down(self, problem: str, now: float) -> bool:
        """There is no connection, and why. False: that was known."""
        if not self.connected and self.problem == problem:
            return False
        if self.connected:
            self.connected, self.since = False, now
        self.problem = problem
        return True


@dataclass(slots=True)
class DeviceState(LinkState):
    """A device's link, and what came over it."""

    last_read_at: float | None = None
    frames: int = 0
    heartbeats: int = 0
    last_heartbeat_at: float | None = None
    silent: bool = False
    """Connected, and nothing came for longer than the driver allows."""
    faults: int = 0
    """Errors that the device has reported."""
    last_fault: str | None = None
    retransmissions: int = 0
    """Frames that the device sent once more, as our acknowledgement had not arrived."""
    garbled: int = 0
    """Frames damaged on their way, that the device was asked to send again."""
    dropped_bytes: int = 0
    """Of what cannot belong to a code: NUL bytes, a terminal's negotiation, a heartbeat that nothing ended."""
    unanswered: int = 0
    """Frames whose verdicts have not been said yet."""
    last_raw: bytes = b""
    """The beginning of the last frame."""
    tap: Tap | None = None
    """Where its bytes are recorded, for as long as somebody captures it. Never raises, never waits."""

    @property
    def reconnects(self) -> int:
        return max(0, self.connections - 1)
