"""Rules of the line, about what has to fit together: ids, drivers and their options, stations and their devices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import drivers
from lined.config.models import Device, Station
from lined.config.repair import Repaired
from lined.config.rules_products import at
from lined.config.texts import Place, path_of
from lined.config.values import shown
from lined.devices.urls import ListenUrl, parse_url
from lined.vocabulary.errors import Problem
from lined.vocabulary.line import Role


def device_problems(found: Repaired) -> Iterator[Problem]:
    yield from ids_twice(found, "device", [device.id for device in found.config.devices])
    yield from _same_address(found)
    for number, device in enumerate(found.config.devices):
        yield from _driver(found, number, device)
        reply = device.reply
        if (
            found.sure("device", number, "reply")
            and "reply" in device.model_fields_set
            and reply.accept == reply.reject
        ):
            message = "accept and reject are the same, so the device could not tell them apart: give each its own"
            yield at(("device", number, "reply"), message)


def ids_twice(found: Repaired, section: str, ids: list[str]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, name in enumerate(ids):
        if not found.sure(section, number, "id"):
            continue
        if name in first:
            yield at((section, number, "id"), f"{section}[{first[name]}] is called {shown(name)} too: rename one")
        else:
            first[name] = number


def _same_address(found: Repaired) -> Iterator[Problem]:
    first: dict[object, int] = {}
    for number, device in enumerate(found.config.devices):
        if not found.sure("device", number, "url"):
            continue
        url = parse_url(device.url)
        one: object = getattr(url, "path", url)  # a serial port is one port, whatever its speed
        if isinstance(url, ListenUrl):
            one = url.port or number  # on one port one device; port 0 takes a free one each
        if one in first:
            yield at(
                (*("device", number), "url"), f"device[{first[one]}] has this address too: each device has its own"
            )
        else:
            first[one] = number


def _driver(found: Repaired, number: int, device: Device) -> Iterator[Problem]:
    place: Place = ("device", number)
    if not found.sure(*place, "driver"):
        return
    try:
        driver = drivers.load(device.driver)
    except drivers.UnknownDriver as unknown:
        yield at((*place, "driver"), str(unknown))
        return
    if not found.sure(*place, "options"):
        return
    try:
        driver(device.options)
    except drivers.DriverOptionError as error:
        for path, message in error.problems:
            yield Problem(f"{path_of((*place, 'options'))}.{path}", message)
    except Exception as broken:  # noqa: BLE001 - a driver may be somebody else's code
        yield at((*place, "driver"), f"it cannot be made with these options: {broken!r}")


def station_problems(found: Repaired) -> Iterator[Problem]:
    yield from ids_twice(found, "station", [station.id for station in found.config.stations])
    yield from _devices_of_stations(found)
    for number, station in enumerate(found.config.stations):
        if found.sure("station", number, "role"):
            yield from _role(found, ("station", number), station)


def _devices_of_stations(found: Repaired) -> Iterator[Problem]:
    known = _written_ids(found.tables.get("device"))
    owner: dict[str, str] = {}
    for number, station in enumerate(found.config.stations):
        place: Place = ("station", number, "devices")
        if not found.sure(*place):
            continue
        for index, device in enumerate(station.devices):
            if found.sure("device") and known is not None and device not in known:
                yield at(
                    (*place, index), f"there is no device {shown(device)}: add it as a [[device]], or correct the name"
                )
            elif device in owner:
                yield at(
                    (*place, index), f"{shown(device)} belongs to {owner[device]} already: a device has one station"
                )
            owner.setdefault(device, path_of(place))


def _written_ids(tables: Any) -> set[str] | None:
    """The ids as the file has them, wrong ones too: a reference to such a device is not a second problem.

    None where a device has none: then every reference may mean that one.
    """
    rows = tables if isinstance(tables, list) else []
    ids = [row.get("id") if isinstance(row, dict) else None for row in rows]
    names = {name for name in ids if isinstance(name, str)}
    return names if all(isinstance(name, str) for name in ids) else None


def _role(found: Repaired, place: Place, station: Station) -> Iterator[Problem]:
    if station.role == Role.PACK and station.level is None and found.sure(*place, "level"):
        yield at((*place, "level"), "is required where the role is pack: the level of the package formed here")
    if station.apply and station.role not in {Role.APPLY, Role.VERIFY}:
        message = f"only a verify station can apply codes as well, and this one's role is {station.role}: leave it out"
        yield at((*place, "apply"), message)
