r"""Omron Microscan readers: MicroHAWK, V430-F, V440-F, Quadrus, over TCP or serial.

     ]d2 010489921512237121Uhgr>kO42*S<< GS 93f7PE   CR LF
    |--- |-----------------------------------------|-------|
     AIM  code                                       0D 0A

With symbol quality behind it (K708) and `preset = "graded"`; RS (1E) as the separator, for it cannot stand in a code:

     ]d2 010489921512237121Uhgr>kO42*S<< GS 93f7PE  RS   B   CR LF
    |----------------------------------------------|---|---|-------|
     code                                           1E  grade

No-read `NOREAD` (K714). The trigger is a character between `<` and `>`, a space as it comes. With ACK/NAK (K140 = 4),
`ack = "\u0006"` and `nack = "\u0015"`. `<?/22>` answers a question, `<K…>` a setting.
Sources: MS-9 and MS-820 manuals (K140, K141, K142, K714); MicroHAWK V320-F manual, page 396 (K708). Ports: look at your
reader, 2001 is common.
"""

from __future__ import annotations

from typing import ClassVar

from drivers.base import Manual
from drivers.generic import GenericDriver, Presets
from drivers.parts.generic_options import preset_option

_COMMON = {
    "suffix": "\r\n",
    "no_read": ["NOREAD"],
    "responses": ["<[^<>]*>"],
    "trigger_on": "< >",
}


class OmronMicrohawk(GenericDriver):
    """See the head of the file."""

    PRESETS: ClassVar[Presets] = {
        "plain": _COMMON,
        "graded": {**_COMMON, "pattern": "(?P<code>[^\x1e]*)\x1e(?P<grade>[^\x1e]*)"},
    }
    OPTIONS = (preset_option(PRESETS), *GenericDriver.OPTIONS)
    MANUAL = Manual(
        example="""\
[[device]]
id = "cam-1"
driver = "omron-microhawk"
url = "tcp://10.0.0.21:2001"
options = { ack = "\\u0006", nack = "\\u0015" }
""",
        settings=(
            ("postamble (K142)", "CR LF; no preamble (K141)"),
            ("no-read message (K714)", "<K714,1,NOREAD>"),
            ("symbology identifier", "enabled: ]d2"),
            ("protocol (K140)", "4, ACK/NAK, for the example; 0, point to point, without ack and nack"),
            ("quality output (K708)", 'separator RS (1E), mode grade or value, with preset = "graded"'),
            ("heartbeat", "there is none: silent_s only where the line never stands"),
        ),
        remedies={"aim": "symbology identifier", "frames": "postamble (K142)"},
    )


DRIVER = OmronMicrohawk
