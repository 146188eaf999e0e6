"""The alarm of a station that accepts nothing any more: raised once, over with the first accept."""

from __future__ import annotations

import pytest

from lined.line.plant import Station
from lined.line.stations.read import Chunk
from lined.line.stations.verdicts import Ruling
from lined.line.watch.problems import Problems
from lined.line.watch.read_alarms import ReadAlarms
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.verdicts import Decision, Reason


def passes(alarms: ReadAlarms, station: Station, *words: str) -> None:
    chunk = Chunk(station, station.devices[0], 1, 0, [])
    alarms.look(chunk, Ruling(list(words), [0] * len(words), 0, [], None))


@pytest.mark.parametrize("chunks", [[10], [1] * 10, [4, 6], [30]])
def test_ten_rejects_without_an_accept_between_them_are_an_alarm(chunks: list[int]) -> None:
    problems = Problems(lambda: 0)
    alarms, station = ReadAlarms(problems), Station("marking", "apply", ("cam-1",), rejects_in_a_row=10)
    for n in chunks[:-1]:
        passes(alarms, station, *[Reason.NO_READ] * n)
        assert problems.all() == []
    passes(alarms, station, *[Reason.UNKNOWN_CODE] * chunks[-1])
    (found,) = problems.all()
    assert (found.kind, found.where) == (AlarmKind.MANY_REJECTS, "marking")
    assert "unknown-code" in found.text
    before = found.text
    passes(alarms, station, Reason.NO_READ)
    assert problems.all()[0].text == before  # what is told does not change with each read
    passes(alarms, station, Decision.ACCEPT)
    assert problems.all() == []


def test_an_accept_between_them_begins_anew() -> None:
    problems = Problems(lambda: 0)
    alarms, station = ReadAlarms(problems), Station("marking", "apply", ("cam-1",), rejects_in_a_row=3)
    passes(alarms, station, Reason.NO_READ, Reason.NO_READ, Decision.REPEAT, Reason.NO_READ, Reason.NO_READ)
    assert problems.all() == []


def test_another_station_s_rejects_are_its_own_and_nought_is_never() -> None:
    problems = Problems(lambda: 0)
    alarms = ReadAlarms(problems)
    for name, most in (("a", 3), ("b", 3), ("c", 0)):
        passes(alarms, Station(name, "apply", (name,), rejects_in_a_row=most), *[Reason.NO_READ] * 2)
    assert problems.all() == []
    passes(alarms, Station("c", "apply", ("c",), rejects_in_a_row=0), *[Reason.NO_READ] * 50)
    assert problems.all() == []
