"""A capture on its way into a file: from the daemon that runs, part by part, or from the port itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import drivers
from lined import __version__
from lined.cli.answers import check_not_held
from lined.cli.daemon import NoDaemon, ask_as_engineer
from lined.cli.listening import unacknowledging
from lined.codes.masking import Masking
from lined.devices import DeviceSpec, DeviceState, parse_url, run_device
from lined.line.intake.capture import END, GAP, HEAD, IN, PART_MAX, UP, VERSION, CaptureEvent, Recording, parsed
from lined.line.intake.ports import Frame, Judgement
from lined.service.assembly import plant_of
from lined.vocabulary.facts import Fact
from lined.vocabulary.times import moment

if TYPE_CHECKING:
    from lined.config import Config, Device

FETCH_S: Final = 1.0
PRIVATE: Final = 0o600


class Captured(NamedTuple):
    """What a capture came to. `ended`: why it is over."""

    events: int
    received: int
    ended: str


def captured(
    config: Config, about: Device, path: Path, *, seconds: float, mask: bool, tell: Callable[[str], None]
) -> Captured:
    """A whole capture, written to a new file that only its user can read. With `mask` it is written at the end, so
    that no check part is ever in it. Raises FileExistsError, and what the daemon's answers raise.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor has no path
        events = _events(config, about, seconds, tell)
        kept: list[CaptureEvent] = []
        n = received = 0
        ended = ""
        for event in events:
            n += 1
            received += len(event.data) if event.what == IN else 0
            ended = str(event.more["why"]) if event.what == END else ended
            if mask:
                kept.append(event)
            else:
                file.write(event.line)
        file.writelines(event.line for event in masked_events(kept, about, config))
    return Captured(n, received, ended)


def _events(config: Config, about: Device, seconds: float, tell: Callable[[str], None]) -> Iterator[CaptureEvent]:
    try:
        first = ask_as_engineer(config, f"/api/v1/devices/{about.id}/capture", begin=seconds)
    except NoDaemon:
        check_not_held(config)  # its devices are not to be taken from it
        tell(f"{about.id} at {about.url} itself, since lined does not run here, for {seconds:g} s. Ctrl-C ends it.")
        yield from asyncio.run(_of_port(config, about, seconds))
        return
    tell(f"{about.id} of the line that runs, for {seconds:g} s. Ctrl-C ends it.")
    yield from _of_daemon(config, about, first["lines"], first["ended"])


# ── from the daemon ─────────────────────────────────────────────────────────────────────────────────────────────────


def _of_daemon(config: Config, about: Device, lines: list[str], ended: str | None) -> Iterator[CaptureEvent]:
    path, number, last_s = f"/api/v1/devices/{about.id}/capture", 0, 0.0
    with _interrupted() as enough:
        while True:
            for line in lines:
                number += 1
                event = parsed(line, number)
                last_s = event.at_s
                yield _with_driver(event, about) if event.what == HEAD else event
            if ended:
                yield CaptureEvent(last_s, END, more={"why": ended})
                return
            if sum(map(len, lines)) < PART_MAX:  # else there is more already
                enough.wait(FETCH_S)
            part = ask_as_engineer(config, path, end="true" if enough.is_set() else None)
            lines, ended = part["lines"], part["ended"]


