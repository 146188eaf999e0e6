"""The transaction of one group of reads: what is known, what is decided, and what has to be written for it.

All stations of a line are judged in the order of their reads, with one view of what is known. Rows are written as late
as possible and as many at once as possible; `flush` writes what statements of rules have to see. Runs in the writer's
thread, inside its SQL transaction: when that is rolled back, LineState is loaded anew.
"""

from __future__ import annotations

from collections import Counter

from lined.codes import MarkingCode
from lined.journal.database import Connection
from lined.journal.tables import codes, counters, devices, reads, reports, unsaid
from lined.journal.tables.codes import KnownCode
from lined.line.jobs.attributes import report_attributes
from lined.line.state import RECENT_MAX, Job, LineState, OpenBatch, job_of
from lined.line.stations.pooling import Pooling
from lined.line.stations.read import Chunk, Read
from lined.line.stations.rehearsal import Rehearsal
from lined.line.stations.verdicts import Verdict
from lined.vocabulary.codes import GONE_FOR_GOOD, CodeEvent, CodeState
from lined.vocabulary.facts import CodeFact, Fact
from lined.vocabulary.line import JobMode
from lined.vocabulary.reports import ReportKind
from lined.vocabulary.verdicts import Decision, Reason

_SUMS: dict[str, tuple[str]] = {  # where a verdict is counted; every other one is a rejection with its reason
    Decision.ACCEPT: ("read.accepted",),
    Decision.AGAIN: ("read.accepted",),
    Decision.REPEAT: ("read.repeats",),
    Reason.NO_READ: ("read.no-read",),
}


