r"""Zebra printers with ZPL II, over raw TCP port 9100, and those that speak it too.

     ^XA^FO40,40^BXN,5,200,,,,_^FD  _1  010489921512237121Uhgr>kO42*S<<  _d029  93f7PE  ^FS^PQ1^XZ     to the printer
    |-----------------------------|----|--------------------------------|------|-------|----------|
     format, DataMatrix ECC 200    FNC1  identification code              GS     check

     STX aaa,b,c,dddd,eee,f,g,h,iii,j,k,l ETX CR LF        ~HS: b no labels, c paused, eee labels in its buffer
     STX mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www ETX CR LF             o head open, p no ribbon, u labels left of a batch
     STX xxxx,y                           ETX CR LF
    |---|--------------------------------|----|-----|
     02                                   03   0D 0A

ZPL has no word for one label. What is gone from its buffer and from its batch is printed, where two answers in a row
say so and none of them reports a trouble; that is as far as its word goes. While it has no labels or ribbon, or its
head is open, it may answer nothing: then nothing is loaded. In `^BX` the escape character `_` is said with each code,
so that newer and older firmware take the same: `_1` FNC1, `_d029` a byte in decimals, `__` itself.
Source: ZPL II programming guide, pages 171 (~HS) and of ^BX; the escapes agree with published test vectors. The order
of the fields of ~HS is general knowledge. Not tried on a printer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from drivers.base import Manual, Option
from drivers.parts.framing import EndsFramer, Frame
from drivers.parts.label_printer import LabelPrinter, Presets
from drivers.parts.labels import OUTWARD
from drivers.parts.options import Options
from drivers.printers.base import LABELS_MOST, PrinterEvent, Trouble

MAX_BYTES = 256
FIRST_FIELDS, SECOND_FIELDS, THIRD_FIELDS = 12, 11, 2
COUNT_DIGITS = 9


class ZebraZpl(LabelPrinter):
    """See the head of the file."""

    OPTIONS: ClassVar[Sequence[Option]] = (
        *OUTWARD,
        Option("window", "number", "labels in flight at once, at most", LABELS_MOST, 1, LABELS_MOST),
    )
    PRESETS: ClassVar[Presets] = {
        "": {
            "label": "^XA^FO40,40^BXN,5,200,,,,_^FD{code}^FS^FO40,220^A0N,24,24^FD{text}^FS^PQ1^XZ\r\n",
            "package_label": "^XA^FO40,40^BY3^BCN,180,N,N,N^FD>;>8{code}^FS^FO40,250^A0N,48,48^FD(00) {sscc}^FS"
            "^FO40,320^A0N,32,32^FD{text}^FS^PQ1^XZ\r\n",
            "first": "_1",
            "separator": "_d029",
            "escapes": ["___", "^_d094", "~_d126"],
            "ask": "~HS\r\n",
        }
    }
    MANUAL: ClassVar[Manual] = Manual(
        example="""\
[[printer]]
id = "printer-1"
driver = "zebra-zpl"
url = "tcp://10.0.0.33:9100"
""",
        settings=(
            ("language", "ZPL II, raw port 9100; no other program prints on it"),
            ("label", "your own in label, with {code} within ^BX and _ as its escape character"),
            ("box and pallet", "your own in package_label; >;>8 is start C and FNC1 of ^BC"),
            (
                "reprint after error",
                "on: a label that was torn or printed without ribbon is printed again by the printer",
            ),
            ("heartbeat", "none is needed: ~HS asks"),
        ),
    )

    def _read_options(self, wanted: Options) -> None:
        self.most = int(wanted.number("window"))
        if not self._ask:
            wanted.complain("ask", "must not be empty: nothing else says that a label is printed")

    def _forget(self) -> None:
        super()._forget()
        self._framer = EndsFramer([b"\x03"], MAX_BYTES)
        self._in_buffer = 0
        self._first_troubles: set[Trouble] = set()
        self._strings = 0

    def feed(self, chunk: bytes) -> list[PrinterEvent]:
        return [event for frame in self._framer.cut(chunk) for event in self._meant(frame)]

    def _meant(self, frame: Frame) -> Sequence[PrinterEvent]:
        """Three strings are an answer. Out of their order they are none."""
        fields = _fields(frame)
        if len(fields) == FIRST_FIELDS:
            self._strings, self._in_buffer = 1, fields[4]
            self._first_troubles = _set((fields[1], Trouble.MEDIA), (fields[2], Trouble.PAUSED))
        elif len(fields) == SECOND_FIELDS and self._strings == 1:
            self._strings = 2
            troubles = self._first_troubles | _set((fields[2], Trouble.HEAD), (fields[3], Trouble.RIBBON))
            left = self._in_buffer + fields[8] + (1 if fields[7] else 0)
            condition = self._condition(b"", troubles=troubles, queue=left)
            return [*condition, *self._answered(b"", left, counts=True)]
        else:
            self._strings = 0
        return []


def _set(*flags: tuple[int, Trouble]) -> set[Trouble]:
    return {trouble for flag, trouble in flags if flag}


def _fields(frame: Frame) -> list[int]:
    """The numbers of a string; empty where it is none. A field that is no number stands for 0: passwords may be
    text.
    """
    if not isinstance(frame, bytes):
        return []
    begin = frame.rfind(b"\x02")
    if begin < 0 or not frame.endswith(b"\x03"):
        return []
    texts = [text.strip() for text in frame[begin + 1 : -1].split(b",")]
    if any(len(text) > COUNT_DIGITS or not text.isalnum() for text in texts):
        return []
    return [int(text) if text.isdigit() else 0 for text in texts]


DRIVER = ZebraZpl
