"""Texts of codes for comparing and for logs."""

from __future__ import annotations

import pytest

from lined.codes import masked, without_separators

IDENT = "010489921512237121UGM6BL+d+aHQw"


def test_a_full_code_and_the_regulators_content_compare_equal_without_separators() -> None:
    sent = f"{IDENT}\x1d93vuzv"
    for shown in (f"{IDENT}93vuzv", sent, f"{IDENT}\u241d93vuzv", f"{IDENT}\\u001d93vuzv", f"{IDENT}\\u001D93vuzv"):
        assert without_separators(shown) == without_separators(sent) == f"{IDENT}93vuzv"


def test_every_separator_goes_and_nothing_else() -> None:
    text = "010489921512237121<GS>|{}^\x1d91ABCD\x1d92" + "x" * 44
    assert without_separators(text) == text.replace("\x1d", "")
    assert without_separators("00030779729200012315") == "00030779729200012315"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{IDENT}\x1d93vuzv", f"{IDENT}␝******"),
        (f"{IDENT}\x1d91ZmUn\x1d92{'x' * 44}", f"{IDENT}␝******␝{'*' * 46}"),
        ("046400300955377bePLC4DT0lgreN", "046400300955377bePLC4********"),
        ("]d2" + f"{IDENT}\x1d93vuzv", "]d2" + f"{IDENT}␝******"),
        ("]d1046400300955377bePLC4DT0lgreN", "]d1046400300955377bePLC4********"),
        (IDENT, IDENT),
        ("046400300955377bePLC4", "046400300955377bePLC4"),
        ("00030779729200012315", "00030779729200012315"),
        ("030779729200012315", "030779729200012315"),
        ("0000030796671523062500001", "0000030796671523062500001"),
        ("010307797292004621\\`<\"'", "010307797292004621\\`<\"'"),
        ("ERROR", "ERROR"),
        ("", ""),
    ],
)
def test_masking_hides_the_check_part_and_shows_the_rest(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"{IDENT}93SECR",
        f"{IDENT}93SECRSECR",
        f"{IDENT}<GS>93SECR",
        f"{IDENT}\u00e893SECR",
        f"{IDENT}\u00e2\u0090\u009d93SECR",
        f"{IDENT}\u241d93SECR",
        f"{IDENT}91SECR92{'SECR' * 11}",
        f"{IDENT}91SECR<GS>92{'SECR' * 22}",
        f"{IDENT}\x1d93SECR\r\n",
        f"x{IDENT}\x1d93SECR",
        f"{IDENT[2:]}\x1d93SECR",
        f"010489921512237121{'A' * 25}SECR",
        "046400300955377bePLC4SECRSECRx",
        "046400300955377bePLC4SECR",
        "046400300955377bePLC4S93SECR",
        "01048992151223712",
    ],
)
def test_masking_never_shows_a_check_part_of_a_damaged_code(text: str) -> None:
    assert "SECR" not in masked(text)
    assert len(masked(text)) == len(text)


def test_a_masked_text_is_one_printable_line() -> None:
    for code in range(0x100):
        for text in (f"{chr(code)}{IDENT}\x1d93vuzv", f"ERR{chr(code)}OR", f"0\r\n{chr(code)}"):
            assert masked(text).isprintable()
