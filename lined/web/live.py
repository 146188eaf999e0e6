"""The values of the page of the line: stations, devices, the other side."""

from __future__ import annotations

from typing import Any

from lined.api.devices import examined
from lined.api.ports import PlantView
from lined.api.status_schema import Status


async def line_values(view: PlantView, document: Status) -> dict[str, Any]:
    """What the page of the line shows, live."""
    latest = view.balance.latest if view.balance is not None else None
    by_station: dict[str, Any] = {}
    for one in (latest.of_job or latest.life) if latest is not None else ():
        if one.place and one.whole == "reads":
            by_station[one.place] = one
    return {
        "document": document,
        "stations_of": list(view.plant.stations.values()) if view.plant is not None else [],
        "by_station": by_station,
        "counts_of": view.regulator.counts,
        "examined": examined(view),
    }
