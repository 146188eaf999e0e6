"""Values as commands at work print them: times in the line's zone, counts that can be read, states in colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from lined.config import Config

COLOURS = {
    "running": "green",
    "degraded": "yellow",
    "stopped": "red",
    "succeeded": "green",
    "accepted": "green",
    "partial": "yellow",
    "in_doubt": "yellow",
    "refused": "red",
    "held": "red",
}


class Clock:
    """Moments of the API (RFC 3339, UTC) as people at the line read them off the wall."""

    def __init__(self, config: Config) -> None:
        self._zone = ZoneInfo(config.line.timezone)

    def at(self, text: str | None, missing: str = "") -> str:
        """`2026-11-23 13:00:05`."""
        if text is None:
            return missing
        return datetime.fromisoformat(text).astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")


def counted(sums: Mapping[str, Any], *, everything: bool = False) -> str:
    """`accepted 12, rejected 3`: what is not zero, or all of it."""
    parts = [f"{name} {n:,}" for name, n in sums.items() if isinstance(n, int) and (n or everything)]
    return ", ".join(parts) or "none"


def reads(sums: Mapping[str, Any]) -> str:
    """`1,204: accepted 1,200, rejected 4 (duplicate 3, malformed 1), no_read 0, repeats 0`."""
    parts = []
    for name in ("accepted", "rejected", "no_read", "repeats"):
        reasons = f" ({counted(sums['by_reason'])})" if name == "rejected" and sums["rejected"] else ""
        parts.append(f"{name.replace('_', '-')} {sums[name]:,}{reasons}")
    return f"{sums['total']:,}: {', '.join(parts)}"


def job_facts(job: Mapping[str, Any], clock: Clock) -> Iterable[tuple[str, str]]:
    """One job, fact by fact; what it has no value for is left out."""
    yield "job", f"{job['id']}{' — TEST: nothing is reported' if job['mode'] == 'test' else ''}"
    yield "product", " ".join(str(part) for part in (job["gtin"], job.get("product")) if part)
    for name, label in (
        ("order", "order"),
        ("series", "series"),
        ("production_date", "produced"),
        ("expiration_date", "expires"),
    ):
        if job.get(name):
            yield label, str(job[name])
    yield "since", _with_name(clock.at(job["started_at"]), job.get("started_by"))
    if job.get("stopped_at"):
        yield "stopped", _with_name(clock.at(job["stopped_at"]), job.get("stopped_by"))
    if "reads" in job:
        yield "reads", reads(job["reads"])
        yield "codes", counted(job["codes"])


def span(seconds: float) -> str:
    """`2 h 5 min`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if n]
    return " ".join(parts[:2]) or "0 s"


def size(number: float) -> str:
    """`271.9 kB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def _with_name(text: str, by: str | None) -> str:
    return f"{text} by {by}" if by else text
