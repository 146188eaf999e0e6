"""Rejects that somebody confirms, and those that nobody does (docs/contract.md, Verdicts, *Reject-confirm*).

`session` and `seq` are looked up in memory: the last VERDICTS_KEPT verdicts of this run of the daemon, which is nine
minutes of the fastest line known and 100 s at 200 reads a second. A confirmation that comes later, or for an earlier
run, is answered 409 `unknown-verdict` and changes nothing; what was to be confirmed then counts as not confirmed.

A reject that is not confirmed in time may lie among good items, so the packages that are open then become suspect: they
do not close until their content was scanned again. That is over, too, when it is confirmed late; where no package was
open, at the end of the job at the latest. An item that was read while no job ran is nobody's to eject.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import structlog

from lined.journal import Journal
from lined.journal.database import Connection
from lined.journal.tables import counters, package_lists, rescans
from lined.journal.tables.codes import find
from lined.journal.views.work_items import rejected_lately
from lined.line.plant import Plant
from lined.line.state import LineState, load_job
from lined.line.stations import ejecting
from lined.line.stations.verdicts import PublishedVerdict
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import Conflict, JournalError
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.line import Role
from lined.vocabulary.verdicts import Answer, Decision

log = structlog.get_logger()

VERDICTS_KEPT = 20_000  # some 200 bytes each
WAITING_MAX = 10_000  # rejects that wait for a confirmation
TICK_S = 0.1


# Station, reason, identification code, time of a verdict. Bare tuples: the cyclic collector does not walk through them.
_Kept = tuple[str, str | None, str | None, int]


class Waiting(NamedTuple):
    """A reject to be confirmed until `due_ms`."""

    seq: int
    station: str
    due_ms: int


class Confirming:
    """A listener of the intake (`on_verdicts`), and a loop (`run`) that looks for what was not confirmed."""

    def __init__(
        self, plant: Plant, journal: Journal, problems: Problems, session: str, wall_ms: Callable[[], int]
    ) -> None:
        self._plant = plant
        self._journal = journal
        self._problems = problems
        self._session = session
        self._wall_ms = wall_ms
        self._kept: deque[_Kept] = deque(maxlen=VERDICTS_KEPT)  # without a gap: the last is that of `_last_seq`
        self._last_seq = 0
        self._waiting: dict[int, Waiting] = {}
        self._late: dict[str, set[int]] = {}  # by station: rejects that were not confirmed in time
        self._marked: set[str] = set()  # stations because of which packages became suspect

    def on_verdicts(self, verdicts: Sequence[PublishedVerdict]) -> None:
        """The verdicts of one chunk; each chunk's begin where the last one's ended."""
        if not verdicts:
            return
        self._kept.extend([(v.station, v.reason, v.code, v.at_ms) for v in verdicts])
        self._last_seq = verdicts[-1].seq
        station = self._plant.stations[verdicts[0].station]
        if not station.confirm_ms:
            return
        for verdict in verdicts:
            if verdict.verdict == Answer.REJECT and verdict.in_job and len(self._waiting) < WAITING_MAX:
                self._waiting[verdict.seq] = Waiting(verdict.seq, station.id, self._wall_ms() + station.confirm_ms)

    def confirm(self, session: str, seq: int, by: str) -> Callable[[Connection, LineState, int], dict[str, Any]]:
        """`reject-confirm`: the item of that verdict is in the reject bin. Raises CommandError 409 `unknown-verdict`.

        The answer: `code`, and `state`: `withdrawn`, `task`, or `none` where no code changes.
        """
        kept = self._verdict(seq) if session == self._session else None
        if kept is None:
            raise Conflict(
                "unknown-verdict",
                f"Verdict {seq} of session {session!r} is not among the last {VERDICTS_KEPT} of this run "
                f"({self._session}): nothing was changed.",
            )
        self._waiting.pop(seq, None)
        late = self._late.get(kept[0], set())
        cleared = late == {seq}
        late.discard(seq)
        return partial(_confirm, kept, by, cleared=cleared)

    def _verdict(self, seq: int) -> _Kept | None:
        back = self._last_seq - seq
        return self._kept[-1 - back] if 0 <= back < len(self._kept) else None

    async def run(self) -> None:
        """For ever. After an unclean stop first: what was waiting for a confirmation then will never get it."""
        if not self._journal.was_clean:
            try:
                await self._journal.do(partial(after_crash, self._plant))
            except JournalError as error:
                log.warning("suspect_packages_not_marked", error=str(error))
        while True:
            await asyncio.sleep(TICK_S)
            await self.look()

    async def look(self) -> list[str]:
        """Deal with what was not confirmed in time. Returns the stations concerned; what cannot be written now
        waits.
        """
        await self._clear_what_is_over()
        now = self._wall_ms()
        late = [waiting for waiting in self._waiting.values() if waiting.due_ms <= now]
        stations = sorted({waiting.station for waiting in late})
        for station in stations:
            try:
                marked = await self._journal.do(partial(make_suspect, self._plant, station))
            except JournalError as error:
                log.warning("suspect_packages_not_marked", station=station, error=str(error))
                return stations
            unconfirmed = self._late.setdefault(station, set())
            unconfirmed.update(waiting.seq for waiting in late if waiting.station == station)
            if marked:
                self._marked.add(station)
            self._problems.set(AlarmKind.REJECT_NOT_CONFIRMED, station, self._told(station))
        for waiting in late:
            self._waiting.pop(waiting.seq, None)
        return stations

    def _told(self, station: str) -> Fact:
        """The alarm's text: which item, and how it ends."""
        newest = max(self._late[station])
        kept = self._verdict(newest)
        _, reason, code, _ = kept if kept is not None else (station, None, None, 0)
        more = len(self._late[station]) - 1
        about: dict[str, str | int] = {
            "item": code or Fact(LineFact.ITEM_WITHOUT_CODE),
            "verdict": str(reason),
            "seq": newest,
            "station": station,
            "ends": Fact(LineFact.OVER_WITH_SCAN if station in self._marked else LineFact.OVER_WITH_JOB),
        }
        return Fact(LineFact.SEVERAL_NOT_CONFIRMED, n=more, **about) if more else Fact(LineFact.NOT_CONFIRMED, **about)

    async def _clear_what_is_over(self) -> None:
        """Confirmed after all; or no open package is suspect any more; or, where none was marked, the job has ended."""
        if not self._late:
            return
        try:
            suspect, job = await self._journal.read(_standing)
        except JournalError:
            return
        for station, unconfirmed in list(self._late.items()):
            if unconfirmed and (suspect if station in self._marked else job):
                continue
            del self._late[station]
            self._marked.discard(station)
            self._problems.clear(AlarmKind.REJECT_NOT_CONFIRMED, station)


