"""Packages: their levels and states, and the ways in which they are packed."""

from __future__ import annotations

from lined.vocabulary.word import N_, Word


class Level(Word):
    """From the item up."""

    UNIT = "UNIT", N_("Item")
    GROUP = "GROUP", N_("Group")
    BOX = "BOX_LV_1", N_("Box")
    PALLET = "BOX_LV_2", N_("Pallet")


class PackageState(Word):
    """Where a package stands."""

    OPEN = "open", N_("open")
    CLOSED = "closed", N_("closed")
    DISSOLVED = "dissolved", N_("dissolved")


class PackMode(Word):
    """In which order a pack station sees a package."""

    CHILDREN_FIRST = "children-then-parent", N_("the items, then the label of their package")
    PARENT_FIRST = "parent-then-children", N_("the label of the package, then its items")
    FRAME = "frame", N_("items and label in one picture")


class OpenPackages(Word):
    """What becomes of packages that are open when a job stops."""

    KEEP = "keep", N_("stay open")
    CLOSE = "close", N_("are closed")
    DISSOLVE = "dissolve", N_("are dissolved")
