from __future__ import annotations

from typing import Any

import pytest

from drivers import Driver, DriverOptionError, Heartbeat, Read, load
from tests.harness.drivers import reads_of

CODE = b"010489921512237121Uhgr>kO42*S<<\x1d93f7PE"  # ASL BELGISI open API 1.21.1, 5.1.1
OTHER = b"010489921512237121U&U1+<cfOUoZf\x1d93UehU"


def generic(**options: object) -> Driver:
    return load("generic")(options)


def read(payload: bytes, **fields: Any) -> Read:
    return Read("read", (payload,), payload, **fields)


# ------------------------------------------------------------------------------------------------ frames
@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_a_payload_ends_at_cr_lf_or_crlf(end: bytes) -> None:
    assert generic().feed(CODE + end + OTHER + end) == [read(CODE), read(OTHER)]


def test_a_crlf_cut_in_two_is_one_end() -> None:
    driver = generic()
    assert driver.feed(CODE + b"\r") == [read(CODE)]
    assert driver.feed(b"\n" + OTHER + b"\r") == [read(OTHER)]
    assert driver.feed(b"\n") == []


def test_a_frame_waits_for_its_suffix() -> None:
    driver = generic(suffix="\r\n")
    assert driver.feed(CODE + b"\r") == []
    assert driver.feed(b"\n") == [read(CODE)]


def test_an_explicit_suffix_leaves_other_line_ends_in_the_payload() -> None:
    assert generic(suffix="\x03").feed(b"a\r\nb\x03") == [read(b"a\r\nb")]


def test_an_empty_payload_is_ignored() -> None:
    assert generic().feed(b"\r\n\r\n\n\r") == []
    assert generic(prefix="\x02", suffix="\x03").feed(b"\x02\x03\x03\r\n\x03") == []


def test_bytes_pass_unchanged() -> None:
    every = bytes(byte for byte in range(256) if byte not in b"\r\n")
    assert generic().feed(every + b"\n") == [read(every)]


FOREIGN = {
    "NUL": b"\x00\x00\x00",
    "controls": b"\x01\x05\x07\x1b\x7f",
    "telnet": b"\xff\xfd\x01\xff\xfb\x22\xff\xfe\x18",
    "a telnet subnegotiation": b"\xff\xfa\x18\x01vt100\xff\xf0\xff\xf1",
    "a heartbeat": b"<HB>",
    "heartbeats and NUL": b"<HB>\x00<HB>",
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, CODE),
        ({}, b"]d2" + CODE),
        ({}, b"\x1d" + CODE),
        ({"suffix": "\x03"}, CODE),
        ({"prefix": "\x02", "suffix": "\x03"}, CODE),
        ({"pattern": "(?P<code>[^\t]+)(\t(?P<grade>.*))?"}, CODE),
        ({"separator": "~"}, CODE),
    ],
    ids="plain aim gs suffix prefix pattern separator".split(),
)
def test_what_cannot_belong_to_a_code_is_dropped_before_it_and_counted(
    kind: str, options: dict[str, object], code: bytes
) -> None:
    driver = generic(**options, heartbeat=["<HB>"], no_read=["NOREAD"])
    begin, end = str(options.get("prefix", "")).encode(), str(options.get("suffix", "\r\n")).encode()
    frames = begin + code + end + FOREIGN[kind] + begin + code + end + FOREIGN[kind] + begin + b"NOREAD" + end
    reads = reads_of(driver.feed(frames))
    assert [(one.kind, one.codes) for one in reads] == [("read", (code,)), ("read", (code,)), ("no-read", ())]
    assert driver.dropped_bytes == 2 * len(FOREIGN[kind])


@pytest.mark.parametrize(
    "payload", [b"\x00junk", b"\x00", b"\xff\xfd", b"HB" + CODE, b"\x1d\x00" + CODE, CODE + b"\x00"]
)
def test_before_what_is_no_code_nothing_is_dropped(payload: bytes) -> None:
    driver = generic()
    assert driver.feed(payload + b"\r\n") == [read(payload)]
    assert driver.dropped_bytes == 0


def test_a_pattern_that_wants_control_characters_gets_them() -> None:
    driver = generic(pattern="\x02(?P<code>[^\x03]+)\x03")
    assert reads_of(driver.feed(b"\x02" + CODE + b"\x03\r\n"))[0].codes == (CODE,)
    assert driver.dropped_bytes == 0


def test_a_heartbeat_that_could_begin_a_code_is_none_of_it() -> None:
    driver = generic(heartbeat=["00"])
    sscc = b"00030779729200012315"
    assert driver.feed(sscc + b"\r\n") == [read(sscc)]


def test_reset_drops_half_a_frame() -> None:
    driver = generic()
    assert driver.feed(CODE[:10]) == []
    driver.reset()
    assert driver.feed(OTHER + b"\r\n") == [read(OTHER)]


