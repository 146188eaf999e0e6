"""Whom a refusal blames: the codes of a report that an answer names, by value, by place or within its text.

Places are indices into the body that was sent (API 1.21.1 §1.6). What is no code of the report
blames nobody: a date, the series, another's code. Each error is read by itself, and its surest word counts: a value
that is a code of ours, else its place, else what stands in its text.
"""

from __future__ import annotations

from collections.abc import Sequence

from lined.codes import without_separators
from lined.journal.database import Connection
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery.frozen import elements
from lined.reports.kinds.kinds import Kind, kind_of
from lined.vocabulary.errors import Blame, Place

Within = tuple[int, Place]  # an index into the list of codes, and what follows it


def blamed(connection: Connection, report: ReportRow, named: Sequence[Blame]) -> dict[str, str]:
    """Key of a member → the reason given for it. Run it on a read-only connection."""
    kind = kind_of(report)
    ours = kind.texts(connection, report)
    found: dict[str, str] = {}
    left: list[Blame] = []
    for blame in named:
        keys = _keys(ours, blame.values)
        found |= dict.fromkeys(keys, blame.reason)
        if not keys:
            left.append(blame)
    placed = _at(connection, report, kind, [_within(place, kind) for blame in left for place in blame.places])
    for blame in left:
        at = [placed[within] for place in blame.places if (within := _within(place, kind)) in placed]
        keys = _keys(ours, at) or _keys(ours, blame.quoted)
        found |= dict.fromkeys(keys, blame.reason)
    return found


def _keys(ours: dict[str, str], texts: Sequence[str]) -> list[str]:
    found = (ours.get(text) or ours.get(without_separators(text)) for text in texts)
    return [key for key in found if key is not None]


def _within(place: Place, kind: Kind) -> Within | None:
    """Where in the list of codes a place points to; None: it is about something else."""
    for number, token in enumerate(place[:-1]):
        index = place[number + 1]
        if token == kind.format.codes_in and isinstance(index, int):
            return index, place[number + 2 :]
    return None


def _at(
    connection: Connection, report: ReportRow, kind: Kind, places: Sequence[Within | None]
) -> dict[Within | None, str]:
    """The codes at these places of the frozen body."""
    wanted: dict[int, set[Within]] = {}
    for within in places:
        if within is not None:
            wanted.setdefault(within[0], set()).add(within)
    found: dict[Within | None, str] = {}
    if wanted:
        for index, element in enumerate(elements(connection, report.id, kind.format.codes_in)):
            for within in wanted.get(index, ()):
                code = kind.format.code_at(element, within[1])
                if code is not None:
                    found[within] = code
    return found
