"""What devices put before a code, characters outside set 82, and bytes that only a wrong set-up can send."""

from __future__ import annotations

import pytest

from lined.codes import (
    LEADING_GS,
    NO_FNC1,
    OUTSIDE_SET_82,
    RESTORED_SEPARATOR,
    SHORT,
    Malformed,
    MarkingCode,
    Shape,
    identification,
    parse,
)

FULL = b"010489921512237121UGM6BL+d+aHQw\x1d93vuzv"
SSCC_20 = b"00030779729200012315"
TOBACCO_29 = b"046400300955377bePLC4DT0lgreN"
FNC1_FIRST = [b"]d2", b"]C1", b"]Q3", b"]e0", b"]J1"]
PLAIN = [b"]d1", b"]C0", b"]Q1", b"]J0"]


def remarked(code: MarkingCode, remarks: int) -> MarkingCode:
    return code._replace(remarks=remarks)


@pytest.mark.parametrize("aim", FNC1_FIRST)
@pytest.mark.parametrize("raw", [FULL, SSCC_20, TOBACCO_29, SSCC_20[2:]])
def test_an_aim_identifier_with_fnc1_is_silently_removed(aim: bytes, raw: bytes) -> None:
    assert parse(aim + raw) == parse(raw)


@pytest.mark.parametrize("aim", PLAIN)
def test_a_gs1_code_printed_without_fnc1_is_read_and_remarked(aim: bytes) -> None:
    assert parse(aim + FULL) == remarked(parse(FULL), NO_FNC1)
    assert parse(aim + FULL[:31]) == remarked(parse(FULL[:31]), NO_FNC1)
    assert parse(aim + SSCC_20) == remarked(parse(SSCC_20), NO_FNC1)


@pytest.mark.parametrize("aim", PLAIN)
def test_what_is_not_gs1_needs_no_fnc1(aim: bytes) -> None:
    assert parse(aim + TOBACCO_29) == parse(TOBACCO_29)
    assert parse(aim + b"01234578112233bePLC47DT0lgreN").remarks == 0
    assert parse(aim + SSCC_20[2:]) == parse(SSCC_20)


@pytest.mark.parametrize("prefix", [b"\x1d", b"]d2\x1d", b"<GS>", b"{GS}", b"|", b"\xe8", b"^]"])
@pytest.mark.parametrize("raw", [FULL, SSCC_20, TOBACCO_29])
def test_fnc1_sent_as_a_character_before_the_code_is_removed_and_remarked(prefix: bytes, raw: bytes) -> None:
    assert parse(prefix + raw) == remarked(parse(raw), LEADING_GS)


def test_remarks_add_up() -> None:
    shapes = {"04899215122371": Shape(SHORT, 13)}
    code = parse(b"]d1\x1d010489921512237121UGM6BL#d+aHQw<GS>93vuzv", shapes)
    assert code.remarks == NO_FNC1 | LEADING_GS | OUTSIDE_SET_82 | RESTORED_SEPARATOR
    assert code.full == "010489921512237121UGM6BL#d+aHQw\x1d93vuzv"


@pytest.mark.parametrize(
    "prefix", [b"]d2]d2", b"\x1d\x1d", b"\x1d]d2", b"]d", b"]", b"]22", b"d2", b"\x02", b"(", b" "]
)
def test_any_other_prefix_is_refused(prefix: bytes) -> None:
    with pytest.raises(Malformed):
        parse(prefix + FULL)


@pytest.mark.parametrize("raw", [b"", b"]d2", b"\x1d", b"]d2\x1d", b"<GS>"])
def test_a_prefix_alone_is_empty(raw: bytes) -> None:
    with pytest.raises(Malformed, match="empty"):
        parse(raw)


@pytest.mark.parametrize("character", "#$@[\\]^`{|}~")
def test_a_character_outside_set_82_is_accepted_and_remarked(character: str) -> None:
    for raw in (f"01048992151223712{1}A{character}B", f"010489921512237121AB\x1d93{character}uzv"):
        code = parse(raw.encode("ascii"))
        assert (code.full, code.remarks) == (raw, OUTSIDE_SET_82)
    assert parse(f"04640030095537{character}bePLC4DT0lgreN".encode("ascii")).remarks == OUTSIDE_SET_82


def test_set_82_itself_gets_no_remark() -> None:
    characters = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    assert len(characters) == 82
    for character in characters:
        assert parse(f"010489921512237121{character}".encode("ascii")).remarks == 0


@pytest.mark.parametrize(
    "raw",
    [
        "010489921512237121ГЬ6BL+d\x1d93vuzv".encode(),
        "010489921512237121ГЬ6BL+d\x1d93vuzv".encode("cp1251"),
        "010489921512237121UGM6BL\u00e9\x1d93vuzv".encode(),
        "ф010489921512237121UGM6BL".encode(),
        "046400300955377ЬеPLC4DT0lgreN".encode("cp1251"),
        "0003077972920001231\u0665".encode(),
        "010489921512237121UGM6BL+d+aHQw".encode("utf-16"),
        b"\xef\xbb\xbf" + FULL,
        FULL + b"\xff",
        b"\x02\xff\x03",
    ],
)
def test_bytes_outside_ascii_are_the_scanners_fault(raw: bytes) -> None:
    for shapes in ({}, {"04899215122371": Shape(SHORT, 7)}):
        with pytest.raises(Malformed, match="scanner") as refusal:
            parse(raw, shapes)
        assert refusal.value.device_fault


def test_codeword_232_as_a_byte_is_a_fault_until_the_shape_makes_it_a_separator() -> None:
    raw = FULL.replace(b"\x1d", b"\xe8")
    with pytest.raises(Malformed) as refusal:
        parse(raw)
    assert refusal.value.device_fault
    assert parse(raw, {"04899215122371": Shape(SHORT, 13)}).full.encode() == FULL


def test_identification_takes_full_codes_and_bare_ones() -> None:
    assert identification(b"]d2" + FULL) == identification(FULL[:31]) == FULL[:31].decode()
    assert identification(SSCC_20[2:]) == SSCC_20.decode()
    with pytest.raises(Malformed):
        identification(b"nonsense")
