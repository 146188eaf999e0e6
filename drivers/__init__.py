"""Drivers: one file a device family, each usable without `lined`.

    driver = load("generic")({"no_read": ["NOREAD"]})
    for event in driver.feed(chunk):
        ...

A family's file ends with `DRIVER = TheClass`; the driver's name is the file's, with hyphens: `keyence-sr` stands in
`keyence_sr.py`. A package of somebody else's offers its class under the entry point `lined.drivers`:

    [project.entry-points."lined.drivers"]
    our-reader = "our_package.reader:OurReader"
"""

from __future__ import annotations

from drivers.base import (
    SYMPTOMS,
    Command,
    Driver,
    DriverBroken,
    DriverOptionError,
    Event,
    Fault,
    Garbled,
    Heartbeat,
    Manual,
    Option,
    OptionProblem,
    Read,
    Response,
    UnknownDriver,
)
from drivers.parts.registry import Registry

__all__ = [
    "SYMPTOMS",
    "Command",
    "Driver",
    "DriverBroken",
    "DriverOptionError",
    "Event",
    "Fault",
    "Garbled",
    "Heartbeat",
    "Manual",
    "Option",
    "OptionProblem",
    "Read",
    "Response",
    "UnknownDriver",
    "driver_names",
    "load",
]

_READERS: Registry[Driver] = Registry(
    "drivers",
    __path__,
    "lined.drivers",
    Driver,  # type: ignore[type-abstract]  # what others have to be
    frozenset({"base"}),
)


def driver_names() -> list[str]:
    """The drivers of readers there are: `generic`, which fits most devices, then the others sorted, those of other
    packages too, whether they can be loaded or not. Printers have drivers of their own: `drivers.printers`.
    """
    return _READERS.names()


def load(name: str) -> type[Driver]:
    """The driver's class. Raises UnknownDriver, naming those that may be meant, or DriverBroken."""
    return _READERS.load(name)
