"""The book of scanners: what each does to codes, counted by kind since the start, and what that says about its
settings.

A read costs well under a microsecond: reads that are alike in identifier, remarks and template share one count, and
only what is not as it should be is looked at more closely. What is kept is bounded by KINDS_MAX and DETAILS_MAX a
device, whatever it sends. A setting is to blame after IN_A_ROW reads in a row, and right again after RIGHT_AGAIN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from lined import codes as marking
from lined.codes import GS1_TEMPLATES, Malformed, MarkingCode
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, MalformedFact, Param, ScannerFact
from lined.vocabulary.scanners import ScannerSign, Symptom

IN_A_ROW: Final = 10
CASE_IN_A_ROW: Final = 20  # one code in a few hundred has no small letter by chance
RIGHT_AGAIN: Final = 10
KINDS_MAX: Final = 64
DETAILS_MAX: Final = 16
OTHERS: Final = "…"
"""Stands for whatever is more than the bounds."""

ALARMING: Final = frozenset({Symptom.SEPARATOR, Symptom.CASE, Symptom.FRAMES, Symptom.AIM})
"""What costs codes, or the certainty about them, and has no alarm of its own."""

_BRACKET: Final = ord("]")
_NONE: Final = b""
_NOT_TOLD: Final = b"-"  # behind the first code of a frame: one identifier may stand for all of it
_WRONG_CASE: Final = frozenset({b"]D1", b"]D2", b"]c0", b"]c1", b"]q1", b"]q3", b"]j1"})
_BY_REMARK: Final = (
    (marking.NO_FNC1, ScannerSign.FNC1_MISSING),
    (marking.LEADING_GS, ScannerSign.GS_FIRST),
    (marking.SURPLUS_SEPARATOR, ScannerSign.SEPARATOR_SURPLUS),
    (marking.OUTSIDE_SET_82, ScannerSign.UNUSUAL_CHARACTER),
)
_SURPLUS: Final = marking.LEADING_GS | marking.SURPLUS_SEPARATOR

Kind = tuple[bytes, int, str]
"""What reads are alike in: identifier, remarks, template."""


class Seen(NamedTuple):
    """`detail`: which identifier, which spelling, which reason; empty where there is nothing more to tell."""

    sign: ScannerSign
    detail: str
    n: int
    first_ms: int
    last_ms: int


class Finding(NamedTuple):
    """A setting that is to blame, since when, and what to set."""

    symptom: Symptom
    text: Fact
    setting: str
    since_ms: int


class _Tally:
    """`wrong`: what is to blame for each of them."""

    __slots__ = ("first_ms", "last_ms", "n", "wrong")

    def __init__(self, at_ms: int, wrong: frozenset[Symptom] = frozenset()) -> None:
        self.n = 0
        self.first_ms = self.last_ms = at_ms
        self.wrong = wrong


class _Run:
    """Reads in a row with a symptom; once it is a finding, those in a row without."""

    __slots__ = ("found", "n", "right", "since_ms", "spelled")

    def __init__(self, at_ms: int) -> None:
        self.n = self.right = 0
        self.since_ms = at_ms
        self.found = False
        self.spelled = ""


class Scanner:
    """One device. `settings`: what to set on it, by symptom."""

    def __init__(self, device: str, settings: Mapping[str, str], problems: Problems) -> None:
        self.reads = 0
        """Frames that the device gave for an item."""
        self.no_reads = 0
        self._device = device
        self._settings = settings
        self._problems = problems
        self._kinds: dict[Kind, _Tally] = {}
        self._details: dict[ScannerSign, dict[str, _Tally]] = {}
        self._runs: dict[Symptom, _Run] = {}
        self._knows_aim = False
        self._one_case_tail = ""

    # ── what is seen ────────────────────────────────────────────────────────────────────────────────────────────────

    def code(self, raw: bytes, code: MarkingCode, at_ms: int, *, first: bool = True) -> None:
        """A code as it came, and what it was read as. `first`: of its frame."""
        template, ident, tail, _, remarks = code
        kind = (raw[:3] if raw[0] == _BRACKET else _NONE if first else _NOT_TOLD, remarks, template)
        tally = self._kinds.get(kind) or self._new(kind, at_ms)
        tally.n += 1
        tally.last_ms = at_ms
        one_case = (tail.isupper() and ident.upper() == ident) or (tail.islower() and ident.lower() == ident)
        if one_case or tally.wrong or self._runs:
            self._look(kind, tally, raw, code)

    def malformed(self, raw: bytes, fault: Malformed, at_ms: int) -> None:
        """A code that is none."""
        reason = fault.reason.code
        if reason is MalformedFact.NOT_ASCII:
            self._count(ScannerSign.FOREIGN, _alphabet(raw), at_ms)
            self._wrong(Symptom.LAYOUT, at_ms)
        elif fault.device_fault:
            self._count(ScannerSign.PRINTED, "", at_ms)
            self._wrong(Symptom.BRACKETS, at_ms)
        elif reason is MalformedFact.SEPARATOR_OR_SERIAL:
            self._count(ScannerSign.SEPARATOR_LOST, "", at_ms)
            self._wrong(Symptom.SEPARATOR, at_ms)
        else:
            self._count(ScannerSign.UNREADABLE, str(reason.value), at_ms)

    def frame(self, at_ms: int, *, understood: bool) -> None:
        """A frame without a code: nothing was legible, or the driver does not understand it."""
        if understood:
            self._right(Symptom.FRAMES)
            return
        self._count(ScannerSign.FRAME, "", at_ms)
        self._wrong(Symptom.FRAMES, at_ms)

    def _look(self, kind: Kind, tally: _Tally, raw: bytes, code: MarkingCode) -> None:
        """A read that is not as it should be, or comes while something is not."""
        aim, remarks, template = kind
        at_ms, wrong = tally.last_ms, tally.wrong
        spelled, one_case = "", self._one_case(code)
        if remarks & marking.RESTORED_SEPARATOR:
            spelled = _spelled(raw, code)
            self._count(ScannerSign.SEPARATOR_SPELLED if spelled else ScannerSign.SEPARATOR_LOST, spelled, at_ms)
        elif not template and not marking.may_have_lost_its_separator(code.ident):
            wrong -= {Symptom.SEPARATOR}
        if one_case:
            self._count(ScannerSign.CASE, one_case, at_ms)
            wrong |= {Symptom.CASE}
        for symptom in wrong:
            self._wrong(symptom, at_ms, spelled)
        if self._runs:
            for symptom in self._runs.keys() - wrong:
                if _tells(symptom, aim, code):
                    self._right(symptom)

    def _one_case(self, code: MarkingCode) -> str:
        """`upper` or `lower` where all letters are of that case; labels for trying things out, which share one check
        part, say nothing.
        """
        found = "upper" if code.full.isupper() else "lower" if code.full.islower() else ""
        if not found or not code.tail:
            return ""
        before, self._one_case_tail = self._one_case_tail or code.tail, code.tail
        return found if code.tail != before else ""

    def _new(self, kind: Kind, at_ms: int) -> _Tally:
        """The count of a kind that was not seen yet."""
        aim, remarks, template = kind
        if len(self._kinds) >= KINDS_MAX:
            kind = (OTHERS.encode(), remarks & marking.RESTORED_SEPARATOR, template)
        wrong = set()
        if aim in _WRONG_CASE:
            wrong.add(Symptom.CASE)
        if remarks & marking.RESTORED_SEPARATOR or not template:
            wrong.add(Symptom.SEPARATOR)
        if remarks & _SURPLUS:
            wrong.add(Symptom.SURPLUS)
        if aim.startswith(b"]") and not self._knows_aim:
            self._knows_aim = True
            for other, tally in self._kinds.items():
                tally.wrong |= {Symptom.AIM} if other[0] == _NONE else set()
        elif aim == _NONE and self._knows_aim:
            wrong.add(Symptom.AIM)
        return self._kinds.setdefault(kind, _Tally(at_ms, frozenset(wrong)))

    def _count(self, sign: ScannerSign, detail: str, at_ms: int) -> None:
        tallies = self._details.setdefault(sign, {})
        if detail not in tallies and len(tallies) >= DETAILS_MAX:
            detail = OTHERS
        tally = tallies.setdefault(detail, _Tally(at_ms))
        tally.n += 1
        tally.last_ms = at_ms

    # ── what that says ──────────────────────────────────────────────────────────────────────────────────────────────

    def _wrong(self, symptom: Symptom, at_ms: int, spelled: str = "") -> None:
        run = self._runs.setdefault(symptom, _Run(at_ms))
        run.n += 1
        run.right = 0
        run.spelled = spelled if symptom is Symptom.SEPARATOR else ""
        if not run.found and run.n >= (CASE_IN_A_ROW if symptom is Symptom.CASE else IN_A_ROW):
            run.found = True
            self._tell()

    def _right(self, symptom: Symptom) -> None:
        run = self._runs.get(symptom)
        if run is None:
            return
        run.right += 1
        if not run.found or run.right >= RIGHT_AGAIN:
            del self._runs[symptom]
            if run.found:
                self._tell()

    def _tell(self) -> None:
        """The gravest finding as an alarm, or that there is none any more."""
        standing = next((one for one in self.findings() if one.symptom in ALARMING), None)
        if standing is None:
            self._problems.clear(AlarmKind.DEVICE_SETTINGS, self._device)
        else:
            self._problems.set(AlarmKind.DEVICE_SETTINGS, self._device, standing.text)

    def findings(self) -> list[Finding]:
        """The settings that are to blame now, the gravest first."""
        found = []
        for symptom in Symptom:
            run = self._runs.get(symptom)
            if run is None or not run.found:
                continue
            setting = self._settings.get(symptom, "")
            found.append(Finding(symptom, _told(symptom, run, self._device, setting), setting, run.since_ms))
        return found

    def signs(self) -> list[Seen]:
        """All that was seen, in the order of the signs, the most frequent detail first."""
        sums: dict[tuple[ScannerSign, str], _Tally] = {}
        for sign, detail, tally in self._counted():
            whole = sums.setdefault((sign, detail), _Tally(tally.first_ms))
            whole.n += tally.n
            whole.first_ms, whole.last_ms = min(whole.first_ms, tally.first_ms), max(whole.last_ms, tally.last_ms)
        order = list(ScannerSign)
        seen = [Seen(sign, detail, one.n, one.first_ms, one.last_ms) for (sign, detail), one in sums.items()]
        return sorted(seen, key=lambda one: (order.index(one.sign), -one.n, one.detail))

    def _counted(self) -> Iterator[tuple[ScannerSign, str, _Tally]]:
        for (aim, remarks, template), tally in self._kinds.items():
            if aim not in {_NONE, _NOT_TOLD}:
                yield ScannerSign.AIM, aim.decode(errors="replace"), tally
            elif aim == _NONE:
                yield ScannerSign.AIM_MISSING, "", tally
            for flag, sign in _BY_REMARK:
                if remarks & flag:
                    yield sign, "", tally
            if template in GS1_TEMPLATES and not remarks & marking.RESTORED_SEPARATOR:
                yield ScannerSign.SEPARATOR, "", tally
            if not template:
                yield ScannerSign.CHECK_PART_MISSING, "", tally
        for sign, tallies in self._details.items():
            for detail, tally in tallies.items():
                yield sign, detail, tally


class Scanners(dict[str, Scanner]):
    """By device; one that is not known yet begins. `settings`: by device and symptom, what to set on it."""

    def __init__(
        self, problems: Problems, settings: Mapping[str, Mapping[str, str]], wall_ms: Callable[[], int]
    ) -> None:
        super().__init__()
        self.since_ms = wall_ms()
        self._problems = problems
        self._settings = settings

    def __missing__(self, device: str) -> Scanner:
        scanner = self[device] = Scanner(device, self._settings.get(device, {}), self._problems)
        return scanner


def _told(symptom: Symptom, run: _Run, device: str, setting: str) -> Fact:
    told: dict[str, Param] = {"device": device, "since_at": run.since_ms, "setting": setting}
    match symptom:
        case Symptom.LAYOUT:
            return Fact(ScannerFact.LAYOUT, **told)
        case Symptom.BRACKETS:
            return Fact(ScannerFact.BRACKETS, **told)
        case Symptom.SEPARATOR if run.spelled:
            return Fact(ScannerFact.SPELLED, **told, spelled=run.spelled)
        case Symptom.SEPARATOR:
            return Fact(ScannerFact.NO_SEPARATOR, **told)
        case Symptom.CASE:
            return Fact(ScannerFact.CASE, **told)
        case Symptom.FRAMES:
            return Fact(ScannerFact.FRAMES, **told)
        case Symptom.AIM:
            return Fact(ScannerFact.NO_AIM, **told)
        case Symptom.SURPLUS:
            return Fact(ScannerFact.SURPLUS, **told)


def _tells(symptom: Symptom, aim: bytes, code: MarkingCode) -> bool:
    """Whether a read without the symptom says that it is over."""
    if symptom is Symptom.SEPARATOR:
        return code.template in GS1_TEMPLATES
    if symptom is Symptom.CASE:
        return code.full.upper() != code.full != code.full.lower()
    if symptom is Symptom.AIM:
        return aim not in {_NONE, _NOT_TOLD}
    return True


def _spelled(raw: bytes, code: MarkingCode) -> str:
    """How the device spelled the first separator that is none; empty where it was lost."""
    return next((one for one in marking.spellings(raw, code.ident, code.tail) if one != marking.GS), "")


def _alphabet(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    return "Cyrillic" if any("\u0400" <= sign <= "\u04ff" for sign in text) else "UTF-8"
