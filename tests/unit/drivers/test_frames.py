"""Frames of the generic driver: where they end, what their check characters say, what is out of step."""

from __future__ import annotations

import pytest

from drivers import Driver, DriverOptionError, Event, Garbled, Read, load

CODE = b"010489921512237121Uhgr>kO42*S<<\x1d93f7PE"  # ASL BELGISI open API 1.21.1, 5.1.1
OTHER = b"010489921512237121U&U1+<cfOUoZf\x1d93UehU"


def generic(**options: object) -> Driver:
    return load("generic")(options)


def told(events: list[Event]) -> list[tuple[str, bytes]]:
    """Kinds and payloads of reads."""
    return [(event.kind, event.raw) for event in events if isinstance(event, Read)]


def pause_of(driver: Driver) -> float | None:
    """It changes with each chunk, which a checker of types does not expect of a property."""
    return driver.gap_s


READS = [("read", CODE), ("read", OTHER)]


# ── what ends a frame ───────────────────────────────────────────────────────────────────────────────────────────────
def test_any_suffix_of_a_list_ends_a_frame() -> None:
    driver = generic(suffix=["\x03", "\r\n", "##"])
    assert told(driver.feed(CODE + b"##" + OTHER + b"\x03" + CODE + b"\r\n")) == [*READS, ("read", CODE)]


def test_a_suffix_of_a_list_may_come_in_two() -> None:
    driver = generic(suffix=["\r\n", "##"])
    assert driver.feed(CODE + b"#") == []
    assert told(driver.feed(b"#" + OTHER + b"\r")) == [("read", CODE)]
    assert told(driver.feed(b"\n")) == [("read", OTHER)]


def test_a_frame_too_long_is_told_once_with_a_list_too() -> None:
    driver = generic(suffix=["##", "\r\n"], max_bytes=8)
    assert told(driver.feed(b"123456789012345")) == [("malformed", b"12345678")]
    assert told(driver.feed(b"678#") + driver.feed(b"#12345678\r\n")) == [("read", b"12345678")]


def test_a_closing_tag_belongs_to_its_frame() -> None:
    driver = generic(closing_tag="</r>", xml={"code": "c"})
    frames = b"<r><c>abc</c></r>\r\n<r><c>def</c></r>"
    (first, second) = driver.feed(frames)
    assert isinstance(first, Read)
    assert (first.codes, first.raw) == ((b"abc",), b"<r><c>abc</c></r>")
    assert isinstance(second, Read)
    assert (second.codes, second.raw) == ((b"def",), b"<r><c>def</c></r>")


def test_a_length_in_digits_stands_before_each_payload() -> None:
    frames = b"%04d%b%04d%b" % (len(CODE), CODE, len(OTHER), OTHER)
    assert told(generic(length_digits=4).feed(frames)) == READS


@pytest.mark.parametrize(("order", "size"), [("big", b"\x00\x26"), ("little", b"\x26\x00")])
def test_a_length_in_bytes_has_an_order(order: str, size: bytes) -> None:
    assert len(CODE) == 0x26
    driver = generic(length_bytes=2, length_order=order, prefix="\x02", suffix="\x03")
    assert told(driver.feed(b"\x02" + size + CODE + b"\x03")) == [("read", CODE)]


def test_every_frame_may_have_the_same_size() -> None:
    assert told(generic(frame_bytes=38).feed(CODE + OTHER)) == READS
    assert told(generic(frame_bytes=38, prefix="\x02").feed(b"\x02" + CODE + b"\r\n\x02" + OTHER)) == READS


def test_out_of_step_is_told_once_and_the_next_frame_is_found() -> None:
    driver = generic(length_digits=4, prefix="\x02")
    events = driver.feed(b"\x02xxxxjunk\x020038" + CODE)
    assert told(events) == [("malformed", b"\x02xxxx"), ("read", CODE)]
    assert driver.dropped_bytes == len(b"\x02xxxxjunk")


def test_a_frame_cut_short_ends_with_a_pause() -> None:
    driver = generic(length_digits=4)
    assert pause_of(driver) is None
    assert driver.feed(b"0038" + CODE[:9]) == []
    assert pause_of(driver) == 1.0
    assert told(driver.gap()) == [("malformed", b"0038" + CODE[:9])]
    assert pause_of(driver) is None
    assert told(driver.feed(b"0038" + CODE)) == [("read", CODE)]


