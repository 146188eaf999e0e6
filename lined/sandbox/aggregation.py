"""Aggregation (API 1.21.1 §5.3): packages are formed of codes that are applied and lie in no other package.

A package is formed whole or not at all: one bad child, and neither the parent nor the other children are. Packages of
one document are judged in their order, so that a pallet may follow its boxes. An SSCC becomes known by its first use;
its level follows from what it holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lined.sandbox.answers import bad_request
from lined.sandbox.books import Connection
from lined.sandbox.filings import Due, Filing, Row
from lined.sandbox.packing import Known, Unit, form, load
from lined.sandbox.rules import AGGREGATION, APPLIED, INTRODUCED
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Fields, is_sorted, open_envelope
from lined.sandbox.utilisation import check_place


def read(body: bytes, _query: Mapping[str, str], settings: SandboxSettings, _at: float) -> Filing:
    """Check the shape of a report. Raises Rejection with every fault. Rows: each package, then its children."""
    content, source = open_envelope(body)
    fields = Fields(content)
    fields.only("aggregationUnits", "productionOrderId", "businessPlaceId", "documentDate")
    place = fields.integer("businessPlaceId")
    fields.text("productionOrderId", required=False)
    fields.instant("documentDate")
    rows: list[Row] = []
    for unit in fields.objects("aggregationUnits", max_items=settings.codes_per_report):
        rows += _rows(unit, len(rows), settings)
    fields.done()
    # The text limits "codes in one report" and leaves open whether a package is one: both readings hold this way.
    if len(rows) > settings.codes_per_report:
        raise bad_request(f"the number of codes exceeds {settings.codes_per_report}", "$.aggregationUnits", len(rows))
    check_place(place, settings)
    attributes = {name: value for name, value in content.items() if name != "aggregationUnits"}
    return Filing(AGGREGATION, None, rows, attributes, source, unsorted=not is_sorted(content))


def _rows(unit: Fields, start: int, settings: SandboxSettings) -> list[Row]:
    unit.only("aggregationItemsCount", "aggregationUnitCapacity", "codes", "shouldBeUnbundled", "unitSerialNumber")
    parent = unit.text("unitSerialNumber")
    count = unit.integer("aggregationItemsCount", low=1)
    capacity = unit.integer("aggregationUnitCapacity", low=1)
    children = unit.texts("codes", max_items=settings.codes_per_report)
    if children and count != len(children):
        unit.wrong("aggregationItemsCount", f"{len(children)} codes are given", count)
    if count > capacity:
        unit.wrong("aggregationItemsCount", "the number of nested packages exceeds the planned capacity", count)
    detail = json.dumps({"capacity": capacity, "unbundle": unit.boolean("shouldBeUnbundled")})
    return [Row(parent, "", start, detail), *(Row(child, "", start) for child in children)]


def judge(connection: Connection, due: Due, settings: SandboxSettings) -> None:
    known = load(connection, due.id)
    units = _units(connection, due.id)
    results: list[tuple[str | None, int | None, str | None, int, int]] = []
    for unit in units:
        for place, result in form(unit, known, due.tin, group_applied_first=settings.group_applied_first).items():
            code = known.get(unit.idents[place])
            results.append((result, code.id if code else None, code.status if code else None, due.id, place))
    connection.executemany(
        "UPDATE document_codes SET result = ?, code_id = ?, found_status = ? WHERE document_id = ? AND idx = ?",
        results,
    )


def _units(connection: Connection, document_id: int) -> list[Unit]:
    units: dict[int, Unit] = {}
    rows = connection.execute(
        "SELECT idx, ident, unit, detail, result FROM document_codes WHERE document_id = ? ORDER BY idx", (document_id,)
    )
    for place, ident, unit_place, detail, result in rows:
        if unit_place == place:
            wanted: dict[str, Any] = json.loads(detail)
            units[place] = Unit(place, wanted["capacity"], wanted["unbundle"], {}, {})
        unit = units[unit_place]
        unit.idents[place] = ident
        if result is not None:
            unit.spoiled[place] = result
    return list(units.values())


def apply(connection: Connection, due: Due, at: float) -> None:
    """Form the packages whose parent was judged good, in the document's order."""
    known = load(connection, due.id)
    good = {
        place
        for (place,) in connection.execute(
            "SELECT idx FROM document_codes WHERE document_id = ? AND state IN ('SUCCESS', 'WARNING')", (due.id,)
        )
    }
    for unit in _units(connection, due.id):
        if unit.place in good:
            form(unit, known, due.tin, group_applied_first=False)
            _pack(connection, due, unit, known, at)


def _pack(connection: Connection, due: Due, unit: Unit, known: dict[str, Known], at: float) -> None:
    parent = known[unit.parent]
    children = [known[ident] for ident in unit.children]
    status = INTRODUCED if all(child.status == INTRODUCED for child in children) else APPLIED
    if parent.id is None:
        parent.status = status
        parent.id = connection.execute(
            "INSERT INTO codes (ident, tail, gtin, owner, template, package, status, issued_at, source)"
            " VALUES (?, '', '', ?, 'SSCC', ?, ?, ?, ?)",
            (parent.ident, due.tin, parent.package, status, at, str(due.id)),
        ).lastrowid
    connection.execute(
        "UPDATE codes SET package = ?, capacity = ?, parent_id = CASE WHEN ? THEN NULL ELSE parent_id END WHERE id = ?",
        (parent.package, unit.capacity, unit.unbundle, parent.id),
    )
    connection.executemany("UPDATE codes SET parent_id = ? WHERE id = ?", [(parent.id, child.id) for child in children])
    packed = json.dumps({"packed": len(children), "capacity": unit.capacity})
    moved = json.dumps({"parent": parent.ident})
    connection.executemany(
        "INSERT INTO effects (code_id, document_id, kind, at, detail) VALUES (?, ?, ?, ?, ?)",
        [
            (parent.id, due.id, AGGREGATION, at, packed),
            *((child.id, due.id, AGGREGATION, at, moved) for child in children),
        ],
    )
    connection.execute(
        "UPDATE document_codes SET code_id = ? WHERE document_id = ? AND idx = ?", (parent.id, due.id, unit.place)
    )
