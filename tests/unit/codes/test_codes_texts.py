"""Codes that people type and programs hand over: what was meant, or a refusal; never another code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from lined.codes import Malformed, MarkingCode, Shape, parse_text, typed
from tests.monsters import TEXTS

GTIN = "04899215122371"
IDENT = f"01{GTIN}21UGM6BL+d+aHQw"
FULL = f"{IDENT}\x1d93vuzv"
SHAPES = [{}, {GTIN: Shape(None, None)}, {GTIN: Shape("GS1_AISTR_SHORT", 13)}]
each_shape = pytest.mark.parametrize("shapes", SHAPES, ids=["unknown", "open", "fixed"])


@each_shape
@pytest.mark.parametrize(
    "text",
    [
        f"(01){GTIN}(21)UGM6BL+d+aHQw(93)vuzv",
        f" (01) {GTIN} (21) UGM6BL+d+aHQw (93) vuzv\r\n",
        f"(01){GTIN}(21)UGM6BL+d+aHQw<GS>(93)vuzv",
        f"]d2(01){GTIN}(21)UGM6BL+d+aHQw(93)vuzv",
        f"{IDENT}<GS>93vuzv",
        f"{IDENT}\\x1d93vuzv",
        f"{IDENT}␝93vuzv",
        f"{IDENT}_x001D_93vuzv",
        f"{IDENT}&#29;93vuzv",
        f"\ufeff\t{FULL}  ",
        f"\u00a0{FULL}\u200b",
        FULL,
    ],
)
def test_what_a_person_typed_is_the_code_that_was_meant(text: str, shapes: dict[str, Shape]) -> None:
    assert typed(text, shapes).full == FULL


@each_shape
def test_longer_check_parts_and_boxes_are_read_in_their_printed_form_too(shapes: dict[str, Shape]) -> None:
    for check in (44, 88):
        text = f"(01)04780012345004(21)ABC(91)wxyz(92){'k' * check}"
        assert typed(text, shapes).full == f"010478001234500421ABC\x1d91wxyz\x1d92{'k' * check}"
    assert typed("(00)030779729200012315", shapes).full == "00030779729200012315"
    assert typed(f"(01){GTIN}(21)UGM6BL+d+aHQw", shapes).full == IDENT


@each_shape
def test_a_serial_that_holds_parentheses_is_no_reason_to_guess(shapes: dict[str, Shape]) -> None:
    with pytest.raises(Malformed):
        typed(f"(01){GTIN}(21)UGM6BL(93)(93)vuzv", {} if len(shapes) == 0 else {GTIN: Shape(None, None)})
    assert typed(f"(01){GTIN}(21)UGM6BL(+d(9Qw(93)vuzv", shapes).ident == f"01{GTIN}21UGM6BL(+d(9Qw"
    assert typed(f"(01){GTIN}(21)UGM6BL(93)(93)vuzv", {GTIN: Shape(None, 10)}).ident == f"01{GTIN}21UGM6BL(93)"
    assert typed(f"(01){GTIN}(21)UGM6BL(93)(93)vuzv", {GTIN: Shape(None, 6)}).tail == "\x1d93(93)vuzv"


@pytest.mark.parametrize(
    "text", [f"(01){GTIN}(21)", f"(01){GTIN}", "(00)030779729200012316", "(01)04899215122372(21)A"]
)
def test_a_printed_form_that_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        typed(text)


def test_half_a_character_never_becomes_a_character_of_a_code() -> None:
    for text in (f"{IDENT[:-1]}\ud800", f"{IDENT[:-1]}\udc00", f"{IDENT[:-1]}\ud83d\ude00", f"{IDENT[:-1]}ŝ"):
        for reading in (typed, parse_text):
            with pytest.raises(Malformed):
                reading(text)


@each_shape
@pytest.mark.parametrize("name", TEXTS)
def test_no_text_is_anything_but_a_code_or_malformed(name: str, shapes: dict[str, Shape]) -> None:
    for text in (TEXTS[name], f"{IDENT}{TEXTS[name]}", f"(01){GTIN}(21){TEXTS[name]}", f"{FULL}{TEXTS[name]}\ud800"):
        for reading in (typed, parse_text):
            code = _code(partial(reading, text, shapes))
            assert code is None or code.ident in text.replace("(01)", "01").replace("(21)", "21")


def _code(reading: Callable[[], MarkingCode]) -> MarkingCode | None:
    try:
        return reading()
    except Malformed as caught:
        refusal = caught
    assert 0 < len(refusal.reason) < 300
    return None
