r"""Datalogic Matrix readers: Matrix 120, 220, 300, 320, 410, 450, set up with DL.CODE, over TCP port 51236 or serial.

     ]d2 010489921512237121Uhgr>kO42*S<< GS 93f7PE   CR LF
    |--- |-----------------------------------------|-------|
     AIM  code, as the output formatter says         0D 0A

Texts for triggers and for a no-read are one's own: those here are examples of DL.CODE. `ESC H` and `ESC K`, `ACK`,
`NACK` and `Timeout!` answer host mode commands.
Sources: Matrix 410N reference, page 15; AV500/AV7000 output formatter; port and trigger texts as seen with a Matrix
320N. Terminator and no-read text: the formatter's, so look at your reader.
"""

from __future__ import annotations

from typing import ClassVar

from drivers.base import Manual
from drivers.generic import GenericDriver, Presets


class Datalogic(GenericDriver):
    """See the head of the file."""

    PRESETS: ClassVar[Presets] = {
        "": {
            "no_read": ["NOREAD", "NO READ"],
            "responses": ["\x1b[HK].?", "ACK"],
            "faults": ["\x1bW.*", "NACK", "Timeout!"],
            "trigger_on": "START",
            "trigger_off": "STOP",
        }
    }
    MANUAL = Manual(
        example="""\
[[device]]
id = "cam-1"
driver = "datalogic"
url = "tcp://10.0.0.21:51236"
options = { no_read = ["NOREAD"] }
reply = { accept = "OK\\r\\n", reject = "NG\\r\\n" }
""",
        settings=(
            ("output formatter", "header none, terminator CR LF"),
            ("code identifier", "AIM"),
            ("Global No Read string", "switched on, NOREAD, and the same in no_read"),
            ("data separator", "a control character, and the same in separator, where several codes are read"),
            ("trigger strings", "the same in trigger_on and trigger_off"),
            ("heartbeat", "where the model has one: its text in heartbeat, and silent_s = 30"),
        ),
        remedies={"aim": "code identifier", "frames": "output formatter"},
    )


DRIVER = Datalogic
