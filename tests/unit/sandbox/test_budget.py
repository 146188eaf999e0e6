"""The requests a minute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lined.sandbox.sandbox import Budget


def test_a_window_holds_its_limit_and_says_when_the_next_may_come() -> None:
    budget = Budget(2, 60)
    assert [budget.take(at) for at in (0, 10, 20)] == [0, 0, 40]
    assert budget.take(60) == 0
    assert budget.take(60) == 10


def test_no_limit_is_no_limit() -> None:
    budget = Budget(0, 60)
    assert not any(budget.take(0) for _ in range(1000))


@given(gaps=st.lists(st.floats(0, 5), max_size=200), limit=st.integers(1, 10))
def test_no_window_ever_holds_more_than_the_limit(gaps: list[float], limit: int) -> None:
    budget, now, passed = Budget(limit, 10), 0.0, []
    for gap in gaps:
        now += gap
        if not budget.take(now):
            passed.append(now)
    for start in passed:
        assert sum(start <= at < start + 10 for at in passed) <= limit
