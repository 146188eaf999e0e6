"""Lost and misspelled separators: put back where the product's shape leaves one reading, refused everywhere else."""

from __future__ import annotations

import itertools

import pytest

from lined.codes import (
    AISTR,
    ASYM_SHORT,
    RESTORED_SEPARATOR,
    SHORT,
    SURPLUS_SEPARATOR,
    TOBACCO,
    Malformed,
    Shape,
    parse,
)

GTIN = "04899215122371"
HEAD = f"01{GTIN}21"
STAND_INS = [
    *(name.encode() for name in ("<GS>", "{GS}", "[GS]", "<gs>", "<FNC1>", "{FNC1}", "<1D>", "<0x1D>")),
    *(text.encode() for text in (r"\x1d", r"\x1D", r"\u001d", r"\u001D", "^]", "|", "~1")),
    *(text.encode() for text in (r"\x001d", r"\u001D", r"\035", r"\d029", "~d029", "~029", "{029}", "<29>")),
    *(
        text.encode()
        for text in ("_x001D_", "&#29;", "&#029;", "&#x1d;", "&#x001D;", "_1", "_1D", "%1D", "=1D", "0x1D")
    ),
    b"\xe8",
    "\u00e8".encode(),
    "\u241d".encode(),
    "\u2194".encode(),
]
LOST = b""
SERIALS = ["U", "7A*FXmT", "U&U1+<cfOUoZf", "Zgw%>ZK6'Uq>9.w\"JS<7", "9393939", "<GS>93<GS>93x"]
TAILS = {
    SHORT: [["93vuzv"], ["93vuzvABCD"], ["9393xx"], ["93939393xx"]],
    ASYM_SHORT: [["91ZmUn", "92" + "4ZsjFmdpRDA" * 4], ["919292", "92" + "92919391xyz" * 4]],
    AISTR: [["91ZmUn", "92" + "4ZsjFmdpRDA" * 8], ["919292", "92" + "92919391xyz" * 8]],
}
CASES = [(template, serial, parts) for template in TAILS for serial in SERIALS for parts in TAILS[template]]
each_case = pytest.mark.parametrize(("template", "serial", "parts"), CASES)


def damaged(serial: str, parts: list[str], separators: tuple[bytes, ...]) -> bytes:
    pieces = zip(separators, parts, strict=True)
    return (HEAD + serial).encode() + b"".join(separator + part.encode() for separator, part in pieces)


def whole(serial: str, parts: list[str]) -> str:
    return HEAD + serial + "".join("\x1d" + part for part in parts)


@each_case
def test_with_template_and_serial_length_every_damage_is_put_right(
    template: str, serial: str, parts: list[str]
) -> None:
    shapes = {GTIN: Shape(template, len(serial))}
    for separators in itertools.product([LOST, b"\x1d", *STAND_INS], repeat=len(parts)):
        raw = damaged(serial, parts, separators)
        code = parse(raw, shapes)
        assert (code.template, code.ident, code.full) == (template, HEAD + serial, whole(serial, parts))
        assert bool(code.remarks & RESTORED_SEPARATOR) == (raw != whole(serial, parts).encode())


@each_case
def test_with_the_serial_length_alone_the_layout_is_just_as_certain(
    template: str, serial: str, parts: list[str]
) -> None:
    for separators in itertools.product([LOST, b"<GS>", b"\xe8"], repeat=len(parts)):
        code = parse(damaged(serial, parts, separators), {GTIN: Shape(None, len(serial))})
        assert (code.template, code.full) == (template, whole(serial, parts))


@each_case
def test_without_a_serial_length_the_first_separator_is_never_put_back(
    template: str, serial: str, parts: list[str]
) -> None:
    for separators in itertools.product([LOST, *STAND_INS], [b"\x1d", LOST]):
        raw = damaged(serial, parts, separators[: len(parts)])
        for shapes in ({}, {GTIN: Shape(None, None)}, {GTIN: Shape(template, None)}):
            try:
                code = parse(raw, shapes)
            except Malformed:
                continue
            assert code.full.encode() == raw, "as it stands, or not at all"
            assert not code.remarks & RESTORED_SEPARATOR


def test_the_second_separator_is_put_back_where_the_template_is_fixed_and_the_first_is_there() -> None:
    raw = damaged("7A*FXmT", ["91ZmUn", "92" + "x" * 44], (b"\x1d", LOST))
    assert parse(raw, {GTIN: Shape(ASYM_SHORT, None)}).full == whole("7A*FXmT", ["91ZmUn", "92" + "x" * 44])
    for shapes in ({}, {GTIN: Shape(None, None)}, {GTIN: Shape(AISTR, None)}):
        with pytest.raises(Malformed, match="template"):
            parse(raw, shapes)


def test_a_lost_separator_looks_like_a_longer_serial_until_the_shape_is_known() -> None:
    """Documented in `reading`: as it stands it is an identification code, which no apply station takes."""
    raw = f"{HEAD}7A*FXmT93vuzv".encode()
    assert parse(raw)[:3] == ("", raw.decode(), "")
    assert parse(raw, {GTIN: Shape(SHORT, None)})[:3] == ("", raw.decode(), "")
    assert parse(raw, {GTIN: Shape(SHORT, 7)})[:3] == (SHORT, f"{HEAD}7A*FXmT", "\x1d93vuzv")
    assert parse(raw, {GTIN: Shape(SHORT, 13)})[:3] == ("", raw.decode(), "")