def _standing(connection: Connection) -> tuple[bool, bool]:
    """Whether an open package is suspect, and whether a job runs."""
    return package_lists.any_suspect(connection), load_job(connection) is not None


def make_suspect(plant: Plant, station: str, connection: Connection) -> list[int]:
    """The packages that an item rejected at this station may have got into: a pack station's own, else every open
    one.
    """
    found = package_lists.open_packages(connection)
    if plant.stations[station].role == Role.PACK:
        found = [package for package in found if package.station == station]
    for package in found:
        rescans.suspect(connection, package.id, _why_suspect(station))
    return [package.id for package in found]


def _why_suspect(station: str) -> Fact:
    return Fact(LineFact.SUSPECT, station=station)


def after_crash(plant: Plant, connection: Connection) -> list[str]:
    """Rejects of the last moments before a crash may have waited for a confirmation. Returns their stations."""
    found = []
    for station in plant.stations.values():
        if not station.confirm_ms:
            continue
        if rejected_lately(connection, station.devices, station.confirm_ms, WAITING_MAX):
            make_suspect(plant, station.id, connection)
            found.append(station.id)
    return found


def _confirm(
    kept: _Kept, by: str, connection: Connection, state: LineState, at_ms: int, *, cleared: bool
) -> dict[str, Any]:
    """`cleared`: with it nothing is left at that station that made packages suspect."""
    station, reason, code, judged_ms = kept
    if cleared:
        rescans.clear_suspicion(connection, _why_suspect(station))
    state.refresh(connection)
    job_id = state.job.id if state.job else counters.LIFE
    counters.add_in_time(connection, job_id, {f"station.{station}.confirmed": 1}, at_ms)
    nothing = {"code": code, "state": "none"}
    word = reason or Decision.ACCEPT
    if code is None or word in ejecting.NOT_THE_GOOD_ITEM:
        return nothing
    known = find(connection, [code]).get(code)
    if known is None or known.at_ms > judged_ms:
        return nothing  # it was not applied when it was ejected
    why = partial(ejecting.after_verdict, word, station)
    return {"code": code, "state": ejecting.eject(connection, state, code, why, by, at_ms)}
