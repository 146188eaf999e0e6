r"""Keyence SR readers: SR-700, SR-750, SR-1000, SR-2000, SR-5000, SR-X, over TCP port 9004 or serial at 115200 8E1.

A read with its time before it and a grade behind it, as switched on under "appended data" of the reader's program;
with `before = ["time"]`, `after = ["iso-15415"]` and `delimiter = "|"`. Order of the fields: SR-750 manual, page 64.

     20250705043629  |  010489921512237121Uhgr>kO42*S<< GS 93f7PE  |  B   CR
    |---------------|---|-----------------------------------------|---|---|--|
     time            7C  code                                      7C  grade 0D

The default delimiter `:` may stand within a code. That is no harm here: fields are counted from both ends.

No-read `ERROR`, in its slot where several codes are read at once. On the same connection: `OK,LON` and `ER,LON,00` for
commands, where the reader's answers are switched on. A reader that is set to wait for `PASS` sends a read again when it
hears `RTRY` (`ACK` and `NAK`, 06 and 15, are the other choice): that is `ack` and `nack`.
Source: SR-750 user's manual, pages 21, 63 to 71; the no-read's text and the answers agree in several open programs.
"""

from __future__ import annotations

from typing import ClassVar

from drivers.base import Manual, Option
from drivers.generic import GenericDriver, Presets
from drivers.parts.fields import Found, shown
from drivers.parts.options import Options

GRADES = ("iso-15415", "iso-29158", "as9132", "semi")
BEFORE = ("time", "error-code", "code-type")
AFTER = ("bank", "burst", "scan-count", "uecc", "matching", *GRADES, "image", "group", "ms-id", "read-time")


class KeyenceSr(GenericDriver):
    """See the head of the file. A symbol id before the data is part of the code, as an AIM id is."""

    OPTIONS: ClassVar[tuple[Option, ...]] = (
        Option("before", "choices", "fields before the code, in the reader's order", (), choices=BEFORE),
        Option("after", "choices", "fields behind the code, in the reader's order", (), choices=AFTER),
        Option("delimiter", "text", "stands between the fields", ":"),
        *GenericDriver.OPTIONS,
    )
    PRESETS: ClassVar[Presets] = {
        "": {
            "no_read": ["ERROR"],
            "responses": ["OK,[^\x1d]*"],
            "faults": ["ER,[^\x1d]*"],
            "trigger_on": "LON\r",
            "trigger_off": "LOFF\r",
        }
    }
    MANUAL = Manual(
        example="""\
[[device]]
id = "cam-1"
driver = "keyence-sr"
url = "tcp://10.0.0.21:9004"
options = { ack = "PASS\\r", nack = "RTRY\\r" }
""",
        settings=(
            ("terminator", "CR, no header; or STX and ETX, with prefix and suffix here"),
            ("symbol ID", "append it: ]d2 tells a GS1 code from a plain DataMatrix"),
            ("appended data", "only what stands in before and after here; vertex, position and size switched off"),
            ("read error", "ERROR, sent as data"),
            ("several codes", "a separator that cannot stand in a code, and the same in separator; the default , can"),
            ("communication protocol", "PASS/RTRY, or ACK/NAK with ack and nack as U+0006 and U+0015; none: no ack"),
            ("heartbeat (SR-X)", "every 10 s, its text in heartbeat, and silent_s = 30"),
            ("serial", "115200, 8 bits, EVEN parity: ?baud=115200&parity=E"),
        ),
        remedies={"aim": "symbol ID", "frames": "terminator"},
    )

    def _read_options(self, wanted: Options) -> None:
        super()._read_options(wanted)
        self._before, self._after = wanted.choices("before"), wanted.choices("after")
        self._delimiter = wanted.text("delimiter")
        appended = bool(self._before or self._after)
        self.grades = self.grades or any(name in GRADES for name in self._after)
        if appended and self._extract is not None:
            wanted.complain("after", "leave before and after out, or the pattern: both say where the fields stand")
        if appended and self._separator:
            wanted.complain("separator", "with appended data the places of several codes are not known: choose one")

    def _fields(self, payload: bytes) -> Found | str:
        if not (self._before or self._after):
            return super()._fields(payload)
        parts = payload.split(self._delimiter)
        end = len(parts) - len(self._after)
        if end <= len(self._before):
            return f"{len(parts) - 1} delimiters, where {len(self._before) + len(self._after)} are expected"
        field = dict(zip([*self._before, *self._after], [*parts[: len(self._before)], *parts[end:]], strict=True))
        grade = next((field[name] for name in GRADES if name in field), None)
        code = self._delimiter.join(parts[len(self._before) : end])
        return Found((code,), grade=shown(grade), at=shown(field.get("time")), image=shown(field.get("image")))


DRIVER = KeyenceSr
