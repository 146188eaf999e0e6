"""Device families in simulation, by the names of their drivers.

They are written from the makers' documents, and use nothing of the drivers, so that a misreading there shows.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lined.sandbox.devices.items import BAD_GRADE, Item
from lined.sandbox.devices.speech import Speech

GOOD, BAD = b"3.5/10/660/45Q", b"1.0/10/660/45Q"


def grade_of(item: Item) -> bytes:
    """The formal grade of its print."""
    return BAD if item.kind == BAD_GRADE else GOOD


@dataclass(frozen=True)
class KeyenceAppended(Speech):
    """With its time before the code and the letter of its grade behind it."""

    delimiter: bytes = b":"

    def frame(self, item: Item) -> bytes:
        letter = grade_of(item)[:1].translate(bytes.maketrans(b"43210", b"ABCDF"))
        return self.delimiter.join((b"20250705043629", item.payload, letter)) + self.suffix


class CognexExtended(Speech):
    """A head before everything, and base64 (`SET COM.DMCC-RESPONSE 1`)."""

    def frame(self, item: Item) -> bytes:
        return b"||0:1[1]" + base64.b64encode(item.payload) + self.suffix


class CognexXml(Speech):
    """The result as its software gets it."""

    def frame(self, item: Item) -> bytes:
        status = b"NO READ" if item.payload == self.no_read else b"GOOD READ"
        return (
            b'<result id="7" image_id="17" version="3"><general><status>%b</status><full_string encoding="base64">%b'
            b"</full_string><trigger_index>55</trigger_index></general></result>\r\n"
        ) % (status, base64.b64encode(item.payload))


class CognexVerifier(Speech):
    """A result with its report, after one of what it saw before the trigger."""

    MONITOR = (
        b'<result id="6" image_id="-1" version="3" origin="monitor"><trucheck_verificaiton_result><SymbolData>'
        b"<DecodedData>NO DECODE</DecodedData></SymbolData></trucheck_verificaiton_result></result>\r\n"
    )
    REPORT = b"<ReportSection sectionType='Table'>%b</ReportSection>" % (
        b"<Parameter><Number>1</Number><Name>Unused Error Correction</Name><Grade>4.0</Grade></Parameter>" * 200
    )

    def frame(self, item: Item) -> bytes:
        shown = escape(item.payload.decode("latin-1").replace("\x1d", "<GS>")).encode("ascii", "replace")
        encoded = b"" if item.payload == self.no_read else b"<Base64Data>%b</Base64Data>"
        grade = grade_of(item)
        return self.MONITOR + (
            b'<?xml version="1.0" encoding="UTF-8"?>\r\n<result id="7" image_id="17" version="3" origin="common">'
            b"<general><trigger_index>55</trigger_index></general><trucheck_verificaiton_result><SymbolData>"
            b"<DecodedData>%b</DecodedData>%b<ReportSection sectionType='GradingInfo'><GradeInfo><Standard>ISO 15415"
            b"</Standard><Grade>%b</Grade><FormalGrade>%b</FormalGrade></GradeInfo></ReportSection>%b</SymbolData>"
            b"</trucheck_verificaiton_result></result>\r\n"
        ) % (
            shown.replace(b"\x00", b"?"),
            encoded % base64.b64encode(item.payload) if encoded else b"",
            grade.partition(b"/")[0],
            grade,
            self.REPORT,
        )


class OmronGraded(Speech):
    """With its grade behind a record separator."""

    def frame(self, item: Item) -> bytes:
        if item.payload == self.no_read:
            return item.payload + self.suffix
        return item.payload + b"\x1e" + grade_of(item).partition(b"/")[0] + self.suffix


_KEYENCE = {b"LON\r": b"OK,LON\r", b"LOFF\r": b"OK,LOFF\r", b"LAN\r": b"ER,LAN,00\r"}
_DMCC = {b"||>TRIGGER ON\r\n": b"||0:2[0]\r\n", b"||>TRIGGER NO\r\n": b"||0:3[102]\r\n"}
_SICK = {
    b"\x02sMN mTCgateon\x03": b"\x02sAN mTCgateon 1\x03",
    b"\x02sMN mTCgateoff\x03": b"\x02sAN mTCgateoff 1\x03",
    b"\x02sMN mTCgate\x03": b"\x02sFA 3\x03",
}

FAMILIES: dict[str, Speech] = {
    "generic": Speech(),
    "keyence-sr": Speech(suffix=b"\r", no_read=b"ERROR", heartbeat=b"HB\r", commands=_KEYENCE),
    "keyence-sr/appended": KeyenceAppended(suffix=b"\r", no_read=b"ERROR", heartbeat=b"HB\r", commands=_KEYENCE),
    "cognex-dmcc": Speech(no_read=b"NO-READ", heartbeat=b"HB\r\n", commands={b"||>TRIGGER ON\r\n": b""}),
    "cognex-dmcc/extended": CognexExtended(no_read=b"NO-READ", heartbeat=b"||0:1[1]SEI=\r\n", commands=_DMCC),
    "cognex-dmcc/xml": CognexXml(no_read=b"NO-READ", commands=_DMCC),
    "cognex-verifier": CognexVerifier(no_read=b"NO DECODE"),
    "sick-cola": Speech(b"\x02", b"\x03", b"NoRead", b"\x02HB\x03", _SICK),
    "omron-microhawk": Speech(commands={b"< >": b"", b"<?>": b"<?/22>\r\n"}),
    "omron-microhawk/graded": OmronGraded(),
    "datalogic": Speech(commands={b"START": b"", b"STOP": b"", b"\x1b[C": b"\x1bH\r\n", b"\x1b[A": b"NACK\n"}),
    "hikrobot": Speech(no_read=b"NoRead", heartbeat=b"heartbeat\r\n", commands={b"start": b"", b"stop": b""}),
    "honeywell": Speech(commands={b"TRIGGER": b"", b"UNTRIG": b""}),
    "handheld": Speech(suffix=b"\r", commands={b"\x16T\r": b"", b"\x16U\r": b""}),
}
"""What each says; behind a slash a way it can be set up."""
