"""The `/status` document (docs/contract.md, HTTP): sums of one commit, and how everything is right now.

`StatusDocument.current` is what HTTP, MQTT and the page show. Whoever asks sees every commit that came before: a
command that was answered is never missing. However many ask, the journal is asked once a commit.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping

from lined import __version__
from lined.api.ports import BudgetSeen, DeviceSeen, PlantView, PrinterSeen, RegulatorSeen
from lined.api.status_schema import (
    Backlog,
    Budget,
    Counted,
    Counts,
    Device,
    JobSummary,
    Journal,
    Printer,
    Problem,
    Reads,
    Regulator,
    Status,
)
from lined.commands.registry.context import cannot_commit
from lined.journal.database import SQLITE_VERSION, affected_by_wal_reset, free_bytes
from lined.journal.tables.jobs import JobRow
from lined.journal.tables.warnings import COUNTED
from lined.journal.views import queries, stories
from lined.journal.views.queries import ReportCounts, Sums
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact, ServiceFact, within
from lined.vocabulary.line import LineState
from lined.vocabulary.reports import ReportState
from lined.vocabulary.times import moment, of_datetime
from lined.vocabulary.verdicts import Reason

FRESH_S = 0.2  # without a commit, sums are shown this long before the journal is asked again
ASK_S = 5.0  # for the journal's answer

# A no-read is counted by itself; a defect is named where there was one.
REASONS: tuple[str, ...] = tuple(reason for reason in Reason if reason not in (Reason.NO_READ, Reason.DEFECT))
NONE_UNKEPT: Mapping[str, int] = {}
NO_SUMS = Sums({}, None, {}, ReportCounts(-1, dict.fromkeys(ReportState, 0)), queries.Backlog(0, 0, None), 0)


class StatusDocument:
    """See the file's head. `current` never raises for what the journal does: it shows the last sums and says so."""

    def __init__(self, view: PlantView) -> None:
        self._view = view
        self._question = asyncio.Lock()
        self._asked = float("-inf")
        self._commits = -1
        self._unanswered: str | None = None
        self._sums = NO_SUMS

    async def current(self) -> Status:
        """The document as of now."""
        async with self._question:
            commits = self._view.journal.writer.commits
            if commits != self._commits or time.monotonic() - self._asked >= FRESH_S:
                self._unanswered = await self._ask()
                self._asked, self._commits = time.monotonic(), commits
            return document(self._view, self._sums, self._unanswered)

    async def _ask(self) -> str | None:
        """New sums. Why there are none, where the journal does not answer."""
        try:
            async with asyncio.timeout(ASK_S):
                self._sums = await self._view.journal.read(queries.sums, self._sums.reports)
        except TimeoutError:
            return f"the journal has not answered within {ASK_S:g} s"
        except JournalError as error:
            return str(error)
        return None


def document(view: PlantView, found: Sums, unanswered: str | None = None) -> Status:
    """The whole document. `unanswered`: why `found` is old."""
    stopped = cannot_commit(view.journal) or unanswered
    problems: list[Problem] = [
        {"kind": problem.kind, "where": problem.where, "text": problem.text, "since": moment(problem.since_ms)}
        for problem in view.problems.all()
    ]
    if stopped and not any(problem["kind"] in (AlarmKind.DISK, AlarmKind.JOURNAL) for problem in problems):
        text = Fact(ServiceFact.STOPPED, more=within(f"{stopped[:1].upper()}{stopped[1:]}"))
        problems.append({"kind": AlarmKind.JOURNAL, "where": str(view.journal.path), "text": text, "since": None})
    now_ms = view.wall_ms()
    return {
        "line": view.line_id,
        "version": __version__,
        "state": LineState.STOPPED if stopped else LineState.DEGRADED if problems else LineState.RUNNING,
        "problems": problems,
        **counted(found, view.intake.unkept),
        "backlog": backlog(found.backlog, now_ms, view.regulator.budget_state().get("limited")),
        "unsaid": found.unsaid,
        "remarks": found.life.get(COUNTED, 0),
        "devices": [device(device_id, view, seen) for device_id, seen in view.devices.items()],
        "printers": [printer(printer_id, seen) for printer_id, seen in view.printers.items()],
        "regulator": regulator(view.regulator, view),
        "mqtt": {
            "configured": view.mqtt_connected is not None,
            "connected": view.mqtt_connected is not None and view.mqtt_connected(),
        },
        "journal": journal(view),
        "warnings": warnings(),
        "at": moment(now_ms),
    }


def counted(found: Sums, unkept: Mapping[str, int] = NONE_UNKEPT) -> Counted:
    """`job`, `reads`, `codes` and `reports`. `unkept`: rejects that only memory has counted, by reason."""
    return {
        "job": None if found.job is None else {**job(found.job), **counts(found.of_job)},
        **counts(found.life, unkept),
        "reports": found.reports.by_state,
    }