def test_prefix_and_suffix_are_not_part_of_the_payload() -> None:
    driver = generic(prefix="\x02", suffix="\x03")
    assert driver.feed(b"\x02" + CODE + b"\x03\r\n\x02" + OTHER + b"\x03") == [read(CODE), read(OTHER)]


def test_a_frame_without_its_prefix_is_malformed() -> None:
    (found,) = reads_of(generic(prefix="\x02", suffix="\x03").feed(CODE[5:] + b"\x03"))
    assert (found.kind, found.codes, found.raw) == ("malformed", (), CODE[5:])
    assert "prefix" in found.problem


def test_options_are_latin_1() -> None:
    assert generic(suffix="\xff").feed(b"abc\xff") == [read(b"abc")]


# ------------------------------------------------------------------------------------------------ too long
@pytest.mark.parametrize("suffix", [None, "\r\n", "##"])
def test_a_frame_of_max_bytes_is_read_and_one_byte_more_is_malformed(suffix: str | None) -> None:
    options = {"max_bytes": 8} | ({"suffix": suffix} if suffix else {})
    end = (suffix or "\n").encode()
    driver = generic(**options)
    assert driver.feed(b"12345678" + end) == [read(b"12345678")]
    (found,) = reads_of(driver.feed(b"123456789" + end))
    assert (found.kind, found.raw) == ("malformed", b"12345678")
    assert "8 bytes" in found.problem


def test_a_frame_too_long_is_one_malformed_and_reading_goes_on_after_its_suffix() -> None:
    driver = generic()
    found = reads_of([item for _ in range(100) for item in driver.feed(b"x" * 1000)])
    assert [item.kind for item in found] == ["malformed"]
    assert driver.feed(b"rest\r\n" + CODE + b"\r\n") == [read(CODE)]


def test_the_suffix_of_a_frame_too_long_may_come_in_two() -> None:
    driver = generic(suffix="\r\n", max_bytes=4)
    assert [item.kind for item in reads_of(driver.feed(b"too long for four"))] == ["malformed"]
    assert driver.feed(b"bytes\r") == []
    assert driver.feed(b"\ngood\r\n") == [read(b"good")]


def test_an_endless_frame_keeps_memory_bounded() -> None:
    driver = load("generic")({"suffix": "\r\n"})
    for _ in range(1000):
        driver.feed(b"y" * 16384)
    framer = driver._framer  # type: ignore[attr-defined]
    assert len(framer._rest) < 2


def test_reset_ends_skipping() -> None:
    driver = generic(max_bytes=4)
    driver.feed(b"too long")
    driver.reset()
    assert driver.feed(b"good\n") == [read(b"good")]


# ------------------------------------------------------------------------------------------------ no-read, heartbeat
def test_a_no_read_is_the_whole_payload_or_it_is_none() -> None:
    driver = generic(no_read=["ERROR", "NOREAD"])
    assert driver.feed(b"NOREAD\r\nERROR\r\n") == [Read("no-read", (), b"NOREAD"), Read("no-read", (), b"ERROR")]
    assert driver.feed(b"01ERROR\r\nERROR1\r\nerror\r\n") == [read(b"01ERROR"), read(b"ERROR1"), read(b"error")]


def test_heartbeats_are_told_and_are_no_reads() -> None:
    driver = generic(heartbeat=["HB", "\x05"])
    assert driver.feed(b"HB\r\n\x05\r\nHB1\r\n") == [Heartbeat(b"HB"), Heartbeat(b"\x05"), read(b"HB1")]


def test_no_reads_and_heartbeats_come_before_the_pattern() -> None:
    driver = generic(no_read=["NG"], heartbeat=["HB"], pattern="(?P<code>01.*)")
    assert driver.feed(b"NG\nHB\n01\n") == [Read("no-read", (), b"NG"), Heartbeat(b"HB"), read(b"01")]


# ------------------------------------------------------------------------------------------------ pattern, separator
def test_the_pattern_takes_code_grade_time_and_image() -> None:
    driver = generic(pattern="(?P<code>[^;]*);(?P<grade>[^;]*);(?P<at>[^;]*);(?P<image>.*)")
    payload = CODE + b";3.0/10/660/45Q;20250705T043629;img-1.png"
    assert driver.feed(payload + b"\r\n") == [
        Read("read", (CODE,), payload, grade="3.0/10/660/45Q", at="20250705T043629", image="img-1.png")
    ]


def test_a_group_that_is_empty_or_left_out_is_none() -> None:
    driver = generic(pattern="(?P<code>[^;]*);?(?P<grade>[A-F]?)(?P<at>@.*)?")
    assert driver.feed(b"abc;\n") == [Read("read", (b"abc",), b"abc;")]


