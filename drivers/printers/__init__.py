"""Drivers of printers and coders that take a queue of labels: one file a family, each usable without `lined`.

    driver = load("zebra-zpl")({})
    write(driver.opening())
    if driver.takes:
        write(driver.load(1, Label(b"0104...")))
    for event in driver.feed(chunk):
        ...

A label is printed when `Printed` says so, and by nothing else. A package of somebody else's offers its class under the
entry point `lined.printers`.
"""

from __future__ import annotations

from drivers.base import DriverBroken, DriverOptionError, Manual, Option, OptionProblem, UnknownDriver
from drivers.parts.registry import Registry
from drivers.printers.base import (
    Accepted,
    Condition,
    Label,
    Printed,
    PrinterDriver,
    PrinterEvent,
    Refused,
    Trouble,
    Unprintable,
)

__all__ = [
    "Accepted",
    "Condition",
    "DriverBroken",
    "DriverOptionError",
    "Label",
    "Manual",
    "Option",
    "OptionProblem",
    "Printed",
    "PrinterDriver",
    "PrinterEvent",
    "Refused",
    "Trouble",
    "UnknownDriver",
    "Unprintable",
    "load",
    "printer_names",
]

_PRINTERS: Registry[PrinterDriver] = Registry(
    "drivers.printers",
    __path__,
    "lined.printers",
    PrinterDriver,  # type: ignore[type-abstract]  # what others have to be
    frozenset({"base"}),
)


def printer_names() -> list[str]:
    """The drivers of printers there are: `generic-queue`, then the others sorted."""
    return _PRINTERS.names()


def load(name: str) -> type[PrinterDriver]:
    """The driver's class. Raises UnknownDriver, naming those that may be meant, or DriverBroken."""
    return _PRINTERS.load(name)
