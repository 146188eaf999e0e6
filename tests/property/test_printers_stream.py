"""Every printer's driver: cutting the stream anywhere changes nothing; no bytes crash it; what it keeps is bounded; and
no bytes make it call a label printed that is not in flight, unless they name it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printers import Label, Printed, PrinterDriver, PrinterEvent
from tests.harness.printers import CODE, Case, cases
from tests.property.test_drivers_stream import size_of

CASES = cases()
HS1, HS2, HS3 = (
    b"\x02030,0,0,1234,%03d,0,0,0,000,0,0,0\x03\r\n",
    b"\x02000,0,0,0,0,2,6,0,%08d,1,000\x03\r\n",
    b"\x021234,0\x03",
)
pieces = [
    *(bytes([byte]) for byte in b"ab\x00\x02\x03\r\n019\x06\x15\x05ANPQ\x20\x80,|"),
    *(
        b"aa",
        b"\r\n",
        b"OK 7",
        b"PRINTED 1",
        b"PRINTED 2",
        b"NO 3",
        b"QUEUE 0",
        b"QUEUE 2",
        b"READY",
        b"RIBBON",
        b"FAULT x",
    ),
    *(b"ACK\r", b"ERR\r", b"PRC\r", b"SRC|0|\r", b"SLR|3|\r", b"STS|3|0|j|1|2|\r", b"STS|4|2|j|1|2|\r", b"SFS|9|\r"),
    *(
        HS1 % 0,
        HS1 % 2,
        HS2 % 0,
        HS2 % 1,
        HS3,
        b"\x0201A000000lined           \x03",
        b"\x0201G000001lined           \x03",
    ),
    *(b"P1", b"P2", b"Q0", b"Q1", b"02Q0", b"04OK 1", b"9" * 30),
]
telling = st.lists(st.sampled_from(pieces), max_size=40).map(b"".join)
streams = telling | st.binary(max_size=300)
every_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.name}{n}" for n, case in enumerate(CASES)])
some = settings(max_examples=12)


def loaded(case: Case, labels: int = 3) -> PrinterDriver:
    """With as many labels in flight as it takes, up to three, once it has answered that it is well."""
    driver = case.make()
    driver.opening()
    for number in range(1, 1 + min(labels, driver.most)):
        driver.load(number, Label(CODE))
        driver.ask()
    return driver


def feed(driver: PrinterDriver, stream: bytes, cuts: Sequence[int] = ()) -> list[PrinterEvent]:
    edges = [0, *sorted(min(place, len(stream)) for place in cuts), len(stream)]
    return [event for start, end in itertools.pairwise(edges) for event in driver.feed(stream[start:end])]


def with_pauses(driver: PrinterDriver, parts: Sequence[bytes], cuts: Sequence[int] = ()) -> list[PrinterEvent]:
    """A pause, where it means something, and another question after each part."""
    events = []
    for part in parts:
        events += feed(driver, part, cuts)
        if driver.gap_s is not None:
            events += driver.gap()
        driver.ask()
    return events


@every_case
@some
@given(st.lists(streams, max_size=4), st.lists(st.integers(0, 300), max_size=20))
def test_cutting_the_stream_anywhere_gives_the_same_events(case: Case, parts: list[bytes], cuts: list[int]) -> None:
    assert with_pauses(loaded(case), parts, cuts) == with_pauses(loaded(case), parts)


@every_case
@some
@given(streams)
def test_byte_by_byte_gives_the_same_events(case: Case, stream: bytes) -> None:
    assert feed(loaded(case), stream, range(len(stream))) == feed(loaded(case), stream)


@every_case
@some
@given(streams, streams)
def test_nothing_of_the_connection_before_is_left(case: Case, before: bytes, after: bytes) -> None:
    driver, fresh = loaded(case), case.make()
    driver.feed(before)
    assert driver.opening() == fresh.opening()
    assert driver.feed(after) == fresh.feed(after)
    assert driver.takes == fresh.takes


@every_case
@some
@given(st.lists(streams, max_size=4))
def test_no_label_is_printed_twice_by_count_and_none_that_was_never_loaded(case: Case, parts: list[bytes]) -> None:
    if names_labels(case):
        return
    numbers = [event.number for event in with_pauses(loaded(case), parts) if isinstance(event, Printed)]
    assert len(numbers) == len(set(numbers))
    assert set(numbers) <= {1, 2, 3}


def names_labels(case: Case) -> bool:
    """Whether its frames name the label that is printed: then the same word may come twice, and of any label."""
    return case.name == "generic-queue" and "number" in str(case.options.get("printed", "number"))


@every_case
@pytest.mark.parametrize("piece", [b"y" * 997, b"\x02" * 50, b"9," * 200, b"PRINTED 1\r\n", b"\x02" + b"0,0" * 40])
def test_no_endless_stream_makes_it_grow(case: Case, piece: bytes) -> None:
    driver = loaded(case)
    for _ in range(40):
        driver.feed(piece)
        driver.ask()
    start = size_of(driver)
    for _ in range(12):
        driver.feed(piece * (20_000 // len(piece)))
        driver.ask()
        assert size_of(driver) <= start + 20_000
