"""Everything that outlives a crash: the clock on the wall, the disk, the regulator, the items, the people."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from lined.codes import SHORT, build
from lined.line.plant import BatchRules, Plant, Product, Station
from lined.reports.delivery.rules import DeliveryRules
from tests.simulation.books import Books
from tests.simulation.clock import VirtualLoop
from tests.simulation.disk import Disk
from tests.simulation.ledger import Ledger
from tests.simulation.mistakes import Mistakes
from tests.simulation.network import Weather

GTIN = "04899215122371"
EPOCH_MS = 1_780_000_000_000
SERIALS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789!%&*+<>"
RULES = DeliveryRules(
    poll_ms=2_000,
    poll_max_ms=60_000,
    in_doubt_first_ms=10_000,
    in_doubt_gap_ms=45_000,  # both searches have to fit into the time of the faults
    give_up_ms=900_000,
    held_poll_ms=200_000,
    outcomes_page=3,
)


class World:
    """`wrong` notes a broken promise; `point` is a place where a crash may be drawn."""

    def __init__(self, seed: int, loop: VirtualLoop, chance: random.Random, directory: Path) -> None:
        self.seed = seed
        self.chance = chance
        self.directory = directory
        self.rules = RULES
        self.epoch_ms = EPOCH_MS + chance.randrange(86_400_000)
        self.clock_off_ms = 0
        self.off_at_boot_ms: int | None = None  # what the clock is off by at the next start of the machine
        self.boot = "boot 1"
        self._up_since_s = -chance.uniform(60.0, 1e6)
        self.disk = Disk(chance)
        self.mistakes = Mistakes(seed)
        self.max_codes = chance.choice((3, 5, 8))
        self.books = Books(chance, self.max_codes, self.epoch_ms)
        self.weather = Weather(chance, chance.choice((4, 20, 90)))
        self.hidden_for_s = RULES.in_doubt_gap_ms / 1000 - 15.0
        self.repeat_s = {"cam-1": 0.0, "cam-2": 0.0, "hand-1": 20.0}
        self.plant = _plant(self.max_codes, self.repeat_s)
        self.cable_fault = chance.choice((0.0, 0.05, 0.2))
        self.crash_rate = chance.choice((0.0, 0.001, 0.004))
        self.crash_in: int | None = None
        self.wrongs: list[str] = []
        self.errors: list[BaseException] = []
        self.trace: list[str] = []
        self.ledger = Ledger(self.now_s, self.wrong)
        self._loop = loop
        self._stirred = asyncio.Event()
        self.belt_moves = asyncio.Event()
        self.belt_moves.set()
        self._items: list[str] = []
        self._copies = chance.choice((0.0, 0.1, 0.4))

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def now_s(self) -> float:
        return self._loop.time()

    def wall_ms(self) -> int:
        """What the computer's clock shows."""
        return self.epoch_ms + int(self._loop.time() * 1000) + self.clock_off_ms

    def uptime_ms(self) -> int:
        """How long the computer has been up: what is done to its clock changes nothing in that."""
        return int((self._loop.time() - self._up_since_s) * 1000)

    def reboot(self) -> None:
        self.boot = f"boot {int(self.boot.split()[1]) + 1}"
        self._up_since_s = self._loop.time() - 30.0
        if self.off_at_boot_ms is not None:
            self.clock_off_ms, self.off_at_boot_ms = self.off_at_boot_ms, None

    # ── what happened ───────────────────────────────────────────────────────────────────────────────────────────────
    def note(self, what: str) -> None:
        self.trace.append(f"{self.now_s():10.3f}  {what}")

    def wrong(self, what: str, error: BaseException | None = None) -> None:
        """A promise was broken."""
        self.note(f"WRONG: {what}")
        self.wrongs.append(what)
        if error is not None:
            self.errors.append(error)

    def point(self, name: str) -> None:
        """A moment worth dying at, or a few steps of the loop later."""
        if self.crash_in is None and not self.weather.calm and self.chance.random() < self.crash_rate * 10:
            self.crash_in = self.chance.randrange(6)
            self.note(f"crash drawn at {name}, {self.crash_in} steps from now")
            self.stirred()

    async def stir(self) -> None:
        """Until somebody calls `stirred`."""
        self._stirred.clear()
        await self._stirred.wait()

    def stirred(self) -> None:
        """The end of a life was asked for."""
        self._stirred.set()

    def steps(self) -> int:
        return self._loop.steps

    # ── items ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def next_read(self) -> bytes:
        """What a device sends next: a new item or one seen before (itself, a copy), several times, garbled, nothing."""
        chance = self.chance
        if chance.random() < 0.05:
            return chance.choice((b"\r\n", b"NOREAD\r\n", b"\xff\x00junk\r\n", b"000307797292000123\r\n"))
        if self._items and chance.random() < self._copies:
            code = chance.choice(self._items[-30:])
        else:
            drawn = "".join(chance.choices(SERIALS, k=17))
            code = build(SHORT, GTIN, drawn[:13], check=drawn[13:])
            self._items.append(code)
            if chance.random() < 0.97:
                self.books.issued.add(code.partition("\x1d")[0])
        sent = code.encode() + b"\r\n"
        if chance.random() < 0.03:
            place = chance.randrange(len(code))
            sent = sent[:place] + bytes([chance.randrange(256)]) + sent[place + 1 :]
        return sent * chance.choice((1, 1, 1, 2, 3))


def _plant(max_codes: int, repeat_s: dict[str, float]) -> Plant:
    product = Product(
        GTIN,
        "Water",
        "water",
        "PRODUCTION",
        "UZ",
        shelf_life_days=365,
        demands=frozenset({"production_date", "expiration_date"}),
    )
    repeat_ms = {device: int(seconds * 1000) for device, seconds in repeat_s.items()}
    return Plant(
        line_id="sim",
        timezone="Asia/Tashkent",
        business_place_id=27,
        products={GTIN: product},
        stations={"marking": Station("marking", "apply", tuple(repeat_s), repeat_ms=repeat_ms)},
        batches=BatchRules(max_codes=max_codes, max_age_ms=60_000, first_ms=15_000),
    )
