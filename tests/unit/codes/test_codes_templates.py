"""What is a code and what is not, template by template; the negatives are made from valid codes, systematically."""

from __future__ import annotations

import pytest

from lined.codes import AISTR, ASYM_SHORT, SHORT, SSCC, TOBACCO, Malformed, Shape, is_import_code, parse

GS = "\x1d"
IDENT = "010489921512237121UGM6BL+d+aHQw"
GTIN = "04899215122371"
FULL = {
    "SHORT with 4": f"{IDENT}{GS}93vuzv",
    "SHORT with 8": f"{IDENT}{GS}93vuzvABCD",
    "ASYM_SHORT": f"{IDENT}{GS}91ZmUn{GS}92{'4ZsjFmdpRDAxQmZm' * 2}+/xDef4lhAc=",
    "AISTR": f"{IDENT}{GS}91ZmUn{GS}92{'4ZsjFmdpRDAxQmZm' * 5}lhAcBC==",
    "TOBACCO": "046400300955377bePLC4DT0lgreN",
    "SSCC": "00030779729200012315",
}
TEMPLATE_OF = {
    "SHORT with 4": SHORT,
    "SHORT with 8": SHORT,
    "ASYM_SHORT": ASYM_SHORT,
    "AISTR": AISTR,
    "TOBACCO": TOBACCO,
    "SSCC": SSCC,
}
each_template = pytest.mark.parametrize("name", FULL)


def refusal(text: str | bytes, shapes: dict[str, Shape] | None = None) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(text if isinstance(text, bytes) else text.encode("latin-1"), shapes or {})
    assert caught.value.reason
    assert str(caught.value) == caught.value.reason
    assert len(caught.value.reason) < 120
    return caught.value


@each_template
def test_a_full_code_reads_to_its_template_and_back(name: str) -> None:
    code = parse(FULL[name].encode("ascii"))
    assert code.template == TEMPLATE_OF[name]
    assert code.full == FULL[name]
    assert code.remarks == 0


@each_template
def test_every_wrong_check_digit_is_refused(name: str) -> None:
    text = FULL[name]
    at = {"TOBACCO": 13, "SSCC": 19}.get(name, 15)
    for digit in "0123456789".replace(text[at], ""):
        assert "check digit" in refusal(text[:at] + digit + text[at + 1 :]).reason


@each_template
def test_a_code_cut_anywhere_never_reads_as_that_template_with_another_ident(name: str) -> None:
    text = FULL[name]
    whole = parse(text.encode("ascii"))
    shorter_check_part = _shorter_check_part(name)
    for length in range(len(text)):
        try:
            code = parse(text[:length].encode("ascii"))
        except Malformed:
            continue
        if length in {shorter_check_part, len(whole.ident), text.find(GS) + 1}:
            assert code.ident == whole.ident
        elif name in {"TOBACCO", "SSCC"}:
            pytest.fail(f"cut after {length} it read as {code}")
        else:
            assert code.template == "" and length < len(whole.ident), "only a shorter identification code is possible"


@pytest.mark.parametrize("name", [name for name in FULL if "SHORT" in name or "AISTR" in name])
def test_with_a_serial_length_a_cut_code_reads_as_nothing_else(name: str) -> None:
    text = FULL[name]
    for length in set(range(len(text))) - {len(IDENT), len(IDENT + GS), _shorter_check_part(name)}:
        refusal(text[:length], {GTIN: Shape(None, 13)})


@pytest.mark.parametrize("other", FULL)
@each_template
def test_two_codes_glued_together_are_refused(name: str, other: str) -> None:
    refusal(FULL[name] + FULL[other])
    refusal(FULL[name] + GS + FULL[other])


@each_template
def test_anything_before_or_behind_a_code_is_refused_and_nothing_trimmed(name: str) -> None:
    for extra in ("\r", "\n", "\r\n", " ", "\t", "\0", "\x02", "\x03", "\x1e", "\x04", "\x7f"):
        assert "position" in refusal(FULL[name] + extra).reason
        assert "position" in refusal(extra + FULL[name]).reason
    refusal("0" + FULL[name])
    refusal("'" + FULL[name])


@each_template
def test_a_control_character_anywhere_is_refused_and_is_not_the_scanners_fault(name: str) -> None:
    text = FULL[name]
    for code in [*range(0x1D), 0x1E, 0x1F, 0x20, 0x7F]:
        for at in (1, 17, len(text) - 2):
            fault = refusal(text[:at] + chr(code) + text[at + 1 :])
            assert f"0x{code:02X} at position {at + 1}" in fault.reason
            assert not fault.device_fault


@each_template
def test_a_letter_among_the_digits_is_refused(name: str) -> None:
    text = FULL[name]
    for at in range({"TOBACCO": 14, "SSCC": 20}.get(name, 16)):
        refusal(text[:at] + "O" + text[at + 1 :])


