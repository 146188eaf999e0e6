"""A replay does what the line did with what was told, what was not, and what came twice."""

from __future__ import annotations

import asyncio
from typing import Any

from lined.config import load
from lined.line.intake.capture import (
    DOWN,
    HEAD,
    IN,
    REPLIED,
    UNACKNOWLEDGED,
    UNSAID,
    UP,
    VERSION,
    CaptureEvent,
)
from lined.service.replay import replayed
from tests.harness.captures import FOLDER

CODE = b"010489921512237121aBcdEfG000001\x1d93qW01\r"
JOB = {"gtin": "04899215122371", "mode": "normal"}


async def reasons(*steps: tuple[Any, ...], job: Any = JOB, **options: Any) -> list[str]:
    """Of each verdict, `accept` where there is none. Steps: what, bytes or number of frames; a tenth of a second each.

    The device is one that waits for an acknowledgement.
    """
    more = {"capture": VERSION, "device": "keyence", "at": "2026-11-30T08:00:00Z"} | ({} if job == "" else {"job": job})
    events = [CaptureEvent(0, HEAD, more=more)]
    for number, (what, *about) in enumerate(steps, 1):
        given = about[0] if about else None
        data, frames = (given, {}) if isinstance(given, bytes) else (b"", {} if given is None else {"frames": given})
        events.append(CaptureEvent(number / 10, what, data, frames))
    config = load(FOLDER / "lined.toml", secrets=False)
    device = next(one for one in config.devices if one.id == "keyence")
    came = await replayed(config, device, events, **options)
    return [one.more["reason"] or one.more["verdict"] for one in came]


async def test_a_frame_that_comes_again_before_it_was_acknowledged_is_the_same_read() -> None:
    twice = (UP,), (IN, CODE), (IN, CODE), (REPLIED, 1)
    assert await reasons(*twice) == ["accept"]
    assert await reasons(*twice, (IN, CODE)) == ["accept", "duplicate"]


async def test_an_accept_that_could_not_be_told_is_told_again() -> None:
    assert await reasons((UP,), (IN, CODE), (UNSAID, 1), (DOWN,), (UP,), (IN, CODE)) == ["accept", "accept"]


async def test_an_accept_that_never_arrived_is_told_again() -> None:
    lost = (UP,), (IN, CODE), (REPLIED, 1), (UNACKNOWLEDGED, 0), (DOWN,), (UP,), (IN, CODE)
    assert await reasons(*lost) == ["accept", "accept"]
    arrived = (UP,), (IN, CODE), (REPLIED, 1), (DOWN,), (UP,), (IN, CODE)
    assert await reasons(*arrived) == ["accept", "duplicate"]


async def test_half_a_frame_is_never_glued_to_the_next_connection_s_first() -> None:
    assert await reasons((UP,), (IN, CODE[:20]), (DOWN,), (UP,), (IN, CODE)) == ["accept"]


async def test_the_job_is_the_one_that_ran() -> None:
    assert await reasons((IN, CODE), job=None) == ["no-job"]
    assert await reasons((IN, CODE), job="") == ["accept"], "a port's capture knows none: the product that is read"
    assert await reasons((IN, CODE), (REPLIED, 1), job={**JOB, "mode": "test"}) == ["accept"]
    assert await reasons((IN, CODE), job={"nothing": 1}) == ["no-job"]
    assert await reasons((IN, CODE), job=None, gtin="4899215122371") == ["accept"]


async def test_it_takes_as_long_as_it_is_told_to() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await reasons((UP,), (IN, CODE), (REPLIED, 1), (IN, CODE), speed=1)
    assert loop.time() - began >= 0.4
