r"""TSC printers with TSPL, and those that speak it too, over raw TCP port 9100.

     CLS  DMATRIX 30,30,400,400,c126,"  ~1  010489921512237121Uhgr>kO42*S<<  ~d029  93f7PE  "  PRINT 1   to it
    |----|----------------------------|----|--------------------------------|------|-------|-|---------|
     clear  place, escape character ~   FNC1  identification code              GS     check      one

     %00100000          after ESC ! ?: one byte
    |----------|
     bit 0 head open, 1 jam, 2 no labels, 3 no ribbon, 4 paused, 5 printing, 6 cover open, 7 other

TSPL has no word for a label. One is in flight at a time; it is printed when the printer was seen printing, and then, in
two answers in a row, at rest with nothing wrong. A label that is printed between two questions is not seen: it stays in
flight, and nothing more is loaded, until somebody looks. `ask_s` has to be shorter than a print.
Source: TSC manual, page 85, and a manual of another maker for the byte; DMATRIX with `c126` comes from one source. Not
tried on a printer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from drivers.base import Manual, Option
from drivers.parts.label_printer import LabelPrinter, Presets
from drivers.parts.labels import OUTWARD
from drivers.parts.options import Options
from drivers.printers.base import Label, PrinterEvent, Trouble

PRINTING = 0x20
BITS = {
    0x01: Trouble.HEAD,
    0x02: Trouble.JAM,
    0x04: Trouble.MEDIA,
    0x08: Trouble.RIBBON,
    0x10: Trouble.PAUSED,
    0x40: Trouble.HEAD,
    0x80: Trouble.OTHER,
}


class TscTspl(LabelPrinter):
    """See the head of the file."""

    OPTIONS: ClassVar[Sequence[Option]] = OUTWARD
    PRESETS: ClassVar[Presets] = {
        "": {
            "label": 'CLS\r\nDMATRIX 30,30,400,400,c126,"{code}"\r\nPRINT 1\r\n',
            "package_label": 'CLS\r\nBARCODE 30,30,"EAN128",180,0,0,3,3,"{code}"\r\nTEXT 30,250,"3",0,2,2,"(00) {sscc}"'
            "\r\nPRINT 1\r\n",
            "first": "~1",
            "separator": "~d029",
            "escapes": ["~~d126", '"~d034'],
            "ask": "\x1b!?",
            "ask_s": 0.05,
        }
    }
    MANUAL: ClassVar[Manual] = Manual(
        example="""\
[[printer]]
id = "printer-1"
driver = "tsc-tspl"
url = "tcp://10.0.0.35:9100"
""",
        settings=(
            ("language", "TSPL2, raw port 9100; no other program prints on it"),
            ("label", "your own in label, with {code} within DMATRIX and c126"),
            ("heartbeat", "none is needed: ESC ! ? asks"),
        ),
    )

    most = 1

    def _read_options(self, wanted: Options) -> None:
        if not self._ask:
            wanted.complain("ask", "must not be empty: nothing else says that a label is printed")

    def _forget(self) -> None:
        super()._forget()
        self._seen_printing = False

    def load(self, number: int, label: Label) -> bytes:
        written = super().load(number, label)
        self._seen_printing = False
        return written

    def feed(self, chunk: bytes) -> list[PrinterEvent]:
        return [event for byte in chunk for event in self._meant(byte)]

    def _meant(self, byte: int) -> list[PrinterEvent]:
        raw = bytes((byte,))
        troubles = {trouble for bit, trouble in BITS.items() if byte & bit}
        self._seen_printing |= bool(byte & PRINTING) and bool(len(self._flight))
        at_rest = not byte and (self._seen_printing or not len(self._flight))
        left = 0 if at_rest else max(1, len(self._flight))
        return [*self._condition(raw, troubles=troubles, queue=left), *self._answered(raw, left, counts=True)]


DRIVER = TscTspl
