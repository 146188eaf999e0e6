"""A device listened to before there is a line: what it sends, and what lined makes of it. Nothing is judged, kept or
written back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import drivers
from lined.codes import REMARKS, Malformed, Shape, masked, parse
from lined.devices import DeviceSpec, parse_url, run_device
from lined.line.intake.ports import Frame, Judgement
from lined.vocabulary.facts import Fact

if TYPE_CHECKING:
    from rich.console import Console

    from lined.config import Device

FRAMES_MAX = 10_000  # of one listening; a camera that pours is not listened to for longer


class Observation(NamedTuple):
    """`good`: a full marking code. `text`: for people, check parts masked."""

    good: bool
    text: str


class Listener:
    """An intake that only tells. `tell` is called on the loop for each thing that is observed; `enough` is set after so
    many good reads.
    """

    def __init__(self, tell: Callable[[Observation], None], shapes: Mapping[str, Shape], wanted: int) -> None:
        self.enough = asyncio.Event()
        self._tell = tell
        self._shapes = shapes
        self._wanted = wanted
        self._left = FRAMES_MAX

    def judge(self, device: str, frames: Sequence[Frame], arrived: float) -> asyncio.Future[Judgement]:  # noqa: ARG002 - the port's
        """Everything is rejected, and nobody told: the spec has no replies."""
        for frame in frames[: self._left]:
            for one in observations(frame, self._shapes):
                self._tell(one)
                self._wanted -= one.good
        self._left -= len(frames)
        if self._wanted <= 0 or self._left <= 0:
            self.enough.set()
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
        if pours:
            self._tell(Observation(False, f"{device} sends far too much: check its trigger and its settings"))

    def silent(self, device: str, is_silent: bool) -> None:
        if is_silent:
            self._tell(Observation(False, f"{device} is connected, and nothing comes from it"))

    def fault(self, device: str, text: str) -> None:
        self._tell(Observation(False, f"{device} reports: {text}"))

    def connected(self, device: str, up: bool, problem: Fact | None) -> None:
        self._tell(
            Observation(False, f"{device} is connected" if up else f"{device} is not connected: {problem or 'yet'}")
        )


def observations(frame: Frame, shapes: Mapping[str, Shape]) -> list[Observation]:
    """What lined makes of a frame."""
    if frame.kind != "read":
        what = "no code seen" if frame.kind == "no-read" else "a frame that is none of this driver's"
        return [Observation(False, f"{what}: {_text(frame.raw)}")]
    return [_code(raw, shapes) for raw in frame.codes]


def _code(raw: bytes, shapes: Mapping[str, Shape]) -> Observation:
    try:
        code = parse(raw, shapes)
    except Malformed as fault:
        return Observation(False, f"no marking code: {_text(raw)} ({fault.reason})")
    if not code.tail:
        return Observation(
            False,
            f"{_text(raw)}: no check part can be told apart. Has the reader lost the separator (GS, FNC1)? "
            "`lined drivers NAME` says what to set",
        )
    remarks = [name for flag, name in REMARKS.items() if code.remarks & flag]
    return Observation(True, f"{code.template} {_text(raw)}" + (f" ({', '.join(remarks)})" if remarks else ""))


def _text(raw: bytes) -> str:
    return masked(raw[:200].decode("latin-1"))


def unacknowledging(options: Mapping[str, object]) -> dict[str, object]:
    """A driver's options without what tells the device that its reads are kept, or not: nobody keeps them."""
    return {name: value for name, value in options.items() if name not in {"ack", "nack"}}


def listen_to(about: Device, to: Console, *, seconds: float, wanted: int, shapes: Mapping[str, Shape]) -> bool:
    """Print what a configured device sends. Whether so many good reads came within that time."""

    def tell(observed: Observation) -> None:
        to.print(observed.text, style="green" if observed.good else "yellow", markup=False, soft_wrap=True)

    spec = DeviceSpec(id=about.id, url=parse_url(about.url))
    driver = drivers.load(about.driver)(unacknowledging(about.options))
    return asyncio.run(_listen(spec, driver, tell, seconds=seconds, wanted=wanted, shapes=shapes))


async def _listen(
    spec: DeviceSpec,
    driver: drivers.Driver,
    tell: Callable[[Observation], None],
    *,
    seconds: float,
    wanted: int,
    shapes: Mapping[str, Shape],
) -> bool:
    """The device is let go in the end."""
    listener, stopping = Listener(tell, shapes, wanted), asyncio.Event()
    running = asyncio.create_task(run_device(spec, driver, listener, stopping=stopping))
    ended = asyncio.create_task(listener.enough.wait())
    try:
        await asyncio.wait({running, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        stopping.set()
        ended.cancel()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    return listener.enough.is_set()
