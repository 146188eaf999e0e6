"""Whether a document that holds a report's codes says the same about them: series, dates, place (domain page,
"Documents").

Only what both have is compared: the regulator's own sample returns a content with a field missing. Moments may come
back in another zone, without their fraction, or without a zone (which cannot be compared); countries in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

COMPARED = ("businessPlaceId", "seriesNumber", "productionDate", "expirationDate", "documentDate", "businessDatetime")
NESTED = "updatedFields"  # of a correction: two of them may be about the same codes
FRACTION_S = 1.0


def difference(ours: Mapping[str, object], theirs: Mapping[str, object]) -> str | None:
    """What a document says differently, for people; None where nothing tells the two apart."""
    for name, mine, yours in _both(ours, theirs):
        if not _same(mine, yours):
            return f"{name} is {yours!r} there and {mine!r} in the report"
    return None


def _both(ours: Mapping[str, object], theirs: Mapping[str, object]) -> list[tuple[str, object, object]]:
    mine, yours = ours.get(NESTED), theirs.get(NESTED)
    found = [(name, ours.get(name), theirs.get(name)) for name in COMPARED]
    if isinstance(mine, Mapping) and isinstance(yours, Mapping):
        found += [(name, mine.get(name), yours.get(name)) for name in sorted({*mine, *yours})]
    return [row for row in found if row[1] is not None and row[2] is not None]


def _same(mine: object, yours: object) -> bool:
    one, other = str(mine).strip(), str(yours).strip()
    if one.casefold() == other.casefold():
        return True
    try:
        moments = datetime.fromisoformat(one), datetime.fromisoformat(other)
    except ValueError:
        return False
    if None in (moments[0].tzinfo, moments[1].tzinfo):
        return True
    return abs((moments[0] - moments[1]).total_seconds()) < FRACTION_S
