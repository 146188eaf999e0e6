"""Meanings of a payload: fields by pattern, in JSON, in XML; slots; responses and faults; what is sent once more."""

from __future__ import annotations

import base64
import json

import pytest

from drivers import Command, Driver, Event, Fault, Read, Response, load

CODE = b"010489921512237121Uhgr>kO42*S<<\x1d93f7PE"  # ASL BELGISI open API 1.21.1, 5.1.1
OTHER = b"010489921512237121U&U1+<cfOUoZf\x1d93UehU"


def generic(**options: object) -> Driver:
    return load("generic")(options)


def only(events: list[Event]) -> Read:
    (event,) = events
    assert isinstance(event, Read)
    return event


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────
JSON = {"json": {"code": "results[].text", "grade": "results[0].grade", "at": "time", "trigger": "n"}, "suffix": "\n"}


def test_fields_in_json() -> None:
    document = {"time": "12:00", "n": 7, "results": [{"text": CODE.decode(), "grade": 3.0}, {"text": OTHER.decode()}]}
    read = only(generic(**JSON).feed(json.dumps(document).encode() + b"\n"))
    assert (read.codes, read.grade, read.at, read.trigger) == ((CODE, OTHER), "3.0", "12:00", "7")


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b'{"results": [{"text": ""}]}', "no-read"),
        (b'{"results": [{"text": null}]}', "no-read"),
        (b'{"results": []}', "malformed"),
        (b'{"results": [{"text": 3}]}', "read"),
        (b'{"results": [{"text": "\\ud800"}]}', "read"),
        (b'{"other": 1}', "malformed"),
        (b"{", "malformed"),
        (b"[" * 3000, "malformed"),
        (b'{"n": ' + b"9" * 4000 + b"}", "malformed"),
        (b"\xff\xfe", "malformed"),
    ],
)
def test_what_json_may_hold_instead(document: bytes, kind: str) -> None:
    assert only(generic(**JSON).feed(document + b"\n")).kind == kind


# ── XML ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
XML = {"closing_tag": "</r>", "xml": {"code": ["c", "d|base64"], "grade": ".//g/f", "image": "@image", "trigger": "n"}}


def test_fields_in_xml() -> None:
    document = b'<?xml version="1.0"?>\r\n<r image="17"><n>55</n><s><g><f>3.0/10/660/45Q</f></g></s><c>ab&gt;c</c></r>'
    read = only(generic(**XML).feed(document))
    assert (read.codes, read.grade, read.image, read.trigger) == ((b"ab>c",), "3.0/10/660/45Q", "17", "55")


@pytest.mark.parametrize("gs", [b"\x1d", b"&#29;", b"&#x1D;", b"&#x001d;"])
def test_a_gs_within_xml_comes_through(gs: bytes) -> None:
    xml = CODE.replace(b"<", b"&lt;").replace(b">", b"&gt;").replace(b"\x1d", gs)
    assert only(generic(**XML).feed(b"<r><c>" + xml + b"</c></r>")).codes == (CODE,)


def test_a_gs_within_json_comes_through_as_it_is_too() -> None:
    assert only(generic(**JSON).feed(b'{"results": [{"text": "01\x1d93"}]}\n')).codes == (b"01\x1d93",)


def test_base64_is_decoded_by_attribute_or_by_option() -> None:
    text = base64.b64encode(CODE)
    assert only(generic(**XML).feed(b'<r><c encoding="base64">' + text + b"</c></r>")).codes == (CODE,)
    assert only(generic(**XML).feed(b"<r><d>" + text + b"</d></r>")).codes == (CODE,)
    assert only(generic(**XML).feed(b"<r><d>?</d></r>")).kind == "no-read"


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"<r><c/></r>", "no-read"),
        (b"<r></r>", "malformed"),
        (b"<r><c></r>", "malformed"),
        (b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r><c>&b;</c></r>', "malformed"),
        (b"<r><c>\xff</c></r>", "read"),
        (b"<r><c>&#9;&#32;A&#x41;</c></r>", "read"),
        ("<r><c>01\ue01d93</c></r>".encode(), "malformed"),
        (b"<a>" * 1000 + b"</r>", "malformed"),
    ],
)
def test_what_xml_may_hold_instead(document: bytes, kind: str) -> None:
    assert only(generic(**XML).feed(document)).kind == kind


# ── slots, the code's own no-read, the AIM id ───────────────────────────────────────────────────────────────────────
def test_a_frame_has_its_number_of_slots_each_a_code_or_a_no_read() -> None:
    driver = generic(separator="\x1e", slots=4, no_read=["NOREAD"])
    read = only(driver.feed(CODE + b"\x1eNOREAD\x1e\x1e" + OTHER + b"\n"))
    assert (read.kind, read.codes, read.missed) == ("read", (CODE, OTHER), 2)
    assert only(driver.feed(CODE + b"\x1e" + OTHER + b"\n")).problem == "2 places instead of 4"


def test_a_code_that_says_nothing_legible_is_a_no_read_beside_other_fields() -> None:
    driver = generic(pattern="(?P<code>[^\t]*)\t(?P<grade>.*)", no_read=["NOREAD"])
    assert only(driver.feed(b"NOREAD\tF\n")).kind == "no-read"


def test_the_aim_id_is_told_and_left_where_it_is() -> None:
    read = only(generic().feed(b"]d2" + CODE + b"\n"))
    assert (read.symbology, read.codes) == ("]d2", (b"]d2" + CODE,))
    assert only(generic().feed(CODE + b"\n")).symbology is None


# ── what is no read ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_ignored_gives_nothing_and_what_answers_or_refuses_a_command_is_no_read() -> None:
    driver = generic(ignore=["#.*", "--"], responses=["OK,.*"], faults=["ER,.*"])
    events = driver.feed(b"#note\n--\nOK,LON\nER,LON,00\nOK\n")
    assert events == [Response(b"OK,LON"), Fault(b"ER,LON,00", "ER,LON,00"), Read("read", (b"OK",), b"OK")]


def test_commands_are_bytes() -> None:
    driver = generic(login="HELLO\r", trigger_on="LON\r", trigger_off="LOFF\r", keepalive="HB\r", keepalive_s=2.5)
    said = {command.value: driver.encode(command) for command in Command}
    assert said == {
        "login": b"HELLO\r",
        "trigger-on": b"LON\r",
        "trigger-off": b"LOFF\r",
        "keepalive": b"HB\r",
        "ack": b"",
        "nack": b"",
    }
    assert driver.keepalive_s == 2.5
    assert generic(keepalive_s=2.5).keepalive_s is None


# ── what is sent once more ──────────────────────────────────────────────────────────────────────────────────────────
def test_the_same_payload_before_its_ack_is_the_same_read_sent_again() -> None:
    driver = generic(ack="\x06")
    frame = CODE + b"\r"
    assert len(driver.feed(frame)) == 1
    assert driver.feed(frame) == []
    assert driver.retransmissions == 1


def test_after_its_ack_the_same_payload_is_another_read() -> None:
    driver = generic(ack="\x06")
    frame = CODE + b"\r"
    driver.feed(frame)
    driver.answered()
    assert len(driver.feed(frame)) == 1
    assert driver.retransmissions == 0


def test_on_a_new_connection_it_is_judged_again() -> None:
    driver = generic(ack="\x06")
    frame = CODE + b"\r"
    driver.feed(frame)
    driver.reset()
    assert len(driver.feed(frame)) == 1


def test_who_waits_for_no_ack_sends_nothing_again() -> None:
    assert len(generic().feed((CODE + b"\r") * 3)) == 3