def test_a_real_serial_that_looks_like_a_check_part_is_left_alone() -> None:
    serial = "7A*FXmT93vuzv"
    for shape in (Shape(SHORT, 13), Shape(SHORT, None), Shape(None, None)):
        assert parse(f"{HEAD}{serial}".encode(), {GTIN: shape}).ident == HEAD + serial
        assert parse(f"{HEAD}{serial}\x1d93abcd".encode(), {GTIN: shape}).ident == HEAD + serial
    assert parse(f"{HEAD}{serial}93abcd".encode(), {GTIN: Shape(SHORT, 13)}).ident == HEAD + serial


@pytest.mark.parametrize("serial_length", [1, 6, 8, 12, 14, 20])
@pytest.mark.parametrize("separator", [LOST, b"\x1d", b"<GS>", b"\xe8"])
def test_a_serial_of_another_length_is_refused_however_the_separator_is_spelled(
    serial_length: int, separator: bytes
) -> None:
    raw = damaged("U&U1+<cfOUoZf", ["93vuzv"], (separator,))
    with pytest.raises(Malformed):
        parse(raw, {GTIN: Shape(SHORT, serial_length)})


@pytest.mark.parametrize("template", [ASYM_SHORT, AISTR, TOBACCO])
def test_a_restored_code_must_fit_the_template_too(template: str) -> None:
    with pytest.raises(Malformed):
        parse(f"{HEAD}U&U1+<cfOUoZf93vuzv".encode(), {GTIN: Shape(template, 13)})


@pytest.mark.parametrize(
    "nonsense", [b"??", b"GS", b"<GS", b"<GS><GS>", b"_", b"&#30;", b"\x1e", b" ", b"\x00", b"\xff"]
)
def test_what_is_no_known_spelling_of_gs_is_refused(nonsense: bytes) -> None:
    with pytest.raises(Malformed):
        parse(damaged("U&U1+<cfOUoZf", ["93vuzv"], (nonsense,)), {GTIN: Shape(SHORT, 13)})


def test_a_cut_or_glued_code_without_separator_is_refused() -> None:
    raw = damaged("U&U1+<cfOUoZf", ["93vuzv"], (LOST,))
    shapes = {GTIN: Shape(SHORT, 13)}
    for length in set(range(len(raw))) - {len(HEAD) + 13}:
        with pytest.raises(Malformed):
            parse(raw[:length], shapes)
    for extra in (b"x", b"xx", b"93vuzv", b"\x1d93vuzv", raw):
        with pytest.raises(Malformed):
            parse(raw + extra, shapes)


def test_a_wrong_check_digit_is_not_repaired() -> None:
    with pytest.raises(Malformed, match="check digit"):
        parse(b"010489921512237221U&U1+<cfOUoZf93vuzv", {"04899215122372": Shape(SHORT, 13)})


@pytest.mark.parametrize("serial_length", [-1, 0, 21, 1000])
def test_a_shape_with_an_impossible_length_restores_nothing(serial_length: int) -> None:
    with pytest.raises(Malformed):
        parse(f"{HEAD}U&U1+<cfOUoZf93vuzv".encode(), {GTIN: Shape(SHORT, serial_length)})


@pytest.mark.parametrize("shape", [None, Shape(None, None), Shape(SHORT, None), Shape(SHORT, 13), Shape(None, 13)])
@pytest.mark.parametrize(
    "raw",
    [
        f"01{GTIN}\x1d21UGM6BL+d+aHQw\x1d93vuzv",
        f"01{GTIN}\x1d\x1d21UGM6BL+d+aHQw\x1d93vuzv",
        f"{HEAD}UGM6BL+d+aHQw\x1d\x1d93vuzv",
        f"{HEAD}UGM6BL+d+aHQw\x1d93vuzv\x1d",
        f"]d2\x1d01{GTIN}\x1d21UGM6BL+d+aHQw\x1d\x1d\x1d93vuzv\x1d\x1d",
    ],
)
def test_a_separator_where_no_code_has_one_is_left_out_with_a_remark(raw: str, shape: Shape | None) -> None:
    code = parse(raw.encode(), {} if shape is None else {GTIN: shape})
    assert code.full == f"{HEAD}UGM6BL+d+aHQw\x1d93vuzv"
    assert code.remarks & SURPLUS_SEPARATOR
    assert code.template == SHORT


@pytest.mark.parametrize("stand_in", STAND_INS)
def test_between_gtin_and_serial_a_separator_is_left_out_where_the_product_is_known(stand_in: bytes) -> None:
    raw = f"01{GTIN}".encode() + stand_in + b"21UGM6BL+d+aHQw" + stand_in + b"93vuzv"
    code = parse(raw, {GTIN: Shape(SHORT, 13)})
    assert (code.full, code.remarks) == (f"{HEAD}UGM6BL+d+aHQw\x1d93vuzv", RESTORED_SEPARATOR)
    with pytest.raises(Malformed):
        parse(raw)


@pytest.mark.parametrize(
    "raw", ["\x1d01", "01\x1d", f"01{GTIN}2\x1d1ABC", f"01{GTIN[:5]}\x1d{GTIN[5:]}21ABC\x1d93abcd"]
)
def test_a_separator_within_a_number_is_refused(raw: str) -> None:
    for shapes in ({}, {GTIN: Shape(SHORT, 3)}):
        with pytest.raises(Malformed):
            parse(raw.encode(), shapes)
