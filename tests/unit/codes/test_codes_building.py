"""Codes and SSCCs from their fields."""

from __future__ import annotations

import pytest

from lined.codes import AISTR, ASYM_SHORT, CUSTOM, SHORT, SSCC, TOBACCO, build, parse, sscc

GTIN = "04899215122371"


def test_a_code_is_built_as_the_documents_print_it() -> None:
    assert build(SHORT, GTIN, "UGM6BL+d+aHQw", check="vuzv") == "010489921512237121UGM6BL+d+aHQw\x1d93vuzv"
    assert build(TOBACCO, "04640030095537", "7bePLC4", check="DT0lgreN") == "046400300955377bePLC4DT0lgreN"
    check = "4ZsjFmdpRDAxQmZmc2VqWmFpRFZrZWFEQmxDef4lhAc="
    built = build(ASYM_SHORT, "3077972920015", "7C6QHq9LqbNxs", key="ZmUn", check=check)
    assert built == f"0103077972920015217C6QHq9LqbNxs\x1d91ZmUn\x1d92{check}"


@pytest.mark.parametrize("template", [SHORT, ASYM_SHORT, AISTR])
def test_without_check_part_the_identification_code_is_built(template: str) -> None:
    assert build(template, GTIN, "ABC") == "010489921512237121ABC"


@pytest.mark.parametrize(
    ("template", "gtin", "serial", "key", "check", "problem"),
    [
        (SHORT, "04899215122372", "A", "", "abcd", "check digit"),
        (SHORT, "123", "A", "", "abcd", "GTIN"),
        (SHORT, GTIN, "", "", "abcd", "serial"),
        (SHORT, GTIN, "A" * 21, "", "abcd", "serial"),
        (SHORT, GTIN, "A B", "", "abcd", "serial"),
        (SHORT, GTIN, "A\x1d", "", "abcd", "serial"),
        (SHORT, GTIN, "Я", "", "abcd", "serial"),
        (SHORT, GTIN, "A", "", "abcde", "check part"),
        (SHORT, GTIN, "A", "", "abc\n", "check part"),
        (SHORT, GTIN, "A", "key1", "abcd", "key"),
        (SHORT, GTIN, "A", "key1", "", "key"),
        (ASYM_SHORT, GTIN, "A", "", "x" * 44, "key"),
        (ASYM_SHORT, GTIN, "A", "key", "x" * 44, "key"),
        (ASYM_SHORT, GTIN, "A", "key1", "x" * 88, "check part"),
        (AISTR, GTIN, "A", "key1", "x" * 44, "check part"),
        (TOBACCO, GTIN, "ABCDEF", "", "abcdefgh", "serial"),
        (TOBACCO, GTIN, "ABCDEFG", "", "abcd", "check part"),
        (SSCC, GTIN, "A", "", "", "SSCC"),
        (CUSTOM, GTIN, "A", "", "", "CUSTOM"),
        ("", GTIN, "A", "", "", "template"),
    ],
)
def test_what_does_not_fit_the_template_is_not_built(
    template: str, gtin: str, serial: str, key: str, check: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        build(template, gtin, serial, key=key, check=check)


def test_ssccs_are_numbered_under_their_prefix() -> None:
    assert sscc("0307797292", 1231) == "00030779729200012315"
    assert sscc("0307797292", 0)[:-1] == "0003077972920000000"
    assert sscc("0307797292", 9_999_999)[:-1] == "0003077972929999999"
    assert parse(sscc("34", 5).encode("ascii")).ident == sscc("34", 5)
    for prefix in ("3", "0", "30000000"):
        with pytest.raises(ValueError, match="company"):
            sscc(prefix, 5)


@pytest.mark.parametrize(
    ("prefix", "number"),
    [("0307797292", 10_000_000), ("0307797292", -1), ("", 1), ("1" * 17, 0), ("1" * 18, 0), ("03077x", 1), ("٣", 1)],
)
def test_a_number_that_does_not_fit_makes_no_sscc(prefix: str, number: int) -> None:
    with pytest.raises(ValueError, match=r"SSCC prefix|does not fit"):
        sscc(prefix, number)
