r"""Cognex verifiers: DataMan 475V and 8072V, results as XML over TCP, with the formal grade.

With firmware 6, abbreviated; `verificaiton` is the device's own spelling, and a document is up to 250 KB long:

    <result id="4582" image_id="17" version="3" origin="common"><general><trigger_index>55</trigger_index></general>
      <trucheck_verificaiton_result><SymbolData>
        <DecodedData>…</DecodedData><Base64Data>MDEwNDg5OTIx…</Base64Data>
        <ReportSection sectionType="GradingInfo"><GradeInfo><Standard>ISO 15415:2011</Standard><Grade>3.0</Grade>
          <FormalGrade>3.0/10/660/45Q</FormalGrade></GradeInfo></ReportSection>
      </SymbolData></trucheck_verificaiton_result></result>
    |----------------------------------------------------------|
     one frame: up to the closing tag

A document with `origin="monitor"` is what the camera sees between two triggers, and means nothing; `NO DECODE` is a
no-read. With `preset = "script"`, what a script of the reader's own pushes over its Network Client:

    <DMCCResponse><DMSymVerResponse><DateTime>2026-05-25T09:10:19</DateTime><DecodedData>…</DecodedData>
      <OverallGradeNumeric>3.0</OverallGradeNumeric></DMSymVerResponse></DMCCResponse>

The names are the script's, and are set in `xml`. Source: documents of a DataMan 475V with firmware 6.1.16.
"""

from __future__ import annotations

from typing import ClassVar

from drivers.base import Manual
from drivers.generic import GenericDriver, Presets
from drivers.parts.generic_options import MAX_BYTES_MOST, preset_option

_SYMBOL = "trucheck_verificaiton_result/SymbolData"
_NO_READ = ["NO DECODE", "NO READ"]


class CognexVerifier(GenericDriver):
    """See the head of the file."""

    PRESETS: ClassVar[Presets] = {
        "result": {
            "closing_tag": "</result>",
            "ignore": [r'(?s:.{0,200}<result [^>]{0,500}origin="monitor".*)'],
            "no_read": _NO_READ,
            "xml": {
                "code": [f"{_SYMBOL}/Base64Data|base64", f"{_SYMBOL}/DecodedData"],
                "grade": [f"{_SYMBOL}//GradeInfo/FormalGrade", f"{_SYMBOL}//GradeInfo/Grade"],
                "image": "@image_id",
                "trigger": "general/trigger_index",
            },
            "max_bytes": MAX_BYTES_MOST,
        },
        "script": {
            "closing_tag": "</DMCCResponse>",
            "no_read": _NO_READ,
            "xml": {
                "code": ".//DecodedData",
                "grade": [".//OverallGradeNumeric", ".//OverallGrade"],
                "at": ".//DateTime",
                "symbology": ".//SymbologyId",
            },
            "max_bytes": MAX_BYTES_MOST,
        },
    }
    OPTIONS = (preset_option(PRESETS), *GenericDriver.OPTIONS)
    MANUAL = Manual(
        example="""\
[[device]]
id = "verifier"
driver = "cognex-verifier"
url = "tcp-listen://0.0.0.0:9004"
reply = { accept = "OK\\r\\n", reject = "NG\\r\\n" }
""",
        settings=(
            ("Network Client", "host and port of lined, one result each trigger, as XML"),
            ("no read", "NO DECODE as it comes; a script's own text in no_read"),
            ("grading", "ISO 15415, with its formal grade; application standard GS1"),
            ("own script", 'preset = "script", closing_tag and xml as the script writes them'),
            ("data in a script", "base64, or characters as they are: a GS within XML is understood"),
            ("heartbeat", "its text in heartbeat, and silent_s = 30"),
        ),
        remedies={"separator": "data in a script", "frames": "Network Client"},
    )


DRIVER = CognexVerifier
