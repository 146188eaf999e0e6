"""Check digits of GTINs and SSCCs against published examples, and GTINs of all lengths as 14 digits."""

from __future__ import annotations

import pytest

from lined.codes import Malformed, check_digit, gtin_14, gtin_check_digit, parse, sscc_20, sscc_check_digit
from lined.codes import check_digits as remembered

GTINS = ["04899215122371", "03077972920046", "13077972920043", "01234578112233", "04640030095537", "00485007032214"]
SSCCS = ["030779729200012315", "189011350000000028", "421564332131432211", "890385507462730681", "000000077700000029"]


@pytest.mark.parametrize("gtin", GTINS)
def test_the_check_digit_of_a_gtin_of_the_documents(gtin: str) -> None:
    assert gtin_check_digit(gtin[:-1]) == gtin[-1]
    assert gtin_14(gtin) == gtin


@pytest.mark.parametrize("sscc", SSCCS)
def test_the_check_digit_of_an_sscc_of_the_documents(sscc: str) -> None:
    assert sscc_check_digit(sscc[:-1]) == sscc[-1]
    assert sscc_20(sscc) == sscc_20("00" + sscc) == "00" + sscc


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("96385074", "00000096385074"),
        ("614141000036", "00614141000036"),
        ("4899215122371", "04899215122371"),
        ("4006381333931", "04006381333931"),
        ("14899215122378", "14899215122378"),
    ],
)
def test_a_gtin_of_8_12_13_or_14_digits_becomes_14(short: str, long: str) -> None:
    assert gtin_14(short) == long
    assert gtin_check_digit(short[:-1]) == short[-1]


@pytest.mark.parametrize("gtin", ["", "1", "1234567", "123456789", "12345678901", "123456789012345", "4899215122371 "])
def test_another_number_of_digits_is_no_gtin(gtin: str) -> None:
    with pytest.raises(ValueError, match="8, 12, 13 or 14"):
        gtin_14(gtin)


@pytest.mark.parametrize("gtin", ["489921512237x", "٤٨٩٩٢١٥١٢٢٣٧١", "4899215122371\n", "-899215122371"])
def test_only_ascii_digits_make_a_gtin(gtin: str) -> None:
    with pytest.raises(ValueError, match="GTIN"):
        gtin_14(gtin)


@pytest.mark.parametrize("gtin", [*GTINS, "96385074", "614141000036", "4899215122371"])
def test_every_single_wrong_digit_of_a_gtin_is_found(gtin: str) -> None:
    for at, right in enumerate(gtin):
        for wrong in "0123456789".replace(right, ""):
            with pytest.raises(ValueError, match="check digit"):
                gtin_14(gtin[:at] + wrong + gtin[at + 1 :])


@pytest.mark.parametrize("sscc", SSCCS)
def test_every_single_wrong_digit_of_an_sscc_is_found(sscc: str) -> None:
    for at, right in enumerate(sscc):
        for wrong in "0123456789".replace(right, ""):
            with pytest.raises(ValueError, match="check digit"):
                sscc_20(sscc[:at] + wrong + sscc[at + 1 :])
            with pytest.raises(Malformed, match="check digit"):
                parse(f"00{sscc[:at]}{wrong}{sscc[at + 1 :]}".encode("ascii"))


@pytest.mark.parametrize(
    "sscc", ["", "3077972920001231", "0307797292000123150", "01030779729200012315", "0" * 17 + "x"]
)
def test_another_form_is_no_sscc(sscc: str) -> None:
    with pytest.raises(ValueError, match="SSCC"):
        sscc_20(sscc)


def test_check_digits_are_computed_for_the_right_number_of_digits_only() -> None:
    with pytest.raises(ValueError, match="17 digits"):
        sscc_check_digit("1" * 16)
    with pytest.raises(ValueError, match="7, 11, 12 or 13"):
        gtin_check_digit("1" * 14)
    for nonsense in ("", "12a", "\u0661"):
        with pytest.raises(ValueError, match="not digits"):
            check_digit(nonsense)


def test_remembered_gtins_stay_bounded_and_right_under_a_flood() -> None:
    for number in range(1, 10_000):
        digits = f"{number:013d}"
        assert parse(f"01{digits}{check_digit(digits)}21A".encode("ascii")).gtin == digits + check_digit(digits)
        with pytest.raises(Malformed):
            parse(f"01{digits}{(int(check_digit(digits)) + 1) % 10}21A".encode("ascii"))
        assert len(remembered._remembered) <= 4096
