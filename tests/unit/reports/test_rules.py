"""How long is waited before the next try."""

from __future__ import annotations

import random

from lined.reports.delivery.rules import backed_off


def test_waits_double_up_to_a_bound_and_no_two_lines_wait_the_same() -> None:
    """After an outage every line would otherwise come back in the same second."""
    waits = [[backed_off(1_000, 60_000, times, random.Random(seed)) for times in range(10)] for seed in range(20)]
    for line in waits:
        for times, wait_ms in enumerate(line):
            middle_ms = min(60_000, 1_000 * 2**times)
            assert 0.75 * middle_ms - 1 <= wait_ms <= 1.25 * middle_ms
    assert all(len({line[times] for line in waits}) > 10 for times in range(10))
