"""Every capture beside the tests is decided as it should be: see tests/harness/captures.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from lined.line.intake.capture import IN, read_capture
from tests.harness.captures import every_capture, replay_of


@pytest.mark.parametrize("path", every_capture(), ids=lambda path: path.stem)
async def test_a_capture_is_decided_as_it_should_be(path: Path) -> None:
    came, wrong = await replay_of(path)
    assert came and wrong == []


@pytest.mark.parametrize("path", every_capture(), ids=lambda path: path.stem)
def test_a_capture_here_is_masked_and_short(path: Path) -> None:
    events = read_capture(path.read_text("ascii"))
    assert events[0].more["masked"] is True
    assert len(events) <= 400 and any(event.what == IN for event in events)
