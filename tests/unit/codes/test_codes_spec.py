"""Every code printed in the API documents, and the list of codes to test with, read as the documents mean them.

`spec_codes.json`: codes as JSON strings with the places where they stand, the expected reading, and EN's eight base64
bodies. Where the newer text was damaged in its conversion to text, the damaged form is kept with a note.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from lined.codes import OUTSIDE_SET_82, RESTORED_SEPARATOR, SHORT, Malformed, Shape, identification, parse

SPEC: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "spec_codes.json").read_text("utf-8"))
READABLE = [entry for entry in SPEC["codes"] if "malformed" not in entry]
REFUSED = [entry for entry in SPEC["codes"] if "malformed" in entry]

# Samples of API 1.21.1 §9.4 and their like: template, identification code, check part with | for GS.
TO_TEST_WITH = [
    ("GS1_AISTR_SHORT", "010489921512237121UGM6BL+d+aHQw", "|93vuzv"),
    ("GS1_AISTR_SHORT", "010489921512237121U&U1+<cfOUoZf", "|93UehU"),
    ("GS1_AISTR_SHORT", "010489921512237121Uhgr>kO42*S<<", "|93f7PE"),
    ("GS1_AISTR_SHORT", "010489921512237121UNI-AaaZTRlLg", "|93VvKw"),
    ("GS1_AISTR_SHORT", "0103077972920046217A*FXmT", "|93Mvp1"),
    ("GS1_AISTR_SHORT", "0113077972920043217DkDcfb:?sZxK", "|93Ejf?"),
    (
        "GS1_AISTR_ASYM_SHORT",
        "0103077972920015217C6QHq9LqbNxs",
        "|91ZmUn|924ZsjFmdpRDAxQmZmc2VqWmFpRFZrZWFEQmxDef4lhAc=",
    ),
    ("TOBACCO", "046400300955377bePLC4", "DT0lgreN"),
    ("", "010489921512237121Uug'NAJ+-AO;D", ""),
    ("", "010485007008235421UkdYeYc", ""),
    ("", '0103077972920039217ZU_DjU(kSMSJ0MG:AN"', ""),
    ("", "0103077972920039217Zgw%>ZK6'Uq>9.w\"JS<", ""),
    ("SSCC", "00030779729200012315", ""),
    ("SSCC", "00030779729277777889", ""),
    ("SSCC", "00189011350000000028", ""),
    ("SSCC", "00421564332131432211", ""),
    ("SSCC", "00890385507462730681", ""),
]


@pytest.mark.parametrize("entry", READABLE, ids=lambda entry: entry["at"][0])
def test_a_code_of_the_documents_reads_as_they_mean_it(entry: dict[str, Any]) -> None:
    code = parse(entry["code"].encode("ascii"))
    assert (code.template, code.ident) == (entry["template"], entry["ident"])
    assert code.full == entry["code"]
    assert code.remarks == (OUTSIDE_SET_82 if entry.get("outside_set_82") else 0)


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: entry["at"][0])
def test_what_is_no_code_of_a_station_is_refused_with_its_reason(entry: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match=entry["malformed"]) as refusal:
        parse(entry["code"].encode("ascii"))
    assert not refusal.value.device_fault


def test_the_documents_were_read_completely() -> None:
    assert len(SPEC["codes"]) == 52
    assert len(SPEC["bodies"]) == 8


@pytest.mark.parametrize("body", SPEC["bodies"], ids=lambda body: body["at"])
def test_codes_in_a_base64_body_survive_json_and_read(body: dict[str, Any]) -> None:
    content = json.loads(base64.b64decode(body["base64"], validate=True))
    found = [text for text in _strings(content) if len(text) >= 18 and text[:16].isdigit()]
    assert found == body["codes"]
    for text in found:
        if len(text) == 25 and text.isdigit():
            with pytest.raises(Malformed, match="import code"):
                parse(text.encode("ascii"))
        else:
            assert parse(text.encode("ascii")).full == text


@pytest.mark.parametrize(("template", "ident", "tail"), TO_TEST_WITH, ids=lambda text: text[:24])
def test_a_code_to_test_with_reads_full_and_without_its_check_part(template: str, ident: str, tail: str) -> None:
    tail = tail.replace("|", "\x1d")
    code = parse((ident + tail).encode("ascii"))
    assert code[:3] == (template, ident, tail)
    assert code.gtin == ("" if template == "SSCC" else ident[:14] if template == "TOBACCO" else ident[2:16])
    assert code.remarks == 0
    assert identification(ident.encode("ascii")) == ident


@pytest.mark.parametrize("index", [0, 1])
def test_the_sample_content_without_gs_is_the_sample_report_once_the_serial_length_is_known(index: int) -> None:
    """EN 7.x prints the content of the utilisation report of EN 6.x with its separators gone."""
    sent = ["010489921512237121U&U1+<cfOUoZf\x1d93UehU", "010489921512237121Uhgr>kO42*S<<\x1d93f7PE"][index]
    shown = sent.replace("\x1d", "").encode("ascii")
    code = parse(shown, {"04899215122371": Shape(SHORT, 13)})
    assert (code.full, code.remarks) == (sent, RESTORED_SEPARATOR)
    assert parse(shown).tail == ""


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return [value] if isinstance(value, str) else []
