"""Families: the frames of their documents, as bytes, and what each of them means."""

from __future__ import annotations

import base64
import sys
import tomllib
from pathlib import Path

import pytest

import drivers
from drivers import Command, Driver, DriverOptionError, Fault, Heartbeat, Read, Response, load
from drivers.generic import GenericDriver
from lined.config.load import load as load_config
from tests.harness.drivers import BROKEN, CODE, example

GS1 = b"]d2" + CODE


def read(code: bytes, **fields: str | None) -> Read:
    symbology = "]d2" if code.startswith(b"]d2") else None
    return Read("read", (code,), code, symbology=symbology)._replace(**fields)  # type: ignore[arg-type]


def driver(name: str, **options: object) -> Driver:
    return load(name)(options)


# ── Keyence ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_keyence_reads_no_reads_responses_and_errors_share_one_connection() -> None:
    events = driver("keyence-sr").feed(b"OK,LON\r" + GS1 + b"\rERROR\rER,LON,00\r")
    assert events == [
        Response(b"OK,LON"),
        read(GS1),
        Read("no-read", (), b"ERROR"),
        Fault(b"ER,LON,00", "ER,LON,00"),
    ]


def test_keyence_appended_data_is_counted_from_both_ends() -> None:
    code = CODE.replace(b"Uhgr", b"U:gr")
    payload = b"20250705043629:" + code + b":B:img01.bmp"
    events = driver("keyence-sr", before=["time"], after=["iso-15415", "image"]).feed(payload + b"\r")
    assert events == [Read("read", (code,), payload, grade="B", at="20250705043629", image="img01.bmp")]


def test_keyence_an_unread_code_between_appended_data_is_a_no_read() -> None:
    (event,) = driver("keyence-sr", after=["iso-15415"]).feed(b"ERROR:F\r")
    assert isinstance(event, Read)
    assert event.kind == "no-read"


def test_keyence_too_few_fields_are_malformed() -> None:
    (event,) = driver("keyence-sr", before=["time"], after=["semi"]).feed(CODE + b":B\r")
    assert isinstance(event, Read)
    assert "1 delimiters" in event.problem


def test_keyence_commands_and_acknowledgements() -> None:
    reader = driver("keyence-sr", ack="PASS\r", nack="RTRY\r")
    said = [reader.encode(command) for command in (Command.TRIGGER_ON, Command.TRIGGER_OFF, Command.ACK, Command.NACK)]
    assert said == [b"LON\r", b"LOFF\r", b"PASS\r", b"RTRY\r"]


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"after": ["grade"]}, "after[0]"),
        ({"after": ["semi", "semi"]}, "after[1]"),
        ({"after": ["semi"], "separator": "\x1e"}, "separator"),
        ({"after": ["semi"], "pattern": "(?P<code>.*)"}, "after"),
        ({"delimiter": ""}, "delimiter"),
    ],
)
def test_keyence_options_that_cannot_work_are_refused(options: dict[str, object], path: str) -> None:
    with pytest.raises(DriverOptionError) as caught:
        driver("keyence-sr", **options)
    assert [problem.path for problem in caught.value.problems] == [path]


# ── Cognex ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_cognex_silent_and_extended_are_both_understood() -> None:
    text = base64.b64encode(GS1)
    events = driver("cognex-dmcc", no_read=["NO-READ"]).feed(
        GS1 + b"\r\nNO-READ\r\n||0:17[1]" + text + b"\r\n||0:18[1]Tk8tUkVBRA==\r\n||0:19[0]on\r\n||:20[101]\r\n"
    )
    assert events == [
        read(GS1),
        Read("no-read", (), b"NO-READ"),
        read(GS1),
        Read("no-read", (), b"NO-READ"),
        Response(b"||0:19[0]on"),
        Fault(b"||:20[101]", "101: the command is invalid "),
    ]


@pytest.mark.parametrize("payload", [b"||0:1[1]?", b"||1:1[1]YWJj"])
def test_cognex_a_read_that_is_no_base64_or_has_a_checksum_is_malformed(payload: bytes) -> None:
    (event,) = driver("cognex-dmcc").feed(payload + b"\r\n")
    assert isinstance(event, Read)
    assert event.kind == "malformed"


