"""The border to the regulator: bounded readers of whatever text, number or date an answer holds.

Guarantees: nothing here raises, whatever the value. A text that has passed can be stored, logged and shown: no lone
surrogate, no control character, no more than its length. A whole number fits SQLite. A moment is of the years in which
a line may run, in UTC, so that hours and days can be added to it and taken from it.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_TEXT = 1_000  # of a sentence for people
LONGEST_WORD = 100  # of a status, a type, an error's code
LONGEST_CODE = 300  # the longest marking code known has 131 characters
MOST_NESTED = 30_000  # elements of a list within a list
DEEPEST = 4
LONGEST_SECONDS = 10.0**9
LARGEST = 2**63 - 1
EARLIEST, LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
REPLACEMENT = "\ufffd"
GS, GS_SHOWN = "\x1d", "\u241d"  # a code's separator, in a text for people: redaction knows both

# Controls, lone surrogates, separators of lines, and what turns the direction of the text around it.
_BROKEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BROKEN_IN_CODE = re.compile("[\x00-\x1c\x1e\x1f\x7f-\x9f\ud800-\udfff]")
_BREAKS = re.compile(r"[\r\n\t]+")


def text(value: str, most: int = LONGEST_TEXT) -> str:
    """A text of theirs in one line, at most so long."""
    return lines(_BREAKS.sub(" ", value[: most + 1]), most)


def lines(value: str, most: int) -> str:
    """The same for evidence, whose lines stay lines."""
    cut = value if len(value) <= most else f"{value[: most - 1]}…"
    if cut.isprintable():
        return cut
    return _BROKEN.sub(REPLACEMENT, cut.replace(GS, GS_SHOWN).replace("\r\n", "\n").replace("\r", "\n"))


def code(value: str) -> str:
    """A product's code as it stands in an answer, separators as they came."""
    cut = value[:LONGEST_CODE]
    return cut if cut.isprintable() else _BROKEN_IN_CODE.sub(REPLACEMENT, cut)


def plain(value: object, depth: int = DEEPEST) -> object:
    """A JSON value whose texts are bounded as codes are. What is too big or too deep to be anything of ours is None."""
    if isinstance(value, str):
        return code(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if whole(value) is not None or (isinstance(value, float) and math.isfinite(value)) else None
    if depth == 0 or not isinstance(value, list | dict) or len(value) > MOST_NESTED:
        return None
    if isinstance(value, list):
        return [plain(inner, depth - 1) for inner in value]
    return {code(name): plain(inner, depth - 1) for name, inner in value.items()}


def whole(value: object) -> int | None:
    """A whole number, written as one or in digits; None for anything else, and where SQLite could not hold it."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -LARGEST - 1 <= value <= LARGEST else None


def seconds(value: object) -> float | None:
    """A length of time that is not negative, a number or written as one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value[:LONGEST_WORD] if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return min(found, LONGEST_SECONDS) if math.isfinite(found) and found >= 0 else None


def moment(value: object) -> datetime | None:
    """An ISO date with time, UTC where it has no zone; None where it is none or not of our years."""
    try:
        return _of_our_years(datetime.fromisoformat(value)) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def http_date(value: str | None) -> datetime | None:
    """The moment of a Date or Retry-After header; None where it is none or not of our years."""
    try:
        return _of_our_years(parsedate_to_datetime((value or "")[:LONGEST_WORD]))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _of_our_years(found: datetime) -> datetime | None:
    utc = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return utc if EARLIEST <= utc < LATEST else None
