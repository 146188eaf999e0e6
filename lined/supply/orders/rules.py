"""The rules of orders: how long is waited, and how much is asked for at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrderRules:
    """How long is waited, in milliseconds, and how much is asked for at once. `pack`: codes of a new pack; `slice`:
    codes of one transaction, so that no verdict waits long for it; `warn_ms`: before an order ends by itself.
    """

    poll_ms: int = 5_000
    poll_max_ms: int = 60_000
    in_doubt_first_ms: int = 60_000
    in_doubt_gap_ms: int = 900_000
    retry_ms: int = 1_000
    retry_max_ms: int = 60_000
    warn_ms: int = 24 * 3_600_000
    pack: int = 10_000
    slice: int = 250
    pages: int = 200  # of orders that one look reads
    same_pack: int = 3  # times in a row that a pack which is here may come again

    @property
    def longest_wait_ms(self) -> int:
        """No moment further ahead than this was set by a clock that is right now."""
        return max(self.in_doubt_gap_ms, self.in_doubt_first_ms, self.poll_max_ms) * 2 + 3_600_000
