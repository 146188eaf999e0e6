"""Drivers: one file a device family, each usable without `lined`.

    driver = load("generic")({"no_read": ["NOREAD"]})
    for read in driver.feed(chunk):
        ...

A family's file ends with `DRIVER = TheClass`; its name is the driver's name.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from drivers.base import Driver, DriverOptionError, OptionProblem, Read, UnknownDriver

__all__ = ["Driver", "DriverOptionError", "OptionProblem", "Read", "UnknownDriver", "driver_names", "load"]

_SHARED = frozenset({"base", "framing"})  # what drivers have in common; every other file is a driver


def driver_names() -> list[str]:
    """The drivers there are, sorted."""
    return sorted(module.name for module in iter_modules(__path__) if module.name not in _SHARED)


def load(name: str) -> type[Driver]:
    """The driver's class. Raises UnknownDriver, naming those there are."""
    names = driver_names()
    if name not in names:
        raise UnknownDriver(f"there is no driver {name!r}; there are: {', '.join(names)}")
    driver: type[Driver] = import_module(f"drivers.{name}").DRIVER
    return driver