class Transaction:
    """See the file's head. `known`: codes applied so far, as far as they were looked up. `alarms`: (kind, fact) that
    the chunk in hand raised, None clears. `rehearsal`: of the running test job, which applies and packs nothing for
    good.
    """

    def __init__(self, connection: Connection, state: LineState, known: dict[str, KnownCode]) -> None:
        self.connection = connection
        self.state = state
        self.known = known
        self.pools = Pooling(connection, state.pools)
        self.alarms: list[tuple[str, Fact | None]] = []
        self.rehearsal = rehearsal_of(state)
        self._jobs: dict[int, Job | None] = {}
        self._new: list[tuple[int, str, str, int, int, int, int]] = []
        self._reads: list[reads.Row] = []
        self._sums: Counter[str] = Counter()
        self._words: dict[str, Counter[str]] = {}  # verdicts by station
        self._batched = 0
        self._first_ms = self._last_ms = 0

    # ── what is known ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def job(self) -> Job | None:
        """The running job."""
        return self.state.job

    def job_of(self, job_id: int) -> Job | None:
        """A job of the journal, running or ended."""
        running = self.state.job
        if running is not None and running.id == job_id:
            return running
        if job_id not in self._jobs:
            self._jobs[job_id] = job_of(self.connection, job_id)
        return self._jobs[job_id]

    def look_up(self, ident: str) -> KnownCode | None:
        """A code as the journal has it now, also where another station or a command has changed it."""
        found = codes.find(self.connection, [ident]).get(ident)
        if found is not None:
            self.known[ident] = found
        return found

    def may_come_back(self, known: KnownCode) -> bool:
        """Whether a withdrawn code may be applied again: not where its item is gone for good."""
        why = codes.last_detail(self.connection, known.id, CodeState.WITHDRAWN)
        return why is not None and why not in GONE_FOR_GOOD

    def last_seen(self, read: Read, ident: str) -> int | None:
        """When this device last had the code accepted, as far as memory knows."""
        return self.state.recent.get(read.device_no, {}).get(ident)

    def remember(self, read: Read, ident: str) -> None:
        """In memory too, for the reads of this group are not in the journal yet. Only where repeats are known."""
        if not read.station.repeat_ms.get(read.device):
            return
        recent = self.state.recent.setdefault(read.device_no, {})
        recent.pop(ident, None)
        recent[ident] = read.at_ms
        if len(recent) > RECENT_MAX:
            del recent[next(iter(recent))]

    # ── what is decided ─────────────────────────────────────────────────────────────────────────────────────────────

    def apply(self, read: Read, code: MarkingCode, job: Job) -> int:
        """A code that was never applied before is. Returns its id, 0 in a test job."""
        if job.mode == JobMode.TEST:
            return self._rehearse(read, code)
        if self.state.pools:
            self.pools.applied(code)
        return self._put(read, code, job)

    def apply_again(self, read: Read, code: MarkingCode, job: Job, known: KnownCode) -> int:
        """A withdrawn code comes back under a new id, so that codes of a batch stay neighbours; its story goes with
        it. Returns the id, 0 in a test job.
        """
        if job.mode == JobMode.TEST:
            return self._rehearse(read, code)
        self._flush_new()
        for recent in self.state.recent.values():
            recent.pop(known.ident, None)
        codes.remove(self.connection, known.id)
        code_id = self._put(read, code, job)
        self._flush_new()
        unsaid.remove(self.connection, [known.id])
        codes.move_events(self.connection, known.id, code_id)
        reads.move_to(self.connection, known.id, code_id)
        counters.add(self.connection, known.job_id, {f"code.{CodeState.WITHDRAWN}": -1, "code.applied": -1})
        device = devices.name_of(self.connection, known.device_no)
        codes.record(self.connection, code_id, known.at_ms, CodeEvent.APPLIED, device)  # its row is gone
        codes.record(self.connection, code_id, read.at_ms, CodeEvent.APPLIED_AGAIN, Fact(CodeFact.APPLIED_AGAIN))
        return code_id

    def _rehearse(self, read: Read, code: MarkingCode) -> int:
        assert self.rehearsal is not None
        self.rehearsal.apply(code, read.at_ms, read.device_no)
        return 0

    def _put(self, read: Read, code: MarkingCode, job: Job) -> int:
        """The code is applied: into its batch, and known from the next read on."""
        state = self.state
        batch = self._batch(read.at_ms, job)
        code_id = state.next_code
        state.next_code += 1
        self._new.append((code_id, code.ident, code.tail, read.at_ms, read.device_no, job.id, batch.id))
        self.known[code.ident] = KnownCode(
            code.ident, code_id, code.tail, read.at_ms, read.device_no, job.id, batch.id, None
        )
        batch.codes += 1
        self._batched += 1
        self._first_ms = self._first_ms or read.at_ms
        self._last_ms = max(self._last_ms, read.at_ms)
        return code_id

    def _batch(self, at_ms: int, job: Job) -> OpenBatch:
        """The open batch this code belongs to: below the limit and, where each code has its own day, of its day."""
        state = self.state
        batch = state.batch
        day = state.days.day_of(at_ms)
        per_day = not job.attributes.get("production_date")
        if batch is not None and batch.codes < state.plant.batches.max_codes and not (per_day and batch.day != day):
            return batch
        self._close_batch()
        early = state.plant.batches.first_ms > 0 and not reports.has_any(
            self.connection, job.id, ReportKind.UTILISATION
        )
        report_id = reports.open_batch(
            self.connection,
            kind=ReportKind.UTILISATION,
            job_id=job.id,
            attributes=report_attributes(job, state.plant.business_place_id),
            day=day,
            first_code=state.next_code,
            at_ms=at_ms,
            early=early,
        )
        state.batch = OpenBatch(report_id, day, 0)
        return state.batch

    def _close_batch(self) -> None:
        """No more codes into the open batch; the sealer seals it as soon as the clock can be trusted."""
        if self.state.batch is not None:
            self._flush_batch()
            reports.change(self.connection, self.state.batch.id, full=1, last_code=self.state.next_code - 1)
            self.state.batch = None

    # ── what has to be written ──────────────────────────────────────────────────────────────────────────────────────

    def count(self, chunk: Chunk) -> Counter[str]:
        """The verdicts of the chunk's station in this group, to be counted into."""
        if chunk.typed:
            self._sums[f"station.{chunk.station.id}.typed"] += len(chunk.reads)
        return self._words.setdefault(chunk.station.id, Counter())

    def keep(self, read: Read, verdict: Verdict) -> None:
        """The read becomes a row, unless it is one of too many."""
        if read.counted_only:
            return
        raw = None if verdict.code_id else read.raw
        job_id = self.state.job.id if self.state.job else counters.LIFE
        self._reads.append((read.at_ms, read.device_no, job_id, verdict.word, verdict.code_id or None, raw))

    def flush(self) -> None:
        """Everything applied so far as rows, so that statements of rules see it."""
        self._flush_batch()
        self._flush_new()

    def write(self) -> None:
        """Everything decided, as rows."""
        self.flush()
        self.pools.write()
        if self._reads:
            reads.keep(self.connection, self._reads)
        self._count_words()
        job = self.state.job
        counters.add(self.connection, job.id if job else counters.LIFE, self._sums)

    def _count_words(self) -> None:
        """Into the line's sums and those of each station."""
        for station, words in self._words.items():
            for word, n in words.items():
                for name in _SUMS.get(word) or ("read.rejected", f"reason.{word}"):
                    self._sums[name] += n
                    self._sums[f"station.{station}.{name}"] += n

    def _flush_new(self) -> None:
        if self._new:
            codes.insert(self.connection, self._new)
            self._sums["code.unreported"] += len(self._new)
            self._sums["code.applied"] += len(self._new)
            self._new = []

    def _flush_batch(self) -> None:
        if self._batched and self.state.batch is not None:
            reports.grow(self.connection, self.state.batch.id, self._batched, self._first_ms, self._last_ms)
            self._batched = 0
            self._first_ms = self._last_ms = 0


def rehearsal_of(state: LineState) -> Rehearsal | None:
    """The rehearsal of the running test job; None where no test job runs."""
    job = state.job
    if job is None or job.mode != JobMode.TEST:
        return None
    if state.rehearsal is None or state.rehearsal.job_id != job.id:
        state.rehearsal = Rehearsal(job.id)
    return state.rehearsal
