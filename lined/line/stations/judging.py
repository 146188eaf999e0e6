"""The verdicts of apply stations, decided inside the writer's transaction.

Here and nowhere else a code becomes applied: in the transaction that accepts it, it goes into its open batch, the sums
change, and two equal codes in one group meet each other. Order of reasons: docs/contract.md, Verdicts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from lined.codes import MarkingCode
from lined.journal.database import Connection
from lined.journal.journal import BEING_SAID
from lined.journal.tables import codes, counters, reports
from lined.journal.tables.codes import KnownCode
from lined.line.jobs.attributes import report_attributes
from lined.line.state import RECENT_MAX, Job, LineState, OpenBatch
from lined.line.stations import elsewhere, rehearsing
from lined.line.stations.desk import Chunk, Desk
from lined.line.stations.pooling import Pooling
from lined.line.stations.verdicts import Candidate, Ruling
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import GONE_FOR_GOOD, CodeEvent, CodeState
from lined.vocabulary.line import JobMode, Role
from lined.vocabulary.reports import ReportKind
from lined.vocabulary.verdicts import Decision, Reason

_SUMS: dict[str, tuple[str]] = {  # where a verdict is counted; every other one is a rejection with its reason
    Decision.ACCEPT: ("read.accepted",),
    Decision.AGAIN: ("read.accepted",),
    Decision.REPEAT: ("read.repeats",),
    Reason.NO_READ: ("read.no-read",),
}

T = TypeVar("T")


class Judging:
    """A Work of the journal's writer: chunks in, rulings out."""

    intake = True

    def __init__(self, state: LineState) -> None:
        self._state = state

    def run(self, connection: Connection, items: Sequence[Chunk]) -> list[Ruling]:
        self._state.refresh(connection)
        idents = [c.code.ident for chunk in items for c in chunk.candidates if c.code is not None]
        bench = _Bench(connection, self._state, codes.find(connection, idents))
        if self._state.pools:
            bench.pooling.look_up(candidate for chunk in items for candidate in chunk.candidates)
        rulings = [bench.judge(chunk) for chunk in items]
        bench.write()
        return rulings

    def rolled_back(self) -> None:
        self._state.stale = True

    def decide(self, connection: Connection, act: Callable[[Desk], T]) -> T:
        """Let a command do what stations do, with their rows, in its own transaction."""
        self._state.refresh(connection)
        bench = _Bench(connection, self._state, {})
        answer = act(bench.desk())
        bench.write()
        return answer


