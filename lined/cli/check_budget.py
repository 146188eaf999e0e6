"""`lined check --rate N`: whether the budget of requests suffices at N codes a second, and what waits how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lined.cli.formats import span
from lined.cli.output import print_table
from lined.vocabulary.errors import Problem

if TYPE_CHECKING:
    from rich.console import Console

    from lined.service.forecast import Forecast

PLACE = "regulator.requests_per_minute"


def budget_document(found: Forecast) -> dict[str, Any]:
    """For programs: seconds, and requests a minute."""
    return {
        "codes_per_s": found.codes_per_s,
        "per_minute": found.per_minute,
        "share": round(found.share, 2),
        "need": round(found.need, 2),
        "suffices": found.suffices,
        "burst_s": round(found.burst_s, 1),
        "oldest_s": None if found.oldest_s is None else round(found.oldest_s, 1),
        "behind_codes_a_day": found.behind,
        "reports": [
            {"kind": str(one.kind), "codes": one.codes, "every_s": round(one.every_s, 1), "full": one.full}
            for one in found.streams
        ],
    }


def budget_warning(found: Forecast) -> list[Problem]:
    """Where it does not suffice: what follows, and what to do."""
    if found.suffices:
        return []
    message = (
        f"{found.need:.1f} requests a minute are needed and {found.share:.1f} can be sent: {found.behind:,} codes "
        "a day would stay behind; let reports grow (report.….max_codes, max_age_s)"
    )
    return [Problem(PLACE, message)]


def tell_budget(to: Console, found: Forecast) -> None:
    rows = [(one.kind, f"{one.codes:,}", span(one.every_s), "full" if one.full else "by age") for one in found.streams]
    print_table(to, f"At {found.codes_per_s:g} codes a second", ["report", "codes", "every", "sealed"], rows)
    need = f"{found.need:.2f} requests a minute are needed, {found.share:.1f} of {found.per_minute} can be sent"
    if found.oldest_s is None:
        to.print(f"{need}: the backlog grows by {found.behind:,} codes a day.", style="red")
        return
    to.print(f"{need}: it suffices.", style="green")
    to.print(
        f"The oldest code is {span(found.oldest_s)} old when its report goes out; of reports that are sealed together "
        f"the last one waits {span(found.burst_s)}."
    )
