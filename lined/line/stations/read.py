"""Reads as the rules see them, and the chunk in which a device's reads arrive."""

from __future__ import annotations

from typing import NamedTuple

from lined.codes import MarkingCode
from lined.line.plant import Station


def typed_device(station_id: str) -> str:
    """The name under which codes typed in at a station are kept; no configured device can have it."""
    return f"{station_id}/typed"


class Read(NamedTuple):
    """One code that a device saw, or what stands for it; all of a frame, where a pack station takes frames.

    `at_ms`: when it arrived. `reason`: empty, or what it is rejected for before any look at the journal. `raw`: kept
    where it is rejected. `note`: what is wrong with it, for people. `grade`, `at`: what a verifier said. `frame`: the
    single reads of a frame, which gets one verdict. `counted_only`: one of too many without a code to get a row.
    Without a code and a reason it stands for a command at the station.
    """

    station: Station
    device: str
    device_no: int
    at_ms: int
    reason: str = ""
    code: MarkingCode | None = None
    raw: bytes = b""
    note: str = ""
    grade: str | None = None
    at: str | None = None
    frame: tuple[Read, ...] = ()
    counted_only: bool = False


class Chunk(NamedTuple):
    """Reads of one device that arrived together, at one moment."""

    station: Station
    device: str
    device_no: int
    at_ms: int
    reads: list[Read]

    @property
    def typed(self) -> bool:
        """By hand: no item passed for it, so no PLC counts one."""
        return self.device == typed_device(self.station.id)
