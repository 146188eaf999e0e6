"""The view at two metres: what its parts show. Templates lay it out, nothing is decided here."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from lined.api.ports import PlantView
from lined.api.status_schema import Status
from lined.i18n import words
from lined.journal.database import Connection
from lined.journal.tables import package_lists
from lined.journal.tables.packages import PackageRow
from lined.line.watch.alarms import severity_of
from lined.line.watch.balance import Equation
from lined.vocabulary.line import Role

CELLS_MAX = 60  # a package of more is drawn as a level instead of single places
OPEN_MAX = 20
ALARMS_SHOWN = 3


class Picture(NamedTuple):
    """A package as it is drawn: `cells` are (column, row, filled); none where there would be too many."""

    cells: list[tuple[int, int, bool]]
    columns: int
    rows: int
    percent: int


class Place(NamedTuple):
    """A packing station with its open package, or none. `capacity` 0: not known without a job."""

    station: str
    level: str
    package: PackageRow | None
    holds: int
    capacity: int
    picture: Picture


class Shown(NamedTuple):
    """An alarm with its words. `id` None: not in the journal yet."""

    id: int | None
    kind: str
    severity: str
    title: str
    advice: str
    place: str
    text: str
    since_ms: int
    by: str | None
    acknowledged: bool


def picture(capacity: int, holds: int) -> Picture:
    """As square as it goes, wider than high, in full rows where that can be."""
    capacity = max(1, capacity)
    least = max(1, math.isqrt(capacity - 1) + 1)
    columns = next((n for n in range(least, 2 * least + 1) if capacity % n == 0), least)
    rows = -(-capacity // columns)
    cells = [(n % columns, n // columns, n < holds) for n in range(capacity)] if capacity <= CELLS_MAX else []
    return Picture(cells, columns, rows, min(100, 100 * holds // capacity))


def open_packages(connection: Connection) -> list[PackageRow]:
    return package_lists.newest_open(connection, OPEN_MAX)


def alarms_of(view: PlantView) -> list[Shown]:
    """What is wrong now: what matters most and nobody has seen first. The newest text, where it still stands."""
    texts = {(problem.kind, problem.where): problem for problem in view.problems.all()}
    found = []
    for row in view.alarms.standing if view.alarms is not None else ():
        problem = texts.pop((row.kind, row.place), None)
        about = words.alarm(row.kind)
        found.append(
            Shown(
                row.id,
                row.kind,
                row.severity,
                about.sentence,
                about.advice,
                row.place,
                problem.text if problem is not None else row.text,
                row.raised_ms,
                row.acknowledged_by,
                row.acknowledged_ms is not None,
            )
        )
    for problem in texts.values():  # set a moment ago, or the journal takes nothing
        about = words.alarm(problem.kind)
        found.append(
            Shown(
                None,
                problem.kind,
                severity_of(problem.kind),
                about.sentence,
                about.advice,
                problem.where,
                problem.text,
                problem.since_ms,
                None,
                False,
            )
        )
    order = list(words.SEVERITIES)
    return sorted(found, key=lambda one: (one.acknowledged, order.index(one.severity), -one.since_ms))


def differences(view: PlantView) -> list[Equation]:
    """The equations of the running job, or of the journal's life, that do not hold."""
    latest = view.balance.latest if view.balance is not None else None
    return [one for one in (latest.of_job or latest.life if latest else ()) if one.difference]


class Operator:
    """`values` for the parts of the operator's page."""

    def __init__(self, view: PlantView) -> None:
        self._view = view

    async def values(self, document: Status) -> dict[str, Any]:
        view = self._view
        found = await view.journal.read(open_packages) if self.packs else []
        shown = alarms_of(view)
        return {
            "document": document,
            "alarms": shown[:ALARMS_SHOWN],
            "more_alarms": max(0, len(shown) - ALARMS_SHOWN),
            "places": self._places(found, document["job"]["gtin"] if document["job"] else ""),
            "packs": self.packs,
            "differences": differences(view),
            "balanced": view.balance is not None and view.balance.latest is not None,
            "counts": (document["job"] or document),
            "several": view.plant is not None and len(view.plant.stations) > 1,
        }

    def _places(self, found: list[PackageRow], gtin: str) -> list[Place]:
        """Every packing station in the order of the line, so that nothing jumps when a package closes."""
        plant = self._view.plant
        places = []
        for station in plant.stations.values() if plant is not None else ():
            opened = [package for package in found if package.station == station.id]
            for package in opened:
                drawn = picture(package.capacity, package.holds)
                places.append(Place(station.id, package.level, package, package.holds, package.capacity, drawn))
            if station.role == Role.PACK and not opened and plant is not None:
                rule = plant.packing.get(gtin, {}).get(station.level)
                capacity = rule.capacity if rule is not None else 0
                places.append(Place(station.id, station.level, None, 0, capacity, picture(capacity, 0)))
        return places

    @property
    def packs(self) -> bool:
        plant = self._view.plant
        return plant is not None and any(station.role == Role.PACK for station in plant.stations.values())
