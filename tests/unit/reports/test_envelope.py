"""Bodies of reports: what goes over the wire is one JSON object with sorted keys, in base64 where the kind asks for
it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lined.reports.kinds.bodies import unpacked
from lined.reports.kinds.envelope import Pieces, put_document

# API 1.18.2 §5.3.1, the document of its sample, decoded
SAMPLE = {
    "aggregationUnits": [
        {
            "aggregationItemsCount": 2,
            "aggregationUnitCapacity": 10,
            "codes": ["010489921512237121UNI-AaaZTRlLg", "010489921512237121Uug'NAJ+-AO;D"],
            "shouldBeUnbundled": True,
            "unitSerialNumber": "00030779729200012315",
        }
    ],
    "businessPlaceId": 27,
    "documentDate": "2025-02-03T01:16:10+05:00",
    "productionOrderId": "3",
}


def wire(fields: dict[str, Any], name: str, slices: list[list[Any]], *, envelope: bool) -> tuple[bytes, str]:
    pieces = Pieces(envelope=envelope)
    put_document(pieces, fields, name, slices)
    body = pieces.done(0, 0)
    return unpacked(body.packed), body.fingerprint


def test_the_sample_of_the_text_comes_out_as_it_is() -> None:
    fields = {key: value for key, value in SAMPLE.items() if key != "aggregationUnits"}
    sent, fingerprint = wire(fields, "aggregationUnits", [SAMPLE["aggregationUnits"]], envelope=True)  # type: ignore[list-item]
    assert json.loads(base64.b64decode(json.loads(sent)["documentBody"], validate=True)) == SAMPLE
    assert fingerprint == hashlib.sha256(sent).hexdigest()


@given(
    st.dictionaries(st.text("abcdz", min_size=1, max_size=3), st.none() | st.integers() | st.text()),
    st.lists(st.lists(st.text("A\x1d\u0430", max_size=5), max_size=4), max_size=5),
)
def test_any_document_in_any_slices_is_the_same_as_in_one_go(fields: dict[str, Any], slices: list[list[str]]) -> None:
    whole = {key: value for key, value in fields.items() if value is not None and key != "list"}
    whole["list"] = [item for part in slices for item in part]
    expected = json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()
    assert wire(fields, "list", slices, envelope=False)[0] == expected
    sent = wire(fields, "list", slices, envelope=True)[0]
    assert sent == b'{"documentBody":"' + base64.b64encode(expected) + b'"}'


@pytest.mark.parametrize("slices", [[], [[]], [[], []]])
def test_an_empty_list_is_an_empty_list(slices: list[list[str]]) -> None:
    assert wire({}, "codes", slices, envelope=False)[0] == b'{"codes":[]}'
