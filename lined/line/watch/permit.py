"""The permit: whether items may come, and why not (docs/contract.md, MQTT, `permit`).

It says what a verdict cannot: with no job, or with a scanner that is gone, no verdict comes at all, and items would be
counted and missed one by one. A PLC stops its conveyor by it; what passes is still decided by each verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from typing_extensions import TypedDict

from lined.line.plant import Plant
from lined.vocabulary.line import Role, Stop
from lined.vocabulary.times import moment

NEEDED = (Role.APPLY, Role.VERIFY, Role.PACK)
"""Stations whose devices have to be there: without them items pass unread."""


class Permit(NamedTuple):
    """`because`: why not, the gravest reason; `where`: the device, where it is about one."""

    run: bool
    because: Stop | None = None
    where: str | None = None


def permit(*, ending: bool, can_commit: bool, job: bool, needed: Iterable[tuple[str, bool]]) -> Permit:
    """`needed`: devices that have to be there, and whether each is connected."""
    if ending:
        return Permit(False, Stop.ENDING)
    if not can_commit:
        return Permit(False, Stop.JOURNAL)
    for device, connected in needed:
        if not connected:
            return Permit(False, Stop.DEVICE, device)
    return Permit(True) if job else Permit(False, Stop.NO_JOB)


class ToldPermit(TypedDict):
    """A permit as it is told. `session`: one run of the program, as in verdicts; `n` rises with each telling, so that
    an old one is known from a new one.
    """

    run: bool
    because: str | None
    where: str | None
    session: str
    n: int
    at: str | None


class PermitWatch:
    """What holds now. `ended` is set once the program stops."""

    def __init__(
        self,
        plant: Plant,
        session: str,
        can_commit: Callable[[], bool],
        job: Callable[[], bool],
        connected: Callable[[str], bool],
        wall_ms: Callable[[], int],
    ) -> None:
        self.ended = False
        self._session = session
        self._wall_ms = wall_ms
        self._can_commit = can_commit
        self._job = job
        self._connected = connected
        self._needed = [
            device for station in plant.stations.values() if station.role in NEEDED for device in station.devices
        ]
        self._told = 0

    def now(self) -> Permit:
        return permit(
            ending=self.ended,
            can_commit=self._can_commit(),
            job=self._job(),
            needed=((device, self._connected(device)) for device in self._needed),
        )

    def told(self, found: Permit) -> ToldPermit:
        """One telling of it."""
        self._told += 1
        return {
            "run": found.run,
            "because": found.because,
            "where": found.where,
            "session": self._session,
            "n": self._told,
            "at": moment(self._wall_ms()),
        }
