r"""The generic queue: a printer that takes a label a line, answers it, and says when it is printed.

     {number} HT {code}                                       CR LF        to the printer: `label`
    |-----------------------------------------------------|--------|
     7  09  010489921512237121Uhgr>kO42*S<<  GS  93f7PE     0D 0A

     OK 7        CR LF                                                     `accepted`: it is in the queue
    |-----------|-------|
     PRINTED 7   CR LF                                                     `printed`: its word that it is printed
    |-----------|-------|

All of it is data: the template of a label, and for what comes back regular expressions of whole frames, which are cut
as the options of frames say (those of the `generic` reader). `printed` may have the groups `number` (that label),
`upto` (that one and all before it in flight) or `count` (so many, the oldest); without, it is the oldest one. Where
nothing in `printed` is given, what is gone from the queue that `queue` tells is printed: two answers in a row have to
say so.

A printer that names no labels might still print what was sent on an earlier connection, and it would be taken for ours:
such a one is loaded once it has said that its queue is empty, or was told to `clear` it.
Source: the frame is lined's own; printers that can be set up freely are set up so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from drivers.base import Manual, Option
from drivers.parts import checksum
from drivers.parts.building import framing_of
from drivers.parts.framing import Broken, Frame
from drivers.parts.generic_options import FRAMES, MAX_BYTES, MAX_BYTES_MOST
from drivers.parts.label_printer import LabelPrinter, Presets
from drivers.parts.labels import OUTWARD
from drivers.parts.options import Options
from drivers.printers.base import LABELS_MOST, Accepted, PrinterEvent, Refused, Trouble

NUMBER_DIGITS = 18
_DIGITS = re.compile(rb"[0-9]{1,%d}" % NUMBER_DIGITS)
TROUBLES = {
    "ribbon": Trouble.RIBBON,
    "head": Trouble.HEAD,
    "media": Trouble.MEDIA,
    "jam": Trouble.JAM,
    "paused": Trouble.PAUSED,
    "faults": Trouble.OTHER,
}
INWARD = (
    Option("accepted", "texts", "regular expressions of whole frames: a label is in the queue; group number", ()),
    Option("refused", "texts", "a label was not taken; group number", ()),
    Option("printed", "texts", "labels are printed; one of the groups number, upto, count", ()),
    Option("queue", "texts", "labels it has still to print; group left", ()),
    Option("ready", "texts", "it is well; every trouble is over", ()),
    Option("stopped", "texts", "it does not print, and nothing is wrong", ()),
    Option("ribbon", "texts", "its ribbon or ink is at its end", ()),
    Option("head", "texts", "its head is open or broken", ()),
    Option("media", "texts", "it has no labels", ()),
    Option("jam", "texts", "labels are jammed", ()),
    Option("paused", "texts", "somebody has paused it", ()),
    Option("faults", "texts", "another trouble", ()),
    Option("window", "number", "labels in flight at once, at most", LABELS_MOST, 1, LABELS_MOST),
)


class GenericQueue(LabelPrinter):
    """See the head of the file."""

    OPTIONS: ClassVar[Sequence[Option]] = (
        *OUTWARD,
        *INWARD,
        *FRAMES,
        Option("max_bytes", "number", "a longer frame means nothing", MAX_BYTES, 1, MAX_BYTES_MOST),
    )
    PRESETS: ClassVar[Presets] = {
        "": {
            "label": "{number}\t{code}\r\n",
            "accepted": ["OK (?P<number>[0-9]+)"],
            "refused": ["NO (?P<number>[0-9]+)"],
            "printed": ["PRINTED (?P<number>[0-9]+)"],
            "ask": "STATUS\r\n",
            "queue": ["QUEUE (?P<left>[0-9]+)"],
            "ready": ["READY"],
            "stopped": ["STOPPED"],
            "ribbon": ["RIBBON"],
            "head": ["HEAD"],
            "media": ["MEDIA"],
            "jam": ["JAM"],
            "faults": ["FAULT.*"],
        }
    }
    MANUAL: ClassVar[Manual] = Manual(
        example="""\
