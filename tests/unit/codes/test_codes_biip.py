"""biip, an independent GS1 parser, agrees about every well-formed GS1 code."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from biip.gs1_messages import GS1Message

from lined.codes import AISTR, ASYM_SHORT, SHORT, build, check_digit, parse, sscc

SPEC: list[dict[str, Any]] = json.loads((Path(__file__).parent / "spec_codes.json").read_text("utf-8"))["codes"]
SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


def _is_gs1_to_biip(entry: dict[str, Any]) -> bool:
    """To biip TOBACCO is no code, and it refuses what lies outside set 82."""
    return entry.get("template", "TOBACCO") != "TOBACCO" and "outside_set_82" not in entry


def made_codes() -> list[str]:
    chance = random.Random(20250905)

    def text(length: int) -> str:
        return "".join(chance.choices(SET_82, k=length))

    codes = []
    for template, key, checks in ((SHORT, 0, (4, 8)), (ASYM_SHORT, 4, (44,)), (AISTR, 4, (88,))):
        for serial in range(1, 21):
            digits = f"{chance.randrange(10**13):013d}"
            gtin = digits + check_digit(digits)
            codes += [build(template, gtin, text(serial), key=text(key), check=text(check)) for check in checks]
    return codes


@pytest.mark.parametrize(
    "text",
    [*made_codes(), *(entry["code"] for entry in SPEC if _is_gs1_to_biip(entry))],
)
def test_biip_reads_the_same_fields(text: str) -> None:
    code = parse(text.encode("ascii"))
    fields = {string.ai.ai: string for string in GS1Message.parse(text).element_strings}
    if code.template == "SSCC":
        assert fields["00"].value == code.ident[2:]
        assert fields["00"].sscc is not None
        return
    assert fields["01"].value == code.gtin
    assert fields["01"].gtin is not None
    assert f"01{code.gtin}21{fields['21'].value}" == code.ident
    rebuilt = "".join(f"\x1d{ai}{string.value}" for ai, string in fields.items() if ai in ("91", "92", "93"))
    assert rebuilt == code.tail


@pytest.mark.parametrize("number", range(0, 9_999_999, 412_345))
def test_biip_agrees_about_the_ssccs_we_issue(number: int) -> None:
    text = sscc("0307797292", number)
    assert GS1Message.parse(text).element_strings[0].sscc is not None
    assert parse(text.encode("ascii")).ident == text
