"""Days of the line's zone: which one a moment belongs to, and when it begins. Stdlib only; every room may use it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lined.vocabulary.facts import Fact, FieldFact

FIRST_YEAR, LAST_YEAR = 2000, 2199  # nearer to the ends of the calendar, arithmetic with dates overflows


class LocalDays:
    """Moments (milliseconds since 1970, UTC) and the days of one zone. Not for use by two threads at once."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._from = self._to = 0
        self._day = ""

    def day_of(self, at_ms: int) -> str:
        """The local day, `2026-11-23`. Cheap for moments of the same day as the last asked."""
        if not self._from <= at_ms < self._to:
            day = self.local(at_ms).date()
            self._day = day.isoformat()
            self._from = _ms(self.midnight(day))
            self._to = _ms(self.midnight(day + timedelta(days=1)))
        return self._day

    def local(self, at_ms: int) -> datetime:
        """The moment as people at the line read it off the wall."""
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._zone)

    def midnight(self, day: date) -> datetime:
        """Local 00:00 with its offset."""
        return datetime.combine(day, time(), self._zone)

    def after(self, moment: datetime, days: int) -> datetime:
        """Local 00:00 of the day so many days after that of a moment."""
        return self.midnight(moment.astimezone(self._zone).date() + timedelta(days=days))


def is_day(text: object) -> bool:
    """True for `2026-11-23`, a date without time, which means a day in the line's zone."""
    return isinstance(text, str) and len(text) == 10


def parse_moment(text: str, days: LocalDays) -> datetime:
    """A day (its local 00:00) or a moment with offset. Raises ValueError with a fact: what is wrong."""
    try:
        moment = days.midnight(date.fromisoformat(text)) if is_day(text) else datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise ValueError(Fact(FieldFact.NO_DATE, text=f"{text!r}")) from None
    if moment.tzinfo is None:
        raise ValueError(Fact(FieldFact.NO_OFFSET, text=f"{text!r}"))
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(Fact(FieldFact.OTHER_YEAR, text=f"{text!r}", first=FIRST_YEAR, last=LAST_YEAR))
    return moment


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
