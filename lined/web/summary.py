"""The report of a shift or of a job: everything counted, what became of it, and when the line stood still."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from lined.journal import Journal
from lined.journal.tables import alarms, counters, jobs
from lined.journal.tables.alarms import AlarmRow
from lined.journal.tables.jobs import JobRow
from lined.journal.tables.reports import ReportRow
from lined.journal.views import tallies
from lined.journal.views.tallies import MINUTE_MS, TABLES, Span
from lined.line.plant import Plant, Station
from lined.line.stations.read import typed_device
from lined.line.watch.balance import Equation, equations, reasons_in, stations_in
from lined.vocabulary.line import Role
from lined.vocabulary.verdicts import Decision, Reason

STANDS_MIN = 2  # so many whole minutes without a read, while a job runs, are downtime


class Stop(NamedTuple):
    """The line stood still, as far as whole minutes tell."""

    from_ms: int
    to_ms: int

    @property
    def minutes(self) -> int:
        return (self.to_ms - self.from_ms) // MINUTE_MS


class Reads(NamedTuple):
    """`total` = accepted + repeats + no_read + the sum of `reasons`."""

    accepted: int
    repeats: int
    no_read: int
    reasons: dict[str, int]

    @property
    def rejected(self) -> int:
        return sum(self.reasons.values())

    @property
    def total(self) -> int:
        return self.accepted + self.repeats + self.no_read + self.rejected


class Summary(NamedTuple):
    """`balance`: the equations. A job's reads come out of its counters, those of a shift out of the rows, and what the
    PLC counted out of its minutes: what it tells late is the next shift's.
    """

    span: Span
    reads: Reads
    stations: dict[str, Reads]
    codes: dict[str, int]
    classes: dict[str, int]
    packages: dict[str, tuple[int, int]]
    documents: list[ReportRow]
    alarms: list[AlarmRow]
    jobs: list[JobRow]
    stops: list[Stop]
    balance: list[Equation]

    @property
    def applied(self) -> int:
        return sum(self.codes.values())

    @property
    def stopped_min(self) -> int:
        return sum(stop.minutes for stop in self.stops)


async def summary(journal: Journal, plant: Plant | None, span: Span, now_ms: int) -> Summary:
    """Count, in many short questions. Raises JournalError."""
    sums = tallies.nothing()
    stations = {} if plant is None else _stations(plant)
    for table in TABLES:
        for part in tallies.slices(await journal.read(tallies.rows_in, table, span)):
            found = await journal.read(tallies.tally, table, part, span.job_id)
            if table == "code":  # a GROUP's own code is applied by a read that stands among the reads already
                for key in [key for key in found.verdicts if key[0] in stations and stations[key[0]].role == Role.PACK]:
                    del found.verdicts[key]
            for whole, more in zip(sums, found, strict=True):
                whole.update(more)  # type: ignore[attr-defined]  # all are counters
    for device, n in (await journal.read(tallies.applied_earlier, span)).items():
        sums.verdicts[device, Decision.ACCEPT] += n
    run = [
        job
        for job_id in await journal.read(tallies.jobs_in, span)
        if (job := await journal.read(jobs.get, job_id)) is not None
    ]
    by_job = await journal.read(counters.of_job, span.job_id) if span.job_id is not None else {}
    reads = counted(by_job) if by_job else reads_of(sums.verdicts)
    of_stations = {name: counted(by_job, f"station.{name}.") for name in stations_in(by_job)}
    of_stations = of_stations or by_station(sums.verdicts, {device: one.id for device, one in stations.items()})
    codes = dict(await journal.read(tallies.buckets, sums.batches))
    balanced = by_job or {
        **as_counters(reads, of_stations, codes),
        **typed_in(sums.verdicts, stations),
        **await journal.read(tallies.of_plc, span),
    }
    packed = None
    if plant is not None and any(one.role == Role.PACK for one in plant.stations.values()):
        packed = sums.packed[""] + await journal.read(tallies.groups_packed, span)
    return Summary(
        span,
        reads,
        of_stations,
        codes,
        dict(sorted(sums.classes.items())),
        await journal.read(tallies.closed_packages, span),
        await journal.read(tallies.documents, span),
        await journal.read(alarms.between, span.from_ms, span.to_ms),
        run,
        stops_in(sums.minutes, run, span, now_ms),
        equations(balanced, list(plant.stations) if plant is not None else [], packed),
    )


def _stations(plant: Plant) -> dict[str, Station]:
    """By device; codes typed in belong to the station at which that was done."""
    devices = {device: one for one in plant.stations.values() for device in one.devices}
    return devices | {typed_device(one.id): one for one in plant.stations.values()}


def typed_in(verdicts: Mapping[tuple[str, str], int], stations: Mapping[str, Station]) -> dict[str, int]:
    """How many reads of each station were typed in, under the counters' names."""
    found: Counter[str] = Counter()
    for (device, _word), n in verdicts.items():
        station = stations.get(device)
        if station is not None and device == typed_device(station.id):
            found[f"station.{station.id}.typed"] += n
    return found


