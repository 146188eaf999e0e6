r"""Videojet coders with the ZTC text protocol: DataFlex 6230 to 6530, CLARiTY, over a TCP port set on the coder.

     SID|  7  |  ~1  010489921512237121Uhgr>kO42*S<< ~d029 93f7PE  |   CR     to the coder: one code into its buffer
    |----|-----|--------------------------------------------------|---|----|
     cmd  index  FNC1 and the code, as CLARiSOFT's templates take it  7C  0D

     SRC|  3  |  CR                                                           codes that are left in its buffer
     SLR|  6  |  CR                                                           the index that was printed last
    |----|---|---|----|

CR resets the coder's parser, so a bare one goes first; LF means nothing. `ACK` or data answers, `ERR` refuses.

Two ways, both data that can be changed: `buffer`, the serialisation buffer of version 1.28 and later, whose cursor says
which code was printed last; and `jobs`, where each code is an item of the job queue and `PRC` tells each print. The
commands of `buffer` come from one program in the field that quotes the text, those of `jobs` from several.
Source: DataFlex 6530 service manual, page 125; ZTC 1.21 to 1.34, as quoted by programs in the field. Not tried on a
coder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from drivers.base import Manual, Option
from drivers.parts.generic_options import preset_option
from drivers.parts.label_printer import Presets
from drivers.printers.generic_queue import GenericQueue

STATES = {
    "ready": [r"STS\|3\|[01]\|.*"],
    "stopped": [r"STS\|[0124]\|[01]\|.*"],
    "faults": [r"STS\|[0-9]\|2\|.*", r"FLT\|.*"],
    "accepted": ["ACK", r"SFS\|[0-9]+\|"],
    "refused": ["ERR"],
    "suffix": "\r",
    "first": "~1",
    "separator": "~d029",
    "forbidden": "|~\r\n",
}


class VideojetZtc(GenericQueue):
    """See the head of the file."""

    PRESETS: ClassVar[Presets] = {
        "buffer": {
            **STATES,
            "login": "\rSNO|ERS|1|\r",
            "clear": "SCB\rSHO|CODE|\r",
            "label": "SID|{number}|{code}|\r",
            "ask": "SRC\rSLR\rGST\r",
            "printed": [r"SLR\|(?P<upto>[0-9]+)\|"],
            "queue": [r"SRC\|(?P<left>[0-9]+)\|"],
        },
        "jobs": {
            **STATES,
            "login": "\rSNO|PRC|1|\r",
            "clear": "CQI\r",
            "label": "JDI|1|CODE={code}|\r",
            "ask": "GST\r",
            "accepted": ["ACK", "[0-9]{1,9}"],
            "printed": ["PRC"],
        },
    }
    OPTIONS: ClassVar[Sequence[Option]] = (preset_option(PRESETS), *GenericQueue.OPTIONS)
    MANUAL: ClassVar[Manual] = Manual(
        example="""\
[[printer]]
id = "coder-1"
driver = "videojet-ztc"
url = "tcp://10.0.0.32:3003"
""",
        settings=(
            ("text communications", "ZTC over TCP, on the port of url; there is no usual one"),
            ("job", "a field CODE of fixed length, a GS1 DataMatrix; chosen and running before codes come"),
            ("FNC1", "~1 first and ~d029 between, as CLARiSOFT has it; other templates: first, separator"),
            ("version before 1.28", 'has no serialisation buffer: options = { preset = "jobs" }'),
            ("heartbeat", "none is needed: GST asks"),
        ),
    )


DRIVER = VideojetZtc
