"""A bound on silence is learnt from heartbeats, and what was a silence teaches nothing."""

from __future__ import annotations

import asyncio

import pytest

from lined.devices.silence import LEARNT_AFTER, TIMES, Silence


class Clock(asyncio.SelectorEventLoop):
    now = 1000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def told() -> list[bool]:
    return []


def taught(pauses: list[float], told: list[bool], limit_s: float | None = None) -> float | None:
    """The bound after heartbeats with these pauses before them, the first behind the beginning."""

    async def learn() -> float | None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Clock)
        silence = Silence(limit_s, told.append, 10)
        silence.begin()
        for pause in pauses:
            loop.now += pause
            silence.received()
            silence.heartbeat()
        found = silence._limit_s
        silence.end()
        return found

    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(learn())


def test_five_heartbeats_teach_three_times_the_longest_pause(told: list[bool]) -> None:
    assert taught([8.0] * (LEARNT_AFTER - 1), told) is None
    assert taught([8.0] * (LEARNT_AFTER - 1) + [9.0], told) == TIMES * 9.0
    assert taught([0.5] * 20, told) == 10, "no bound that is learnt is shorter"
    assert taught([8.0] * 20, told, limit_s=30) == 30, "what is set holds"


def test_a_silence_that_was_told_teaches_nothing(told: list[bool]) -> None:
    async def learn() -> float | None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Clock)
        silence = Silence(None, told.append, 10)
        silence.begin()
        for _ in range(LEARNT_AFTER):
            loop.now += 8
            silence.received()
            silence.heartbeat()
        loop.now += 3600
        silence._look()
        silence.received()
        silence.heartbeat()
        found = silence._limit_s
        silence.end()
        return found

    with asyncio.Runner(loop_factory=Clock) as runner:
        assert runner.run(learn()) == TIMES * 8
    assert told == [True, False]