def as_counters(reads: Reads, stations: Mapping[str, Reads], codes: Mapping[str, int]) -> dict[str, int]:
    """What was counted out of rows, under the counters' names."""
    found = {f"code.{bucket}": n for bucket, n in codes.items()} | {"code.applied": sum(codes.values())}
    for prefix, one in [("", reads), *((f"station.{name}.", part) for name, part in stations.items())]:
        found |= {
            f"{prefix}read.accepted": one.accepted,
            f"{prefix}read.repeats": one.repeats,
            f"{prefix}read.no-read": one.no_read,
            f"{prefix}read.rejected": one.rejected,
        }
        found |= {f"{prefix}reason.{word}": n for word, n in one.reasons.items()}
    return found


def reads_of(verdicts: Mapping[tuple[str, str], int]) -> Reads:
    words: Counter[str] = Counter()
    for (_device, word), n in verdicts.items():
        words[word] += n
    accepted = words.pop(Decision.ACCEPT, 0) + words.pop(Decision.AGAIN, 0)
    repeats, no_read = words.pop(Decision.REPEAT, 0), words.pop(Reason.NO_READ, 0)
    return Reads(accepted, repeats, no_read, dict(words.most_common()))


def counted(sums: Mapping[str, int], prefix: str = "") -> Reads:
    """The reads that counters say: of the line, or with the prefix of a station."""
    accepted, repeats, no_read = (sums.get(f"{prefix}read.{part}", 0) for part in ("accepted", "repeats", "no-read"))
    return Reads(accepted, repeats, no_read, dict(reasons_in(sums, prefix)))


def by_station(verdicts: Mapping[tuple[str, str], int], stations: Mapping[str, str]) -> dict[str, Reads]:
    """By station; a device that is no longer configured stands under its own name."""
    found: dict[str, dict[tuple[str, str], int]] = {}
    for (device, word), n in verdicts.items():
        found.setdefault(stations.get(device, device), {})[device, word] = n
    return {name: reads_of(part) for name, part in sorted(found.items())}


def stops_in(minutes: Mapping[int, int], jobs: list[JobRow], span: Span, now_ms: int) -> list[Stop]:
    """Runs of whole minutes without a read while a job ran."""
    found: list[Stop] = []
    for job in jobs:
        first = -(-max(span.from_ms, job.started_ms) // MINUTE_MS)
        last = min(span.to_ms, job.stopped_ms or now_ms, now_ms) // MINUTE_MS
        since = None
        for minute in range(first, last + 1):
            if minute < last and not minutes.get(minute):
                since = minute if since is None else since
            elif since is not None:
                if minute - since >= STANDS_MIN:
                    found.append(Stop(since * MINUTE_MS, minute * MINUTE_MS))
                since = None
    return found
