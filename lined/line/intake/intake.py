"""The queue of reads: a device's frames go to the writer as one chunk, and come back as verdicts.

Guarantees: reject may be said at once, accept only after the commit; the futures of a device complete in the order of
its chunks; what was accepted but could not be said is on the list of the unsaid before the device's next read is
judged. Runs on the event loop; nothing here waits.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import structlog

from lined.journal import Journal
from lined.journal.entries import Work
from lined.line.intake.parsing import Parsing
from lined.line.intake.ports import Frame, Judgement
from lined.line.intake.under_way import Note, Pending, Submitted
from lined.line.intake.unsaid import ListUnsaid, UnlistUnsaid
from lined.line.plant import Plant, Station
from lined.line.state import LineState
from lined.line.stations.judging import Judging
from lined.line.stations.read import Chunk, Read, typed_device
from lined.line.stations.verdicts import PublishedVerdict, Ruling, told_code
from lined.line.watch.defects import Defects
from lined.line.watch.problems import Problems
from lined.line.watch.read_alarms import ReadAlarms
from lined.line.watch.scanners import Scanners
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import DeviceFact, Fact, LineFact
from lined.vocabulary.verdicts import ACCEPTED, Answer, Decision, Reason

log = structlog.get_logger()

SHOWN = 100  # verdicts kept in memory for the page
NO_SETTINGS: Mapping[str, Mapping[str, str]] = MappingProxyType({})
WITHOUT_REASON = frozenset({Decision.ACCEPT, Decision.AGAIN})  # outside the line the two are one

Listener = Callable[[Sequence[PublishedVerdict]], None]
Sink = Callable[[str, Judgement, Sequence[PublishedVerdict]], None]  # device, judgement, its verdicts


class LineIntake:
    """The Intake of the links. `wall_ms` gives the time of day in milliseconds since 1970, UTC; `settings` by device
    and symptom what to set on it.
    """

    def __init__(
        self,
        plant: Plant,
        journal: Journal,
        state: LineState,
        problems: Problems,
        device_numbers: Mapping[str, int],
        wall_ms: Callable[[], int],
        defects: Defects | None = None,
        settings: Mapping[str, Mapping[str, str]] = NO_SETTINGS,
    ) -> None:
        self.session = secrets.token_hex(6)
        self.seq = 0
        self.unkept: Counter[str] = Counter()  # rejects that only memory has counted, by reason
        self.shown: deque[PublishedVerdict] = deque(maxlen=SHOWN)
        self.last_read_ms: dict[str, int] = {}
        self.listeners: list[Listener] = []
        self.sinks: list[Sink] = []  # like a listener, and may have to call `replied` or `unsaid` for some devices
        self._journal = journal
        self._problems = self.problems = problems
        self.defects = defects or Defects(problems)
        self.judging = Judging(state)
        self._listing = ListUnsaid()
        self._unsaid_ids: set[int] = set()  # listed in this session and not told since
        self._unlisting = UnlistUnsaid()
        self._numbers = device_numbers
        self._stations: dict[str, Station] = {d: s for s in plant.stations.values() for d in s.devices}
        shapes = {gtin: product.shape for gtin, product in plant.products.items()}
        self.scanners = Scanners(problems, settings, wall_ms)
        self.parsing = Parsing(shapes, problems, self.defects, self.scanners)
        self.remarks = self.parsing.remarks
        self._wall_ms = wall_ms
        self._pending: dict[int, Pending] = {}
        self._waiting: Counter[str] = Counter()
        self._submitted: defaultdict[str, deque[Submitted]] = defaultdict(deque)
        self._notes: defaultdict[str, list[Note]] = defaultdict(list)
        self._note_failed = False
        self._marks: Counter[str] = Counter()
        self._mark = 0
        self._alarms = ReadAlarms(problems)
        self._newest_code = 0

    # ── what links call ─────────────────────────────────────────────────────────────────────────────────────────────

    def judge(self, device: str, frames: Sequence[Frame], arrived: float) -> asyncio.Future[Judgement]:  # noqa: ARG002 - the port's
        """See lined.line.intake.ports.Intake. A disk that cannot take it gives rejects, not an exception."""
        now = self._wall_ms()
        self.last_read_ms[device] = now
        chunk = Chunk(self._stations[device], device, self._numbers[device], now, [])
        counts = [self.parsing.frame(chunk, frame) for frame in frames]
        return self._submit(chunk, counts)

    def typed_chunk(self, station: Station, text: str) -> Chunk:
        """A code typed in by hand, as the chunk of a read at the station (docs/contract.md, HTTP, `/api/v1/reads`).

        `typed_done` has to follow, whatever becomes of it.
        """
        device = typed_device(station.id)
        self._waiting[device] += 1
        chunk = Chunk(station, device, self._numbers[device], self._wall_ms(), [])
        self.parsing.typed(chunk, text)
        return chunk

    def command_at(self, station: Station) -> Read:
        """What stands for a command that does what the station does."""
        device = typed_device(station.id)
        return Read(station, device, self._numbers[device], self._wall_ms())

    def typed_done(self, chunk: Chunk, ruling: Ruling | None) -> None:
        """The ruling on a typed code is on disk and is being answered: it counts as said. None: it was not judged."""
        if ruling is None:
            self._waiting[chunk.device] -= 1
            return
        self.replied(chunk.device, self._publish(chunk, [1], ruling))

    def replied(self, device: str, judgement: Judgement) -> None:
        """All verdicts of the judgement were handed to the device."""
        pending = self._pending.pop(judgement.mark, None)
        if pending is None:
            return
        self._waiting[device] -= 1
        self._note_replied(device, pending, len(pending.ruling.verdicts))
        self._raise_mark(device, pending.ruling.last_code)

    def unsaid(self, device: str, judgement: Judgement, first: int, why: str) -> None:
        """Frames from index `first` on were not told their verdicts: their codes go onto the list of the unsaid."""
        pending = self._pending.pop(judgement.mark, None)
        if pending is None:
            return
        self._waiting[device] -= 1
        skipped = sum(pending.frames[:first])
        self._note_replied(device, pending, skipped)
        self._list_unsaid(device, pending, skipped, why)
        self._raise_mark(device, pending.ruling.last_code)

    def unacknowledged(self, device: str, judgement: Judgement, first: int, why: str) -> None:
        """What counted as said never reached the device: it goes onto the list of the unsaid after all."""
        if isinstance(judgement.kept, Pending):
            self._list_unsaid(device, judgement.kept, sum(judgement.kept.frames[:first]), why)

    def _list_unsaid(self, device: str, pending: Pending, skipped: int, why: str) -> None:
        rows = [
            (code_id, pending.chunk.at_ms, why)
            for code_id, verdict in list(zip(pending.ruling.code_ids, pending.ruling.verdicts, strict=True))[skipped:]
            if code_id and verdict in ACCEPTED and (verdict != Decision.REPEAT or code_id in pending.told)
        ]
        if rows:
            log.warning("verdicts_unsaid", device=device, codes=len(rows), why=why)
            self._unsaid_ids.update(code_id for code_id, _, _ in rows)
            self._note(device, self._listing, rows)

    def flooding(self, device: str, pours: bool) -> None:
        """A device pours what is rejected, or does so no more."""
        if pours:
            self._problems.set(AlarmKind.FLOOD, device, Fact(LineFact.FLOOD, device=device))
        else:
            self._problems.clear(AlarmKind.FLOOD, device)

    def silent(self, device: str, is_silent: bool) -> None:
        """A device that is connected says nothing, though it should, or does so again."""
        if is_silent:
            self._problems.set(AlarmKind.DEVICE_SILENT, device, Fact(LineFact.SILENT, device=device))
        else:
            self._problems.clear(AlarmKind.DEVICE_SILENT, device)

    def fault(self, device: str, text: str) -> None:
        """A device reports an error."""
        self._problems.set(AlarmKind.DEVICE_FAULT, device, Fact(LineFact.DEVICE_REPORTS, device=device, more=text))

    def connected(self, device: str, up: bool, problem: Fact | None) -> None:
        """A device came or went."""
        if up:
            self._problems.clear(AlarmKind.DEVICE, device)
        else:
            self._problems.set(AlarmKind.DEVICE, device, problem or Fact(LineFact.NOT_CONNECTED, device=device))

    # ── marks of what was said ──────────────────────────────────────────────────────────────────────────────────────

    def settle_marks(self) -> None:
        """Devices with nothing under way have been told everything: move their marks up. Called about once a second."""
        self._note_again()
        for device in self._numbers:
            if not self._waiting[device]:
                self._raise_mark(device, self._newest_code)

    @property
    def under_way(self) -> int:
        """Chunks whose verdicts have not been said yet."""
        return sum(self._waiting.values())

    def _raise_mark(self, device: str, code_id: int) -> None:
        """Everything of the device up to this code is settled; its mark follows once nothing waits to be noted."""
        self._marks[device] = max(self._marks[device], code_id)
        if not self._notes[device] and self._marks[device] and self._journal.reply_marks is not None:
            self._journal.reply_marks.set(self._numbers[device], self._marks[device])

    def _note_replied(self, device: str, pending: Pending, most: int) -> None:
        """Of the first so many verdicts: what was accepted once more has been told now, and so has, by a repeat that
        was heard, an accept that was not.
        """
        told = list(zip(pending.ruling.code_ids, pending.ruling.verdicts, strict=True))[:most]
        again = [
            i
            for i, verdict in told
            if verdict == Decision.AGAIN or (verdict == Decision.REPEAT and i in self._unsaid_ids)
        ]
        if again:
            pending.told.extend(again)
            self._unsaid_ids.difference_update(again)
            self._note(device, self._unlisting, again)

    def _note(self, device: str, work: Work[Any, int], rows: list[Any]) -> None:
        note = Note(work, rows, self._journal.submit(work, rows))
        self._notes[device].append(note)
        note.under_way.add_done_callback(lambda _done: self._noted(device, note))

    def _noted(self, device: str, note: Note) -> None:
        if note.under_way.exception() is not None:
            self._note_failed = True  # the disk was full, or a defect
            return
        self._notes[device].remove(note)
        self._raise_mark(device, 0)

    def _note_again(self) -> None:
        """What the disk refused is tried again, ahead of the next read."""
        if not self._note_failed:
            return
        self._note_failed = False
        for device, notes in self._notes.items():
            for note in [n for n in notes if n.under_way.done() and n.under_way.exception() is not None]:
                notes.remove(note)
                self._note(device, note.work, self._still_true(note))

    def _still_true(self, note: Note) -> list[Any]:
        """The rows of a note that failed: what was told or unsaid after it may be on disk by now, and stays so."""
        if note.work is self._listing:
            return [row for row in note.rows if row[0] in self._unsaid_ids]
        return [code_id for code_id in note.rows if code_id not in self._unsaid_ids]

    # ── from frames to verdicts ─────────────────────────────────────────────────────────────────────────────────────

    def _submit(self, chunk: Chunk, counts: list[int]) -> asyncio.Future[Judgement]:
        answer: asyncio.Future[Judgement] = asyncio.get_running_loop().create_future()
        self._note_again()
        ruled = self._journal.submit(self.judging, chunk)
        self._waiting[chunk.device] += 1
        self._submitted[chunk.device].append(Submitted(chunk, counts, answer, ruled))
        ruled.add_done_callback(lambda _done: self._go_on(chunk.device))
        return answer

    def _go_on(self, device: str) -> None:
        """In the order of the chunks: one that the writer refused on the spot waits for those before it."""
        queue = self._submitted[device]
        while queue and queue[0].ruled.done():
            submitted = queue.popleft()
            try:
                self._ruled(submitted)
            except Exception as error:  # noqa: BLE001  a defect of ours
                self._reply_to_defect(submitted, error)

    def _ruled(self, submitted: Submitted) -> None:
        chunk, answer = submitted.chunk, submitted.answer
        error = submitted.ruled.exception()
        unkept = isinstance(error, JournalError)  # what met a defect would meet it again
        if error is None:
            ruling = submitted.ruled.result()
        else:  # a Defect was told by the writer
            reason = Reason.NOT_DURABLE if unkept else Reason.DEFECT
            ruling = Ruling([reason] * len(chunk.reads), [0] * len(chunk.reads), 0, [], None)
            self.unkept[reason] += len(chunk.reads)
        judgement = self._publish(chunk, submitted.counts, ruling, answer, failed=unkept)
        if answer.cancelled():
            self.unsaid(chunk.device, judgement, 0, Fact(DeviceFact.NOBODY_WAITS))

    def _reply_to_defect(self, submitted: Submitted, error: BaseException) -> None:
        """Nobody knows what was told to whom. A device that still waits hears rejects, which count as nothing."""
        self.defects.note(f"verdicts of {submitted.chunk.device}", error)
        if not submitted.answer.done():
            submitted.answer.set_result(Judgement([False] * len(submitted.counts), 0))

    def _publish(
        self,
        chunk: Chunk,
        counts: list[int],
        ruling: Ruling,
        answer: asyncio.Future[Judgement] | None = None,
        *,
        failed: bool = False,
    ) -> Judgement:
        """Tell everybody, the device first."""
        self._newest_code = max(self._newest_code, ruling.last_code)
        self._mark += 1
        pending = self._pending[self._mark] = Pending(chunk.device, counts, chunk, ruling, [])
        judgement = Judgement(_combined(ruling.verdicts, counts), self._mark, pending, failed)
        if answer is not None and not answer.done():
            answer.set_result(judgement)
        for step in (
            partial(self._publish_verdicts, chunk, ruling, judgement),
            partial(self._alarms.look, chunk, ruling),
        ):
            self._guarded(chunk, step)
        return judgement

    def _guarded(self, chunk: Chunk, step: Callable[[], None]) -> None:
        """One that listens badly keeps nothing from the others."""
        try:
            step()
        except Exception as error:  # noqa: BLE001  a defect of ours
            self.defects.note(f"verdicts of {chunk.device}", error)

    def _publish_verdicts(self, chunk: Chunk, ruling: Ruling, judgement: Judgement) -> None:
        station, device, at_ms, in_job = chunk.station.id, chunk.device, chunk.at_ms, ruling.job_mode is not None
        accept, reject, session = Answer.ACCEPT, Answer.REJECT, self.session
        verdicts = []
        for seq, (read, word, code_id) in enumerate(
            zip(chunk.reads, ruling.verdicts, ruling.code_ids, strict=True), self.seq + 1
        ):
            code, good = read.code, word in ACCEPTED
            answer = accept if good else reject
            ident = code.ident if good and code is not None else told_code(code, word, code_id)
            reason = None if word in WITHOUT_REASON else word
            verdicts.append(PublishedVerdict(seq, session, station, device, answer, reason, ident, at_ms, in_job))
        self.seq += len(verdicts)
        self.shown.extend(verdicts[-SHOWN:])
        for listener in self.listeners:
            self._guarded(chunk, partial(listener, verdicts))
        for sink in self.sinks:
            self._guarded(chunk, partial(sink, chunk.device, judgement, verdicts))


def _combined(verdicts: Sequence[str], counts: Sequence[int]) -> list[bool]:
    """One verdict a frame: accept only if all its codes are."""
    if all(count == 1 for count in counts):
        return [word in ACCEPTED for word in verdicts]
    accepts = []
    position = 0
    for count in counts:
        accepts.append(bool(count) and all(word in ACCEPTED for word in verdicts[position : position + count]))
        position += count
    return accepts