RESULT = (
    b'<result id="4582" image_id="17" version="3" origin="common"><general><status>GOOD READ</status>\r\n'
    b'<full_string encoding="base64">%b</full_string><trigger_index>55</trigger_index></general></result>\r\n'
)


def test_cognex_result_xml() -> None:
    (event,) = driver("cognex-dmcc", preset="xml").feed(RESULT % base64.b64encode(CODE))
    assert isinstance(event, Read)
    assert (event.codes, event.image, event.trigger) == ((CODE,), "17", "55")
    (event,) = driver("cognex-dmcc", preset="xml").feed(RESULT % b"")
    assert isinstance(event, Read)
    assert event.kind == "no-read"


VERIFIED = (
    b'<result id="4582" image_id="17" version="3" origin="%b"><general><trigger_index>55</trigger_index></general>'
    b"<trucheck_verificaiton_result><SymbolData><DecodedData>%b</DecodedData>%b"
    b'<ReportSection sectionType="GradingInfo"><GradeInfo><Standard>ISO 15415:2011</Standard><Grade>3.0</Grade>'
    b"<FormalGrade>3.0/10/660/45Q</FormalGrade></GradeInfo><GradeInfo><Standard>Custom</Standard><Grade>Pass</Grade>"
    b"</GradeInfo></ReportSection></SymbolData></trucheck_verificaiton_result></result>\r\n"
)


def test_cognex_verifier_gives_the_formal_grade() -> None:
    document = VERIFIED % (b"common", b"as shown", b"<Base64Data>" + base64.b64encode(CODE) + b"</Base64Data>")
    (event,) = driver("cognex-verifier").feed(document)
    assert isinstance(event, Read)
    assert (event.codes, event.grade, event.image, event.trigger) == ((CODE,), "3.0/10/660/45Q", "17", "55")


def test_cognex_verifier_says_no_decode_and_what_it_sees_between_triggers_means_nothing() -> None:
    (event,) = driver("cognex-verifier").feed(VERIFIED % (b"common", b"NO DECODE", b""))
    assert isinstance(event, Read)
    assert event.kind == "no-read"
    assert driver("cognex-verifier").feed(VERIFIED % (b"monitor", b"NO DECODE", b"")) == []


def test_cognex_verifier_a_script_of_one_s_own() -> None:
    code = CODE.replace(b"<", b"&lt;").replace(b">", b"&gt;")
    document = (
        b'<?xml version="1.0" encoding="UTF-8"?>\r\n<DMCCResponse>\r\n<DMSymVerResponse>\r\n'
        b"<DateTime>2026-05-25T09:10:19</DateTime><DecodedData>%b</DecodedData><SymbologyId>]d2</SymbologyId>"
        b"<OverallGrade>B</OverallGrade><OverallGradeNumeric>3.0</OverallGradeNumeric>"
        b"</DMSymVerResponse>\r\n</DMCCResponse>"
    )
    (event,) = driver("cognex-verifier", preset="script").feed(document % code)
    assert isinstance(event, Read)
    assert (event.codes, event.grade, event.at, event.symbology) == ((CODE,), "3.0", "2026-05-25T09:10:19", "]d2")


# ── the others ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_sick() -> None:
    events = driver("sick-cola", heartbeat=["HB"]).feed(
        b"\x02sAN mTCgateon 1\x03\x02" + GS1 + b"\x03\x02NoRead\x03\x02HB\x03\x02sFA 3\x03"
    )
    assert events == [
        Response(b"sAN mTCgateon 1"),
        read(GS1),
        Read("no-read", (), b"NoRead"),
        Heartbeat(b"HB"),
        Fault(b"sFA 3", "sFA 3"),
    ]
    assert driver("sick-cola").encode(Command.TRIGGER_ON) == b"\x02sMN mTCgateon\x03"


def test_omron() -> None:
    events = driver("omron-microhawk").feed(GS1 + b"\r\nNOREAD\r\n<?/22>\r\n")
    assert events == [read(GS1), Read("no-read", (), b"NOREAD"), Response(b"<?/22>")]
    payload = GS1 + b"\x1eB"
    (event,) = driver("omron-microhawk", preset="graded").feed(payload + b"\r\n")
    assert event == Read("read", (GS1,), payload, grade="B", symbology="]d2")
    assert driver("omron-microhawk").encode(Command.TRIGGER_ON) == b"\x3c\x20\x3e"


