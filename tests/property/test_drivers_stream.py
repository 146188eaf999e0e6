"""Cutting the stream anywhere changes nothing; no bytes crash a driver; what is kept is bounded."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from hypothesis import example, given
from hypothesis import strategies as st

from drivers import Read, load

OPTIONS: list[dict[str, object]] = [
    {},
    {"max_bytes": 5},
    {"suffix": "\r\n", "max_bytes": 6},
    {"suffix": "aa", "max_bytes": 3},
    {"suffix": "aba", "prefix": "b", "max_bytes": 7},
    {"prefix": "\x02", "suffix": "\x03", "no_read": ["b"], "heartbeat": ["a", "\x00"]},
    {"no_read": ["ab"], "heartbeat": ["ba"], "separator": "b", "max_bytes": 9},
    {"heartbeat": ["a"], "no_read": ["b"]},
    {"pattern": "(?P<code>a+)(?P<grade>b)?", "separator": "aa"},
    {"pattern": "(?P<code>[^b]*)b(?P<grade>.*?)b?(?P<at>\x02.*)?", "prefix": "a"},
]
CONTROLS = bytes(byte for byte in range(256) if byte < 0x20 or byte in {0x7F, 0xFF})
options_of = st.sampled_from(OPTIONS)
noise = st.binary(max_size=300)
pieces = [
    b"a",
    b"b",
    b"aa",
    b"ba",
    b"ab",
    b"\x00",
    b"\x02",
    b"\x03",
    b"\r",
    b"\r\n",
    b"\n",
    b"bbbbbbb",
    b"0",
    b"\xff\xfb",
    b"\xff\xfa\xff\xf0",
]
telling = st.lists(st.sampled_from(pieces), max_size=60).map(b"".join)
streams = telling | noise


def whole(options: Mapping[str, object], stream: bytes) -> tuple[list[Read], int, int]:
    driver = load("generic")(options)
    return driver.feed(stream), driver.heartbeats, driver.dropped_bytes


def cut(options: Mapping[str, object], stream: bytes, cuts: list[int]) -> tuple[list[Read], int, int]:
    driver = load("generic")(options)
    edges = [0, *sorted(min(place, len(stream)) for place in cuts), len(stream)]
    reads = [read for start, end in itertools.pairwise(edges) for read in driver.feed(stream[start:end])]
    return reads, driver.heartbeats, driver.dropped_bytes


@given(options_of, streams, st.lists(st.integers(0, 300), max_size=20))
@example({"suffix": "aa", "max_bytes": 3}, b"xxxxaaaaba", [4, 5, 6])
def test_cutting_the_stream_anywhere_gives_the_same_reads(
    options: dict[str, object], stream: bytes, cuts: list[int]
) -> None:
    assert cut(options, stream, cuts) == whole(options, stream)


@given(options_of, streams)
@example({"suffix": "\r\n", "max_bytes": 6}, b"bbbbbbbbbb\r\na\r\n")
def test_byte_by_byte_gives_the_same_reads(options: dict[str, object], stream: bytes) -> None:
    assert cut(options, stream, list(range(len(stream)))) == whole(options, stream)


@given(options_of, streams)
def test_a_read_is_bounded_and_its_kind_says_what_it_holds(options: dict[str, object], stream: bytes) -> None:
    most = options.get("max_bytes", 4096)
    assert isinstance(most, int)
    for read in whole(options, stream)[0]:
        assert 0 < len(read.raw) <= most
        assert (read.kind == "read") == bool(read.codes)
        assert (read.kind == "malformed") == bool(read.problem)


@given(options_of, st.lists(streams, max_size=20))
def test_what_is_kept_between_two_chunks_is_bounded(options: dict[str, object], chunks: list[bytes]) -> None:
    driver = load("generic")(options)
    most = options.get("max_bytes", 4096)
    assert isinstance(most, int)
    for chunk in chunks:
        driver.feed(chunk)
        assert len(driver._framer._rest) <= most + 2  # type: ignore[attr-defined]


@given(options_of, streams, streams)
def test_after_a_reset_nothing_of_the_old_connection_is_left(
    options: dict[str, object], before: bytes, after: bytes
) -> None:
    driver = load("generic")(options)
    driver.feed(before)
    driver.reset()
    assert driver.feed(after) == whole(options, after)[0]


@given(st.lists(st.binary(max_size=40).map(lambda line: line.translate(None, CONTROLS)), max_size=30))
def test_every_payload_of_printable_bytes_comes_back_in_order(payloads: list[bytes]) -> None:
    reads, *_ = whole({}, b"\r\n".join([*payloads, b""]))
    assert [read.raw for read in reads] == [payload for payload in payloads if payload]
