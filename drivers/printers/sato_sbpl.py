r"""SATO printers with SBPL and the status protocol of 25 characters (status 4), over TCP port 9100 or 1024.

     ESC A  ESC V0040 ESC H0040 ESC BX…  ESC DC  010489921512237121Uhgr>kO42*S<< …  ESC Q1  ESC Z     to the printer
    |------|---------------------------|--------|-----------------------------------|-------|-------|
     begin  place, DataMatrix            data     code                                one      end

     STX  01   A   000000   lined             ETX       after ENQ (05)
    |----|----|---|--------|-----------------|----|
     02   id   status  left  name of the job   03

ACK (06) takes a job, NAK (15) refuses it. What is left (six digits) is said of one job, not of the queue, so one label
is in flight at a time; it is printed when two answers in a row say that nothing is left and that the printer is idle.

The letters of the status, and how a GS1 DataMatrix is begun, are general knowledge: options, to be compared with the
manual of the model. Source: SATO GL4xxe manual, page 137, for the job, ACK and the answer's form. Not tried on a
printer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from drivers.base import Manual, Option
from drivers.parts.label_printer import LabelPrinter, Presets
from drivers.parts.labels import OUTWARD
from drivers.parts.options import Options
from drivers.printers.base import Accepted, PrinterEvent, Refused, Trouble

STX, ETX, ACK, NAK = 0x02, 0x03, 0x06, 0x15
ANSWER_BYTES = 27  # STX, 25, ETX
STATUS_AT, LEFT = 3, slice(4, 10)


class SatoSbpl(LabelPrinter):
    """See the head of the file."""

    OPTIONS: ClassVar[Sequence[Option]] = (
        *OUTWARD,
        Option("idle", "text", "letters of the status that say: waiting for a job, nothing to print", "ABCD"),
        Option("busy", "text", "letters that say: at work", "GHIJMNOPSTUV"),
        Option("ribbon", "text", "letters that say: no ribbon", "d"),
        Option("head", "text", "letters that say: head open or broken", "bg"),
        Option("media", "text", "letters that say: no labels", "c"),
        Option("paused", "text", "letters that say: offline", "0123"),
    )
    PRESETS: ClassVar[Presets] = {
        "": {
            "label": "\x1bA\x1bV0040\x1bH0040\x1bBX05050000000000200\x1bDC{code}\x1bQ1\x1bZ",
            "ask": "\x05",
            "ask_s": 0.1,
        }
    }
    MANUAL: ClassVar[Manual] = Manual(
        example="""\
[[printer]]
id = "printer-1"
driver = "sato-sbpl"
url = "tcp://10.0.0.34:9100"
""",
        settings=(
            ("status", "status 4 (ENQ), with answers on the port of url"),
            ("GS1", "how FNC1 and GS are given in ESC BX of your model: first, separator, label"),
            ("no letter known", "what none of idle, busy, ribbon, head, media, paused holds is another trouble"),
            ("heartbeat", "none is needed: ENQ asks"),
        ),
    )

    most = 1

    def _read_options(self, wanted: Options) -> None:
        self._idle, self._busy = frozenset(wanted.text("idle")), frozenset(wanted.text("busy"))
        self._letters = {
            Trouble.RIBBON: frozenset(wanted.text("ribbon")),
            Trouble.HEAD: frozenset(wanted.text("head")),
            Trouble.MEDIA: frozenset(wanted.text("media")),
            Trouble.PAUSED: frozenset(wanted.text("paused")),
        }
        if not self._ask:
            wanted.complain("ask", "must not be empty: nothing else says that a label is printed")

    def _forget(self) -> None:
        super()._forget()
        self._rest = b""

    def feed(self, chunk: bytes) -> list[PrinterEvent]:
        events: list[PrinterEvent] = []
        rest, at = self._rest + chunk, 0
        while at < len(rest):
            if rest[at] == STX:
                if len(rest) - at < ANSWER_BYTES:
                    break
                if rest[at + ANSWER_BYTES - 1] == ETX and rest[at:][LEFT].isdigit():
                    events += self._meant(rest[at : at + ANSWER_BYTES])
                    at += ANSWER_BYTES
                    continue
            elif rest[at] == ACK and (number := self._flight.accepted(None)) is not None:
                events.append(Accepted(b"\x06", number))
            elif rest[at] == NAK and (refused := self._flight.refused(None)) is not None:
                events.append(Refused(b"\x15", refused))
            at += 1
        self._rest = rest[at:]
        return events

    def _meant(self, answer: bytes) -> list[PrinterEvent]:
        letter, left = answer[STATUS_AT], int(answer[LEFT])
        troubles = {trouble for trouble, letters in self._letters.items() if letter in letters}
        idle = letter in self._idle
        if not troubles and not idle and letter not in self._busy:
            troubles = {Trouble.OTHER}
        if not idle:
            left = max(1, left)
        condition = self._condition(
            answer, troubles=troubles, queue=left, tells=Trouble.OTHER in troubles - self._troubles
        )
        return [*condition, *self._answered(answer, left, counts=True)]


DRIVER = SatoSbpl
