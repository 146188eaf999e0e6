"""The numbers of delivery: how long it waits, how often it asks. In milliseconds, as the journal has them."""

from __future__ import annotations

import random
from dataclasses import dataclass

HOUR_MS = 3600 * 1000  # the longest that a Retry-After may hold us back
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """`poll_ms`: first look at a document; later looks back off to `poll_max_ms`. The rest: docs/contract.md,
    Configuration and Reports.
    """

    poll_ms: int = 5_000
    poll_max_ms: int = 60_000
    in_doubt_first_ms: int = 60_000
    in_doubt_gap_ms: int = 900_000
    give_up_ms: int = DAY_MS
    retry_ms: int = 1_000
    retry_max_ms: int = 60_000
    probe_ms: int = 1_000  # first search after an outage, to know that the regulator answers again
    probe_max_ms: int = 60_000
    held_poll_ms: int = 3_600_000
    unread_most: int = 3  # times that the same 4xx, readable by nobody, is taken for an outage
    outcomes_page: int = 2_000
    search_page: int = 100  # documents; as many that were all seen before are no end of a search

    @property
    def longest_wait_ms(self) -> int:
        """No moment further ahead than this was set by a clock that is right now: it is due at once."""
        longest = max(self.held_poll_ms, self.in_doubt_gap_ms, self.in_doubt_first_ms, self.poll_max_ms)
        return longest + longest // 4 + HOUR_MS


def backed_off(first_ms: int, most_ms: int, times: int, chance: random.Random) -> int:
    """The wait before try number `times` (from 0): doubling, capped, with up to a quarter of jitter either way."""
    capped = min(most_ms, first_ms * 2 ** min(times, 20))
    return int(capped * chance.uniform(0.75, 1.25))
