"""Chunks in flight, as the intake keeps them: through the writer, to the device, to the list of the unsaid."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from lined.journal.entries import Work
from lined.line.intake.ports import Judgement
from lined.line.stations.read import Chunk
from lined.line.stations.verdicts import Ruling


class Submitted(NamedTuple):
    """A chunk on its way through the writer."""

    chunk: Chunk
    counts: list[int]
    answer: asyncio.Future[Judgement]
    ruled: asyncio.Future[Ruling]


class Note(NamedTuple):
    """A change to the list of the unsaid that is not known to be on disk yet."""

    work: Work[Any, int]
    rows: list[Any]
    under_way: asyncio.Future[int]


class Pending(NamedTuple):
    device: str
    frames: list[int]  # how many reads each frame has
    chunk: Chunk
    ruling: Ruling
    told: list[int]  # what stood on the list of the unsaid, and is told by it