@contextlib.contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Set by Ctrl-C, which ends nothing in its middle here."""
    enough = threading.Event()
    before = signal.signal(signal.SIGINT, lambda _number, _frame: enough.set())
    try:
        yield enough
    finally:
        signal.signal(signal.SIGINT, before)


def _with_driver(head: CaptureEvent, about: Device) -> CaptureEvent:
    options = {name: value for name, value in about.options.items() if name != "login"}
    return head._replace(more={**head.more, "driver": about.driver, "options": options})


# ── from the port itself ────────────────────────────────────────────────────────────────────────────────────────────


class _Nobody:
    """An intake that judges nothing: whoever only records has no verdicts."""

    def judge(self, device: str, frames: Sequence[Frame], arrived: float) -> asyncio.Future[Judgement]:  # noqa: ARG002 - the port's
        done: asyncio.Future[Judgement] = asyncio.get_running_loop().create_future()
        done.set_result(Judgement([False] * len(frames), 0))
        return done

    def replied(self, device: str, judgement: Judgement) -> None:
        """Nothing is replied."""

    def unsaid(self, device: str, judgement: Judgement, first: int, why: str) -> None:
        """Nothing is said."""

    def unacknowledged(self, device: str, judgement: Judgement, first: int, why: str) -> None:
        """Nothing is said."""

    def flooding(self, device: str, pours: bool) -> None:
        """It is in the capture."""

    def silent(self, device: str, is_silent: bool) -> None:
        """It is in the capture."""

    def fault(self, device: str, text: str) -> None:
        """It is in the capture."""

    def connected(self, device: str, up: bool, problem: Fact | None) -> None:
        """It is in the capture."""


async def _of_port(config: Config, about: Device, seconds: float) -> list[CaptureEvent]:
    """The device is let go in the end, also by Ctrl-C. Nothing is acknowledged: a device that can sends it again."""
    recording = Recording(time.monotonic, seconds)
    station = config.station_of(about.id)
    recording.put(
        HEAD,
        more={
            "capture": VERSION,
            "device": about.id,
            "lined": __version__,
            "line": config.line.id,
            "station": station.id if station is not None else None,
            "at": moment(time.time() * 1000),
        },
    )
    spec = DeviceSpec(id=about.id, url=parse_url(about.url))
    driver = drivers.load(about.driver)(unacknowledging(about.options))
    stopping, lines = asyncio.Event(), []
    running = asyncio.create_task(
        run_device(spec, driver, _Nobody(), state=DeviceState(tap=recording.tap), stopping=stopping)
    )
    try:
        while not recording.ended and not running.done():
            await asyncio.wait({running}, timeout=FETCH_S)
            lines += _all_of(recording)
    except asyncio.CancelledError:  # Ctrl-C
        recording.ended = "asked"
    lines += _all_of(recording)
    stopping.set()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    events = [parsed(line, number) for number, line in enumerate(lines, 1)]
    return [
        _with_driver(events[0], about),
        *events[1:],
        CaptureEvent(events[-1].at_s, END, more={"why": recording.ended}),
    ]


def _all_of(recording: Recording) -> list[str]:
    lines = []
    while not recording.is_empty:
        lines += recording.take()
    return lines + recording.take()  # nothing more, and the recorder knows that somebody fetches


# ── masked ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def masked_events(events: Sequence[CaptureEvent], about: Device, config: Config) -> Iterator[CaptureEvent]:
    """The same events, each of the same length, with other check parts."""
    shapes = {gtin: product.shape for gtin, product in plant_of(config).products.items()}
    received = b"".join(event.data for event in events if event.what == IN)
    other = Masking(secrets.token_bytes(32), shapes).stream(received, codes_in(events, about))
    at = 0
    for event in events:
        if event.what == HEAD:
            yield event._replace(more={**event.more, "masked": True})
        elif event.what == IN:
            yield event._replace(data=other[at : at + len(event.data)])
            at += len(event.data)
        else:
            yield event


def codes_in(events: Iterable[CaptureEvent], about: Device) -> Iterator[bytes]:
    """The codes of a capture as its driver reads them, those of frames that came twice too; and whole frames in which
    it finds none, but for its no-reads, in which there is none.
    """
    driver = drivers.load(about.driver)(unacknowledging(about.options))
    for event in events:
        if event.what == UP:
            driver.reset()
        elif event.what in {IN, GAP}:
            for found in driver.feed(event.data) if event.what == IN else driver.gap():
                if isinstance(found, drivers.Read) and found.kind != "no-read":
                    yield from found.codes or (found.raw,)
