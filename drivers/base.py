"""The interface of a driver: bytes in, events out; commands in, bytes out. No I/O, no clock, no randomness.

What a driver guarantees:
- the same bytes give the same events, wherever the stream is cut into chunks;
- no bytes make it raise, and what it keeps between two chunks is bounded.

Time enters where whoever reads the device says that nothing came for a while (`gap`); nothing else depends on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import ClassVar, Literal, NamedTuple

from drivers.parts.options import DriverOptionError, Option, OptionProblem

__all__ = [
    "SYMPTOMS",
    "Command",
    "Driver",
    "DriverBroken",
    "DriverOptionError",
    "Event",
    "Fault",
    "Garbled",
    "Heartbeat",
    "Manual",
    "Option",
    "OptionProblem",
    "Read",
    "Response",
    "UnknownDriver",
]

Kind = Literal["read", "no-read", "malformed"]


class Read(NamedTuple):
    """One frame of a device. `raw` is the payload as received, without prefix and suffix, bounded by the driver."""

    kind: Kind
    codes: tuple[bytes, ...]
    """One, or several where the driver knows a separator (then a slot may be empty); none for the other kinds."""
    raw: bytes
    grade: str | None = None
    """As the device wrote it: a letter, a number, a formal grade. Not checked here."""
    at: str | None = None
    """The device's own time, as it wrote it."""
    image: str | None = None
    """The id or the file name of the device's image."""
    problem: str = ""
    """Why it is malformed."""
    missed: int = 0
    """Slots of a frame with several codes in which the device says it saw nothing legible; they are not in `codes`."""
    symbology: str | None = None
    """As in ISO/IEC 15424: `]d2`. The first code's, where several have one."""
    trigger: str | None = None
    """The device's number of the trigger that this is the result of."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The device says that it is alive."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """The device answers a command that it obeys or understands."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """The device reports an error, or refuses a command."""

    raw: bytes
    text: str
    """For people, printable, at most 100 characters."""


@dataclass(frozen=True, slots=True)
class Garbled:
    """A frame that was damaged on its way, from a device that sends it again when it hears `Command.NACK`."""

    raw: bytes
    problem: str


Event = Read | Heartbeat | Response | Fault | Garbled


class Command(Enum):
    """What may be said to a device. `Driver.encode` gives the bytes."""

    LOGIN = "login"
    """Once on each connection, before anything else."""
    TRIGGER_ON = "trigger-on"
    TRIGGER_OFF = "trigger-off"
    KEEPALIVE = "keepalive"
    """Every `keepalive_s` seconds."""
    ACK = "ack"
    """A frame was received and is kept: the device may forget it."""
    NACK = "nack"
    """A frame could not be kept: the device is to send it again."""


SYMPTOMS: Mapping[str, str] = MappingProxyType(
    {
        "layout": "a serial or network interface instead of a keyboard; no code page, no country setting",
        "brackets": "raw data, not the printed form with parentheses",
        "separator": "raw data: FNC1 sent as GS (byte 1D), nothing replaced or taken out",
        "case": "letters as they stand in the symbol: no change of case, no caps lock",
        "frames": "prefix and suffix, as they stand in the options here",
        "aim": "the AIM identifier before the data",
        "surplus": "raw data: no character for FNC1 at the beginning, none behind the data",
    }
)
"""What may be wrong with what a reader sends, and what to set where its driver says nothing else."""


class Manual(NamedTuple):
    """What a person has to know to connect such a device."""

    example: str = ""
    """A `[[device]]` of lined.toml."""
    settings: Sequence[tuple[str, str]] = ()
    """The device's own settings: which, and what to choose."""
    usb: Sequence[tuple[str, str]] = ()
    """Makers whose devices come as a serial port over USB, and their vendor ids (usb.ids)."""
    remedies: Mapping[str, str] = MappingProxyType({})
    """By symptom, the name of the setting in `settings` that is to blame; of the others see SYMPTOMS."""

    def remedy(self, symptom: str) -> str:
        """The setting to make where that is wrong; empty for a symptom that is not known."""
        name = self.remedies.get(symptom)
        chosen = next((choose for setting, choose in self.settings if setting == name), None)
        return SYMPTOMS.get(symptom, "") if chosen is None else f"{name}: {chosen}"


class UnknownDriver(LookupError):
    """There is no driver of that name."""


class DriverBroken(UnknownDriver):
    """A package offers a driver of that name, and it cannot be loaded."""


class Driver(ABC):
    """One device's stream. A driver of your own needs `feed` and `reset`; the rest says: nothing of the kind."""

    OPTIONS: ClassVar[Sequence[Option]] = ()
    MANUAL: ClassVar[Manual] = Manual()

    dropped_bytes: int = 0
    """Bytes dropped so far because they cannot belong to a code."""
    retransmissions: int = 0
    """Frames that were the one before once more, as its acknowledgement had not arrived; they gave no event."""
    grades: bool = True
    """Whether its reads can have a grade, as it is set up."""
    silent_s: float | None = None
    """At least this often something comes from the device while it is well; None: it may be silent for ever."""
    keepalive_s: float | None = None
    """How often the device wants to hear `Command.KEEPALIVE`; None: never."""

    def __init__(self, options: Mapping[str, object]) -> None:  # noqa: B027 - what every driver can be made with
        """`options` as TOML gives them. Raises DriverOptionError with all problems at once."""

    @abstractmethod
    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes, in order. Never raises."""

    @abstractmethod
    def reset(self) -> None:
        """The connection is gone: half a frame is dropped, never glued to what comes next."""

    @property
    def gap_s(self) -> float | None:
        """After so long without a byte `gap` is due; None: a gap means nothing now. May change with each chunk."""
        return None

    def gap(self) -> list[Event]:
        """Nothing has come for `gap_s` seconds: the events that this completes. Never raises."""
        return []

    def encode(self, command: Command) -> bytes:  # noqa: ARG002 - for those that know one
        """The bytes to write; none: the device has no such command."""
        return b""

    def answered(self) -> None:  # noqa: B027 - for those that wait
        """All reads so far were acknowledged, or given up: the same bytes once more are another read."""
