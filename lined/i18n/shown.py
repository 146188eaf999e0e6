"""Times, numbers and codes as people read them: the plant's own clock, thin spaces, the end of a code."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

Translate = Callable[[str], str]
"""A text of the sources in the reader's language."""

CODE_END = 6  # characters: what is printed beside the symbol and can be compared at a glance
NARROW = "\u202f"  # between groups of digits
PICTURES = 0x2400  # what masked texts show control characters as
CONTROLS = {0x02: "STX", 0x03: "ETX", 0x04: "EOT", 0x09: "TAB", 0x0A: "LF", 0x0D: "CR", 0x1D: "GS", 0x1E: "RS"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")


class Clock:
    """Moments in the plant's zone. `wall_ms` may be milliseconds since 1970 or RFC 3339; None is a dash."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self.timezone = timezone

    def local(self, at: float | str) -> datetime:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at / 1000, UTC)
        return moment.astimezone(self.zone)

    def day_and_time(self, at: float | str | None) -> str:
        """`23.11.2026 08:00:05`."""
        return "–" if at is None else self.local(at).strftime("%d.%m.%Y %H:%M:%S")

    def time(self, at: float | str | None) -> str:
        """`08:00:05`, with the day where it is not today's."""
        if at is None:
            return "–"
        moment = self.local(at)
        same_day = moment.date() == datetime.now(self.zone).date()
        return moment.strftime("%H:%M:%S" if same_day else "%d.%m. %H:%M:%S")

    def day_or_moment(self, text: str | None) -> str:
        """A day such as 2026-11-23 as `23.11.2026`; a moment as `day_and_time`; what is neither stays."""
        if not text:
            return "–"
        if _MOMENT.match(text):
            return self.day_and_time(text)
        return ".".join(reversed(text.split("-"))) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


def number(n: float | None) -> str:
    """`1 234 567`."""
    return "–" if n is None else f"{n:,.0f}".replace(",", NARROW)


def share(part: float, whole: float) -> str:
    """`12.5 %` of a whole; a dash of nothing."""
    return f"{100 * part / whole:.1f}{NARROW}%" if whole else "–"


def size(count: float) -> str:
    """Bytes as `1.2 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f}{NARROW}{unit}" if unit == "B" else f"{count:.1f}{NARROW}{unit}"
        count /= 1000
    raise AssertionError


def visible(text: str | None) -> Markup:
    """What a device sent, its control characters as framed names: fonts of line PCs often lack the pictures of them."""
    return Markup("").join(_framed(one) for one in text or "")


def _framed(character: str) -> str | Markup:
    number = ord(character) - (PICTURES if ord(character) >= PICTURES else 0)
    if number >= 0x20:
        return character
    return Markup('<span class="control">{}</span>').format(CONTROLS.get(number, f"{number:02X}"))


def code_end(ident: str | None) -> str:
    """`…4ZkQ9a`: enough to find the item in the hand."""
    if not ident:
        return ""
    return ident if len(ident) <= CODE_END else f"…{ident[-CODE_END:]}"
