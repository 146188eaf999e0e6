r"""Hikrobot readers: MV-ID2000, ID3000, ID5000, ID6000, over TCP, either way round, or serial.

     ]d2 010489921512237121Uhgr>kO42*S<< GS 93f7PE   CR LF
    |--- |-----------------------------------------|-------|
     AIM  code, as the output format says            0D 0A

Port, triggers and no-read are one's own (ID5000 manual, page 78: Communication, Data Processing). The defaults here are
common ones and nothing more: set what your reader shows.
"""

from __future__ import annotations

from typing import ClassVar

from drivers.base import Manual
from drivers.generic import GenericDriver, Presets


class Hikrobot(GenericDriver):
    """See the head of the file."""

    PRESETS: ClassVar[Presets] = {"": {"no_read": ["NoRead", "noread"], "trigger_on": "start", "trigger_off": "stop"}}
    MANUAL = Manual(
        example="""\
[[device]]
id = "cam-1"
driver = "hikrobot"
url = "tcp-listen://0.0.0.0:2001"
options = { no_read = ["NoRead"], heartbeat = ["heartbeat"], silent_s = 30 }
reply = { accept = "OK\\r\\n", reject = "NG\\r\\n" }
""",
        settings=(
            ("Communication", "TCP Client to lined's address and port, or TCP Server and tcp:// here"),
            (
                "Data Processing",
                "content with its symbology id; end mark CR LF; one by one where several codes are read",
            ),
            ("NoRead", "output switched on, its text also in no_read"),
            ("trigger", "TCP start and stop texts: the same in trigger_on and trigger_off"),
            ("heartbeat", "switched on, its text also in heartbeat"),
        ),
        remedies={"aim": "Data Processing", "frames": "Data Processing"},
    )


DRIVER = Hikrobot