def test_a_payload_that_does_not_match_whole_is_malformed() -> None:
    found = reads_of(generic(pattern="(?P<code>[0-9]+)").feed(b"123x\nx123\n123\n"))
    assert [item.kind for item in found] == ["malformed", "malformed", "read"]
    assert found[0].raw == b"123x"


def test_a_pattern_that_finds_an_empty_code_makes_it_malformed() -> None:
    found = reads_of(generic(pattern="(?P<code>[0-9]*);.*").feed(b";A\n"))
    assert [item.kind for item in found] == ["malformed"]


def test_the_pattern_works_on_bytes() -> None:
    assert generic(pattern="(?P<code>.*)\x1e\xff").feed(b"\xfe\x1e\xff\n") == [
        Read("read", (b"\xfe",), b"\xfe\x1e\xff")
    ]


def test_a_separator_gives_several_codes_of_one_read() -> None:
    payload = CODE + b"|" + OTHER
    assert generic(separator="|").feed(payload + b"\n") == [Read("read", (CODE, OTHER), payload)]


def test_an_empty_slot_between_separators_is_kept() -> None:
    assert reads_of(generic(separator="|").feed(b"a||b\n"))[0].codes == (b"a", b"", b"b")


def test_a_slot_that_says_nothing_legible_is_missed_and_no_code() -> None:
    driver = generic(separator="|", no_read=["NOREAD"])
    payload = CODE + b"|NOREAD|" + OTHER + b"|NOREAD"
    assert driver.feed(payload + b"\n") == [Read("read", (CODE, OTHER), payload, missed=2)]
    assert driver.feed(b"NOREAD|NOREAD\n") == [Read("read", (), b"NOREAD|NOREAD", missed=2)]
    assert driver.feed(b"NOREAD\n") == [Read("no-read", (), b"NOREAD")]


def test_the_separator_cuts_the_pattern_s_code() -> None:
    driver = generic(separator=",", pattern="(?P<code>.*);(?P<grade>.)")
    assert driver.feed(b"a,b;B\n") == [Read("read", (b"a", b"b"), b"a,b;B", grade="B")]


# ------------------------------------------------------------------------------------------------ options
def test_all_wrong_options_are_named_at_once_with_their_paths() -> None:
    with pytest.raises(DriverOptionError) as caught:
        generic(
            sufix="\r",
            suffix="",
            prefix=7,
            no_read="NOREAD",
            heartbeat=["HB", "", 3],
            pattern="(?P<code",
            separator="€",
            max_bytes=0,
        )
    paths = [problem.path for problem in caught.value.problems]
    assert paths == ["sufix", "prefix", "suffix", "no_read", "heartbeat[1]", "heartbeat[2]", "pattern", "separator",
                     "max_bytes"]  # fmt: skip
    assert "max_bytes: must be a whole number from 1" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "path", "message"),
    [
        ({"pattern": "(.*)"}, "pattern", "(?P<code>"),
        ({"pattern": "(?P<code>.*);(?P<grad>.*)"}, "pattern", "'grad'"),
        ({"no_read": ["A"], "heartbeat": ["A"]}, "heartbeat", "no_read"),
        ({"max_bytes": True}, "max_bytes", "whole number"),
        ({"max_bytes": 10**9}, "max_bytes", "1048576"),
        ({"no_read": ["A\r\n"]}, "no_read", "suffix"),
        ({"suffix": "\x03", "separator": "\x03"}, "separator", "suffix"),
    ],
)
def test_an_option_that_cannot_work_is_refused(options: dict[str, object], path: str, message: str) -> None:
    with pytest.raises(DriverOptionError) as caught:
        generic(**options)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert message in problem.message


def test_an_empty_prefix_separator_or_pattern_is_none() -> None:
    assert generic(prefix="", separator="", pattern="").feed(CODE + b"\n") == [read(CODE)]


def test_what_a_device_writes_beside_the_code_can_be_shown_whatever_it_is() -> None:
    driver = generic(pattern="(?s)(?P<code>A);(?P<grade>.*);(?P<at>.*);(?P<image>.*)", suffix="END", max_bytes=100_000)
    every = bytes(byte for byte in range(256) if byte != ord(";"))
    for text in (every, b"x" * 20_000, b"\xff" * 20_000):
        (found,) = reads_of(driver.feed(b"A;" + text + b";" + text + b";" + text + b"END"))
        for said in (found.grade, found.at, found.image):
            assert said is not None
            assert said.isprintable()
            assert len(said) <= 100


@pytest.mark.parametrize("name", ["prefix", "suffix", "pattern", "separator", "no_read", "heartbeat"])
def test_an_option_is_bounded(name: str) -> None:
    for long in ("x" * 1_001, ["x" * 1_001], ["x"] * 101):
        with pytest.raises(DriverOptionError):
            generic(**{name: long})
