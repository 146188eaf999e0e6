"""People hear of the key's end 14, 7, 3 and 1 days before, and when it has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lined.line.watch.problems import Problem, Problems
from lined.service.expiry import EXPIRED, ExpiryWatch, stage
from lined.vocabulary.alarms import AlarmKind

ENDS = datetime(2026, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (timedelta(days=14, seconds=1), None),
        (timedelta(days=14), 14),
        (timedelta(days=7, seconds=1), 14),
        (timedelta(days=7), 7),
        (timedelta(days=3), 3),
        (timedelta(days=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(), EXPIRED),
        (timedelta(days=-5), EXPIRED),
    ],
)
def test_the_warnings_of_the_contract(left: timedelta, due: int | None) -> None:
    assert stage(left) == due


def test_it_is_raised_anew_at_each_of_them_and_over_with_another_key() -> None:
    told: list[str] = []

    def listen(problem: Problem, *, over: bool) -> None:
        assert problem.kind == AlarmKind.CREDENTIAL_EXPIRES
        told.append("over" if over else problem.text)

    problems = Problems(lambda: 0)
    problems.listeners.append(listen)
    watch = ExpiryWatch(problems, "api-key")
    watch.look(None, ENDS)
    for hours in range(20 * 24, -48, -1):
        watch.look(ENDS, ENDS - timedelta(hours=hours))
    raised = [text for text in told if text != "over"]
    assert ["14 days" in raised[0], "7 days" in raised[1], "3 days" in raised[2], "1 day" in raised[3]] == [True] * 4
    assert "expired" in raised[4] and len(raised) == 5
    assert told.count("over") == 4
    assert all("2026-12-31 00:00 UTC" in text for text in raised)
    watch.look(ENDS + timedelta(days=90), ENDS)
    assert told[-1] == "over" and not problems.all()
