"""A coverage-guided fuzzer for drivers, of readers and of printers.

python -m tests.fuzz --seconds 600
python -m tests.fuzz --driver zebra-zpl --seed 7

Inputs that reach a line of the drivers by a way that none has reached before are kept, and changed further. Each is fed
whole and cut, and both have to give the same events; no input may raise, take long for its size, or make the driver
grow. What breaks one is written out, as small as it could be made, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, NamedTuple

import drivers
from drivers.printers import Label
from tests.harness import drivers as readers
from tests.harness import printers
from tests.property.test_drivers_stream import pieces as words_of_readers
from tests.property.test_drivers_stream import size_of
from tests.property.test_printers_stream import pieces as words_of_printers

INPUT_BYTES = 2_000
SLOW_S = 2.0  # an input of at most 2,000 bytes, traced
GROWTH_BYTES = 1_200_000  # the largest frame that a driver's options allow, and what surrounds it
KEPT_MOST = 5_000
WITHIN = str(Path(drivers.__file__).parent)
Edge = tuple[str, int, int]


class Target(NamedTuple):
    """A driver as it is tried: `feed` gives the events of a stream cut at these places; `words` is what it may hear."""

    name: str
    fresh: Callable[[], Any]
    words: list[bytes]


class Broken(NamedTuple):
    stream: bytes
    why: str


def targets() -> list[Target]:
    found = [Target(f"{case.name} {dict(case.options)}", case.make, words_of_readers) for case in readers.cases()]

    def loaded(case: printers.Case) -> Any:
        driver = case.make()
        driver.opening()
        for number in range(1, 1 + min(3, driver.most)):
            driver.load(number, Label(printers.CODE))
            driver.ask()
        return driver

    found += [
        Target(f"{case.name} {dict(case.options)}", partial(loaded, case), words_of_printers)
        for case in printers.cases()
    ]
    return found


def run(driver: Any, stream: bytes, cuts: list[int]) -> list[Any]:
    """The events of the stream, cut at these places, a pause at its end."""
    events: list[Any] = []
    edges = [0, *sorted(cuts), len(stream)]
    for start, end in itertools.pairwise(edges):
        events += driver.feed(stream[start:end])
    if driver.gap_s is not None:
        events += driver.gap()
    return events


def traced(target: Target, stream: bytes) -> tuple[set[Edge], list[Any]]:
    """The ways through the drivers' lines that the stream takes, and its events."""
    seen: set[Edge] = set()
    before: dict[int, int] = {}

    def lines(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            seen.add((frame.f_code.co_filename, before.get(id(frame), 0), frame.f_lineno))
            before[id(frame)] = frame.f_lineno
        return lines

    def calls(frame: FrameType, _event: str, _argument: object) -> Any:
        return lines if frame.f_code.co_filename.startswith(WITHIN) else None

    driver = target.fresh()
    sys.settrace(calls)
    try:
        events = run(driver, stream, [])
    finally:
        sys.settrace(None)
    return seen, events


def wrong_with(target: Target, stream: bytes, chance: Random) -> tuple[str, set[Edge]]:
    """What is wrong, empty where nothing is; and the ways it took."""
    began = time.monotonic()
    try:
        ways, whole = traced(target, stream)
        if time.monotonic() - began > SLOW_S:
            return f"{time.monotonic() - began:.1f} s for {len(stream)} bytes", ways
        cuts = [chance.randrange(len(stream) + 1) for _ in range(chance.randint(1, 8))]
        driver = target.fresh()
        small = size_of(driver)
        if run(driver, stream, cuts) != whole:
            return f"cut at {sorted(cuts)} it gives other events", ways
        if size_of(driver) > small + GROWTH_BYTES:
            return f"it grew by {size_of(driver) - small} bytes", ways
    except Exception as raised:  # noqa: BLE001 - whatever a driver raises is what is looked for
        return f"it raised {raised!r}", set()
    return "", ways


def changed(stream: bytes, words: list[bytes], others: list[bytes], chance: Random) -> bytes:
    """Another stream, made of this one."""
    out = bytearray(stream)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(out) + 1)
        match chance.randrange(6):
            case 0:
                out[at:at] = chance.choice(words)
            case 1:
                del out[at : at + chance.randint(1, 12)]
            case 2 if out:
                out[at % len(out)] = chance.randrange(256)
            case 3:
                out[at:at] = out[at : at + chance.randint(1, 40)]
            case 4 if others:
                other = chance.choice(others)
                out[at:] = other[chance.randrange(len(other) + 1) :]
            case _:
                out[at:at] = chance.randbytes(chance.randint(1, 4))
    return bytes(out[:INPUT_BYTES])


def smaller(target: Target, stream: bytes, seed: int) -> bytes:
    """As little of it as still breaks it."""
    size = max(1, len(stream) // 2)
    while size:
        at = 0
        while at < len(stream):
            shorter = stream[:at] + stream[at + size :]
            if any(wrong_with(target, shorter, Random(seed + n))[0] for n in range(3)):
                stream = shorter
            else:
                at += size
        size //= 2
    return stream


def fuzz(target: Target, seconds: float, seed: int) -> Iterator[tuple[int, int, Broken | None]]:
    """Inputs tried so far, ways found, and what broke it."""
    chance = Random(f"{seed} {target.name}")
    corpus, known = [b"", *target.words], set[Edge]()
    until, tried = time.monotonic() + seconds, 0
    waiting = list(corpus)
    while time.monotonic() < until:
        stream = waiting.pop() if waiting else changed(chance.choice(corpus), target.words, corpus, chance)
        tried += 1
        why, ways = wrong_with(target, stream, chance)
        if why:
            yield tried, len(known), Broken(smaller(target, stream, seed), why)
            return
        if ways - known:
            known |= ways
            corpus.append(stream)
            if len(corpus) > KEPT_MOST:
                del corpus[chance.randrange(len(corpus))]
    yield tried, len(known), None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120, help="for all of them together")
    parser.add_argument("--driver", default="", help="only those whose name and options begin so")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chosen = [target for target in targets() if target.name.startswith(asked.driver)]
    broken = 0
    for target in chosen:
        for tried, ways, found in fuzz(target, asked.seconds / len(chosen), asked.seed):
            print(f"{tried:8} inputs {ways:6} ways  {target.name[:80]}")
            if found is not None:
                broken += 1
                print(f"   BROKEN: {found.why}\n   {found.stream!r}")
    return 1 if broken or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
