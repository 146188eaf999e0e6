"""Masking a capture moves no byte, hides every check part, and leaves all that the rules see as it was."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import drivers
from lined.codes import AISTR, ASYM_SHORT, GS, SHORT, TOBACCO, Malformed, MarkingCode, Shape, build, parse
from lined.codes.masking import Masking
from lined.codes.templates import SET_82
from tests.unit.codes.test_codes_separators import STAND_INS

GTIN = "04899215122371"
KEY = b"a key of this test"
SIGNS = st.sampled_from(sorted(SET_82.decode()))
LAYOUTS = st.sampled_from([(SHORT, 4, 0), (SHORT, 8, 0), (ASYM_SHORT, 44, 4), (AISTR, 88, 4), (TOBACCO, 8, 0)])


@st.composite
def codes(draw: st.DrawFn) -> tuple[str, str]:
    """A code and its template."""
    template, check, key = draw(LAYOUTS)
    serial = 7 if template == TOBACCO else draw(st.integers(1, 20))

    def text(length: int) -> str:
        return "".join(draw(st.lists(SIGNS, min_size=length, max_size=length)))

    return build(template, GTIN, text(serial), check=text(check), key=text(key)), template


SPOILED: tuple[Callable[[str], str], ...] = (
    str,
    lambda text: f"]d2{text}",
    lambda text: f"]C1{GS}{text}{GS}",
    lambda text: text.replace(GS, ""),
    *(lambda text, one=one: text.replace(GS, one.decode("latin-1")) for one in STAND_INS),
    lambda text: text.upper(),
    lambda text: text[:-1],
    lambda text: text[5:],
    lambda text: text.translate(str.maketrans("abcdeABCDE", "фисвуФИСВУ")),
)


def read(raw: bytes, shapes: dict[str, Shape]) -> MarkingCode | str:
    try:
        return parse(raw, shapes)
    except Malformed as fault:
        return fault.reason.code.value


def kind(byte: int) -> str:
    sign = chr(byte)
    return "digit" if sign.isdigit() else "upper" if sign.isupper() else "lower" if sign.islower() else sign


@given(codes(), st.sampled_from(SPOILED), st.booleans())
def test_what_the_rules_see_stays_and_nothing_moves(
    made: tuple[str, str], spoil: Callable[[str], str], with_shape: bool
) -> None:
    text, template = made
    whole = parse(text.encode())
    shapes = {GTIN: Shape(template, len(whole.ident) - 18 if template != TOBACCO else 7)} if with_shape else {}
    raw = spoil(text).encode("utf-8")
    other = Masking(KEY, shapes).code(raw)
    assert len(other) == len(raw)
    if raw.isascii():
        assert list(map(kind, other)) == list(map(kind, raw))
    assert Masking(KEY, shapes).code(raw) == other, "the same code stays the same"
    before, after = read(raw, shapes), read(other, shapes)
    if isinstance(before, str) or isinstance(after, str):
        assert before == after
    elif before.tail:
        assert (after.ident, after.template, after.remarks) == (before.ident, before.template, before.remarks)


@given(codes(), st.sampled_from(SPOILED[:4]))
def test_a_check_part_is_another_one(made: tuple[str, str], spoil: Callable[[str], str]) -> None:
    text, _ = made
    raw = spoil(text).encode("utf-8")
    tail = parse(text.encode()).tail
    letters = [sign for part in tail.split(GS) for sign in part[2 if GS in tail else 0 :] if sign.isalnum()]
    if len(letters) < 6:
        return  # by chance they may stay as they are
    other = Masking(KEY).code(raw)
    assert not other.rstrip(b"\x1d").endswith(tail.encode().rpartition(b"\x1d")[2])


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "in base64": base64.b64encode,
    "in JSON": lambda raw: json.dumps({"code": raw.decode()}).encode(),
    "in XML": lambda raw: (
        b"<r><c>%b</c></r>"
        % raw.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;").replace(b"\x1d", b"&#29;")
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_is_found_however_it_stands_in_a_frame(form: str) -> None:
    raws = [f"01{GTIN}21aB<&>{at:04d}{GS}93sEc{at}".encode() for at in range(5)]
    stream = b"".join(b"\x02" + FORMS[form](raw) + b"\tB\x03" for raw in raws)
    other = Masking(KEY).stream(stream, raws)
    assert len(other) == len(stream) and other.count(b"\tB\x03") == 5
    masked = [Masking(KEY).code(raw) for raw in raws]
    assert other == b"".join(b"\x02" + FORMS[form](raw) + b"\tB\x03" for raw in masked)
    assert not [raw for raw in raws if raw[-6:] in other or base64.b64encode(raw) in other]


@given(st.lists(st.one_of(codes().map(lambda made: made[0].encode()), st.binary(max_size=60)), max_size=6))
def test_the_driver_reads_the_same_kinds_of_events(payloads: list[bytes]) -> None:
    stream = b"".join(payload + b"\r\n" for payload in payloads)
    driver = drivers.load("generic")({"no_read": ["NOREAD"]})
    before = driver.feed(stream)
    found = [code for event in before if isinstance(event, drivers.Read) for code in event.codes or (event.raw,)]
    other = Masking(KEY).stream(stream, found)
    driver.reset()
    after = driver.feed(other)
    assert len(other) == len(stream)
    assert [(type(one), getattr(one, "kind", ""), len(one.raw)) for one in after] == [
        (type(one), getattr(one, "kind", ""), len(one.raw)) for one in before
    ]


def test_half_a_frame_keeps_no_check_part() -> None:
    whole = f"01{GTIN}21aBcd{GS}93sEcR".encode()
    for at in range(whole.index(b"\x1d") + 1):
        assert b"sEcR" not in Masking(KEY).stream(whole[at:] + b"\r\n", []), "no driver has read it"
        assert b"sEcR" not in Masking(KEY).stream(whole[at:] + b"\r\n", [whole[at:]]), "the driver took it for a code"


def test_the_rest_of_a_code_that_began_elsewhere_is_hidden_whole() -> None:
    whole = f"{GTIN}serial7cHeCkPaR".encode()
    for prefix in (b"", b"]d2", b"]C1\x1d"):
        for at in range(1, len(whole) - 8):
            other = Masking(KEY).code(prefix + whole[at:])
            assert other.startswith(prefix) and len(other) == len(prefix + whole[at:])
            assert not [begin for begin in range(5) if b"cHeCkPaR"[begin : begin + 4] in other]
    assert Masking(KEY).code(whole)[:21] == whole[:21]


@pytest.mark.parametrize("raw", [b"1234567", f"(01){GTIN}(21aBcd".encode(), f"{GTIN}21aBcd".encode(), b"]d2"])
def test_what_holds_no_check_part_is_shown(raw: bytes) -> None:
    assert Masking(KEY).code(raw)[:21] == raw[:21]


TOBACCO_CODE = f"{GTIN}serial7cHeCkPaR".encode()


@pytest.mark.parametrize("head", [b"", b"]d2", b"]C1", b"NOREAD;"])
def test_no_stray_code_of_tobacco_keeps_its_check_part(head: bytes) -> None:
    stream = b"OK\r\n" + head + TOBACCO_CODE + b"\r\n"
    other = Masking(KEY).stream(stream, [])
    assert other[: len(stream) - 10] == stream[: len(stream) - 10] and other.endswith(b"\r\n")
    assert not [begin for begin in range(5) if b"cHeCkPaR"[begin : begin + 4] in other]


def test_what_is_stray_is_hidden_up_to_a_code_that_was_read() -> None:
    code = f"01{GTIN}21aBcd{GS}93sEcR".encode()
    stream = f"01{GTIN}21xYz{GS}93qW".encode() + code + b"\r\n"
    other = Masking(KEY).stream(stream, [code])
    assert b"93qW" not in other and other.endswith(Masking(KEY).code(code) + b"\r\n")
    assert other.startswith(f"01{GTIN}21xYz{GS}93".encode())


@pytest.mark.parametrize("check", [b"s7cRqWeR", b"7scRqWeR"])
def test_a_short_read_that_looks_like_a_piece_of_a_stray_check_part_shows_none_of_it(check: bytes) -> None:
    other = Masking(KEY).stream(b"\x1d93" + check + b"\r\n7\r\n", [b"7"])
    assert b"cRqW" not in other and other.endswith(b"\r\n7\r\n")


@pytest.mark.parametrize("head", [b"", b"]d2"])
def test_the_serial_of_a_stray_code_is_not_taken_for_tobacco(head: bytes) -> None:
    ident = head + f"01{GTIN}21aBcDeFgHjKlMn".encode()
    assert Masking(KEY).stream(ident + b"\x1d93sEcR\r\n", []).startswith(ident + b"\x1d93")


def test_what_follows_a_code_that_was_read_stays() -> None:
    code = f"01{GTIN}21aBcd{GS}93sEcR".encode()
    stream = code + b";GOOD\r\n" + TOBACCO_CODE + b";GOOD\r\n"
    other = Masking(KEY).stream(stream, [code, TOBACCO_CODE])
    assert other.count(b";GOOD\r\n") == 2