NO_READS = {"datalogic": [b"NOREAD", b"NO READ"], "hikrobot": [b"NoRead"], "honeywell": [b"NOREAD"]}


@pytest.mark.parametrize("name", NO_READS)
def test_readers_that_send_lines(name: str) -> None:
    reader = driver(name)
    (no_read, *_) = NO_READS[name]
    assert reader.feed(GS1 + b"\r\n" + no_read + b"\r\n") == [read(GS1), Read("no-read", (), no_read)]
    assert reader.encode(Command.TRIGGER_ON)
    assert reader.encode(Command.TRIGGER_OFF)


def test_datalogic_answers() -> None:
    assert driver("datalogic").feed(b"\x1bH\r\nACK\nNACK\nTimeout!\n") == [
        Response(b"\x1bH"),
        Response(b"ACK"),
        Fault(b"NACK", "NACK"),
        Fault(b"Timeout!", "Timeout!"),
    ]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("preset", ["any", "honeywell", "zebra", "datalogic", "newland"])
def test_handhelds(preset: str, end: bytes) -> None:
    assert driver("handheld", preset=preset).feed(GS1 + end + CODE + end) == [read(GS1), read(CODE)]


# ── all of them ─────────────────────────────────────────────────────────────────────────────────────────────────────
OURS = [name for name in drivers.driver_names() if name not in BROKEN]
LINE = """
[line]
id = "line-1"
[regulator]
profile = "asl-belgisi"
url = "http://127.0.0.1:1"
tin = "307797292"
business_place_id = 27
api_key_file = "api-key"
[journal]
path = "line-1.db"
"""


@pytest.mark.parametrize("name", OURS)
def test_the_example_of_a_manual_is_taken_by_the_configuration(name: str, tmp_path: Path) -> None:
    (tmp_path / "api-key").write_text("k")
    stanza = load(name).MANUAL.example
    station = f'[[station]]\nid = "marking"\nrole = "apply"\ndevices = ["{example(load(name))["id"]}"]\n'
    file = tmp_path / "lined.toml"
    file.write_text(LINE + stanza + station)
    config = load_config(file)
    assert [device.driver for device in config.devices] == [name]
    assert tomllib.loads(stanza)["device"][0].get("options", {}) == config.devices[0].options


@pytest.mark.parametrize("name", OURS)
def test_a_manual_says_how_to_set_the_device_up(name: str) -> None:
    manual, head = load(name).MANUAL, sys.modules[load(name).__module__].__doc__ or ""
    said = " ".join(f"{what} {how}" for what, how in manual.settings).lower()
    for needed in ("heartbeat", "no"):
        assert needed in said
    assert "|--" in head
    assert "Source" in head or "5.1.1" in head or "page" in head


@pytest.mark.parametrize("name", OURS)
def test_every_option_has_a_meaning_and_a_default_that_is_taken(name: str) -> None:
    for option in load(name).OPTIONS:
        assert option.about
        if option.default is not None:
            load(name)({option.name: option.default})


@pytest.mark.parametrize("name", [name for name in OURS if issubclass(load(name), GenericDriver)])
def test_every_preset_holds_options_that_there_are(name: str) -> None:
    family = load(name)
    assert issubclass(family, GenericDriver)
    known = {option.name for option in family.OPTIONS}
    for preset, defaults in family.PRESETS.items():
        assert defaults.keys() <= known
        assert family({"preset": preset} if preset else {}).feed(b"") == []


def test_what_a_user_gives_takes_the_place_of_a_preset_s() -> None:
    (event,) = driver("sick-cola", prefix="", suffix="\r", no_read=["NONE"]).feed(b"NONE\r")
    assert event == Read("no-read", (), b"NONE")
    (event,) = driver("cognex-dmcc", preset="xml", suffix="\r\n").feed(
        RESULT.strip().replace(b"\r\n", b"") % b"" + b"\r\n"
    )
    assert isinstance(event, Read)
    assert event.kind == "no-read"


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(DriverOptionError, match="preset: must be one of any, honeywell"):
        driver("handheld", preset="keyence")
