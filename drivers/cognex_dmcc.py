r"""Cognex DataMan readers: DataMan 50 to 700 over DMCC, TCP port 23 or serial.

As they come, with silent responses, a read is its text and CR LF:

     ]d2 010489921512237121Uhgr>kO42*S<< GS 93f7PE   CR LF
    |--- |-----------------------------------------|-------|
     AIM  code                                       0D 0A

With `SET COM.DMCC-RESPONSE 1` (extended) everything has a head; status 1 is a read, in base64, 0 a command obeyed, 100
and more one that was not. Both are understood without being told which it is, for no code begins with `||`:

     ||  0      :  17  [ 1      ]  MDEwNDg5OTIxNTEyMjM3MTIxVWhncj5rTzQyKlM8PB05M2Y3UEU=   CR LF
    |---|------|--|---|--------|--|------------------------------------------------------|-------|
         check      id  status     base64 of the code

With `preset = "xml"`, the result as the reader's software gets it:

    <result id="4582" image_id="17" version="3"><general><status>GOOD READ</status>
      <full_string encoding="base64">MDEw…</full_string><trigger_index>55</trigger_index></general></result>
    |----------------------------------------------------------------------------------------------|
     one frame: up to the closing tag

Sources: the DMCC reference on docs.cognex.com (dmst 23.1, Response Format), DMCC 3.5 command reference; the XML as a
DataMan 475 with firmware 6.1 sends it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import ClassVar

from drivers.base import Event, Fault, Manual, Read, Response
from drivers.generic import GenericDriver, Presets
from drivers.parts.fields import shown
from drivers.parts.generic_options import preset_option

_EXTENDED = re.compile(rb"\|\|([0-9]*):([0-9]*)\[([0-9]{1,6})\](.*)", re.DOTALL)
_READ, _DONE, _REFUSED = 1, 0, 100
_FAULTS = {
    100: "unidentified error",
    101: "the command is invalid",
    102: "a parameter is invalid",
    103: "the checksum is wrong",
    104: "rejected, or changed because of the reader's state",
    105: "the reader is not available",
}
_COMMANDS = {"trigger_on": "||>TRIGGER ON\r\n", "trigger_off": "||>TRIGGER OFF\r\n"}


class CognexDmcc(GenericDriver):
    """See the head of the file."""

    PRESETS: ClassVar[Presets] = {
        "text": {"suffix": "\r\n", **_COMMANDS},
        "xml": {
            "closing_tag": "</result>",
            "xml": {"code": "general/full_string", "image": "@image_id", "trigger": "general/trigger_index"},
            "max_bytes": 1_048_576,
            **_COMMANDS,
        },
    }
    OPTIONS = (preset_option(PRESETS), *GenericDriver.OPTIONS)
    MANUAL = Manual(
        example="""\
[[device]]
id = "cam-1"
driver = "cognex-dmcc"
url = "tcp://10.0.0.21:23"
options = { no_read = ["NO-READ"] }
""",
        settings=(
            ("Format Data, standard", "the data, with CR and LF as terminating text; no leading text"),
            ("Format Data, no read", "a text of your own, such as NO-READ, and the same in no_read"),
            ("AIM identifier", "a script that puts decodeResults[0].symbology.id before the content"),
            ("DMCC response", "silent or extended; checksums off"),
            ("verdict", "by MQTT to the PLC; a reply of DMCC commands that set an output depends on the model"),
            ("heartbeat", "of Network Client or serial: its text in heartbeat, every 10 s, and silent_s = 30"),
            ("connections", "one host at a time: the Setup Tool holding port 23 keeps lined out"),
        ),
        remedies={"aim": "AIM identifier", "frames": "Format Data, standard"},
    )

    def _meant(self, payload: bytes) -> Event | None:
        extended = _EXTENDED.fullmatch(payload) if payload.startswith(b"||") else None
        if extended is None:
            return super()._meant(payload)
        status = int(extended[3])
        if status >= _REFUSED:
            words = _FAULTS.get(status, "an error that is not known here")
            return Fault(payload, shown(b"%d: %b %b" % (status, words.encode(), extended[4])) or "")
        if status != _READ:
            return Response(payload)
        if extended[1] not in {b"", b"0"}:
            return Read("malformed", (), payload, problem="a DMCC checksum: switch it off")
        try:
            text = base64.b64decode(extended[4], validate=True)
        except (binascii.Error, ValueError):
            return Read("malformed", (), payload, problem="its data are no base64")
        return super()._meant(text) if text else None


DRIVER = CognexDmcc