@pytest.mark.parametrize("length", range(1, 21))
def test_serials_of_1_to_20_characters_are_legal_and_never_cut_or_padded(length: int) -> None:
    serial = "7bePLC4'Uq>9.w\"JS<%&"[:length]
    for tail in ("", f"{GS}93vuzv"):
        code = parse(f"01{GTIN}21{serial}{tail}".encode("ascii"))
        assert code.ident == f"01{GTIN}21{serial}"


@pytest.mark.parametrize("serial", ["", "A" * 21, "A" * 60])
def test_a_serial_of_another_length_is_refused(serial: str) -> None:
    assert "serial" in refusal(f"01{GTIN}21{serial}").reason
    assert "serial" in refusal(f"01{GTIN}21{serial}{GS}93vuzv").reason


@pytest.mark.parametrize(
    "tail",
    [
        *(f"{GS}93{'x' * length}" for length in range(20) if length not in (4, 8)),
        *(f"{GS}91{'x' * length}{GS}92{'y' * 44}" for length in range(10) if length != 4),
        *(f"{GS}91ABCD{GS}92{'y' * length}" for length in range(100) if length not in (44, 88)),
        f"{GS}93vu{GS}v",
        f"{GS}93{GS}uzv",
        f"{GS}94vuzv",
        f"{GS}92{'y' * 44}{GS}91ABCD",
        f"{GS}91ABCD{GS}93{'y' * 44}",
        f"{GS}91ABCD{GS}92{'y' * 44}{GS}93vuzv",
        f"{GS}93vuzv{GS}93vuzv",
    ],
)
def test_a_check_part_of_no_template_is_refused(tail: str) -> None:
    assert "template" in refusal(IDENT + tail).reason


def test_every_printable_character_is_legal_in_a_serial() -> None:
    for code in range(0x21, 0x7F):
        serial = f"A{chr(code)}B"
        assert parse(f"01{GTIN}21{serial}".encode("ascii")).ident.endswith(serial)
        assert parse(f"04640030095537{serial}PLC4DT0lgreN".encode("ascii")).template == TOBACCO


def test_an_sscc_of_18_digits_gets_its_00() -> None:
    code = parse(b"030779729200012315")
    assert code == (SSCC, "00030779729200012315", "", "", 0)
    assert code == parse(b"00030779729200012315")
    assert "SSCC" in refusal("030779729200012316").reason


@pytest.mark.parametrize("length", set(range(30)) - {18, 20})
def test_digits_of_another_length_are_no_sscc(length: int) -> None:
    refusal("0" * length)
    digits = ("0" * 12 + "17" + "0" * 16)[:length]  # the check digit of a GTIN is right, so only the length can tell
    if length in (21, 29):
        assert parse(digits.encode("ascii")).template == TOBACCO
    else:
        refusal(digits)


@pytest.mark.parametrize("zeros", ["0" * 18, "0" * 20, "300000000000000056"])
def test_a_number_whose_company_prefix_is_zeros_is_no_sscc(zeros: str) -> None:
    assert "company" in refusal(zeros).reason


@pytest.mark.parametrize("code", [f"01{'0' * 14}21ABC", f"01{'0' * 14}21ABC{GS}93vuzv", f"{'0' * 14}bePLC4D"])
def test_a_gtin_of_zeros_is_no_gtin(code: str) -> None:
    assert "zeros" in refusal(code).reason
    refusal(code, {"0" * 14: Shape(None, None)})


def test_an_import_code_is_recognised_and_refused() -> None:
    assert is_import_code("0000030796671523062500001")
    assert "CUSTOM" in refusal("0000030796671523062500001").reason
    assert not is_import_code("00030779729200012315")
    assert not is_import_code("000003079667152306250000")


def test_tobacco_reads_without_its_check_part_as_the_same_code() -> None:
    assert parse(b"046400300955377bePLC4").ident == parse(b"046400300955377bePLC4DT0lgreN").ident
    assert parse(b"046400300955377bePLC4").template == TOBACCO
    for length in set(range(40)) - {21, 29}:
        refusal(("046400300955377bePLC4DT0lgreN" + "x" * 11)[:length])


class TestGs1OrTobacco:
    """`01`, a GTIN, `21` and 11 characters are 29; where the first 14 digits happen to be a GTIN too, both read."""

    def test_a_known_product_decides_and_without_one_nothing_is_guessed(self) -> None:
        gs1_gtin, tobacco_gtin = _gtins_that_overlap()
        text = f"01{gs1_gtin}21ABCDEFGHIJK"
        assert text.startswith(tobacco_gtin)
        assert "both" in refusal(text).reason
        assert parse(text.encode(), {gs1_gtin: Shape(None, None)}).gtin == gs1_gtin
        assert parse(text.encode(), {tobacco_gtin: Shape(None, None)}).template == TOBACCO
        both_known = {gs1_gtin: Shape(SHORT, None), tobacco_gtin: Shape(TOBACCO, 7)}
        assert "both" in refusal(text, both_known).reason
        assert parse(text.encode(), {**both_known, gs1_gtin: Shape(SHORT, 13)}).template == TOBACCO

    def test_a_full_gs1_code_of_29_characters_is_never_tobacco(self) -> None:
        gs1_gtin, _ = _gtins_that_overlap()
        assert parse(f"01{gs1_gtin}21ABCD{GS}93vuzv".encode()).template == SHORT

    def test_tobacco_whose_gtin_starts_with_01_reads(self) -> None:
        assert parse(b"01234578112233bePLC47DT0lgreN").gtin == "01234578112233"


