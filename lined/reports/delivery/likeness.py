"""The comparison of a report with a document that holds its codes: series, dates, place
(docs/regulator.md, Documents).

Only what both have is compared: the regulator's own sample returns a content with a field missing. Moments may come
back in another zone, without their fraction, or without a zone (which cannot be compared); countries in lower case. Two
corrections may be about the same codes: their new values are compared too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lined.regulator import bounds
from lined.regulator.codec import UPDATED
from lined.vocabulary.facts import DocumentFact, Fact

COMPARED = ("business_place_id", "series", "production_date", "expiration_date", "document_date")
FRACTION_S = 1.0
LONGEST_SHOWN = 100


def difference(ours: Mapping[str, object], theirs: Mapping[str, object]) -> str | None:
    """What a document says differently, for people; None where nothing tells the two apart."""
    for name, mine, yours in _both(ours, theirs):
        if not _same(mine, yours):
            return Fact(DocumentFact.DIFFERENCE, name=name, there=_shown(yours), here=_shown(mine))
    return None


def _both(ours: Mapping[str, object], theirs: Mapping[str, object]) -> list[tuple[str, object, object]]:
    mine, yours = ours.get(UPDATED), theirs.get(UPDATED)
    found = [(name, ours.get(name), theirs.get(name)) for name in COMPARED]
    if isinstance(mine, Mapping) and isinstance(yours, Mapping):
        found += [(name, mine.get(name), yours.get(name)) for name in sorted({*mine, *yours})]
    return [row for row in found if row[1] is not None and row[2] is not None]


def _same(mine: object, yours: object) -> bool:
    one, other = _plain(mine), _plain(yours)
    if one.casefold() == other.casefold():
        return True
    try:
        moments = datetime.fromisoformat(one), datetime.fromisoformat(other)
    except (ValueError, OverflowError):
        return False
    if None in (moments[0].tzinfo, moments[1].tzinfo):
        return True
    return abs((moments[0] - moments[1]).total_seconds()) < FRACTION_S


def _plain(value: object) -> str:
    """A word, number or moment as text; of anything else only what it is."""
    plain = str(value) if isinstance(value, str | int | float) else f"({type(value).__name__})"
    return bounds.text(plain.strip())


def _shown(value: object) -> str:
    return repr(_plain(value)[:LONGEST_SHOWN])
