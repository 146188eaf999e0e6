r"""SICK readers: Lector62x, Lector63x, Lector65x, CLV6xx, ICR, with CoLa A telegrams over TCP port 2112 or serial.

     STX  ]d2 010489921512237121Uhgr>kO42*S<< GS 93f7PE  ETX
    |----|---|------------------------------------------|----|
     02   AIM  code, as the output format says            03

     STX  sMN mTCgateon  ETX         STX  sAN mTCgateon 1  ETX
    |----|--------------|----|      |----|----------------|----|
     lined: open the gate            the reader: done

`sRA` and `sWA` answer reading and writing a variable, `sFA` is a refusal with its number. The no-read's text is what
the output format says; `NoRead` is common. Sources: Lector620 operating instructions, pages 96 and 126; CoLa telegram
listing; the answers agree in several open programs. Ports and no-read: seen in one each, so look at your reader.
"""

from __future__ import annotations

from typing import ClassVar

from drivers.base import Manual
from drivers.generic import GenericDriver, Presets


class SickCola(GenericDriver):
    """See the head of the file."""

    PRESETS: ClassVar[Presets] = {
        "": {
            "prefix": "\x02",
            "suffix": "\x03",
            "no_read": ["NoRead"],
            "responses": ["s[AR]N .*", "s[RWE]A .*"],
            "faults": ["sFA.*"],
            "trigger_on": "\x02sMN mTCgateon\x03",
            "trigger_off": "\x02sMN mTCgateoff\x03",
        }
    }
    MANUAL = Manual(
        example="""\
[[device]]
id = "cam-1"
driver = "sick-cola"
url = "tcp://10.0.0.21:2112"
options = { heartbeat = ["HB"], silent_s = 30 }
reply = { accept = "\\u0002OK\\u0003", reject = "\\u0002NG\\u0003" }
""",
        settings=(
            ("framing", "STX and ETX"),
            ("output format", "code id as AIM, then the content; on no read the text NoRead"),
            ("heartbeat", "the text HB every 10 s, restarted with each output"),
            ("command language", "CoLa A"),
            ("serial", "57600, 8 bits, no parity on most CLV: ?baud=57600"),
        ),
        remedies={"aim": "output format", "frames": "framing"},
    )


DRIVER = SickCola