def test_a_long_check_part_cut_to_a_short_one_is_refused_where_the_product_has_the_long_template() -> None:
    cut = FULL["AISTR"][:-44]
    assert parse(cut.encode("ascii")).template == ASYM_SHORT
    assert "the product has GS1_AISTR" in refusal(cut, {GTIN: Shape(AISTR, None)}).reason


class TestShapes:
    """A code of a known product fits its template and serial length, or is refused."""

    @pytest.mark.parametrize("shape", [Shape(None, None), Shape(SHORT, None), Shape(None, 13), Shape(SHORT, 13)])
    def test_a_fitting_code_reads_with_and_without_check_part(self, shape: Shape) -> None:
        assert parse(FULL["SHORT with 4"].encode(), {GTIN: shape}).template == SHORT
        assert parse(IDENT.encode(), {GTIN: shape}).template == ""

    @pytest.mark.parametrize("shape", [Shape(ASYM_SHORT, 13), Shape(AISTR, None), Shape(TOBACCO, None)])
    def test_another_template_is_refused(self, shape: Shape) -> None:
        assert f"the product has {shape.template}" in refusal(FULL["SHORT with 4"], {GTIN: shape}).reason

    @pytest.mark.parametrize("length", [1, 7, 12, 14, 20])
    def test_another_serial_length_is_refused(self, length: int) -> None:
        reason = f"a serial of 13 characters, the product has {length}"
        assert refusal(FULL["SHORT with 4"], {GTIN: Shape(None, length)}).reason == reason
        assert refusal(IDENT, {GTIN: Shape(SHORT, length)}).reason == reason

    def test_tobacco_of_a_gs1_product_and_gs1_of_a_tobacco_product_are_refused(self) -> None:
        assert "TOBACCO, the product has" in refusal(FULL["TOBACCO"], {"04640030095537": Shape(SHORT, None)}).reason
        assert "the product has TOBACCO" in refusal(IDENT, {GTIN: Shape(TOBACCO, 7)}).reason
        assert "the product has TOBACCO" in refusal(IDENT, {GTIN: Shape(TOBACCO, None)}).reason
        assert "the product has TOBACCO" in refusal(f"01{GTIN}21ABCDEFG", {GTIN: Shape(TOBACCO, 7)}).reason
        assert refusal(FULL["TOBACCO"], {"04640030095537": Shape(None, 13)}).reason.startswith("a serial of 7")
        assert parse(FULL["TOBACCO"].encode(), {"04640030095537": Shape(TOBACCO, 7)}).template == TOBACCO

    def test_other_products_and_ssccs_do_not_mind(self) -> None:
        shapes = {GTIN: Shape(ASYM_SHORT, 20)}
        assert parse(FULL["TOBACCO"].encode(), shapes).template == TOBACCO
        assert parse(FULL["SSCC"].encode(), shapes).template == SSCC


def test_nothing_longer_than_any_code_is_looked_at() -> None:
    assert "more than any" in refusal("0" * 257).reason
    assert "empty" in refusal("").reason


def test_a_reason_never_tells_a_check_part() -> None:
    for text in (
        f"01{GTIN}21ABC{GS}93SECRETX",
        f"01{GTIN}21{'A' * 21}{GS}93SECR",
        f"01{GTIN[:-1]}021ABC{GS}93SECR",
        f"01{GTIN}21ABC{GS}93SECR\r",
        "046400300955387bePLC4SECRETXX",
    ):
        assert "SECR" not in refusal(text).reason


def _shorter_check_part(name: str) -> int | None:
    """Where a code may be cut and be a full code still: one template has two lengths, two differ by length only."""
    shorter = {"SHORT with 8": "SHORT with 4", "AISTR": "ASYM_SHORT"}.get(name)
    return len(FULL[shorter]) if shorter else None


def _gtins_that_overlap() -> tuple[str, str]:
    """A GTIN and the GTIN that `01` and its first twelve digits happen to be: 1 in 10 has one."""
    for number in range(1000):
        digits = f"0489921{number:05d}"
        for check in "0123456789":
            gtin = f"{digits}{check}"
            if _holds("01" + gtin[:12]):
                for last in "0123456789":
                    if _holds(gtin[:13] + last):
                        return gtin[:13] + last, "01" + gtin[:12]
    raise AssertionError


def _holds(digits: str) -> bool:
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))) % 10 == 0
