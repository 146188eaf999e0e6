"""What the page of the line shows, live: stations, devices, the other side."""

from __future__ import annotations

from typing import Any

from lined.journal import overview
from lined.status.ports import PlantView

PACE_MS = 15 * 60_000  # outcomes of so long say how fast a backlog goes down


async def line_values(view: PlantView, document: dict[str, Any]) -> dict[str, Any]:
    """What the page of the line shows, live."""
    latest = view.balance.latest if view.balance is not None else None
    by_station: dict[str, Any] = {}
    for one in (latest.of_job or latest.life) if latest is not None else ():
        if one.place and one.whole == "reads":
            by_station[one.place] = one
    ended = await view.journal.read(overview.outcomes_since, view.wall_ms() - PACE_MS)
    backlog = document["backlog"]["codes"]
    return {
        "document": document,
        "stations_of": list(view.plant.stations.values()) if view.plant is not None else [],
        "by_station": by_station,
        "clear_min": backlog * PACE_MS / 60_000 / ended if ended else None,
        "counts_of": view.regulator.counts,
    }
