r"""Handheld readers as serial ports: over USB (CDC), RS-232 or a base; Honeywell, Zebra, Datalogic, Newland.

     ]d2 010489921512237121Uhgr>kO42*S<< GS 93f7PE   CR
    |--- |-----------------------------------------|----|
     AIM  code                                       0D

Any of CR, LF and CR LF ends a frame, whichever preset holds. A handheld tells no no-reads. A base may put the scanner's
address before the code: a `pattern` takes it off. As a keyboard (HID, wedge) a reader cannot be used: layouts spoil GS.
Sources: Honeywell Xenon and Granit guides (AIM prefix, triggers SYN T and SYN U), Zebra and Symbol guides (transmit
code id), PowerScan D8300 guide, page 207, Newland HR15xx guide (setup `$$$$`).
"""

from __future__ import annotations

from typing import ClassVar

from drivers.base import Manual
from drivers.generic import GenericDriver, Presets
from drivers.parts.generic_options import preset_option


class Handheld(GenericDriver):
    """See the head of the file."""

    PRESETS: ClassVar[Presets] = {
        "any": {"no_read": []},
        "honeywell": {"no_read": [], "trigger_on": "\x16T\r", "trigger_off": "\x16U\r"},
        "zebra": {"no_read": []},
        "datalogic": {"no_read": []},
        "newland": {"no_read": [], "responses": ["[@^]{4}", "!.*;", "&\\{.*\\}"], "faults": ["\\?.*;"]},
    }
    OPTIONS = (preset_option(PRESETS), *GenericDriver.OPTIONS)
    MANUAL = Manual(
        example="""\
[[device]]
id = "hand-1"
driver = "handheld"
url = "serial:///dev/serial/by-id/usb-Honeywell_Imaging___Mobility_1900-if00?baud=115200"
options = { preset = "honeywell" }
reply = { accept = "\\u0006", reject = "\\u0007" }
repeat_s = 2
""",
        settings=(
            ("interface", "USB serial (CDC), not keyboard and not HID; its port stands in /dev/serial/by-id"),
            ("suffix", "CR or CR LF"),
            ("prefix", "AIM id (Zebra: transmit code id, AIM; Datalogic: code id, AIM)"),
            ("data format", "raw: no keyboard layout, no replacing of control characters, GS as 1D"),
            ("RS-232", "Honeywell and Newland 115200, Zebra and Datalogic 9600, 8N1, unless set otherwise"),
            ("no-read, heartbeat", "there are none"),
        ),
        remedies={
            "layout": "interface",
            "separator": "data format",
            "case": "data format",
            "brackets": "data format",
            "surplus": "data format",
            "aim": "prefix",
            "frames": "suffix",
        },
        usb=(("Honeywell", "0c2e"), ("Zebra", "05e0"), ("Datalogic", "05f9"), ("Newland", "1eab")),
    )


DRIVER = Handheld
