"""Settings of a simulated scanner, and the results of its play."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lined.sandbox.devices.items import Item
from lined.sandbox.devices.speech import Speech

ACCEPTED, REJECTED, UNANSWERED, SENT = "accepted", "rejected", "unanswered", "sent"
ASKED_AGAIN = "asked-again"
WINDOW_MAX = 10_000


@dataclass(frozen=True)
class ScannerSettings:
    """How a scanner sends and what it expects back. `rate` in items a second; 0: as fast as answers allow.

    At most `window` items are without an answer; where it is full, the line waits. Without `accept` no answers are
    expected: everything sent counts as done; without `reject` it hears only that a frame was received. `again` asks for
    the last frame once more. `speech` says what a family has beyond prefix and suffix, and takes their place.
    """

    prefix: bytes = b""
    suffix: bytes = b"\r\n"
    accept: bytes = b"OK\r\n"
    reject: bytes = b"NG\r\n"
    rate: float = 0.0
    window: int = 64
    reply_timeout_s: float = 5.0
    again: bytes = b""
    speech: Speech | None = None
    heartbeat_s: float = 1.0

    def __post_init__(self) -> None:
        answers = (self.accept, self.reject)
        if self.reject and not self.accept:
            raise ValueError("reject needs accept too")
        if self.reject and (answers[0].startswith(answers[1]) or answers[1].startswith(answers[0])):
            raise ValueError("one answer is the beginning of the other")
        if self.rate < 0 or not 1 <= self.window <= WINDOW_MAX or self.reply_timeout_s <= 0:
            raise ValueError(f"rate is at least 0, window 1 to {WINDOW_MAX}, reply_timeout_s above 0")


@dataclass
class Results:
    """What became of the items. The sets hold the codes on the items (`Item.code`)."""

    counts: Counter[str] = field(default_factory=Counter)  # sent, accepted, rejected, unanswered, connections, noise
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)  # (kind of item, outcome)
    accepted: set[bytes] = field(default_factory=set)
    rejected: set[bytes] = field(default_factory=set)  # at least once; perhaps accepted at another time
    accepted_again: set[bytes] = field(default_factory=set)  # more than once

    @property
    def never_accepted(self) -> set[bytes]:
        return self.rejected - self.accepted

    def note(self, item: Item, outcome: str) -> None:
        self.counts[outcome] += 1
        self.by_kind[item.kind, outcome] += 1
        if outcome == ACCEPTED:
            (self.accepted_again if item.code in self.accepted else self.accepted).add(item.code)
        elif outcome == REJECTED:
            self.rejected.add(item.code)