[[printer]]
id = "printer-1"
driver = "generic-queue"
url = "tcp://10.0.0.31:3000"
options = { label = "{code}\\r\\n", accepted = ["ACK"], refused = ["NAK"], printed = ["PRC"], clear = "CLEAR\\r\\n" }
""",
        settings=(
            ("acknowledgement", "of each label, when it is taken, and once more when it is printed, with its number"),
            ("GS1", "how FNC1 and GS are written in its language: first, separator"),
            ("queue", "emptied by a command, in clear, unless its words name the labels"),
            ("heartbeat", "none is needed: ask asks"),
        ),
    )

    def _read_options(self, wanted: Options) -> None:
        self._framing = framing_of(wanted)
        self._accepts = wanted.pattern_list("accepted", frozenset({"number"}))
        self._refuses = wanted.pattern_list("refused", frozenset({"number"}))
        self._prints = wanted.pattern_list("printed", frozenset({"number", "upto", "count"}))
        self._queues = wanted.pattern_list("queue", frozenset({"left"}))
        self._readies = wanted.pattern_list("ready", frozenset())
        self._stops = wanted.pattern_list("stopped", frozenset())
        self._trouble_of = [
            (trouble, pattern)
            for name, trouble in TROUBLES.items()
            for pattern in wanted.pattern_list(name, frozenset())
        ]
        self.most = int(wanted.number("window"))
        if any("left" not in pattern.groupindex for pattern in self._queues):
            wanted.complain("queue", "needs the named group (?P<left>...)")
        self._counts_down = not self._prints
        self._names = bool(self._prints) and all({"number", "upto"} & one.groupindex.keys() for one in self._prints)
        asks_queue = bool(self._ask and self._queues)
        self._needs_empty = not self._names
        self._says_queue = asks_queue
        if self._counts_down and not asks_queue:
            wanted.complain("printed", "how is it known that a label is printed? Give this, or ask and queue")
        elif not (self._names or asks_queue or self._clear):
            wanted.complain(
                "printed",
                "names no label, so what is left in the queue of an earlier connection would be taken for a later one: "
                "give it the group number, or give clear, or ask and queue",
            )

    def _forget(self) -> None:
        super()._forget()
        self._framing.framer.reset()
        self._in_step = not self._says_queue

    def feed(self, chunk: bytes) -> list[PrinterEvent]:
        return self._events(self._framing.framer.cut(chunk))

    @property
    def gap_s(self) -> float | None:
        return self._framing.gap_s if self._framing.framer.waits else None

    def gap(self) -> list[PrinterEvent]:
        return self._events(self._framing.framer.gap())

    def _events(self, frames: Sequence[Frame]) -> list[PrinterEvent]:
        events: list[PrinterEvent] = []
        for frame in frames:
            payload = self._payload(frame)
            if payload:
                events += self._meant(payload)
        return events

    def _payload(self, frame: Frame) -> bytes:
        """Without what frames it; empty where it is none, or was damaged on its way."""
        framing = self._framing
        most = framing.max_bytes + max(map(len, framing.ends), default=0) + len(framing.check)
        if isinstance(frame, Broken) or len(frame) > most:
            return b""
        frame = frame.lstrip(b"\r\n") if framing.prefix or framing.keeps_end else frame
        if not frame.startswith(framing.prefix):
            return b""
        payload = frame[len(framing.prefix) :]
        if framing.check and payload:
            width = checksum.width(framing.check)
            payload, check = payload[:-width], payload[-width:]
            if not checksum.agrees(framing.check, payload, check):
                return b""
        if framing.strips:
            payload = payload.removesuffix(next((end for end in framing.ends if payload.endswith(end)), b""))
        return payload

    def _meant(self, frame: bytes) -> Iterator[PrinterEvent]:
        """What a frame says; it may say several things."""
        if (match := _first(self._queues, frame)) is not None:
            left = _number(match, "left")
            if left is not None:
                yield from self._answered(frame, left, counts=self._counts_down)
                yield from self._condition(frame, queue=left)
        if (match := _first(self._prints, frame)) is not None:
            yield from self._printed(frame, self._numbers(match))
        if (match := _first(self._accepts, frame)) is not None:
            number = self._flight.accepted(_number(match, "number"))
            if number is not None:
                yield Accepted(frame, number)
        if (match := _first(self._refuses, frame)) is not None:
            number = self._flight.refused(_number(match, "number"))
            if number is not None:
                yield Refused(frame, number)
        yield from self._well_or_not(frame)

    def _numbers(self, match: re.Match[bytes]) -> list[int]:
        """The labels that are printed."""
        groups = match.re.groupindex
        number = _number(match, "number")
        if number is not None:
            self._flight.printed(number)
            return [number]
        if "number" in groups:
            return []
        if "upto" in groups:
            upto = _number(match, "upto")
            return [] if upto is None else self._flight.up_to(upto)
        count = _number(match, "count") if "count" in groups else 1
        return self._flight.first(min(count or 0, LABELS_MOST)) if self._in_step else []

    def _well_or_not(self, frame: bytes) -> Iterator[PrinterEvent]:
        found = {trouble for trouble, pattern in self._trouble_of if pattern.fullmatch(frame)}
        if found:
            yield from self._condition(frame, troubles=self._troubles | found, tells=not found <= self._troubles)
        elif _first(self._readies, frame) is not None:
            self._flight.silent = 0
            yield from self._condition(frame, ready=True, troubles=())
        elif _first(self._stops, frame) is not None:
            yield from self._condition(frame, ready=False)


def _first(patterns: Sequence[re.Pattern[bytes]], frame: bytes) -> re.Match[bytes] | None:
    return next((match for pattern in patterns if (match := pattern.fullmatch(frame))), None)


def _number(match: re.Match[bytes], group: str) -> int | None:
    """What stands there as a number, where it is one."""
    text = match[group] if group in match.re.groupindex else None
    return int(text) if text is not None and _DIGITS.fullmatch(text) else None


DRIVER = GenericQueue
