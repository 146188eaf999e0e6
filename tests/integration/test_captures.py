"""Every capture beside the tests is decided as it should be: see tests/harness/captures.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from lined.cli.capturing import masked_events
from lined.config import load
from lined.line.intake.capture import HEAD, IN, UP, CaptureEvent, read_capture
from tests.harness.captures import FOLDER, every_capture, replay_of


@pytest.mark.parametrize("path", every_capture(), ids=lambda path: path.stem)
async def test_a_capture_is_decided_as_it_should_be(path: Path) -> None:
    came, wrong = await replay_of(path)
    assert came and wrong == []


@pytest.mark.parametrize("path", every_capture(), ids=lambda path: path.stem)
def test_a_capture_here_is_masked_and_short(path: Path) -> None:
    events = read_capture(path.read_text("ascii"))
    assert events[0].more["masked"] is True
    assert len(events) <= 400 and any(event.what == IN for event in events)


def test_what_says_that_nothing_was_read_stays_where_all_else_that_is_no_code_is_masked() -> None:
    config = load(FOLDER / "lined.toml", secrets=False)
    about = next(one for one in config.devices if one.id == "generic")
    events = [CaptureEvent(0, HEAD), CaptureEvent(0, UP), CaptureEvent(0, IN, b"NOREAD\r\nGibberish\r\nNOREAD\r\n")]
    received = list(masked_events(events, about, config))[-1].data
    assert received.split(b"\r\n")[0::2] == [b"NOREAD", b"NOREAD"] and b"Gibberish" not in received
