"""Codes taken apart and made, without a server."""

from __future__ import annotations

import time
from random import Random

import pytest

from lined.codes import parse
from lined.sandbox.issuing import TEMPLATES, Lot, has_check_digit, make, split, ssccs, too_many

GTIN = "04899215122371"


@pytest.mark.parametrize(
    ("code", "ident", "tail"),
    [
        ("010489921512237121UGM6BL+d+aHQw\x1d93vuzv", "010489921512237121UGM6BL+d+aHQw", "\x1d93vuzv"),
        ("010489921512237121Uug'NAJ+-AO;D", "010489921512237121Uug'NAJ+-AO;D", ""),
        ("046400300955377bePLC4DT0lgreN", "046400300955377bePLC4", "DT0lgreN"),
        ("01048992151223712112345678901", "01048992151223712112345678901", ""),  # 29 characters, but GS1
        ("00030779729200012315", "00030779729200012315", ""),
        ("", "", ""),
    ],
)
def test_a_code_is_split_at_its_first_separator_or_as_tobacco(code: str, ident: str, tail: str) -> None:
    assert split(code) == (ident, tail)


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_made_is_read_as_its_template(template: str) -> None:
    length = 7 if template == "TOBACCO" else 20
    lot = Lot(GTIN, 100, template, length, "UNIT", "307797292", "test")
    for ident, tail in make(lot, 100, Random(1)):
        code = parse((ident + tail).encode())
        assert (code.template, code.ident, code.tail) == (template, ident, tail)
        assert split(ident + tail) == (ident, tail)


def test_ssccs_have_their_check_digit() -> None:
    codes = ssccs("0307797292", 1, 50)
    assert len(set(codes)) == 50
    assert all(len(code) == 20 and has_check_digit(code[2:]) for code in codes)
    assert has_check_digit("030779729200012315")
    assert not has_check_digit("030779729200012316")
    assert not has_check_digit("")
    assert not has_check_digit("٣")


def test_more_codes_than_a_quarter_of_the_serials_are_too_many() -> None:
    def lot(size: int, length: int) -> Lot:
        return Lot(GTIN, size, "GS1_AISTR_SHORT", length, "UNIT", "307797292", "test")

    assert too_many(lot(21, 1)) and not too_many(lot(20, 1))
    assert not too_many(lot(200_000, 7))


@pytest.mark.bench
def test_65_000_codes_are_made_in_well_under_a_second() -> None:
    lot = Lot(GTIN, 65_000, "GS1_AISTR_SHORT", 13, "UNIT", "307797292", "test")
    start = time.process_time()
    make(lot, 65_000, Random(1))
    took_s = time.process_time() - start
    print(f"65,000 codes made in {took_s:.2f} s")
    assert took_s < 2  # half a second on the machine where it was written
