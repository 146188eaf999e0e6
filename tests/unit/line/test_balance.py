"""The balance: equations hold for what was counted right, and name the place where it was not."""

from __future__ import annotations

import random

from lined.line.stations.verdicts import PublishedVerdict
from lined.line.watch.balance import Equation, equations, reasons_in, stations_in
from lined.line.watch.problems import Problems
from lined.line.watch.read_rate import LEARNED_READS, ReadRate

SUMS = {
    "read.accepted": 7,
    "read.rejected": 3,
    "read.no-read": 2,
    "read.repeats": 1,
    "reason.duplicate": 2,
    "reason.malformed": 1,
    "code.applied": 7,
    "code.unreported": 4,
    "code.accepted": 2,
    "code.withdrawn": 1,
    "station.marking.read.accepted": 7,
    "station.marking.read.rejected": 3,
    "station.marking.read.no-read": 2,
    "station.marking.read.repeats": 1,
    "station.marking.reason.duplicate": 2,
    "station.marking.reason.malformed": 1,
    "station.marking.triggers": 15,
    "station.out.ejected": 3,
    "station.out.confirmed": 2,
}


def wrong(found: list[Equation]) -> list[tuple[str, str, int]]:
    return [(one.place, one.whole, one.difference) for one in found if one.difference]


def test_what_was_counted_right_adds_up_everywhere() -> None:
    found = equations(SUMS, ["marking", "out"], packed=5)
    assert wrong(found) == []
    by_name = {(one.place, one.whole, one.parts[-1]): one for one in found}
    assert ("marking", "triggers", ("missed", 2)) in by_name
    assert ("out", "ejected", ("unconfirmed", 1)) in by_name
    assert ("", "applied", ("not-packed", 2)) in by_name


def test_each_sum_that_is_wrong_is_named_with_its_place() -> None:
    for name, place, whole in (
        ("read.accepted", "", "reads"),
        ("reason.duplicate", "", "rejected"),
        ("code.accepted", "", "applied"),
        ("station.marking.reason.malformed", "marking", "reads"),
    ):
        changed = {**SUMS, name: SUMS[name] + 1}
        assert (place, whole, -1) in wrong(equations(changed, ["marking"])), name


def test_more_than_there_can_be_is_a_difference() -> None:
    assert ("marking", "triggers", -3) in wrong(equations({**SUMS, "station.marking.triggers": 10}, ["marking"]))
    assert ("out", "ejected", -1) in wrong(equations({**SUMS, "station.out.ejected": 1}, ["out"]))
    assert ("", "applied", -1) in wrong(equations(SUMS, [], packed=8))


def test_nothing_counted_adds_up_too() -> None:
    assert wrong(equations({}, ["marking"], packed=0)) == []
    assert stations_in({"station..read.accepted": 1, "station.a.triggers": 2, "read.accepted": 1}) == ["", "a"]
    assert reasons_in({"reason.a": 1, "reason.b": 5, "station.x.reason.c": 9}) == [("b", 5), ("a", 1)]


def test_a_device_that_reads_worse_than_its_own_usual_rate_raises_an_alarm_and_clears_it() -> None:
    problems = Problems(lambda: 0)
    watch = ReadRate(problems)
    chance = random.Random(5)

    def pass_by(items: int, legible: float) -> None:
        for _ in range(items):
            reason = None if chance.random() < legible else "no-read"
            watch.on_verdicts(
                [
                    PublishedVerdict(
                        1, "s", "marking", "cam-1", "accept" if reason is None else "reject", reason, None, 0
                    )
                ]
            )

    pass_by(10 * LEARNED_READS, 0.97)
    assert problems.all() == []  # three in a hundred are usual for it
    pass_by(200, 0.6)
    assert [(one.kind, one.where) for one in problems.all()] == [("read-rate", "cam-1")]
    pass_by(1_000, 0.97)
    assert problems.all() == []
