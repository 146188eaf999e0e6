"""A capture's file says what it holds, and a recording ends by itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lined.line.intake.capture import (
    BYTES_MAX,
    HEAD,
    IN,
    LEASE_S,
    OUT,
    PART_MAX,
    VERSION,
    WAITING_MAX,
    CaptureEvent,
    NoCapture,
    Recording,
    parsed,
    read_capture,
)

HEADED = CaptureEvent(0, HEAD, more={"capture": VERSION, "device": "cam-1", "at": "2026-11-30T09:00:00Z"}).line


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.binary(max_size=300), st.floats(0, 3600))
def test_every_byte_comes_back_and_a_line_is_one_line_of_ascii(data: bytes, at_s: float) -> None:
    event = CaptureEvent(at_s, IN, data)
    assert event.line.isascii() and event.line.count("\n") == 1
    again = parsed(event.line, 1)
    assert (again.data, again.what) == (data, IN) and again.at_s == pytest.approx(at_s, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no head"),
        ("nothing", "line 1: no event"),
        ('{"t":0,"what":"in","bytes":"x"}', "no head"),
        (CaptureEvent(0, HEAD, more={"capture": 2}).line, "version 2"),
        (HEADED + '{"t":-1,"what":"in"}', "line 2"),
        (HEADED + '{"t":NaN,"what":"in"}', "line 2"),
        (HEADED + '{"t":1,"what":"steal"}', "line 2"),
        (HEADED + '{"t":1,"what":"in","bytes":"\\u0416"}', "line 2"),
        (HEADED + "[]", "line 2"),
        (HEADED.replace("cam-1", "").replace("device", "x"), "names no device"),
        (HEADED.replace("2026", "year "), "no moment"),
        (HEADED.replace("00Z", "00"), "no moment"),
    ],
)
def test_what_is_no_capture_is_told_with_its_line(text: str, why: str) -> None:
    with pytest.raises(NoCapture, match=why):
        read_capture(text)


def test_a_recording_ends_after_its_time_and_keeps_what_came_before() -> None:
    clock = Clock()
    recording = Recording(clock, 10)
    clock.now = 9.5
    recording.tap(IN, b"one")
    clock.now = 10
    recording.tap(IN, b"two")
    assert [json.loads(line)["bytes"] for line in recording.take()] == ["one"]
    assert recording.ended == "time"


def test_a_recording_that_nobody_fetches_ends() -> None:
    clock = Clock()
    recording = Recording(clock, 3600)
    clock.now = LEASE_S - 1
    recording.take()
    clock.now = 2 * LEASE_S - 2
    recording.tap(OUT, b"OK", 1)
    before = recording.ended
    clock.now = 2 * LEASE_S
    recording.tap(IN, b"x")
    assert (before, recording.ended) == ("", "nobody")
    assert recording.is_left


@pytest.mark.parametrize(("fetched", "most"), [(False, WAITING_MAX), (True, BYTES_MAX)])
def test_what_is_recorded_is_bounded(fetched: bool, most: int) -> None:
    recording, n = Recording(Clock(), 3600), 0
    while not recording.ended:
        recording.tap(IN, b"x" * 200_000)
        n += len("".join(recording.take())) if fetched else 0
        assert n < 1_000_000_000
    assert recording.ended == "bytes"
    waiting = 0
    while not recording.is_empty:
        part = recording.take()
        assert part and len("".join(part)) <= PART_MAX + 200_100, "a part is answered at once"
        waiting += len("".join(part))
    assert n + waiting <= most and n + waiting > most / 2
