"""The belt of `lined demo`: units pass a camera and a print verifier, then lie in boxes, then boxes on pallets.

What a station accepts goes on to the next; what it rejects leaves the belt. The label (an SSCC) of a box or pallet is
read when it is full. `tree` keeps what really lies where, to be compared with everybody's books.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from lined.codes import GS, sscc
from lined.sandbox.devices.player import ACCEPTED, REJECTED, Feed, Item, ScannerSettings, SimulatedScanner

ADDRESS = "tcp-listen://127.0.0.1:0"
BOX_UNITS, PALLET_BOXES = 12, 40
SSCC_PREFIX = "0307797292"
FIRST_BOX, FIRST_PALLET = 1, 5_000_001
GRADES = ("A",) * 70 + ("B",) * 25 + ("C",) * 5
CHILD, LABEL = "child", "label"


class Packer:
    """A packing station: so many children, then the label of the package they lie in."""

    def __init__(self, scanner_settings: ScannerSettings, capacity: int, first: int) -> None:
        self.feed = Feed()
        self.scanner = SimulatedScanner(ADDRESS, self.feed, scanner_settings, on_outcome=self._on_outcome)
        self.closed: Callable[[bytes], None] = lambda _label: None
        self.tree: dict[str, str] = {}  # identification code of a child -> SSCC of the package it lies in
        self._capacity = capacity
        self._number = first
        self._waiting: deque[bytes] = deque()
        self._inside: list[str] = []
        self._shown = 0  # children shown to the scanner for the package that is open
        self._idle = asyncio.Event()
        self._idle.set()

    def arrive(self, code: bytes) -> None:
        """A child comes along the belt."""
        self._waiting.append(code)
        self._go_on()

    def next_label(self) -> bytes:
        label = sscc(SSCC_PREFIX, self._number)
        self._number += 1
        return label.encode("ascii")

    @property
    def left_open(self) -> bool:
        """A package has been begun and is not full."""
        return bool(self._inside)

    async def quiet(self) -> None:
        """Until everything that arrived lies in a package that is closed or waits for more."""
        await self._idle.wait()

    def shut(self, label: bytes) -> None:
        """The open package got this label."""
        parent = label.decode("ascii")
        self.tree.update(dict.fromkeys(self._inside, parent))
        self._inside.clear()
        self._shown = 0
        self.closed(label)

    def _go_on(self) -> None:
        while self._waiting and self._shown < self._capacity:
            code = self._waiting.popleft()
            self._shown += 1
            self.feed.put(Item(code, code, CHILD))
        self._note()

    def _on_outcome(self, item: Item, outcome: str) -> None:
        if item.kind == CHILD and outcome == ACCEPTED:
            self._inside.append(ident(item.code))
            if len(self._inside) == self._capacity:
                label = self.next_label()
                self.feed.put(Item(label, label, LABEL))
        elif item.kind == CHILD and outcome == REJECTED:
            self._shown -= 1
            self._go_on()
        elif item.kind == LABEL and outcome == ACCEPTED:
            self.shut(item.code)
            self._go_on()
        self._note()

    def _note(self) -> None:
        busy = bool(self._waiting) or self._shown != len(self._inside) or len(self._inside) == self._capacity
        if busy:
            self._idle.clear()
        else:
            self._idle.set()


class Belt:
    """Four scanners in a row. `items`: what passes the first one."""

    def __init__(self, items: Iterable[Item | bytes | str], *, rate: float, seed: int | None = None) -> None:
        window = ScannerSettings(rate=rate, window=2_000 if rate == 0 else 64)
        follow = ScannerSettings(window=2_000)
        self._rng = random.Random(seed)  # noqa: S311 - grades of a demo
        self._graded = Feed()
        self.camera = SimulatedScanner(ADDRESS, items, window, on_outcome=self._applied)
        self.verifier = SimulatedScanner(ADDRESS, self._graded, follow, on_outcome=self._verified)
        self.boxes = Packer(follow, BOX_UNITS, FIRST_BOX)
        self.pallets = Packer(follow, PALLET_BOXES, FIRST_PALLET)
        self.boxes.closed = self.pallets.arrive

    @property
    def scanners(self) -> list[SimulatedScanner]:
        return [self.camera, self.verifier, self.boxes.scanner, self.pallets.scanner]

    def tree(self) -> dict[str, str]:
        """What lies in what, boxes on pallets included."""
        return {**self.boxes.tree, **self.pallets.tree}

    async def run(self, close_short: Callable[[str, str], Awaitable[None]]) -> None:
        """Play until everything lies on a pallet. `close_short(station, label)` closes a package that is not full."""
        async with asyncio.TaskGroup() as tasks:
            later = [tasks.create_task(scanner.play()) for scanner in self.scanners[1:]]
            await self.camera.play()
            self._graded.close()
            await later[0]
            for station, packer in (("boxes", self.boxes), ("pallets", self.pallets)):
                await packer.quiet()
                if packer.left_open:
                    label = packer.next_label()
                    await close_short(station, label.decode("ascii"))
                    packer.shut(label)
                packer.feed.close()

    def _applied(self, item: Item, outcome: str) -> None:
        if outcome == ACCEPTED:
            grade = self._rng.choice(GRADES).encode()
            self._graded.put(Item(item.code + b"\t" + grade, item.code))

    def _verified(self, item: Item, outcome: str) -> None:
        if outcome == ACCEPTED:
            self.boxes.arrive(item.code)


def ident(code: bytes) -> str:
    """The identification code of a full code, an SSCC as it is."""
    return code.decode("ascii").partition(GS)[0]
