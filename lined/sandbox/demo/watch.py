"""The demo's commentary: what goes wrong and what is well again, and how it all adds up at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lined.i18n.words import alarm


class Watch:
    """Looks at each `/status` and says what is new in it. `page`: the page's address."""

    def __init__(self, page: str, show: Callable[[str, str], None]) -> None:
        self._page = page
        self._show = show
        self._problems: dict[tuple[str, str], str] = {}
        self._refused = self._held = 0

    def look(self, status: dict[str, Any]) -> None:
        now = {(one["kind"], one["where"]): one["text"] for one in status["problems"]}
        for (kind, where), text in now.items():
            if (kind, where) not in self._problems:
                about = alarm(kind)
                self._show(f"! {about.sentence}: {where}. {about.advice} [{text}]", "yellow")
        for kind, where in self._problems.keys() - now.keys():
            self._show(f"✓ Over: {alarm(kind).sentence.lower()}: {where}", "green")
        self._problems = now
        refused, held = status["codes"]["refused"], status["reports"]["held"]
        if refused > self._refused:
            self._show(f"! {refused - self._refused} codes were refused: {self._page}/work says what to do", "yellow")
        if held > self._held:
            self._show(f"! {held - self._held} report is held: {self._page}/work", "yellow")
        self._refused, self._held = refused, held


def reads_add_up(reads: dict[str, Any]) -> bool:
    parts = reads["accepted"] + reads["rejected"] + reads["no_read"] + reads["repeats"]
    return bool(reads["total"] == parts and sum(reads["by_reason"].values()) == reads["rejected"])


def balance(before: dict[str, Any], books: dict[str, Any], status: dict[str, Any]) -> list[tuple[str, bool]]:
    """The sums at the end, each with whether it holds: they have to, whatever was done to the plant. `before` and
    `status`: the daemon's own, before and after the regulator's books were read.
    """
    reads, codes, booked = status["reads"], status["codes"], books["codes"]
    parts = ", ".join(
        f"{reads[name]:,} {name.replace('_', '-')}" for name in ("accepted", "rejected", "no_read", "repeats")
    )
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in reads["by_reason"].items() if n)
    states = ", ".join(f"{n:,} {state}" for state, n in codes.items() if n)
    twice = booked["applied_more_than_once"] + booked["repeated_attempts"]
    return [
        (f"{reads['total']:,} reads = {parts}" + (f" ({reasons})" if reasons else ""), reads_add_up(reads)),
        (f"{sum(codes.values()):,} codes applied = {states or 'none'}", True),
        (
            f"the regulator's books: {booked['applied']:,} codes applied, {twice} of them twice",
            not twice and before["codes"]["accepted"] <= booked["applied"] <= codes["accepted"] + codes["reported"],
        ),
    ]
