"""Reading bodies, with the text's own base64 samples (EN v1.18.2) as vectors."""

from __future__ import annotations

import base64
import json

import pytest

from lined.sandbox.answers import Rejection
from lined.sandbox.shapes import Fields, is_sorted, open_envelope, parse_instant, parse_object

VALIDATION = """ewogICJwcm9kdWN0R3JvdXAiOiAidmVnZXRhYmxlb2lsIiwKICAiZG9jdW1lbnREYXRlIj
ogIjIwMjUtMDEtMzBUMDg6MTQ6MjAuNjE0MDAwWiIsCiAgImJ1c2luZXNzUGxhY2VJZ
CI6IDI3LAogICJwYWNrYWdlVHlwZSI6ICJVTklUIiwKICAiY29kZXMiOiBbCiAgICB7CiAgI
CAgICJjb2RlIjogIjAxMDQ4OTkyMTUxMjIzNzEyMVVOSS1BYWFaVFJsTGdcdTAwMWQ
5M1Z2S3ciLAogICAgICAicHJpbnRRdWFsaXR5Q2xhc3MiOiAiQSIKICAgIH0KICBdCn0=
"""
AGGREGATION = """ewogICJhZ2dyZWdhdGlvblVuaXRzIjogWwogICAgewogICAgICAiY
WdncmVnYXRpb25JdGVtc0NvdW50IjogMiwKICAgICAgImFnZ3JlZ2F0aW9uVW5pdEN
hcGFjaXR5IjogMTAsCiAgICAgICJjb2RlcyI6IFsKICAgICAgICAiMDEwNDg5OTIxNTEyMj
M3MTIxVU5JLUFhYVpUUmxMZyIsCiAgICAgICAgIjAxMDQ4OTkyMTUxMjIzNzEyMVV1
ZydOQUorLUFPO0QiCiAgICAgIF0sCiAgICAgICJzaG91bGRCZVVuYnVuZGxlZCI6IHRyd
WUsCiAgICAgICJ1bml0U2VyaWFsTnVtYmVyIjogIjAwMDMwNzc5NzI5MjAwMDEyMzE
1IgogICAgfQogIF0sCiAgImJ1c2luZXNzUGxhY2VJZCI6IDI3LAogICJkb2N1bWVudERhd
GUiOiAiMjAyNS0wMi0wM1QwMToxNjoxMCswNTowMCIsCiAgInByb2R1Y3Rpb25PcmR
lcklkIjogIjMiCn0="""
DISAGGREGATION = """
ewogICAgImJ1c2luZXNzRGF0ZXRpbWUiOiAiMjAyNS0wNy0wNVQwNDozNjoyOS43OD
VaIiwKICAgICJjb2RlcyI6IFsKICAgICAgICAiMDAwMDAwMDAwNzc3MDAwMDAwMjkiCi
AgICBdCn0="""


def envelope(body: str) -> bytes:
    return json.dumps({"documentBody": body}).encode()


def test_the_texts_samples_open_in_spite_of_their_line_breaks() -> None:
    content, source = open_envelope(envelope(VALIDATION))
    assert content["codes"] == [{"code": "010489921512237121UNI-AaaZTRlLg\x1d93VvKw", "printQualityClass": "A"}]
    assert json.loads(source) == content
    content, _ = open_envelope(envelope(AGGREGATION))
    assert content["aggregationUnits"][0]["unitSerialNumber"] == "00030779729200012315"
    content, _ = open_envelope(envelope(DISAGGREGATION))
    assert content == {"businessDatetime": "2025-07-05T04:36:29.785Z", "codes": ["00000000077700000029"]}


def test_sorted_is_judged_on_every_level_and_as_the_keys_came() -> None:
    assert is_sorted(open_envelope(envelope(AGGREGATION))[0])
    assert not is_sorted(open_envelope(envelope(VALIDATION))[0])
    assert is_sorted(json.loads('{"a": [{"b": 1, "c": {"d": 1}}], "e": 2}'))
    assert not is_sorted(json.loads('{"a": [{"c": 1, "b": 2}]}'))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'"x"', b"null", b"\xff{}", "{}".encode("utf-16")])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Rejection) as refused:
        parse_object(body)
    assert refused.value.status == 400


def test_base64_of_something_else_is_refused() -> None:
    for body in ("####", "e30", base64.b64encode(b"[]").decode(), base64.urlsafe_b64encode(b"\xfb\xff").decode()):
        with pytest.raises(Rejection):
            open_envelope(envelope(body))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2011-12-03T10:15:30Z", True),
        ("2011-12-03T10:15:30+01:00", True),
        ("2025-01-30T08:14:20.614000Z", True),
        ("2025-01-30T08:14:20.614000123Z", True),
        ("2011-12-03T10:15:30", False),
        ("2011-12-03T10:15Z", False),
        ("2011-12-03", False),
        ("20111203T101530Z", False),
        ("2011-13-03T10:15:30Z", False),
        ("2011-12-03 10:15:30Z", False),
        ("2011-12-03T10:15:30Z ", False),
        ("1762930800", False),
    ],
)
def test_a_moment_has_date_time_and_zone(text: str, is_one: bool) -> None:
    assert (parse_instant(text) is not None) == is_one


def test_a_list_of_codes_names_each_repeat_with_its_value() -> None:
    fields = Fields({"codes": ["a", "b", "a", "b"]})
    fields.texts("codes", max_items=10)
    assert [(fault.path, fault.value) for fault in fields.faults] == [("$.codes[2]", "a"), ("$.codes[3]", "b")]


def test_a_flood_of_faults_is_cut_short() -> None:
    fields = Fields({"codes": [1] * 30_000})
    fields.texts("codes", max_items=30_000)
    assert len(fields.faults) == 20
