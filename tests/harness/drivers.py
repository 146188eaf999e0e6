"""Every driver there is with the options it is tried with, and one that a package outside brings."""

from __future__ import annotations

import importlib
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import drivers
from drivers.generic import GenericDriver

OUTSIDE = Path(__file__).with_name("outside")
"""A folder as pip leaves it: a module and its dist-info."""
BROKEN = ("gone", "no-driver")
"""Names that it offers and that cannot be loaded."""
CODE = b"010489921512237121Uhgr>kO42*S<<\x1d93f7PE"  # ASL BELGISI open API 1.21.1, 5.1.1

GENERIC: list[dict[str, object]] = [
    {"max_bytes": 5},
    {"suffix": "\r\n", "max_bytes": 6},
    {"suffix": "aa", "max_bytes": 3},
    {"suffix": "aba", "prefix": "b", "max_bytes": 7},
    {"prefix": "\x02", "suffix": "\x03", "no_read": ["b"], "heartbeat": ["a", "\x00"]},
    {"no_read": ["ab"], "heartbeat": ["ba"], "separator": "b", "max_bytes": 9},
    {"heartbeat": ["a"], "no_read": ["b"]},
    {"pattern": "(?P<code>a+)(?P<grade>b)?", "separator": "aa"},
    {"pattern": "(?P<code>[^b]*)b(?P<grade>.*?)b?(?P<at>\x02.*)?", "prefix": "a"},
    {"suffix": ["\r\n", "b", "aab"], "max_bytes": 6},
    {"suffix": "\x03", "prefix": "\x02", "checksum": "xor", "ack": "A", "nack": "N", "max_bytes": 20},
    {"suffix": "b", "checksum": "sum-hex", "max_bytes": 20},
    {"closing_tag": "</r>", "xml": {"code": "a", "grade": "@b"}, "max_bytes": 60},
    {"closing_tag": "}", "json": {"code": "a[].b", "grade": "b"}, "max_bytes": 60},
    {"length_digits": 2, "max_bytes": 30},
    {"length_digits": 1, "prefix": "\x02", "suffix": "\x03"},
    {"length_bytes": 1, "max_bytes": 30, "checksum": "xor"},
    {"length_bytes": 2, "length_order": "little", "prefix": "ab"},
    {"frame_bytes": 4},
    {"frame_bytes": 3, "prefix": "a", "suffix": "b", "idle_ms": 5},
    {"idle_ms": 5, "max_bytes": 12},
    {"ack": "\x06", "nack": "\x15"},
    {"separator": "a", "slots": 2, "no_read": ["b"]},
]


class Case(NamedTuple):
    """A driver and options it takes."""

    name: str
    driver: type[drivers.Driver]
    options: Mapping[str, object]

    def make(self) -> drivers.Driver:
        return self.driver(self.options)


@contextmanager
def outside() -> Iterator[None]:
    """As if the package outside were installed."""
    sys.path.insert(0, str(OUTSIDE))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(OUTSIDE))
        importlib.invalidate_caches()


def cases() -> list[Case]:
    """Each driver as it comes, as its example has it, in each of its presets; the generic one in many ways."""
    found = []
    with outside():
        for name in drivers.driver_names():
            if name in BROKEN:
                continue
            driver = drivers.load(name)
            found += [Case(name, driver, {}), Case(name, driver, example(driver).get("options", {}))]
            if issubclass(driver, GenericDriver) and len(driver.PRESETS) > 1:
                found += [Case(name, driver, {"preset": preset}) for preset in driver.PRESETS]
    found += [Case("generic", drivers.load("generic"), options) for options in GENERIC]
    keyence = {"before": ["time"], "after": ["iso-15415"], "delimiter": "a", "no_read": ["b"]}
    return [*found, Case("keyence-sr", drivers.load("keyence-sr"), keyence)]


def example(driver: type[drivers.Driver]) -> dict[str, Any]:
    """The `[[device]]` of its manual, read."""
    (device,) = tomllib.loads(driver.MANUAL.example)["device"]
    return dict(device)


def reads_of(events: Sequence[drivers.Event]) -> list[drivers.Read]:
    """The events, all of which have to be reads."""
    reads = [event for event in events if isinstance(event, drivers.Read)]
    assert len(reads) == len(events)
    return reads
