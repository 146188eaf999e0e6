"""The measurement of a small budget in its short form: reports of 1,200 codes instead of 30,000."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.small_budget import measured, wrong


@pytest.mark.slow
@pytest.mark.bound(280)
async def test_ten_requests_a_minute_hold_nothing_and_no_code_gets_older_than_was_told(tmp_path: Path) -> None:
    found = await measured(tmp_path, 50, 1_200, 900)
    assert wrong(found) == [], found
    assert 1_200 in found["reports"]["utilisation"]
    assert found["turned_away"] == 0, "the line's own budget keeps to the limit"
