"""The guide of a pack station: what the person does next, by the state of the package and not by the last reason alone.

A reason says why one read was rejected; what to do depends on what lies in the package now, which may have changed
since. So a label that came too early is answered "put in the next item" or "scan the content again", as it is.
"""

from __future__ import annotations

from typing import NamedTuple

from lined.i18n.shown import Translate
from lined.i18n.words import reason as about
from lined.journal.database import Connection
from lined.journal.tables import packages, rescans
from lined.journal.tables.packages import PackageRow
from lined.line.plant import Station
from lined.vocabulary.packages import PackMode
from lined.vocabulary.verdicts import Answer, Reason
from lined.vocabulary.word import N_

BEGIN_WITH_ITEM = N_("Begin a new package: scan its first item.")
BEGIN_WITH_LABEL = N_("Begin a new package: scan its label.")
FIRST_ITEM = N_("Scan the first item of the package.")
NEXT_ITEM = N_("Next item: %(holds)s of %(capacity)s are in the package.")
LABEL = N_("Scan the label of the package.")
AGAIN = N_("Scan every item in the package again: %(seen)s of %(holds)s seen.")

IN_HERE = N_("Already in this package")
ONE_TOO_MANY = N_("One too many: put this item aside.")
CONTENT_FIRST = N_("The content comes first")
ITEM_FIRST = N_("An item comes first")
LABEL_FIRST = N_("The label comes first")

BY_STATE = frozenset({Reason.CHILD_EXPECTED, Reason.PARENT_EXPECTED})
"""Reasons that say only that something else was to come: what that is, the state says."""


class PackState(NamedTuple):
    """What a pack station's journal rows say. `seen`: children of a suspect package that were scanned again. `inside`:
    whether the code that was read last lies in the open package.
    """

    package: PackageRow | None
    seen: int
    inside: bool


class Guide(NamedTuple):
    """What the big field says. `tone`: the colour, an Answer, or "" for that of the last verdict; an empty `word` or
    `reason` leaves the verdict's own. `advice`: what to do now.
    """

    tone: str = ""
    word: str = ""
    reason: str = ""
    advice: str = ""


def pack_state(connection: Connection, station: str, ident: str | None) -> PackState:
    """`ident`: the identification code that was read last, or None."""
    package = packages.open_at(connection, station)
    if package is None:
        return PackState(None, 0, False)
    seen = rescans.count(connection, package.id) if package.suspect else 0
    return PackState(package, seen, ident is not None and _lies_in(connection, ident) == package.id)


def _lies_in(connection: Connection, ident: str) -> int | None:
    code = packages.packed_code(connection, ident)
    if code is not None:
        return code.package_id
    package = packages.by_ident(connection, ident)
    return package.package_id if package is not None else None


def guide(station: Station, state: PackState, reason: str | None, translate: Translate) -> Guide:
    """`reason`: of the last verdict at that station, None or empty where it accepted or there was none."""
    if station.mode == PackMode.FRAME:  # a picture is judged whole: its reason says all there is
        return Guide()
    step = next_step(station, state, translate)
    if not reason:
        return Guide(advice=step)
    if reason == Reason.ALREADY_PACKED and state.inside:
        return Guide(Answer.ACCEPT, translate(IN_HERE), _level(state.package), step)
    if reason in BY_STATE:
        return Guide(reason=translate(_instead(state)), advice=step)
    if reason == Reason.OVER_CAPACITY:
        return Guide(advice=f"{translate(ONE_TOO_MANY)} {step}")
    return Guide(advice=f"{translate(about(reason).advice)} {step}")


def next_step(station: Station, state: PackState, translate: Translate) -> str:
    """What comes next at that station, in the reader's language."""
    package = state.package
    if package is None:
        return translate(BEGIN_WITH_LABEL if station.mode == PackMode.PARENT_FIRST else BEGIN_WITH_ITEM)
    if package.suspect:
        return translate(AGAIN) % {"seen": state.seen, "holds": package.holds}
    if not package.lot:
        return translate(FIRST_ITEM)
    if package.close_requested or package.holds >= package.capacity:
        return translate(LABEL)
    return translate(NEXT_ITEM) % {"holds": package.holds, "capacity": package.capacity}


def _instead(state: PackState) -> str:
    """What came too early is named by what had to come first."""
    package = state.package
    if package is None:
        return LABEL_FIRST
    if package.suspect:
        return CONTENT_FIRST
    full = package.close_requested or (package.lot and package.holds >= package.capacity)
    return LABEL_FIRST if full else ITEM_FIRST


def _level(package: PackageRow | None) -> str:
    assert package is not None
    return f"{package.holds} / {package.capacity}"
