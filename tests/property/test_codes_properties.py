"""What holds for every code and for every sequence of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lined.codes import (
    AISTR,
    ASYM_SHORT,
    GS,
    RESTORED_SEPARATOR,
    SHORT,
    SSCC,
    TOBACCO,
    Malformed,
    MarkingCode,
    Shape,
    build,
    check_digit,
    gtin_14,
    is_printed_form,
    masked,
    parse,
    sscc,
    without_separators,
)

TEMPLATES = [SHORT, ASYM_SHORT, AISTR, TOBACCO]
CHECKS = {SHORT: [4, 8], ASYM_SHORT: [44], AISTR: [88], TOBACCO: [8]}
STAND_INS = [b"", b"<GS>", b"{GS}", rb"\x1d", rb"\u001d", b"^]", b"|", b"\xe8", "\u241d".encode(), b"~1"]

printable = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
gtins = (
    st.from_regex("[0-9]{13}", fullmatch=True)
    .filter(lambda digits: int(digits) > 0)
    .map(lambda digits: digits + check_digit(digits))
)


def exactly(length: int) -> st.SearchStrategy[str]:
    return st.text(printable, min_size=length, max_size=length)


@st.composite
def full_codes(draw: st.DrawFn, *templates: str) -> tuple[str, str, str]:
    """Template, serial and full code."""
    template = draw(st.sampled_from(templates or TEMPLATES))
    serial = draw(exactly(7) if template == TOBACCO else st.text(printable, min_size=1, max_size=20))
    key = draw(exactly(4)) if template in (ASYM_SHORT, AISTR) else ""
    check = draw(exactly(draw(st.sampled_from(CHECKS[template]))))
    return template, serial, build(template, draw(gtins), serial, key=key, check=check)


def own_shape(text: str, template: str, serial: str) -> dict[str, Shape]:
    gtin = text[:14] if template == TOBACCO else text[2:16]
    return {gtin: Shape(template, len(serial))}


def taken_for(raw: bytes, shapes: dict[str, Shape]) -> MarkingCode | None:
    """What it reads as; None: Malformed. Any other exception fails the test."""
    try:
        return parse(raw, shapes)
    except Malformed as caught:
        refusal = caught
    assert refusal.reason
    assert refusal.device_fault == (not raw.isascii() or is_printed_form(raw.decode("latin-1")))
    return None


shapes_of_anything = st.dictionaries(
    gtins | st.just("04899215122371"),
    st.builds(Shape, st.sampled_from([None, *TEMPLATES]), st.none() | st.integers(0, 21)),
    max_size=3,
)


@given(full_codes())
def test_what_was_built_is_parsed_to_the_same_code(made: tuple[str, str, str]) -> None:
    template, serial, text = made
    code = parse(text.encode("ascii"), own_shape(text, template, serial))
    assert code.template == template
    assert code.full == text
    assert code.ident == (text[:21] if template == TOBACCO else f"01{code.gtin}21{serial}")


@given(full_codes(), full_codes())
def test_the_identification_code_does_not_depend_on_the_check_part(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    template, serial, text = one
    shapes = own_shape(text, template, serial)
    code = parse(text.encode("ascii"), shapes)
    assert parse(code.ident.encode("ascii"), shapes).ident == code.ident
    if other[0] == template:
        tail = parse(other[2].encode("ascii"), own_shape(other[2], *other[:2])).tail
        assert parse((code.ident + tail).encode("ascii"), shapes).ident == code.ident


@given(full_codes(SHORT, ASYM_SHORT, AISTR), full_codes(SHORT, ASYM_SHORT, AISTR))
def test_two_codes_have_one_identification_code_only_if_gtin_and_serial_are_the_same(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    codes = [parse(text.encode("ascii")) for _, _, text in (one, other)]
    same = codes[0].gtin == codes[1].gtin and one[1] == other[1]
    assert (codes[0].ident == codes[1].ident) == same


@given(st.binary(max_size=300), shapes_of_anything)
def test_any_bytes_read_or_are_malformed(raw: bytes, shapes: dict[str, Shape]) -> None:
    taken_for(raw, shapes)


@given(full_codes(), st.data(), shapes_of_anything)
def test_a_damaged_code_reads_or_is_malformed(
    made: tuple[str, str, str], data: st.DataObject, shapes: dict[str, Shape]
) -> None:
    """Near misses reach deeper than arbitrary bytes: a piece of a real code is replaced, dropped or doubled."""
    raw = made[2].encode("ascii")
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(raw)), st.integers(0, len(raw)))))
    piece = data.draw(st.sampled_from([b"", raw[start:end] * 2, GS.encode(), *STAND_INS]) | st.binary(max_size=5))
    known = shapes | own_shape(made[2], *made[:2])
    code = taken_for(raw[:start] + piece + raw[end:], known)
    if code is not None and code.gtin in known:
        shape = known[code.gtin]
        assert shape.template in (None, code.template) or not code.template
        serial = code.ident[14:] if code.template == TOBACCO else code.ident[18:]
        assert shape.serial_length in (None, len(serial))


@given(full_codes(SHORT, ASYM_SHORT, AISTR), st.data())
def test_separators_however_damaged_come_back_with_the_shape_and_are_never_invented_without(
    made: tuple[str, str, str], data: st.DataObject
) -> None:
    template, serial, text = made
    pieces = text.encode("ascii").split(GS.encode())
    raw = pieces[0] + b"".join(data.draw(st.sampled_from([*STAND_INS, b"\x1d"])) + piece for piece in pieces[1:])
    shapes = own_shape(text, template, serial)
    code = parse(raw, shapes)
    assert code.full == text
    assert bool(code.remarks & RESTORED_SEPARATOR) == (raw != text.encode("ascii"))
    assert parse(raw, {code.gtin: Shape(None, len(serial))}).full == text
    bare = taken_for(raw, {})
    assert bare is None or bare.full.encode("ascii") == raw


@given(full_codes(), st.data())
def test_any_single_digit_changed_in_a_gtin_is_found(made: tuple[str, str, str], data: st.DataObject) -> None:
    template, _, text = made
    at = data.draw(st.integers(0, 13)) + (0 if template == TOBACCO else 2)
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != text[at]]))
    with pytest.raises(Malformed):
        parse((text[:at] + wrong + text[at + 1 :]).encode("ascii"))


@given(gtins)
def test_a_gtin_has_one_check_digit_and_one_form_of_14_digits(gtin: str) -> None:
    assert gtin_14(gtin) == gtin
    assert [digit for digit in "0123456789" if _is_gtin(gtin[:13] + digit)] == [gtin[13]]


@given(st.from_regex("[0-9][1-9][0-9]{0,14}", fullmatch=True), st.data())
def test_issued_ssccs_are_parsed_and_different(prefix: str, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(0, 10 ** (17 - len(prefix)) - 1), unique=True, min_size=1, max_size=5))
    issued = [sscc(prefix, number) for number in numbers]
    assert len(set(issued)) == len(numbers)
    for text in issued:
        assert parse(text.encode("ascii")) == (SSCC, text, "", "", 0)
        assert parse(text[2:].encode("ascii")).ident == text


@given(full_codes())
def test_a_masked_code_shows_nothing_of_its_check_part(made: tuple[str, str, str]) -> None:
    template, serial, text = made
    code = parse(text.encode("ascii"), own_shape(text, template, serial))
    shown = masked(text)
    assert set(shown[len(code.ident) :]) <= {"*", "␝"}
    assert len(shown) == len(text)


@given(st.text(max_size=150))
def test_texts_for_logs_and_comparing_are_made_of_anything(text: str) -> None:
    assert len(masked(text)) == len(text)
    assert masked(text).isprintable()
    assert GS not in without_separators(text)


def _is_gtin(text: str) -> bool:
    try:
        return gtin_14(text) == text
    except ValueError:
        return False
