"""Times, ids and bytes as the outside gets them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lined.api.rendering import json_bytes, page_bytes
from lined.vocabulary.ids import row_number
from lined.vocabulary.times import moment, of_datetime, with_moments


def test_times_are_rfc_3339_in_utc() -> None:
    assert moment(0) == "1970-01-01T00:00:00.000Z"
    assert moment(1_795_397_602_916) == "2026-11-23T01:33:22.916Z"
    assert moment(None) is None
    tashkent = datetime(2026, 11, 23, 5, 0, tzinfo=timezone(timedelta(hours=5)))
    assert of_datetime(tashkent) == "2026-11-23T00:00:00.000Z" == of_datetime(tashkent.astimezone(UTC))


def test_milliseconds_become_moments_and_nothing_else_changes() -> None:
    assert with_moments({"id": "1", "started_ms": 0, "stopped_ms": None, "n": 3}) == {
        "id": "1",
        "started_at": "1970-01-01T00:00:00.000Z",
        "stopped_at": None,
        "n": 3,
    }


@pytest.mark.parametrize("after", [None, "17"])
def test_a_page_made_item_by_item_is_the_same_json(after: str | None) -> None:
    items = [{"id": "2", "text": "Ўзбекистон \x1d"}, {"id": "1", "text": None}]
    assert json.loads(page_bytes(items, after)) == {"items": items, "next": after}
    assert page_bytes(items, after) == json_bytes({"items": items, "next": after})
    assert page_bytes((), after) == json_bytes({"items": [], "next": after})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("1", True), ("999999999999999999", True), ("9223372036854775808", False), ("", False), ("-1", False)),
        *(("1 ", False), ("٣", False), ("1e3", False), ("1\n", False)),
    ],
)
def test_what_can_be_the_id_of_a_row(text: str, number: bool) -> None:
    assert row_number(text) == (int(text) if number else None)
