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

from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules

from drivers.base import (
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

__all__ = [
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

GROUP = "lined.drivers"
_SHARED = frozenset({"base"})  # beside it and packages, every file is a driver


def driver_names() -> list[str]:
    """The drivers there are: `generic`, which fits most devices, then the others sorted, those of other packages too,
    whether they can be loaded or not.
    """
    return sorted({*_own(), *_others()}, key=lambda name: (name != "generic", name))


def load(name: str) -> type[Driver]:
    """The driver's class. Raises UnknownDriver, naming those that may be meant, or DriverBroken."""
    if name in _own():
        driver: type[Driver] = import_module(f"drivers.{name.replace('-', '_')}").DRIVER
        return driver
    others = _others()
    if name in others:
        return _loaded(name, others[name])
    raise UnknownDriver(f"there is no driver {name[:100]!r}; {_meant(name)}")


def _own() -> set[str]:
    modules = (module.name for module in iter_modules(__path__) if not module.ispkg)
    return {name.replace("_", "-") for name in modules if name not in _SHARED}


def _others() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in _own()}


def _loaded(name: str, point: EntryPoint) -> type[Driver]:
    try:
        driver = point.load()
    except Exception as broken:
        raise DriverBroken(f"the driver {name!r} ({point.value}) cannot be loaded: {broken!r}") from broken
    if not (isinstance(driver, type) and issubclass(driver, Driver)):
        raise DriverBroken(f"the driver {name!r} ({point.value}) is no drivers.Driver")
    return driver


def _meant(name: str) -> str:
    """`keyence` and `keyense-sr` mean `keyence-sr`."""
    names = driver_names()
    wanted = name[:100].lower().replace("_", "-")
    near = [one for one in names if wanted and (wanted in one or one in wanted)]
    near += [one for one in get_close_matches(wanted, names, cutoff=0.5) if one not in near]
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    return f"{meant}there are: {', '.join(names)}"