def job(row: JobRow) -> JobSummary:
    """A job as people see it."""
    return {
        "id": str(row.id),
        "gtin": row.gtin,
        "product": row.product.get("name"),
        "mode": row.mode,
        "order": row.attributes.get("order"),
        "series": row.attributes.get("series"),
        "production_date": row.attributes.get("production_date"),
        "expiration_date": row.attributes.get("expiration_date"),
        "started_at": moment(row.started_ms),
        "started_by": row.started_by,
        "stopped_at": moment(row.stopped_ms),
        "stopped_by": row.stopped_by,
    }


def counts(sums: Mapping[str, int], unkept: Mapping[str, int] = NONE_UNKEPT) -> Counts:
    """`reads` and `codes` of a job or of the journal's life."""
    by_reason = {reason: sums.get(f"reason.{reason}", 0) for reason in REASONS}
    by_reason |= {name[7:]: n for name, n in sums.items() if name.startswith("reason.")}
    for reason, n in unkept.items():
        by_reason[reason] = by_reason.get(reason, 0) + n
    accepted, rejected = sums.get("read.accepted", 0), sums.get("read.rejected", 0) + sum(unkept.values())
    no_read, repeats = sums.get("read.no-read", 0), sums.get("read.repeats", 0)
    reads: Reads = {
        "total": accepted + rejected + no_read + repeats,
        "accepted": accepted,
        "rejected": rejected,
        "no_read": no_read,
        "repeats": repeats,
        "by_reason": by_reason,
    }
    return {
        "reads": reads,
        "codes": {bucket: sums.get(f"code.{bucket}", 0) for bucket in CodeState},
    }


def backlog(found: queries.Backlog, now_ms: int, budget: BudgetSeen | None = None) -> Backlog:
    """Codes without an outcome yet, held ones aside. `clear_s`: how long the budget needs for what has still to be
    sent, and the last of it for its outcome, once the regulator answers; None without a budget.
    """
    clear_s = None
    if budget is not None:
        sending_s = budget.held_back_s + found.unsent * 60 / budget.per_minute
        clear_s = math.ceil(sending_s + found.outcome_ms / 1000) if found.codes else 0
    age_s = None if found.oldest_ms is None else max(0, now_ms - found.oldest_ms) // 1000
    return {
        "codes": found.codes,
        "reports": found.reports,
        "oldest_at": moment(found.oldest_ms),
        "oldest_age_s": age_s,
        "clear_s": clear_s,
    }


def device(device_id: str, view: PlantView, seen: DeviceSeen) -> Device:
    return {
        "id": device_id,
        "station": view.stations.get(device_id),
        "connected": seen.connected,
        "last_read_at": _seconds(seen.last_read_at),
        "since": _seconds(seen.since),
        "problem": seen.problem,
        "peer": seen.peer,
        "listening_on": seen.listening_on,
        "frames": seen.frames,
        "heartbeats": seen.heartbeats,
        "silent": seen.silent,
        "faults": seen.faults,
        "last_fault": seen.last_fault,
        "retransmissions": seen.retransmissions,
        "garbled": seen.garbled,
        "dropped_bytes": seen.dropped_bytes,
        "remarks": dict(view.intake.remarks.get(device_id, {})),
        "reconnects": seen.reconnects,
        "unanswered": seen.unanswered,
        "last_raw": stories.shown_raw(seen.last_raw) if seen.last_raw else None,
    }


def printer(printer_id: str, seen: PrinterSeen) -> Printer:
    return {
        "id": printer_id,
        "connected": seen.connected,
        "since": _seconds(seen.since),
        "problem": seen.problem,
        "peer": seen.peer,
        "ready": seen.ready,
        "troubles": list(seen.troubles),
        "in_flight": seen.in_flight,
        "queue": seen.queue,
        "printed": seen.printed,
    }


def regulator(seen: RegulatorSeen, view: PlantView) -> Regulator:
    budget: dict[str, Budget] = {
        name: {
            "available": state.available,
            "per_minute": state.per_minute,
            "held_back_s": state.held_back_s,
            "waiting": state.waiting,
        }
        for name, state in seen.budget_state().items()
    }
    return {
        "reachable": seen.reachable,
        "credential_expires_at": of_datetime(seen.credential_expires_at),
        "url": view.url,
        "problem": seen.last_problem,
        "clock_skew_s": seen.server_skew_s,
        "sending": view.sending(),
        "budget": budget,
    }


def journal(view: PlantView) -> Journal:
    """Sizes in bytes; 0 where the disk does not even say that."""
    try:
        size, free = view.journal.bytes(), free_bytes(view.journal.path)
    except OSError:
        size = free = 0
    return {
        "bytes": size,
        "free_bytes": free,
        "queued": view.journal.writer.queued,
        "commits": view.journal.writer.commits,
    }


def warnings() -> list[str]:
    """What can be run, but should not be."""
    if affected_by_wal_reset():
        return [Fact(ServiceFact.SQLITE_RACE, version=SQLITE_VERSION)]
    return []


def _seconds(at_s: float | None) -> str | None:
    return None if at_s is None else moment(at_s * 1000)
