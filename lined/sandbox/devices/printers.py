"""Simulated printers: what they are sent, what they say of it, and what is on the labels in the end.

The labels are the truth: a line in `paper` for each, written before anything is said, so that a test can compare what
lined believes with what came out of the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

from lined.sandbox.devices.printer_speech import (
    COMMAND_BYTES,
    PRINTERS,
    TROUBLES,
    WELL,
    Job,
    Panel,
    PrinterSpeech,
    Word,
)
from lined.sandbox.devices.sockets import socket_for
from lined.sandbox.devices.wires import Gone, Wire

BURST_LABELS = 50  # printed at once where no rate is given


@dataclass(frozen=True)
class PrinterFaults:
    """How often what goes wrong, as shares of the labels (0 to 1).

    `jams`: it stops before a label, reports a trouble for `jam_s`, and goes on. `power_cuts`: power fails in the middle
    of a label, which is spoiled; its queue is gone. `pulls`: the cable is pulled behind a label; it prints what it has.
    `lies`: it says that a label is printed, and it is not.
    """

    jams: float = 0.0
    power_cuts: float = 0.0
    pulls: float = 0.0
    lies: float = 0.0
    jam_s: float = 0.2

    def __post_init__(self) -> None:
        if any(not 0 <= share <= 1 for share in (self.jams, self.power_cuts, self.pulls, self.lies)):
            raise ValueError("shares lie between 0 and 1: jams, power_cuts, pulls, lies")


class Print(NamedTuple):
    """One label: `whole`, or spoiled in its middle. A code on a spoiled label may be read off it all the same."""

    code: bytes
    whole: bool


class SimulatedPrinter:
    """A printer of a family at `address` (see `sockets`). `async with` opens it, `url` then says what lined's
    configuration needs, `run` prints until it is cancelled. `rate` in labels a second; 0: as fast as they come.
    `on_print` hears of each whole label.
    """

    def __init__(
        self,
        address: str,
        family: str = "generic-queue",
        *,
        rate: float = 0.0,
        faults: PrinterFaults | None = None,
        seed: int = 1,
        paper_path: Path | None = None,
        on_print: Callable[[bytes], None] | None = None,
    ) -> None:
        self.prints: list[Print] = []
        self.counts: Counter[str] = Counter()
        self.panel = Panel()
        self._speech: PrinterSpeech = PRINTERS[family]()
        self._rate, self._faults = rate, faults or PrinterFaults()
        self._chance = Random(seed)  # noqa: S311 - a simulation
        self._socket = socket_for(address)
        self._paper_path = paper_path
        self._on_print = on_print
        self._queue: deque[Job] = deque()
        self._some = asyncio.Event()
        self._hung = asyncio.Event()
        self._wire: Wire | None = None
        self._paper: BinaryIO | None = None

    @property
    def url(self) -> str:
        """The printer's `url` for lined's configuration."""
        return self._socket.url

    async def __aenter__(self) -> Self:
        """Raises OSError."""
        await self._socket.open()
        if self._paper_path is not None:
            self._paper = self._paper_path.open("ab", buffering=0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()
        if self._paper is not None:
            self._paper.close()

    def pull(self) -> None:
        """Pull the cable now; it is plugged in again at once, and what is in the queue is printed."""
        self.counts["pulls"] += 1
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.cut()

    def cut_power(self) -> None:
        """Its queue is gone, and the label under the head is spoiled."""
        self.counts["power-cuts"] += 1
        if self._queue:
            self._print(self._queue[0], whole=False)
        self._queue.clear()
        self._show()
        self.pull()

    def hang(self) -> None:
        """Nothing is printed and nothing answered any more, and the connection stays up."""
        self._hung.set()

    async def trouble(self, what: str, for_s: float | None = None) -> None:
        """Stop with a trouble, until somebody has seen to it."""
        self.panel.trouble = what
        await self._write(self._speech.troubled(what))
        if for_s is not None:
            await asyncio.sleep(for_s)
            await self.well()

    async def well(self) -> None:
        self.panel.trouble = WELL
        self._some.set()
        await self._write(self._speech.troubled(WELL))

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._listen(), name="printer-listening")
            both.create_task(self._keep_printing(), name="printer-printing")

    # ── what it is told ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _listen(self) -> None:
        while True:
            wire = self._wire = await self._socket.connect()
            self.counts["connections"] += 1
            arrived = b""
            with contextlib.suppress(Gone):
                while True:
                    arrived = await self._take(arrived + await wire.read())
            wire.cut()
            if self._wire is wire:
                self._wire = None

    async def _take(self, arrived: bytes) -> bytes:
        """Obey what is whole; what is left may be the beginning of a command."""
        while not self._hung.is_set() and (found := self._speech.next(arrived)) is not None:
            word, arrived = found
            await self._obey(word)
        return arrived[-COMMAND_BYTES:]

    async def _obey(self, word: Word) -> None:
        if word.clears:
            self.counts["cleared"] += len(self._queue)
            self._queue.clear()
            self._show()
        if word.job is not None:
            self.counts["taken"] += 1
            self._queue.append(word.job)
            self._show()
            await self._write(self._speech.accepted(word.job))
            self._some.set()
        if word.answer is not None:
            await self._write(word.answer(self.panel))

    async def _write(self, words: bytes) -> None:
        if words and self._wire is not None and not self._hung.is_set():
            with contextlib.suppress(Gone):
                await self._wire.write(words)

    # ── what it does ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _keep_printing(self) -> None:
        done = 0
        while True:
            while not self._queue or self.panel.trouble != WELL or self._hung.is_set():
                self.panel.printing = False
                self._some.clear()
                await self._some.wait()
            self.panel.printing = True
            if self._rate:
                await asyncio.sleep(1 / self._rate)
            elif done % BURST_LABELS == 0:
                await asyncio.sleep(0)
            if self._queue and self.panel.trouble == WELL and not self._hung.is_set():
                await self._one()
                done += 1

    async def _one(self) -> None:
        """The label under the head, with what may happen to it."""
        faults, chance = self._faults, self._chance
        if chance.random() < faults.jams:
            self.counts["jams"] += 1
            await self.trouble(chance.choice(TROUBLES), faults.jam_s)
        if chance.random() < faults.power_cuts:
            self.cut_power()
        if not self._queue:
            return
        job = self._queue.popleft()
        if chance.random() < faults.lies:
            self.counts["lies"] += 1
        else:
            self._print(job, whole=True)
        self.panel.last, self.panel.printed = job.number or 0, self.panel.printed + 1
        self._show()
        pulled = chance.random() < faults.pulls
        if pulled and chance.random() < 0.5:  # before or after it is said
            self.pull()
        await self._write(self._speech.printed(job))
        if pulled:
            self.pull()

    def _print(self, job: Job, *, whole: bool) -> None:
        self.prints.append(Print(job.code, whole))
        self.counts["printed" if whole else "spoiled"] += 1
        if self._paper is not None:
            self._paper.write(json.dumps([job.code.decode("latin-1"), whole]).encode() + b"\n")
        if whole and self._on_print is not None:
            self._on_print(job.code)

    def _show(self) -> None:
        self.panel.queue = len(self._queue)
