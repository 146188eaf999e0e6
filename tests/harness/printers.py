"""Every printer's driver there is, with the options it is tried with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

from drivers import printers
from drivers.parts.label_printer import LabelPrinter

CODE = b"010489921512237121Uhgr>kO42*S<<\x1d93f7PE"  # ASL BELGISI open API 1.21.1, 5.1.1
SSCC = b"00030779729200012315"

GENERIC: list[dict[str, object]] = [
    {"printed": ["a"], "clear": "c"},
    {"printed": ["P(?P<count>[0-9]+)"], "clear": "c", "suffix": "aa", "max_bytes": 9},
    {"printed": ["P(?P<upto>[0-9]+)"], "prefix": "\x02", "suffix": "\x03", "checksum": "xor-hex"},
    {"printed": [], "ask": "?", "queue": ["Q(?P<left>[0-9]+)"], "idle_ms": 5},
    {"length_digits": 2, "accepted": ["A"], "refused": ["N"], "max_bytes": 30},
    {"closing_tag": "b", "max_bytes": 12},
]


class Case(NamedTuple):
    """A driver and options it takes."""

    name: str
    driver: type[printers.PrinterDriver]
    options: Mapping[str, object]

    def make(self) -> printers.PrinterDriver:
        return self.driver(self.options)


def cases() -> list[Case]:
    """Each driver as it comes, as its example has it, in each of its presets; the generic one in many ways."""
    found = []
    for name in printers.printer_names():
        driver = printers.load(name)
        found += [Case(name, driver, {}), Case(name, driver, example(driver).get("options", {}))]
        if issubclass(driver, LabelPrinter) and len(driver.PRESETS) > 1:
            found += [Case(name, driver, {"preset": preset}) for preset in driver.PRESETS]
    generic = printers.load("generic-queue")
    return found + [Case("generic-queue", generic, options) for options in GENERIC]


def example(driver: type[printers.PrinterDriver]) -> dict[str, Any]:
    """The `[[printer]]` of its manual, read."""
    (printer,) = tomllib.loads(driver.MANUAL.example)["printer"]
    return dict(printer)
