"""Repair of wrong values, so that what does not fit together is found in the same run.

Values that were found wrong are taken out, required ones that lack get a stand-in, and both places are remembered:
nothing that depends on a remembered place is judged. A repaired configuration is never handed to anybody.
"""

from __future__ import annotations

import copy
from collections.abc import Set as AbstractSet
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lined.config.models import Config
from lined.config.texts import Place
from lined.vocabulary.line import Role

ROUNDS = 6  # a wrong table, its missing keys, and the same for what stands in it; the rest is a margin

_STAND_INS: dict[str, Any] = {
    "line": {"id": "line"},
    "line.id": "line",
    "regulator": {"profile": "unknown", "url": "https://localhost", "tin": "000000000", "business_place_id": 1},
    "regulator.profile": "unknown",
    "regulator.url": "https://localhost",
    "regulator.tin": "000000000",
    "regulator.business_place_id": 1,
    "journal": {"path": "journal.db"},
    "journal.path": "journal.db",
    "product.gtin": "00000000000017",
    "product.name": "unknown",
    "product.group": "unknown",
    "device.id": "unknown",
    "device.driver": "unknown",
    "device.url": "tcp://localhost:1",
    "printer.id": "printer",
    "printer.driver": "generic-queue",
    "printer.url": "tcp-listen://127.0.0.1:0",
    "station.id": "unknown",
    "station.role": Role.VERIFY,
    "station.devices": ["unknown"],
    "mqtt.url": "mqtt://localhost",
    "notify.id": "unknown",
    "notify.url_file": "unknown",
}


class Repaired:
    """A configuration to ask questions of, and the places whose values are not the file's."""

    def __init__(self, config: Config, tables: dict[str, Any], places: frozenset[Place]) -> None:
        self.config = config
        self.tables = tables
        self._places = places

    def sure(self, *place: str | int) -> bool:
        """Whether the value there is the file's own, or its default."""
        return not _within(place, self._places)


def repaired(tables: dict[str, Any], context: dict[str, Any]) -> tuple[list[ErrorDetails], Repaired | None]:
    """All errors of single values, and the rest of the configuration; None where there is too little left."""
    try:
        return [], Repaired(_validated(tables, context), tables, frozenset())
    except ValidationError as error:
        first = error.errors(include_url=False)
    rest = copy.deepcopy(tables)
    places: set[Place] = set()
    errors = first
    for _ in range(ROUNDS):
        for found in sorted(errors, key=lambda error: error["type"] != "missing"):  # before its table is taken out
            if found["type"] == "missing" or not _within(found["loc"], places):
                places.add(_mend(rest, found))
        try:
            return first, Repaired(_validated(rest, context), tables, frozenset(places))
        except ValidationError as error:
            errors = error.errors(include_url=False)
    return first, None


def _within(place: Place, places: AbstractSet[Place]) -> bool:
    return any(place[:length] in places for length in range(1, len(place) + 1))


def _validated(tables: dict[str, Any], context: dict[str, Any]) -> Config:
    return Config.model_validate(tables, context=context)


def _mend(tables: dict[str, Any], error: ErrorDetails) -> Place:
    """Take the wrong value out, or put the missing one in; returns the place that was touched."""
    place = error["loc"]
    if error["type"] == "missing":
        table: Any = tables
        for part in place[:-1]:
            table = table[part]
        shape = ".".join(part for part in place if isinstance(part, str))
        table[place[-1]] = copy.deepcopy(_STAND_INS[shape])
        return place
    return _take_out(tables, place)


def _take_out(tables: dict[str, Any], place: Place) -> Place:
    """Remove the value at `place`, or the list it stands in: the numbers of other entries must not change."""
    keys: list[tuple[dict[str, Any], int]] = []
    at: Any = tables
    for depth, part in enumerate(place):
        if isinstance(at, dict) and part in at:
            keys.append((at, depth))
        elif not (isinstance(at, list) and isinstance(part, int) and part < len(at)):
            break
        at = at[part]
    owner, depth = keys[-1]
    del owner[str(place[depth])]
    return place[: depth + 1]
