"""The stream of a framed device: frames cut and checked, retransmissions recognised, commands given as bytes.

What a payload means is for whoever builds on it: `_meant`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from drivers.base import Command, Driver, Event, Garbled, Read
from drivers.parts import checksum
from drivers.parts.building import framing_of
from drivers.parts.framing import Broken, Frame, LineFramer
from drivers.parts.options import Options

COMMANDS = {
    Command.LOGIN: "login",
    Command.TRIGGER_ON: "trigger_on",
    Command.TRIGGER_OFF: "trigger_off",
    Command.KEEPALIVE: "keepalive",
    Command.ACK: "ack",
    Command.NACK: "nack",
}


class FramedDriver(Driver):
    """Built with `_read_framing`."""

    def _read_framing(self, wanted: Options) -> None:
        """The options of frames and of commands."""
        framing = self._framing = framing_of(wanted)
        self._framer, self._prefix, self._check = framing.framer, framing.prefix, framing.check
        self._max_bytes = framing.max_bytes
        wanted.without("prefix", [self._prefix], framing.ends)
        self._bytes_of = {command: wanted.text(name) for command, name in COMMANDS.items()}
        self._waits_for_ack = bool(self._bytes_of[Command.ACK])
        if self._bytes_of[Command.NACK] and not self._waits_for_ack:
            wanted.complain("nack", "needs ack too: a device that hears neither would send for ever")
        self.silent_s = wanted.number("silent_s") or None
        keepalive_s = wanted.number("keepalive_s")
        self.keepalive_s = keepalive_s if self._bytes_of[Command.KEEPALIVE] else None
        self._unanswered = 0
        self._last_raw = b""

    @abstractmethod
    def _meant(self, payload: bytes) -> Event | None:
        """What a payload that is not empty stands for; None: nothing."""

    def _only_foreign(self, frame: bytes, end: int) -> bool:  # noqa: ARG002 - for those that know better
        """Whether nothing before `end` can belong to a code."""
        return False

    def reset(self) -> None:
        self._framer.reset()
        self.answered()

    def answered(self) -> None:
        self._unanswered = 0

    def encode(self, command: Command) -> bytes:
        return self._bytes_of[command]

    @property
    def gap_s(self) -> float | None:
        return self._framing.gap_s if self._framer.waits else None

    def gap(self) -> list[Event]:
        return self._events(self._framer.gap())

    def feed(self, chunk: bytes) -> list[Event]:
        events = self._events(self._framer.cut(chunk))
        if self._framer.dropped:
            self.dropped_bytes += self._framer.dropped
            self._framer.dropped = 0
        return events

    def _events(self, frames: Sequence[Frame]) -> list[Event]:
        events = [event for event in map(self._event, frames) if event is not None]
        return self._without_retransmissions(events) if self._waits_for_ack else events

    def _without_retransmissions(self, events: list[Event]) -> list[Event]:
        new: list[Event] = []
        for event in events:
            if isinstance(event, Read):
                if self._unanswered and event.raw == self._last_raw:
                    self.retransmissions += 1
                    continue
                self._unanswered += 1
                self._last_raw = event.raw
            new.append(event)
        return new

    def _event(self, frame: Frame) -> Event | None:
        """None for what means nothing: an empty payload, what is ignored."""
        if isinstance(frame, Broken):
            return Read("malformed", (), frame.raw, problem=frame.problem)
        if len(frame) > self._max_bytes and isinstance(self._framer, LineFramer):
            problem = f"a frame of more than {self._max_bytes} bytes"
            return Read("malformed", (), frame[: self._max_bytes], problem=problem)
        if self._framing.keeps_end:
            frame = frame.lstrip(b"\r\n")
        if self._prefix and not frame.startswith(self._prefix):
            frame = frame.lstrip(b"\r\n")  # a line end after the frame before, where the suffix is another
            frame = self._from_prefix(frame)
            if frame and not frame.startswith(self._prefix):
                return Read("malformed", (), frame, problem="a frame without the prefix")
        payload = frame[len(self._prefix) :]
        if self._framing.strips and not self._framing.check_behind:
            payload = self._without_end(payload)
        if self._check and payload:
            checked = self._checked(payload)
            if checked is None:
                return self._garbled(payload)
            payload = checked
        if not payload:
            return None
        return self._meant(payload)

    def _checked(self, payload: bytes) -> bytes | None:
        """The payload without its check characters; None where they do not fit."""
        width = checksum.width(self._check)
        data, check = payload[:-width], payload[-width:]
        if not checksum.agrees(self._check, data, check):
            return None
        return self._without_end(data) if self._framing.check_behind else data

    def _garbled(self, payload: bytes) -> Event:
        problem = "its check characters do not fit"
        if self._bytes_of[Command.NACK]:
            return Garbled(payload, problem)
        return Read("malformed", (), payload, problem=problem)

    def _without_end(self, payload: bytes) -> bytes:
        end = next((end for end in self._framing.ends if payload.endswith(end)), b"")
        return payload.removesuffix(end)

    def _from_prefix(self, frame: bytes) -> bytes:
        """`frame` without what cannot belong to a code before its prefix."""
        at = frame.find(self._prefix)
        if at <= 0 or not self._only_foreign(frame, at):
            return frame
        self.dropped_bytes += at
        return frame[at:]
