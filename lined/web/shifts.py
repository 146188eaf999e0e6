"""Shifts: when they begin and end, on the plant's own clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo


class ShiftTime(NamedTuple):
    """One shift; moments with the plant's offset. A shift belongs to the day on which it begins."""

    begins: datetime
    ends: datetime

    @property
    def day(self) -> str:
        return self.begins.date().isoformat()

    @property
    def start(self) -> str:
        return self.begins.strftime("%H:%M")

    @property
    def span_ms(self) -> tuple[int, int]:
        return int(self.begins.timestamp() * 1000), int(self.ends.timestamp() * 1000)


def shift_at(day: date, start: time, starts: Sequence[time], zone: ZoneInfo) -> ShiftTime:
    """The shift that begins then; it ends where the next one begins, the day after at the latest."""
    begins = datetime.combine(day, start, zone)
    later = [one for one in sorted(starts) if one > start]
    following = datetime.combine(day, later[0], zone) if later else None
    first = min(starts, default=start)
    return ShiftTime(begins, following or datetime.combine(day + timedelta(days=1), first, zone))


def shifts_before(moment: datetime, starts: Sequence[time], zone: ZoneInfo) -> Iterator[ShiftTime]:
    """The shift that a moment lies in, then those before it, without end."""
    local = moment.astimezone(zone)
    day = local.date()
    known = sorted(set(starts)) or [time(0)]
    while True:
        for start in reversed(known):
            shift = shift_at(day, start, known, zone)
            if shift.begins <= local:
                yield shift
        day -= timedelta(days=1)


def shift_began_ms(now_ms: int, starts: Sequence[time], zone: ZoneInfo) -> int:
    """When the shift of a moment began; both in milliseconds since 1970."""
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    return int(next(shifts_before(now, starts, zone)).begins.timestamp() * 1000)
