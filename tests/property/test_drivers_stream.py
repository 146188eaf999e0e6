"""Every driver: cutting the stream anywhere changes nothing; no bytes crash it; what it keeps is bounded."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers import Driver, Event, Read, load
from tests.harness.drivers import CODE, Case, cases

CASES = cases()
MAX_BYTES = 1_048_576 + 1_000  # no driver's frame is longer
CONTROLS = bytes(byte for byte in range(256) if byte < 0x20 or byte in {0x7F, 0xFF})
pieces = [
    *(bytes([byte]) for byte in b"ab\x00\x02\x03\r\n0124>}]\x06"),
    *(b"aa", b"ba", b"ab", b"\r\n", b"bbbbbbb", b"\xff\xfb", b"\xff\xfa\xff\xf0", b"]d2", CODE, CODE[:9]),
    *(b"<r b='3'>", b"<a>", b"</a>", b"</r>", b'{"a":[{"b":"', b'"}', b"]", b'{"b":', b"<result id='1'>", b"</result>"),
    *(b"<general><full_string encoding='base64'>", b"</full_string></general>", b'origin="monitor"', b"NO DECODE"),
    *(b"</DMCCResponse>", b"||0:1[1]", b"||0:1[0]", b"||:[104]", b"YWJj", b"ERROR", b"NOREAD", b"OK,LON", b"ER,LON,00"),
    *(b"sAN mTCgateon 1", b"sFA 3", b"<", b"\x1e", b"\x1dK", b"05abcde", b"61"),
]
telling = st.lists(st.sampled_from(pieces), max_size=40).map(b"".join)
streams = telling | st.binary(max_size=300)
every_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.name}{n}" for n, case in enumerate(CASES)])
some = settings(max_examples=12)


def feed(driver: Driver, stream: bytes, cuts: Sequence[int] = ()) -> list[Event]:
    edges = [0, *sorted(min(place, len(stream)) for place in cuts), len(stream)]
    return [event for start, end in itertools.pairwise(edges) for event in driver.feed(stream[start:end])]


def with_pauses(driver: Driver, parts: Sequence[bytes], cuts: Sequence[int] = ()) -> tuple[list[Event], int, int]:
    """A pause, where it means something, after each part."""
    events = []
    for part in parts:
        events += feed(driver, part, cuts)
        if driver.gap_s is not None:
            events += driver.gap()
            assert driver.gap_s is None
    return events, driver.dropped_bytes, driver.retransmissions


@every_case
@some
@given(st.lists(streams, max_size=4), st.lists(st.integers(0, 300), max_size=20))
def test_cutting_the_stream_anywhere_gives_the_same_events(case: Case, parts: list[bytes], cuts: list[int]) -> None:
    assert with_pauses(case.make(), parts, cuts) == with_pauses(case.make(), parts)


@every_case
@some
@given(streams)
def test_byte_by_byte_gives_the_same_events(case: Case, stream: bytes) -> None:
    assert feed(case.make(), stream, range(len(stream))) == feed(case.make(), stream)


@example(b"xxxxaaaaba", [4, 5, 6])
@given(streams, st.lists(st.integers(0, 300), max_size=20))
def test_a_suffix_that_overlaps_itself_is_cut_the_same(stream: bytes, cuts: list[int]) -> None:
    options = {"suffix": "aa", "max_bytes": 3}
    assert feed(load("generic")(options), stream, cuts) == feed(load("generic")(options), stream)


@every_case
@some
@given(streams)
def test_an_event_is_bounded_and_a_read_s_kind_says_what_it_holds(case: Case, stream: bytes) -> None:
    for event in with_pauses(case.make(), [stream])[0]:
        assert len(event.raw) <= MAX_BYTES
        if isinstance(event, Read):
            assert event.raw
            assert (event.kind == "read") == bool(event.codes or event.missed)
            assert (event.kind == "malformed") == bool(event.problem)
            for text in (event.grade, event.at, event.image, event.symbology, event.trigger):
                assert text is None or (text.isprintable() and 0 < len(text) <= 100)


@every_case
@some
@given(streams, streams)
def test_after_a_reset_nothing_of_the_old_connection_is_left(case: Case, before: bytes, after: bytes) -> None:
    driver = case.make()
    driver.feed(before)
    driver.reset()
    assert driver.feed(after) == case.make().feed(after)


@every_case
@pytest.mark.parametrize("piece", [b"y" * 997, CODE, b'<r b="', b"9" * 50])
def test_no_endless_stream_makes_it_grow(case: Case, piece: bytes) -> None:
    driver = case.make()
    for _ in range(40):
        driver.feed(piece)
    start = size_of(driver)
    most = 2 * int(str({**preset(case), **case.options}.get("max_bytes", 4096))) + 10_000
    for _ in range(12):
        driver.feed(piece * (20_000 // len(piece)))
        assert size_of(driver) <= start + most


def preset(case: Case) -> dict[str, object]:
    of = getattr(case.driver, "preset_of", None)
    return dict(of(case.options)) if of else {}


def size_of(driver: object) -> int:
    """Bytes in everything that a driver holds on to, but its class."""
    seen: set[int] = set()
    waiting: list[object] = [driver]
    total = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += list(one)
        elif hasattr(one, "__dict__"):
            waiting.append(vars(one))
    return total


@given(st.lists(st.binary(max_size=40).map(lambda line: line.translate(None, CONTROLS)), max_size=30))
def test_every_payload_of_printable_bytes_comes_back_in_order(payloads: list[bytes]) -> None:
    events = load("generic")({}).feed(b"\r\n".join([*payloads, b""]))
    assert [event.raw for event in events] == [payload for payload in payloads if payload]
