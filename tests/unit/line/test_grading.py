"""Grades as devices write them, and the fall of a printer."""

from __future__ import annotations

import pytest

from lined.line.stations.grading import Grade, Trend, class_of, is_below, read_grade


@pytest.mark.parametrize(
    ("value", "letter"),
    [
        (4.0, "A"),
        (3.5, "A"),
        (3.49, "B"),
        (2.5, "B"),
        (2.4, "C"),
        (1.5, "C"),
        (1.4, "D"),
        (0.5, "D"),
        (0.4, "F"),
        (0, "F"),
    ],
)
def test_classes_begin_where_iso_15415_says(value: float, letter: str) -> None:
    assert class_of(value) == letter


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("B", Grade("B", None, "", False)),
        ("b", Grade("B", None, "", False)),
        ("3.4", Grade("B", 3.4, "", False)),
        ("3,4", Grade("B", 3.4, "", False)),
        ("3.0/10/660/45Q", Grade("B", 3.0, "3.0/10/660/45Q", False)),
        ("A/08/660", Grade("A", None, "A/08/660", False)),
        ("B 3.0", Grade("B", 3.0, "", False)),
        ("C(2.1)", Grade("C", 2.1, "", False)),
        ("A 2.1", Grade("C", 2.1, "", True)),
        ("D 3.9", Grade("D", 3.9, "", True)),
    ],
)
def test_a_grade_is_understood_and_the_worse_of_two_counts(text: str, grade: Grade) -> None:
    assert read_grade(text) == grade


@pytest.mark.parametrize("text", [None, "", " ", "E", "4.1", "7", "AB", "grade B", "-1", "3.0/", "nan"])
def test_what_is_no_grade_is_none(text: str | None) -> None:
    assert read_grade(text) is None


def test_below_the_least_class_is_below() -> None:
    assert is_below("D", "C") and is_below("F", "D")
    assert not is_below("C", "C") and not is_below("A", "C")


def test_a_slow_fall_is_told_before_the_first_reject() -> None:
    trend = Trend()
    number, told_at = 3.8, None
    for read in range(4_000):
        number = 3.8 - 2.6 * read / 4_000
        if trend.add(number + (0.2 if read % 2 else -0.2)):
            told_at = number
            break
    assert told_at is not None and class_of(told_at) in "AB", "long before class D"


def test_a_steady_printer_raises_no_alarm_and_a_mended_one_ends_it() -> None:
    trend = Trend()
    assert not any(trend.add(2.2 + (0.4 if read % 2 else -0.4)) for read in range(5_000))
    changes = [trend.add(1.2) for _ in range(300)] + [trend.add(2.2) for _ in range(300)]
    assert changes.count(True) == 2 and not trend.falling
