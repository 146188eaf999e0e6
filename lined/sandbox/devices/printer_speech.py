"""The speech of simulated printers, by the names of their drivers.

Written from the makers' documents, with nothing of the drivers, so that a misreading there shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

WELL, JAM, RIBBON, HEAD, MEDIA = "well", "jam", "ribbon", "head", "media"
TROUBLES = (JAM, RIBBON, HEAD, MEDIA)
COMMAND_BYTES = 4_096


class Job(NamedTuple):
    """A label to be printed. `code`: as it can be read off the label, without FNC1 in its first position."""

    code: bytes
    number: int | None = None


@dataclass
class Panel:
    """How a printer is, as its own display would say it."""

    queue: int = 0
    """Labels still to print, the one under the head included."""
    printing: bool = False
    trouble: str = WELL
    last: int = 0
    """Number of the label that was printed last."""
    printed: int = 0


class Word(NamedTuple):
    """What a command means: a job to print, a queue to empty, something to answer."""

    job: Job | None = None
    clears: bool = False
    answer: Callable[[Panel], bytes] | None = None


class PrinterSpeech(Protocol):
    """`next`: the first command of what has arrived and what is left; None: it is not whole."""

    def next(self, arrived: bytes) -> tuple[Word, bytes] | None: ...

    def accepted(self, job: Job) -> bytes: ...

    def printed(self, job: Job) -> bytes: ...

    def troubled(self, trouble: str) -> bytes: ...


class _Silent:
    """A printer that only answers."""

    def accepted(self, _job: Job) -> bytes:
        return b""

    def printed(self, _job: Job) -> bytes:
        return b""

    def troubled(self, _trouble: str) -> bytes:
        return b""


class Lines:
    """`NUMBER HT CODE`, `STATUS`: what the driver `generic-queue` takes for granted."""

    def next(self, arrived: bytes) -> tuple[Word, bytes] | None:
        line, end, rest = arrived.partition(b"\r\n")
        if not end:
            return None
        number, tab, code = line.partition(b"\t")
        if tab:
            return Word(Job(code, int(number))), rest
        return Word(answer=self._status if line == b"STATUS" else None), rest

    def _status(self, panel: Panel) -> bytes:
        how = b"READY" if panel.trouble == WELL else panel.trouble.upper().encode()
        return b"QUEUE %d\r\n%b\r\n" % (panel.queue, how)

    def accepted(self, job: Job) -> bytes:
        return b"OK %d\r\n" % (job.number or 0)

    def printed(self, job: Job) -> bytes:
        return b"PRINTED %d\r\n" % (job.number or 0)

    def troubled(self, trouble: str) -> bytes:
        return (b"READY" if trouble == WELL else trouble.upper().encode()) + b"\r\n"


class Zpl(_Silent):
    """ZPL: formats from ^XA to ^XZ, and ~HS wherever it stands."""

    _SYMBOL = re.compile(rb"\^BX[NRIB],[0-9]+,200,[0-9]*,[0-9]*,[0-9]*,(.)\^FD(.*?)\^FS", re.DOTALL)
    _CODE_128 = re.compile(rb"\^BC[^\^]*\^FD>;>8([0-9]+)\^FS")

    def next(self, arrived: bytes) -> tuple[Word, bytes] | None:
        arrived = arrived.lstrip(b"\r\n")
        if arrived.startswith(b"~HS"):
            return Word(answer=self._status), arrived[3:]
        end = arrived.find(b"^XZ")
        if end < 0:
            return None
        return Word(self._job(arrived[:end])), arrived[end + 3 :]

    def _job(self, format_: bytes) -> Job:
        symbol = self._SYMBOL.search(format_)
        if symbol is None:
            sscc = self._CODE_128.search(format_)
            return Job(sscc[1] if sscc else b"?")
        escape = re.escape(symbol[1])
        read = re.sub(
            escape + rb"(?:d([0-9]{3})|(1)|(" + escape + rb"))",
            lambda one: bytes((int(one[1]),)) if one[1] else (b"\xe8" if one[2] else symbol[1]),
            symbol[2],
        )
        if not read.startswith(b"\xe8"):
            return Job(b"no GS1: " + read)
        return Job(read[1:].replace(b"\xe8", b"\x1d"))

    def _status(self, panel: Panel) -> bytes:
        batch = min(1, panel.queue)
        flags = {one: int(panel.trouble == one) for one in (MEDIA, HEAD, RIBBON)}
        first = b"030,%d,0,1234,%03d,0,0,0,000,0,0,0" % (flags[MEDIA] | (panel.trouble == JAM), panel.queue - batch)
        second = b"000,0,%d,%d,0,2,6,0,%08d,1,000" % (flags[HEAD], flags[RIBBON], batch)
        return b"".join(b"\x02%b\x03\r\n" % one for one in (first, second, b"1234,0"))


class _Ztc:
    """ZTC: commands end with CR, their fields with `|`."""

    def next(self, arrived: bytes) -> tuple[Word, bytes] | None:
        line, end, rest = arrived.partition(b"\r")
        if not end:
            return None
        command, *fields = line.lstrip(b"\n").split(b"|")
        return self._word(command, fields), rest

    def _word(self, command: bytes, _fields: list[bytes]) -> Word:
        if command == b"GST":
            return Word(
                answer=lambda panel: b"STS|%d|%d|lined|%d|%d|\r" % (*_overall(panel), panel.queue, panel.printed)
            )
        return Word(answer=(lambda _: b"ACK\r") if command in {b"SNO", b"SHO"} else None)

    def troubled(self, trouble: str) -> bytes:
        return b"STS|3|0|lined|0|0|\r" if trouble == WELL else b"FLT|1|7|1|%b|\r" % trouble.encode()


class ZtcBuffer(_Ztc):
    """With the serialisation buffer."""

    def _word(self, command: bytes, fields: list[bytes]) -> Word:
        if command == b"SID":
            return Word(Job(_clarisoft(fields[1]), int(fields[0])))
        if command == b"SCB":
            return Word(clears=True, answer=lambda _: b"ACK\r")
        if command == b"SRC":
            return Word(answer=lambda panel: b"SRC|%d|\r" % panel.queue)
        if command == b"SLR":
            return Word(answer=lambda panel: b"SLR|%d|\r" % panel.last)
        return super()._word(command, fields)

    def accepted(self, _job: Job) -> bytes:
        return b"ACK\r"

    def printed(self, _job: Job) -> bytes:
        return b""


class ZtcJobs(_Ztc):
    """With the job queue."""

    def _word(self, command: bytes, fields: list[bytes]) -> Word:
        if command == b"JDI":
            return Word(Job(_clarisoft(fields[1].removeprefix(b"CODE="))))
        if command == b"CQI":
            return Word(clears=True, answer=lambda _: b"ACK\r")
        return super()._word(command, fields)

    def accepted(self, _job: Job) -> bytes:
        return b"4711\r"

    def printed(self, _job: Job) -> bytes:
        return b"PRC\r"


class Sbpl(_Silent):
    """SBPL: a job from ESC A to ESC Z, taken with ACK; ENQ asks."""

    def next(self, arrived: bytes) -> tuple[Word, bytes] | None:
        if arrived.startswith(b"\x05"):
            return Word(answer=self._status), arrived[1:]
        end = arrived.find(b"\x1bZ")
        if end < 0:
            return None
        data = re.search(rb"\x1bDC([^\x1b]*)", arrived[:end])
        return Word(Job(data[1] if data else b"?")), arrived[end + 2 :]

    def _status(self, panel: Panel) -> bytes:
        letter = {WELL: b"G" if panel.queue else b"A", RIBBON: b"d", HEAD: b"b"}.get(panel.trouble, b"c")
        return b"\x0201%b%06dlined           \x03" % (letter, min(1, panel.queue))

    def accepted(self, _job: Job) -> bytes:
        return b"\x06"


class Tspl(_Silent):
    """TSPL: lines; PRINT prints what was drawn since CLS. ESC ! ? asks, wherever it stands."""

    def __init__(self) -> None:
        self._drawn = b"?"

    def next(self, arrived: bytes) -> tuple[Word, bytes] | None:
        if arrived.startswith(b"\x1b!?"):
            return Word(answer=self._status), arrived[3:]
        line, end, rest = arrived.partition(b"\r\n")
        if not end:
            return None
        drawn = re.fullmatch(rb'DMATRIX [0-9,]+,c126,"~1(.*)"', line)
        if drawn:
            self._drawn = re.sub(rb"~d([0-9]{3})", lambda one: bytes((int(one[1]),)), drawn[1])
        return Word(Job(self._drawn) if line == b"PRINT 1" else None), rest

    def _status(self, panel: Panel) -> bytes:
        trouble = {HEAD: 0x01, JAM: 0x02, MEDIA: 0x04, RIBBON: 0x08}.get(panel.trouble, 0)
        return bytes((trouble | (0x20 if panel.printing and not trouble else 0),))


def _overall(panel: Panel) -> tuple[int, int]:
    return (3, 0) if panel.trouble == WELL else (4, 2)


def _clarisoft(field: bytes) -> bytes:
    """As a CLARiSOFT template reads it."""
    if not field.startswith(b"~1"):
        return b"no GS1: " + field
    return re.sub(rb"~d([0-9]{3})", lambda one: bytes((int(one[1]),)), field[2:])


PRINTERS: dict[str, Callable[[], PrinterSpeech]] = {
    "generic-queue": Lines,
    "zebra-zpl": Zpl,
    "videojet-ztc": ZtcBuffer,
    "videojet-ztc/jobs": ZtcJobs,
    "sato-sbpl": Sbpl,
    "tsc-tspl": Tspl,
}
"""What each says; behind a slash a way it can be set up."""
