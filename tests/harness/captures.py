"""Captures of devices as tests: what once went wrong on a line, played back through the driver and the rules.

A field problem becomes a test by a file in `tests/captures`: the capture (`lined capture --mask`), as `NAME.capture`.
Where its own verdicts are the ones that were wrong, those that are right stand in `NAME.expected` (as `lined replay
--json` prints them). `NAME.toml` is its configuration; without it, `lined.toml` there holds.
"""

from __future__ import annotations

from pathlib import Path

from lined.config import load
from lined.line.intake.capture import CaptureEvent, parsed, read_capture
from lined.service.replay import Difference, differences, replayed, verdicts_in

FOLDER = Path(__file__).parents[1] / "captures"


def every_capture() -> list[Path]:
    return sorted(FOLDER.glob("*.capture"))


def expected_of(path: Path, events: list[CaptureEvent]) -> list[CaptureEvent]:
    right = path.with_suffix(".expected")
    if not right.exists():
        return verdicts_in(events)
    return [parsed(line, number) for number, line in enumerate(right.read_text("ascii").splitlines(), 1)]


async def replay_of(path: Path) -> tuple[list[CaptureEvent], list[Difference]]:
    """The verdicts, and those that are not as expected."""
    own = path.with_suffix(".toml")
    config = load(own if own.exists() else FOLDER / "lined.toml", secrets=False)
    events = read_capture(path.read_text("ascii"))
    about = next(one for one in config.devices if one.id == events[0].more["device"])
    came = await replayed(config, about, events)
    return came, differences(expected_of(path, events), came, whole=path.with_suffix(".expected").exists())
