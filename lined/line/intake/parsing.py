"""Parsing: from a device's frames to the reads that stations judge, and what the frames say about the device."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from lined import codes as marking
from lined.codes import Shape
from lined.line.intake.ports import Frame
from lined.line.stations.read import Chunk, Read
from lined.line.watch.defects import Defects
from lined.line.watch.problems import Problems
from lined.line.watch.scanners import Scanner, Scanners
from lined.line.watch.triggers import Triggers
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.line import Role
from lined.vocabulary.packages import PackMode
from lined.vocabulary.verdicts import Reason

RAW_KEPT = 256  # bytes of a rejected read that are kept for diagnosis
ROWS_AT_ONCE, ROWS_PER_S = 1_000, 1  # of a device's reads without a code: what is more is counted, and kept as no row
RIGHT_AGAIN = 10  # good codes after which a scanner's set-up counts as put right


class Parsing:
    """`remarks`: by device, how often something about its codes was put right; `scanners`: what each device does."""

    def __init__(self, shapes: Mapping[str, Shape], problems: Problems, defects: Defects, scanners: Scanners) -> None:
        self.remarks: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.scanners = scanners
        self.triggers = Triggers(problems)
        self._shapes = shapes
        self._problems = problems
        self._defects = defects
        self._rows_left: dict[str, tuple[float, int]] = {}
        self._foreign: dict[str, int] = {}  # devices whose set-up is wrong, and how many good codes end that

    def frame(self, chunk: Chunk, frame: Frame) -> int:
        """A frame's reads into its chunk. Returns how many. A defect of ours is a rejected read."""
        reads = chunk.reads
        before = len(reads)
        try:
            for read in self._reads(chunk, frame):
                reads.append(read if read.code is not None else self._bounded(read))
        except Exception as error:  # noqa: BLE001  a defect of ours
            self._defects.note(f"reads of {chunk.device}", error)
            reads[before:] = [_rejected(chunk, Reason.DEFECT, frame)]
        return len(reads) - before

    def typed(self, chunk: Chunk, text: str) -> None:
        """What a person typed raises no alarm about a scanner, and may be in the printed form."""
        raw = text[:RAW_KEPT].encode("utf-8", "replace")[:RAW_KEPT]
        station, device, number, at_ms, reads = chunk
        try:
            reads.append(Read(station, device, number, at_ms, "", marking.typed(text, self._shapes), raw))
        except marking.Malformed as fault:
            reads.append(Read(station, device, number, at_ms, Reason.MALFORMED, None, raw, fault.reason))

    def _bounded(self, read: Read) -> Read:
        """Garbage in any number fills no disk: each read is counted, and only so many have rows."""
        if any(one.code is not None for one in read.frame):
            return read
        left, at_ms = self._rows_left.get(read.device, (float(ROWS_AT_ONCE), read.at_ms))
        left = min(float(ROWS_AT_ONCE), left + max(0, read.at_ms - at_ms) / 1000 * ROWS_PER_S)
        self._rows_left[read.device] = (max(0.0, left - 1), read.at_ms)
        return read if left >= 1 else read._replace(counted_only=True)

    def _reads(self, chunk: Chunk, frame: Frame) -> list[Read]:
        scanner = self.scanners[chunk.device]
        scanner.reads += 1
        trigger = getattr(frame, "trigger", None)
        if trigger is not None:
            self.triggers.came(chunk.device, trigger)
        codes = frame.codes
        if len(codes) == 1 and frame.kind == "read" and not frame.missed and chunk.station.role == Role.APPLY:
            return [self._read(chunk, codes[0], scanner, True)]  # nearly all of them: no more is done than has to be
        if frame.kind != "read" or not (codes or frame.missed):
            nothing = frame.kind == "no-read"
            scanner.no_reads += nothing
            scanner.frame(chunk.at_ms, understood=nothing)
            return [_rejected(chunk, Reason.NO_READ if nothing else Reason.MALFORMED, frame)]
        found = [self._read(chunk, raw, scanner, not place) for place, raw in enumerate(codes)]
        if frame.missed:
            scanner.no_reads += 1
            found += [_rejected(chunk, Reason.NO_READ, frame)] * frame.missed
        if chunk.station.role == Role.APPLY:
            return found
        if chunk.station.mode == PackMode.FRAME:
            reasons = {read.reason for read in found}
            reason = next((one for one in (Reason.NO_READ, Reason.MALFORMED) if one in reasons), "")
            return [_rejected(chunk, reason, frame)._replace(frame=tuple(found))]
        at = getattr(frame, "at", None)
        return [read._replace(grade=frame.grade, at=at) for read in found]

    def _read(self, chunk: Chunk, raw: bytes, scanner: Scanner, first: bool) -> Read:
        station, device, number, at_ms, _ = chunk
        try:
            code = marking.parse(raw, self._shapes)
        except marking.Malformed as fault:
            return self._malformed(chunk, raw, scanner, fault)
        try:
            scanner.code(raw, code, at_ms, first=first)
        except Exception as error:  # noqa: BLE001  a defect of ours: what only watches rejects nothing
            self._defects.note(f"signs of {device}", error)
        if not (code.remarks or self._foreign):
            return Read(station, device, number, at_ms, "", code, raw)
        if code.remarks:
            self.remarks[device].update(name for flag, name in marking.REMARKS.items() if code.remarks & flag)
        if device in self._foreign:
            self._foreign[device] -= 1
            if not self._foreign[device]:
                del self._foreign[device]
                self._problems.clear(AlarmKind.DEVICE_SET_UP, device)
        return Read(station, device, number, at_ms, "", code, raw)

    def _malformed(self, chunk: Chunk, raw: bytes, scanner: Scanner, fault: marking.Malformed) -> Read:
        station, device, number, at_ms, _ = chunk
        scanner.malformed(raw, fault, at_ms)
        if fault.device_fault:
            self._foreign[device] = RIGHT_AGAIN
            self._problems.set(
                AlarmKind.DEVICE_SET_UP, device, Fact(LineFact.WRONG_CHARACTERS, where=device, more=fault.reason)
            )
        return Read(station, device, number, at_ms, Reason.MALFORMED, None, raw[:RAW_KEPT], fault.reason)


def _rejected(chunk: Chunk, reason: str, frame: Frame) -> Read:
    """The frame itself as a read: rejected, or with the reads in it to be judged together."""
    station, device, number, at_ms, _ = chunk
    return Read(station, device, number, at_ms, reason, None, frame.raw[:RAW_KEPT])
