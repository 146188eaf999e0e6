"""The rules of packages (API 1.21.1 §1.4, §5.3): whether one may be formed, by what the books know of its codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lined.sandbox.books import Connection
from lined.sandbox.issuing import has_check_digit
from lined.sandbox.rules import APPLIED, CHILD_TYPES, DIRECT_CHILDREN, INTRODUCED

EMPTY = "EMPTY_PACKAGE_COMPOSITION"  # 11.6.2: a remark, the code is processed
_SSCC_CHARS = 20


@dataclass
class Known:
    """What is known of a code while a document is judged; changes as packages form. `held`: codes directly in it."""

    id: int | None
    ident: str
    owner: str
    status: str
    package: str
    group: str | None
    parent: int | str | None
    held: int


class Unit(NamedTuple):
    """A package to form. `idents`: row -> code, `place` being the parent's row; `spoiled`: rows a fault decided."""

    place: int
    capacity: int
    unbundle: bool
    idents: dict[int, str]
    spoiled: dict[int, str]

    @property
    def parent(self) -> str:
        return self.idents[self.place]

    @property
    def children(self) -> list[str]:
        return [ident for place, ident in self.idents.items() if place != self.place]


def load(connection: Connection, document_id: int) -> dict[str, Known]:
    """All codes of a document that the books know, by identification code."""
    rows = connection.execute(
        "SELECT c.id, c.ident, c.owner, c.status, c.package, p.product_group, c.parent_id,"
        " CASE WHEN c.package = 'UNIT' THEN 0 ELSE (SELECT count(*) FROM codes k WHERE k.parent_id = c.id) END"
        " FROM codes c LEFT JOIN cards p ON p.gtin = c.gtin"
        " WHERE c.ident IN (SELECT ident FROM document_codes WHERE document_id = ?)",
        (document_id,),
    )
    return {row[1]: Known(*row) for row in rows}


def form(unit: Unit, known: dict[str, Known], tin: str, *, group_applied_first: bool) -> dict[int, str | None]:
    """Each row's result, None where it is good; a package that may be formed is, in `known`."""
    level = _level(unit, known)
    results: dict[int, str | None] = {}
    for place, ident in unit.idents.items():
        if place == unit.place:
            verdict = _parent_result(unit, level, known.get(ident), tin, group_applied_first)
        else:
            verdict = _child_result(known.get(ident), level, known.get(unit.parent), tin)
        results[place] = unit.spoiled.get(place, verdict)
    bad = {place for place, result in results.items() if result not in {None, EMPTY}}
    if bad:
        return {place: result if place in bad else "package-rejected" for place, result in results.items()}
    _form(unit, level, known, tin)
    return results


def _level(unit: Unit, known: dict[str, Known]) -> str:
    """An SSCC that holds boxes is on the second level. One that holds something keeps its level."""
    parent = known.get(unit.parent)
    if parent is not None and (parent.package == "GROUP" or parent.held):
        return parent.package
    holds = {known[ident].package for ident in unit.children if ident in known}
    return "BOX_LV_2" if "BOX_LV_1" in holds else "BOX_LV_1"


def _parent_result(unit: Unit, level: str, parent: Known | None, tin: str, group_applied_first: bool) -> str | None:
    if parent is None:
        if len(unit.parent) != _SSCC_CHARS or not unit.parent.startswith("00") or not has_check_digit(unit.parent[2:]):
            return "code-not-found" if unit.parent.startswith("01") else "invalid-code"
        held = 0
    else:
        if parent.owner != tin:
            return "code-not-owned"
        if parent.package not in DIRECT_CHILDREN:
            return "invalid-package-type"
        if group_applied_first and parent.package == "GROUP" and parent.status not in {APPLIED, INTRODUCED}:
            return "invalid-code-status"
        if parent.held and not unit.unbundle:
            return "package-already-formed"
        held = parent.held
    if held + len(unit.idents) - 1 > min(DIRECT_CHILDREN.get(level, 0), unit.capacity):
        return "package-limit-exceeded"
    return None


def _child_result(child: Known | None, level: str, parent: Known | None, tin: str) -> str | None:
    if child is None:
        return "code-not-found"
    if child.owner != tin:
        return "code-not-owned"
    if child.status not in {APPLIED, INTRODUCED}:
        return "invalid-code-status"
    if child.parent is not None:
        return "already-aggregated"
    if child.package not in CHILD_TYPES.get(level, frozenset()):
        return "invalid-package-type"
    if level == "GROUP" and parent is not None and parent.group != child.group:
        return "invalid-product-group"
    return EMPTY if child.package != "UNIT" and not child.held else None


def _form(unit: Unit, level: str, known: dict[str, Known], tin: str) -> None:
    parent = known.get(unit.parent)
    if parent is None:
        parent = known[unit.parent] = Known(None, unit.parent, tin, APPLIED, level, None, None, 0)
    parent.package = level
    parent.held += len(unit.children)
    if unit.unbundle:
        parent.parent = None
    for ident in unit.children:
        known[ident].parent = unit.parent
