"""A printer's link, for every driver against its simulator, over real sockets: what is given is printed once, what
was with it at the end of a connection is set aside, and every word of the printer arrives.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from drivers import printers
from drivers.printers import Condition, Label, Trouble
from lined.devices import parse_url
from lined.devices.printer import PrinterSpec, PrinterState
from lined.devices.run_printer import run_printer
from lined.sandbox.devices.printer_speech import HEAD, JAM, MEDIA, PRINTERS, RIBBON
from lined.sandbox.devices.printers import PrinterFaults, SimulatedPrinter

GTIN = "04899215122371"
RATES = {"tsc-tspl": 8.0}  # a label that is printed between two questions is not seen
SLOW = {"tsc-tspl": 4, "sato-sbpl": 6}
MARKS = {JAM: Trouble.JAM, RIBBON: Trouble.RIBBON, HEAD: Trouble.HEAD, MEDIA: Trouble.MEDIA}


def code(number: int) -> bytes:
    return (
        f"01{GTIN}21a_b^~{number:06d}\x1d93abcd".encode()
        if number % 2
        else f"01{GTIN}21q{number:06d}\x1d93abcd".encode()
    )


def plain_code(number: int) -> bytes:
    return f"01{GTIN}21q{number:06d}\x1d93abcd".encode()


class Source:
    """A `LabelSource` in memory that remembers everything."""

    def __init__(self, codes: Sequence[bytes]) -> None:
        self.left = deque(enumerate(codes, 1))
        self.given: dict[int, bytes] = {}
        self.printed_numbers: list[int] = []
        self.aside: set[int] = set()
        self.refused: dict[int, str] = {}
        self.told: list[Condition] = []
        self.ups: list[bool] = []
        self.silences: list[bool] = []

    async def set_aside(self, _printer: str, *, cut_off: bool) -> None:
        del cut_off
        self.aside |= self.given.keys() - set(self.printed_numbers) - self.refused.keys()

    async def take(self, _printer: str, most: int) -> list[tuple[int, Label]]:
        taken = [self.left.popleft() for _ in range(min(most, len(self.left)))]
        self.given.update(taken)
        return [(number, Label(one)) for number, one in taken]

    async def printed(self, _printer: str, numbers: Sequence[int]) -> None:
        self.printed_numbers += [number for number in numbers if number not in self.aside]

    async def not_taken(self, _printer: str, number: int, why: str) -> None:
        self.refused[number] = why

    def connected(self, _printer: str, up: bool, why: str | None) -> None:
        del why
        self.ups.append(up)

    def condition(self, _printer: str, told: Condition) -> None:
        self.told.append(told)

    def answers(self, _printer: str, well: bool) -> None:
        self.silences.append(not well)

    def stands(self, _printer: str, in_flight: int) -> None:
        del in_flight


@asynccontextmanager
async def linked(
    family: str, source: Source, *, queue: int = 4, faults: PrinterFaults | None = None, rate: float = 0.0
) -> AsyncIterator[tuple[SimulatedPrinter, PrinterState, asyncio.Event]]:
    name, _, preset = family.partition("/")
    driver = printers.load(name)({**({"preset": preset} if preset else {}), **quick(name)})
    async with SimulatedPrinter(
        "tcp-listen://127.0.0.1:0", family, rate=RATES.get(name, rate), faults=faults
    ) as printer:
        state, stopping = PrinterState(), asyncio.Event()
        spec = PrinterSpec("printer-1", parse_url(printer.url), queue)
        async with asyncio.TaskGroup() as tasks:
            machine = tasks.create_task(printer.run())
            link = tasks.create_task(run_printer(spec, driver, source, state=state, stopping=stopping))
            try:
                yield printer, state, stopping
            finally:
                link.cancel()
                machine.cancel()


def quick(name: str) -> dict[str, object]:
    return {"ask_s": 0.02} if name != "generic-queue" else {"ask_s": 0.05}


async def until(holds: Callable[[], bool], bound_s: float = 15) -> None:
    async with asyncio.timeout(bound_s):
        while not holds():
            await asyncio.sleep(0.01)


every_family = pytest.mark.parametrize("family", PRINTERS)


@every_family
async def test_every_label_is_printed_once_as_it_was_given(family: str) -> None:
    count = SLOW.get(family, 12)
    source = Source([plain_code(number) if "videojet" in family else code(number) for number in range(count)])
    async with linked(family, source) as (printer, state, _):
        await until(lambda: len(source.printed_numbers) == count)
        assert [one.code for one in printer.prints] == list(source.given.values())
        assert source.printed_numbers == list(source.given)
        assert (state.in_flight, state.printed, state.connected) == (0, count, True)
        assert source.refused == {}
        assert source.aside == set()


@every_family
async def test_what_was_with_it_at_the_end_of_a_connection_is_set_aside_and_not_sent_again(family: str) -> None:
    count = SLOW.get(family, 30)
    source = Source([plain_code(number) for number in range(count)])
    async with linked(family, source, rate=60) as (printer, state, _):
        await until(lambda: len(printer.prints) >= 2)
        printer.cut_power()
        await until(lambda: len(source.printed_numbers) + len(source.aside) == count)
        assert state.connections == 2
    names = [one.code for one in printer.prints]
    assert len(names) == len(set(names))
    assert {source.given[number] for number in source.printed_numbers} <= {
        one.code for one in printer.prints if one.whole
    }


@pytest.mark.parametrize("family", [family for family in PRINTERS if "jobs" not in family])
@pytest.mark.parametrize("trouble", MARKS)
async def test_its_troubles_are_told_and_nothing_is_given_to_it_meanwhile(family: str, trouble: str) -> None:
    source = Source([])
    async with linked(family, source) as (printer, state, _):
        await until(lambda: state.connected and printer.counts["connections"] == 1)
        await printer.trouble(trouble)
        await until(lambda: bool(state.troubles))
        source.left.extend([(1, plain_code(1))])
        await asyncio.sleep(0.1)
        assert source.given == {}
        await printer.well()
        await until(lambda: source.printed_numbers == [1])
        assert state.ready or family == "generic-queue"
        assert any(told.troubles for told in source.told)


async def test_a_label_that_its_language_cannot_say_is_told_and_the_next_one_goes() -> None:
    source = Source([f"01{GTIN}21a|b\x1d93abcd".encode(), plain_code(2)])
    async with linked("videojet-ztc", source):
        await until(lambda: source.printed_numbers == [2])
        assert list(source.refused) == [1]
        assert "language" in source.refused[1]


async def test_before_a_stop_it_takes_nothing_more_and_ends_what_it_has() -> None:
    source = Source([plain_code(number) for number in range(400)])
    name = "generic-queue"
    async with SimulatedPrinter("tcp-listen://127.0.0.1:0", name, rate=200) as printer:
        machine, stopping = asyncio.create_task(printer.run()), asyncio.Event()
        spec = PrinterSpec("printer-1", parse_url(printer.url), 10)
        link = asyncio.create_task(run_printer(spec, printers.load(name)({}), source, stopping=stopping))
        await until(lambda: len(source.printed_numbers) > 5)
        stopping.set()
        async with asyncio.timeout(10):
            await link
        machine.cancel()
        await asyncio.gather(machine, return_exceptions=True)
    assert source.left
    assert sorted(source.printed_numbers) == sorted(source.given)
    assert source.aside == set()


async def test_a_printer_that_hangs_is_told_and_given_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lined.devices.printer.ANSWERS_WITHIN_S", 0.3)
    source = Source([])
    async with linked("zebra-zpl", source) as (printer, state, _):
        await until(lambda: state.ready)
        printer.hang()
        await until(lambda: bool(source.silences) and source.silences[-1])
        source.left.append((1, plain_code(1)))
        await asyncio.sleep(0.1)
        assert source.given == {}


async def test_a_printer_that_lies_costs_no_code_a_second_label() -> None:
    source = Source([plain_code(number) for number in range(100)])
    async with linked("generic-queue", source, faults=PrinterFaults(lies=0.2)) as (printer, _, _):
        await until(lambda: len(source.printed_numbers) == 100)
        assert printer.counts["lies"] > 5
        assert len({one.code for one in printer.prints}) == len(printer.prints) == 100 - printer.counts["lies"]
