"""What a pack station tells its person to do: by the state of the package, whatever was rejected last."""

from __future__ import annotations

import pytest

from lined.i18n.catalogues import LANGUAGES, catalogue
from lined.journal.tables.packages import PackageRow
from lined.line.plant import Station
from lined.vocabulary.packages import PackMode
from lined.vocabulary.verdicts import Answer, Reason
from lined.web.guide import Guide, PackState, guide

CAPACITY = 12


def _station(mode: str) -> Station:
    return Station("packing", "pack", ("cam-3",), applies=False, level="BOX_LV_1", mode=mode)


CHILDREN = _station(PackMode.CHILDREN_FIRST)
PARENT = _station(PackMode.PARENT_FIRST)
FRAME = _station(PackMode.FRAME)


def package(holds: int, *, suspect: bool = False, closing: bool = False, lot: str = "lot") -> PackageRow:
    values = dict.fromkeys(PackageRow._fields)
    wanted = {
        "id": 1,
        "level": "BOX_LV_1",
        "holds": holds,
        "capacity": CAPACITY if lot else 0,
        "lot": lot,
        "close_requested": int(closing),
        "suspect": "a reject was not confirmed" if suspect else None,
    }
    return PackageRow(**{**values, **wanted})  # type: ignore[arg-type]


def said(station: Station, state: PackState, reason: str | None = None) -> Guide:
    return guide(station, state, reason, lambda text: text)


STATES = {
    "nothing open": (CHILDREN, PackState(None, 0, False), "Begin a new package: scan its first item."),
    "nothing open, label first": (PARENT, PackState(None, 0, False), "Begin a new package: scan its label."),
    "opened by its label": (PARENT, PackState(package(0, lot=""), 0, False), "Scan the first item of the package."),
    "being filled": (CHILDREN, PackState(package(4), 0, False), "Next item: 4 of 12 are in the package."),
    "full": (CHILDREN, PackState(package(12), 0, False), "Scan the label of the package."),
    "closed early": (CHILDREN, PackState(package(5, closing=True), 0, False), "Scan the label of the package."),
    "suspect": (
        CHILDREN,
        PackState(package(7, suspect=True), 4, False),
        "Scan every item in the package again: 4 of 7 seen.",
    ),
    "suspect and full": (
        CHILDREN,
        PackState(package(12, suspect=True), 4, False),
        "Scan every item in the package again: 4 of 12 seen.",
    ),
}


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("reason", [None, *Reason])
def test_the_step_is_that_of_the_state_whatever_was_rejected(name: str, reason: Reason | None) -> None:
    station, state, step = STATES[name]
    found = said(station, state, reason)
    assert found.advice.endswith(step)
    if reason in {None, Reason.CHILD_EXPECTED, Reason.PARENT_EXPECTED}:
        assert found.advice == step  # nothing else is to be done
    else:
        assert found.tone == ""  # still a reject
    if reason is not None and reason not in {Reason.CHILD_EXPECTED, Reason.PARENT_EXPECTED, Reason.OVER_CAPACITY}:
        assert found.advice == f"{reason.advice} {step}"


def test_an_item_of_this_package_is_no_fault_of_anybody() -> None:
    found = said(CHILDREN, PackState(package(7), 0, True), Reason.ALREADY_PACKED)
    assert found.tone == Answer.ACCEPT
    assert (found.word, found.reason) == ("Already in this package", "7 / 12")
    assert found.advice == "Next item: 7 of 12 are in the package."  # and nobody takes it out


def test_an_item_of_another_package_is_taken_out() -> None:
    found = said(CHILDREN, PackState(package(7), 0, False), Reason.ALREADY_PACKED)
    assert found.tone == "" and found.advice.startswith(Reason.ALREADY_PACKED.advice)


@pytest.mark.parametrize(
    ("name", "reason", "instead"),
    [
        ("suspect and full", Reason.CHILD_EXPECTED, "The content comes first"),  # not: put more items in
        ("being filled", Reason.CHILD_EXPECTED, "An item comes first"),
        ("full", Reason.PARENT_EXPECTED, "The label comes first"),
        ("nothing open, label first", Reason.PARENT_EXPECTED, "The label comes first"),  # not: the package is full
        ("opened by its label", Reason.CHILD_EXPECTED, "An item comes first"),
    ],
)
def test_what_came_too_early_is_told_what_comes_first(name: str, reason: Reason, instead: str) -> None:
    station, state, _ = STATES[name]
    assert said(station, state, reason).reason == instead


def test_one_item_too_many_is_put_aside() -> None:
    station, state, step = STATES["full"]
    assert said(station, state, Reason.OVER_CAPACITY).advice == f"One too many: put this item aside. {step}"


def test_a_picture_of_everything_is_judged_whole() -> None:
    assert said(FRAME, PackState(None, 0, False), Reason.OVER_CAPACITY) == Guide()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_is_said_in_every_language(language: str) -> None:
    translate = catalogue(language).gettext
    told = {name: guide(station, state, None, translate).advice for name, (station, state, _) in STATES.items()}
    assert len(set(told.values())) == len(STATES) - 1  # closed early and full are one step
    assert language == "en" or all(told[name] != step for name, (_, _, step) in STATES.items())
