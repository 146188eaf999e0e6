"""A bound on silence is learnt from heartbeats, and a silence that was told teaches no more than a little."""

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


def played(steps: list[tuple[float, int]], told: list[bool]) -> list[float | None]:
    """The bounds after pieces of bytes, each so long after the one before and with so many heartbeats in it."""

    async def play() -> list[float | None]:
        loop, found = asyncio.get_running_loop(), []
        assert isinstance(loop, Clock)
        silence = Silence(None, told.append, 10)
        silence.begin()
        for pause, heartbeats in steps:
            loop.now += pause
            if silence._timer is not None:
                silence._timer.cancel()
                silence._look()
            silence.received()
            for _ in range(heartbeats):
                silence.heartbeat()
            found.append(silence._limit_s)
        silence.end()
        return found

    with asyncio.Runner(loop_factory=Clock) as runner:
        return runner.run(play())


def test_reads_between_heartbeats_shorten_no_bound_and_a_break_is_no_silence(told: list[bool]) -> None:
    shift = [(1.0, 0)] * 29 + [(1.0, 1)]
    assert played(shift * LEARNT_AFTER + [(30.0, 1)] * 20, told)[-1] == TIMES * 30
    assert told == []


def test_heartbeats_that_come_at_once_are_one(told: list[bool]) -> None:
    assert played([(30.0, LEARNT_AFTER)], told) == [None]


def test_a_bound_that_is_too_short_grows_until_it_holds(told: list[bool]) -> None:
    bounds = played([(1.0, 1)] * LEARNT_AFTER + [(60.0, 1)] * 20, told)
    assert bounds[LEARNT_AFTER - 1] == 10 and bounds[-1] == TIMES * 60
    assert told == [True, False] * 2


def test_a_long_silence_and_a_long_time_of_reads_teach_little(told: list[bool]) -> None:
    taught = [(8.0, 1)] * LEARNT_AFTER
    assert played([*taught, (3600.0, 1)], told)[-1] == TIMES * TIMES * 8
    assert told == [True, False]
    assert played([*taught, *[(1.0, 0)] * 3600, (8.0, 1)], told)[-1] == TIMES * 8
