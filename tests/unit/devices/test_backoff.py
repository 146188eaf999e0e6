from __future__ import annotations

import pytest

from lined.devices import LinkLimits
from lined.devices.dial import Backoff


def test_delays_double_up_to_the_bound_and_start_again_after_a_reset() -> None:
    backoff = Backoff(LinkLimits(), lambda: 1.0)
    assert [backoff.next_s() for _ in range(8)] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0])
    backoff.reset()
    assert backoff.next_s() == pytest.approx(0.2)


def test_jitter_takes_at_most_half_of_a_delay() -> None:
    backoff = Backoff(LinkLimits(), lambda: 0.0)
    assert [backoff.next_s() for _ in range(8)] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