def test_a_pause_ends_a_frame() -> None:
    driver = generic(idle_ms=20)
    assert driver.feed(CODE[:9]) == driver.feed(CODE[9:]) == []
    assert pause_of(driver) == 0.02
    assert told(driver.gap()) == [("read", CODE)]
    assert pause_of(driver) is None


def test_between_two_pauses_too_much_is_told_once() -> None:
    driver = generic(idle_ms=20, max_bytes=8)
    assert told(driver.feed(b"123456789") + driver.feed(b"more")) == [("malformed", b"12345678")]
    assert driver.gap() == []
    assert driver.feed(b"good") == []
    assert told(driver.gap()) == [("read", b"good")]


# ── check characters ────────────────────────────────────────────────────────────────────────────────────────────────
def lrc(data: bytes) -> int:
    check = 0
    for byte in data:
        check ^= byte
    return check


CHECKED: dict[str, tuple[dict[str, object], bytes]] = {
    "xor behind the suffix": ({"prefix": "\x02", "suffix": "\x03", "checksum": "xor"},
                              b"\x02" + CODE + b"\x03" + bytes([lrc(CODE + b"\x03")])),
    "xor in digits": ({"suffix": "\r\n", "checksum": "xor-hex"}, CODE + b"%02x\r\n" % lrc(CODE)),
    "sum in digits": ({"checksum": "sum-hex"}, CODE + b"%02X\n" % (sum(CODE) % 256)),
    "sum in a list of suffixes": ({"suffix": ["\r\n", "\x03"], "checksum": "sum-hex"},
                                  CODE + b"%02X\x03" % (sum(CODE) % 256)),
    "sum of a known size": ({"frame_bytes": 39, "checksum": "sum"}, CODE + bytes([sum(CODE) % 256])),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHECKED)
def test_check_characters_are_taken_off_and_believed(kind: str) -> None:
    options, frame = CHECKED[kind]
    assert told(generic(**options).feed(frame * 2)) == [("read", CODE)] * 2
    broken = frame.replace(b"Uhgr", b"Uhgs")
    (event,) = generic(**options).feed(broken)
    assert isinstance(event, Read)
    assert event.kind == "malformed"
    assert "check" in event.problem


def test_what_is_damaged_on_its_way_is_asked_for_again_where_that_is_possible() -> None:
    driver = generic(suffix="\r", checksum="xor-hex", ack="\x06", nack="\x15")
    (event,) = driver.feed(CODE + b"00\r")
    assert isinstance(event, Garbled)


# ── options ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("options", "path", "message"),
    [
        ({"suffix": ["\r", "\r\n"]}, "suffix", "begins with another"),
        ({"suffix": "\r", "closing_tag": "</r>"}, "closing_tag", "suffix"),
        ({"length_digits": 4, "frame_bytes": 3}, "length_digits", "give one"),
        ({"closing_tag": "</r>", "frame_bytes": 3}, "frame_bytes", "give one"),
        ({"idle_ms": 20, "suffix": "\r"}, "idle_ms", "pause"),
        ({"checksum": "xor"}, "checksum", "suffix"),
        ({"checksum": "crc"}, "checksum", "xor-hex"),
        ({"length_digits": 7}, "length_digits", "1 to 6"),
        ({"closing_tag": "</r>", "prefix": "</r>"}, "prefix", "suffix"),
        ({"slots": 3}, "slots", "separator"),
        ({"nack": "N"}, "nack", "ack"),
        ({"keepalive_s": 0}, "keepalive_s", "0.1"),
        ({"json": {"code": "a"}, "xml": {"code": "a"}}, "xml", "give one"),
        ({"json": {"grade": "a"}}, "json", "needs code"),
        ({"json": {"code": "a..[x]"}}, "json.code", "no place in JSON"),
        ({"xml": {"code": "a[["}}, "xml.code", "no place in XML"),
        ({"xml": {"code": "a", "size": "b"}}, "xml.size", "unknown"),
        ({"xml": "a"}, "xml", "table"),
        ({"ignore": ["("]}, "ignore[0]", "regular expression"),
        ({"faults": "ER"}, "faults", "list"),
    ],
)
def test_an_option_that_cannot_work_is_refused(options: dict[str, object], path: str, message: str) -> None:
    with pytest.raises(DriverOptionError) as caught:
        generic(**options)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert message in problem.message
