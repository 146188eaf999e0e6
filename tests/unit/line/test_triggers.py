"""Results that never came are seen where a device numbers its triggers."""

from __future__ import annotations

import pytest

from lined.line.watch.problems import Problems
from lined.line.watch.triggers import Triggers
from lined.vocabulary.alarms import AlarmKind


def missed(*numbers: str) -> tuple[int, list[str]]:
    problems = Problems(lambda: 0)
    triggers = Triggers(problems)
    for number in numbers:
        triggers.came("cam-1", number)
    assert {one.kind for one in problems.all()} <= {AlarmKind.DEVICE_MISSED}
    return triggers.missed.get("cam-1", 0), [str(one.text) for one in problems.all()]


def test_numbers_that_never_came_are_counted_and_told() -> None:
    n, told = missed("7", "8", "11", "12", "14")
    assert n == 3
    assert told == [
        "No result came for 3 triggers of cam-1 since the start of the program, the last of them no. 13 to 13"
    ]


@pytest.mark.parametrize(
    "numbers",
    [
        ("7", "7", "7", "8"),  # several codes of one trigger
        ("65535", "0", "1"),  # its count begins anew
        ("8", "7", "8"),
        ("1", "900000"),  # another device, or another count
        ("a", "c", "", "²", "9" * 40),
        ("5",),
    ],
)
def test_what_misses_nothing(numbers: tuple[str, ...]) -> None:
    assert missed(*numbers) == (0, [])
