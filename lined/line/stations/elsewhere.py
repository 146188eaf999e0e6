"""Stations that do more, or other, than applying: which rules decide there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lined.line.stations import ejecting, framing, packing, rehearsing, verifying
from lined.line.stations.desk import Chunk, Desk, Found
from lined.line.stations.verdicts import Candidate
from lined.vocabulary.line import Role
from lined.vocabulary.packages import PackMode

Rule = Callable[[Desk, Chunk, Candidate], Found]
RULES: Mapping[str, Rule] = {
    "verify": verifying.judge,
    "pack": packing.judge,
    "frame": framing.judge,
    "reject": ejecting.at_reject_bin,
    "rework": ejecting.at_rework,
}


def judge(desk: Desk, chunk: Chunk) -> list[Found]:
    """One verdict a candidate, in order; each is on paper before the next is judged."""
    rule = RULES[PackMode.FRAME if chunk.station.mode == PackMode.FRAME else chunk.station.role]
    found = []
    for candidate in chunk.candidates:
        desk.flush()
        rehearsed = rehearsing.judge(desk, chunk, candidate) if chunk.station.role == Role.PACK else None
        found.append(rehearsed or rule(desk, chunk, candidate))
    return found
