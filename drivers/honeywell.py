r"""Honeywell fixed readers: HF800 and its like, over TCP port 55256 or serial at 115200 8N1.

     ]d2 010489921512237121Uhgr>kO42*S<< GS 93f7PE   CR LF
    |--- |-----------------------------------------|-------|
     AIM  code                                       0D 0A

`TRIGGER` and `UNTRIG` start and end a read in external trigger mode. Source: one open program that works with it;
suffix and no-read text are settings of the reader. Handhelds of the same maker: the driver `handheld`.
"""

from __future__ import annotations

from typing import ClassVar

from drivers.base import Manual
from drivers.generic import GenericDriver, Presets


class Honeywell(GenericDriver):
    """See the head of the file."""

    PRESETS: ClassVar[Presets] = {"": {"no_read": ["NOREAD"], "trigger_on": "TRIGGER", "trigger_off": "UNTRIG"}}
    MANUAL = Manual(
        example="""\
[[device]]
id = "cam-1"
driver = "honeywell"
url = "tcp://10.0.0.21:55256"
reply = { accept = "OK\\r\\n", reject = "NG\\r\\n" }
""",
        settings=(
            ("suffix", "CR LF"),
            ("prefix", "AIM id"),
            ("no-read message", "switched on, NOREAD, and the same in no_read"),
            ("trigger", "external: the read's start is TRIGGER, its end UNTRIG"),
            ("heartbeat", "where there is one: its text in heartbeat, and silent_s = 30"),
        ),
        remedies={"aim": "prefix", "frames": "suffix"},
    )


DRIVER = Honeywell