class _Bench:
    """The judging of one group: what is known, what is decided, what has to be written for it."""

    def __init__(self, connection: Connection, state: LineState, known: dict[str, KnownCode]) -> None:
        self._connection = connection
        self._state = state
        self._known = known
        self.pooling = Pooling(connection, state.pools)
        self._new: list[tuple[int, str, str, int, int, int, int]] = []
        self._reads: list[tuple[int, int, int, str, int | None, bytes | None]] = []
        self._sums: Counter[str] = Counter()
        self._verdicts: dict[str, Counter[str]] = {}  # by station
        self._batched = 0
        self._first_ms = self._last_ms = 0

    def judge(self, chunk: Chunk) -> Ruling:
        if chunk.station.role != Role.APPLY:
            return self._judge_elsewhere(chunk)
        state = self._state
        job = state.job
        verdicts: list[str] = []
        ids: list[int] = []
        alarms: list[tuple[str, str]] = []
        last = 0
        counted = self._counted(chunk)
        state.newest_ms = max(state.newest_ms, chunk.at_ms)
        for candidate in chunk.candidates:
            code = candidate.code
            verdict = candidate.reason or self._before_journal(code, job)
            if verdict:
                code_id = 0
            elif code.ident not in self._known and job.mode != JobMode.TEST:  # type: ignore[union-attr]
                verdict, code_id = Decision.ACCEPT, self._apply(chunk, code, job)  # type: ignore[arg-type]
                last = code_id
            else:
                verdict, code_id = self._seen_before(chunk, code, job, alarms)  # type: ignore[arg-type]
                last = max(last, code_id) if verdict == Decision.ACCEPT else last
            if verdict != Decision.ACCEPT or not code_id:
                self._keep_read(chunk, candidate, verdict, code_id)
            counted[verdict] += 1
            verdicts.append(verdict)
            ids.append(code_id)
        return Ruling(verdicts, ids, last, alarms, job.mode if job else None)

    def _judge_elsewhere(self, chunk: Chunk) -> Ruling:
        """A station that does more, or other, than applying; see `elsewhere`."""
        state = self._state
        state.newest_ms = max(state.newest_ms, chunk.at_ms)
        desk = self.desk()
        found = elsewhere.judge(desk, chunk)
        counted = self._counted(chunk)
        for candidate, one in zip(chunk.candidates, found, strict=True):
            if one.verdict != Decision.ACCEPT or not one.applied_id or chunk.station.role == Role.PACK:
                self._keep_read(chunk, candidate, one.verdict, one.code_id)
            counted[one.verdict] += 1
        verdicts = [one.verdict for one in found]
        ids = [one.code_id if chunk.station.applies or one.applied_id else 0 for one in found]
        last = max((one.applied_id for one in found), default=0)
        return Ruling(verdicts, ids, last, desk.alarms, state.job.mode if state.job else None)

    def desk(self) -> Desk:
        """What stations that do not only apply work with."""
        return Desk(
            self._connection,
            self._state,
            self._known,
            self._before_journal,
            self._seen_before,
            self._is_repeat,
            self._may_come_back,
            self._apply,
            self._apply_again,
            self._flush,
            self.pooling,
        )

    def _flush(self) -> None:
        """Everything decided so far as rows, so that statements of other stations see it."""
        self._flush_batch()
        self._flush_new()

    def _before_journal(self, code: MarkingCode | None, job: Job | None) -> str:
        """What can be said without a look at the codes applied so far; empty: nothing against it."""
        if code is None:
            return Reason.MALFORMED
        if code.template == "SSCC":
            return Reason.WRONG_LEVEL
        if not code.tail:
            return Reason.MALFORMED  # apply needs the full code
        if job is None:
            return Reason.NO_JOB
        if code.gtin != job.gtin:
            return Reason.WRONG_PRODUCT
        if self._state.pools and self.pooling.refuses(code):
            return Reason.UNKNOWN_CODE
        return ""

    def _seen_before(self, chunk: Chunk, code: MarkingCode, job: Job, alarms: list[tuple[str, str]]) -> tuple[str, int]:
        known = self._known.get(code.ident)
        if known is None:
            rehearsing.applied(self._state, code.ident)
            return Decision.ACCEPT, 0  # a test job: judged as usual, remembered nowhere
        if known.tail != code.tail:
            alarms.append(
                (AlarmKind.OTHER_CHECK_PART, f"{code.ident} was applied with another check part: a copied code?")
            )
            return Reason.DUPLICATE, known.id
        if known.own == CodeState.WITHDRAWN:
            if not self._may_come_back(known):
                return Reason.DUPLICATE, known.id
            if job.mode == JobMode.TEST:
                rehearsing.applied(self._state, code.ident)
                return Decision.ACCEPT, 0
            return Decision.ACCEPT, self._apply_again(chunk, code, job, known)
        if self._take_unsaid(known, job):
            if job.mode == JobMode.TEST:
                return Decision.ACCEPT, 0
            self._read_now(chunk, known)
            return Decision.AGAIN, known.id
        if self._is_repeat(chunk, known, job):
            self._read_now(chunk, known)
            return Decision.REPEAT, known.id
        return Reason.DUPLICATE, known.id

    def _take_unsaid(self, known: KnownCode, job: Job) -> bool:
        """True for one read of a code whose accept was not said. Its row stays until this one has been said: a crash
        before that makes it unsaid again. A test job takes nothing away.
        """
        row = self._connection.execute("SELECT why FROM unsaid WHERE code_id = ?", (known.id,)).fetchone()
        if row is None or row[0] == BEING_SAID:
            return False
        if job.mode != JobMode.TEST:
            self._connection.execute("UPDATE unsaid SET why = ? WHERE code_id = ?", (BEING_SAID, known.id))
        return True

    def _is_repeat(self, chunk: Chunk, known: KnownCode, job: Job) -> bool:
        """Accepted by this device in this job, and last accepted no longer ago than `repeat_s`, whichever way the
        clock went.
        """
        span_ms = chunk.station.repeat_ms.get(chunk.device, 0)
        if not span_ms:
            return False
        last = self._state.recent.get(chunk.device_no, {}).get(known.ident)
        if last is None:
            last = self._last_accept(chunk, known, job)
        return last is not None and abs(chunk.at_ms - last) <= span_ms

    def _last_accept(self, chunk: Chunk, known: KnownCode, job: Job) -> int | None:
        row = self._connection.execute(
            "SELECT max(at_ms) FROM read WHERE code_id = ? AND device_no = ? AND job_id = ? AND verdict IN (?, ?)",
            (known.id, chunk.device_no, job.id, Decision.REPEAT, Decision.AGAIN),
        ).fetchone()
        mine = known.device_no == chunk.device_no and known.job_id == job.id
        moments = [moment for moment in (row[0], known.at_ms if mine else None) if moment is not None]
        return max(moments, default=None)

    def _read_now(self, chunk: Chunk, known: KnownCode) -> None:
        """Kept in memory too, for the reads of this group are not in the journal yet."""
        recent = self._state.recent.setdefault(chunk.device_no, {})
        recent.pop(known.ident, None)
        recent[known.ident] = chunk.at_ms
        if len(recent) > RECENT_MAX:
            del recent[next(iter(recent))]

    def _may_come_back(self, known: KnownCode) -> bool:
        row = self._connection.execute(
            "SELECT detail FROM code_event WHERE code_id = ? AND what = ? ORDER BY id DESC LIMIT 1",
            (known.id, CodeState.WITHDRAWN),
        ).fetchone()
        return bool(row) and row[0] not in GONE_FOR_GOOD

    def _apply_again(self, chunk: Chunk, code: MarkingCode, job: Job, known: KnownCode) -> int:
        """A withdrawn code comes back under a new id, so that codes of a batch stay neighbours; its story goes with
        it.
        """
        self._flush_new()
        for recent in self._state.recent.values():
            recent.pop(known.ident, None)
        self._connection.execute("DELETE FROM code WHERE id = ?", (known.id,))
        code_id = self._put(chunk, code, job)
        self._flush_new()
        self._connection.execute("DELETE FROM unsaid WHERE code_id = ?", (known.id,))
        self._connection.execute("UPDATE code_event SET code_id = ? WHERE code_id = ?", (code_id, known.id))
        self._connection.execute("UPDATE read SET code_id = ? WHERE code_id = ?", (code_id, known.id))
        counters.add(self._connection, known.job_id, {f"code.{CodeState.WITHDRAWN}": -1, "code.applied": -1})
        device = self._connection.execute("SELECT id FROM device WHERE no = ?", (known.device_no,)).fetchone()
        codes.record(self._connection, code_id, known.at_ms, CodeEvent.APPLIED, device[0])  # its row is gone
        codes.record(self._connection, code_id, chunk.at_ms, CodeEvent.APPLIED_AGAIN, "after its withdrawal")
        return code_id

    def _apply(self, chunk: Chunk, code: MarkingCode, job: Job) -> int:
        """A code that was never applied before is."""
        if self._state.pools:
            self.pooling.applied(code)
        return self._put(chunk, code, job)

    def _put(self, chunk: Chunk, code: MarkingCode, job: Job) -> int:
        """The code is applied: into its batch, and known from the next read on."""
        state = self._state
        batch = self._batch(chunk.at_ms, job)
        code_id = state.next_code
        state.next_code += 1
        self._new.append((code_id, code.ident, code.tail, chunk.at_ms, chunk.device_no, job.id, batch.id))
        self._known[code.ident] = KnownCode(
            code.ident, code_id, code.tail, chunk.at_ms, chunk.device_no, job.id, batch.id, None
        )
        batch.codes += 1
        self._batched += 1
        self._first_ms = self._first_ms or chunk.at_ms
        self._last_ms = max(self._last_ms, chunk.at_ms)
        return code_id

    def _batch(self, at_ms: int, job: Job) -> OpenBatch:
        """The open batch this code belongs to: below the limit and, where each code has its own day, of its day."""
        state = self._state
        batch = state.batch
        day = state.days.day_of(at_ms)
        per_day = not job.attributes.get("production_date")
        if batch is not None and batch.codes < state.plant.batches.max_codes and not (per_day and batch.day != day):
            return batch
        self._close_batch()
        early = state.plant.batches.first_ms > 0 and not self._had_batch(job)
        report_id = reports.open_batch(
            self._connection,
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

    def _had_batch(self, job: Job) -> bool:
        return bool(
            self._connection.execute(
                "SELECT 1 FROM report WHERE job_id = ? AND kind = ? LIMIT 1", (job.id, ReportKind.UTILISATION)
            ).fetchone()
        )

    def _close_batch(self) -> None:
        """No more codes into the open batch; the sealer seals it as soon as the clock can be trusted."""
        if self._state.batch is not None:
            self._flush_batch()
            reports.change(self._connection, self._state.batch.id, full=1, last_code=self._state.next_code - 1)
            self._state.batch = None

    def _keep_read(self, chunk: Chunk, candidate: Candidate, verdict: str, code_id: int) -> None:
        raw = None if code_id else candidate.raw
        job_id = self._state.job.id if self._state.job else counters.LIFE
        self._reads.append((chunk.at_ms, chunk.device_no, job_id, verdict, code_id or None, raw))

    def _counted(self, chunk: Chunk) -> Counter[str]:
        """The verdicts of the chunk's station in this group."""
        if chunk.typed:
            self._sums[f"station.{chunk.station.id}.typed"] += len(chunk.candidates)
        return self._verdicts.setdefault(chunk.station.id, Counter())

    def _count_verdicts(self) -> None:
        """Into the line's sums and those of each station."""
        for station, verdicts in self._verdicts.items():
            for verdict, n in verdicts.items():
                for name in _SUMS.get(verdict) or ("read.rejected", f"reason.{verdict}"):
                    self._sums[name] += n
                    self._sums[f"station.{station}.{name}"] += n

    def write(self) -> None:
        """Everything decided, as rows."""
        self._flush_batch()
        self._flush_new()
        self.pooling.write()
        if self._reads:
            self._connection.executemany(
                "INSERT INTO read (at_ms, device_no, job_id, verdict, code_id, raw) VALUES (?, ?, ?, ?, ?, ?)",
                self._reads,
            )
        self._count_verdicts()
        job = self._state.job
        counters.add(self._connection, job.id if job else counters.LIFE, self._sums)

    def _flush_new(self) -> None:
        if self._new:
            codes.insert(self._connection, self._new)
            self._sums["code.unreported"] += len(self._new)
            self._sums["code.applied"] += len(self._new)
            self._new = []

    def _flush_batch(self) -> None:
        if self._batched and self._state.batch is not None:
            self._connection.execute(
                "UPDATE report SET codes = codes + ?, first_ms = coalesce(first_ms, ?), "
                "last_ms = max(coalesce(last_ms, 0), ?) WHERE id = ?",
                (self._batched, self._first_ms, self._last_ms, self._state.batch.id),
            )
            self._batched = 0
            self._first_ms = self._last_ms = 0
