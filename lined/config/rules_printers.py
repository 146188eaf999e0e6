"""Rules of printers, about what has to fit together: ids, drivers and their options, products and stations."""

from __future__ import annotations

from collections.abc import Iterator

from drivers import printers
from lined.config.models import Printer
from lined.config.repair import Repaired
from lined.config.rules_line import ids_twice
from lined.config.rules_products import at
from lined.config.texts import Place, path_of
from lined.config.values import shown
from lined.devices.urls import parse_url
from lined.vocabulary.errors import Problem
from lined.vocabulary.line import Role
from lined.vocabulary.packages import Level


def printer_problems(found: Repaired) -> Iterator[Problem]:
    config = found.config
    yield from ids_twice(found, "printer", [printer.id for printer in config.printers])
    devices = {device.id for device in config.devices}
    addresses = {str(parse_url(device.url)) for device in config.devices}
    for number, printer in enumerate(config.printers):
        place: Place = ("printer", number)
        if found.sure(*place, "id") and printer.id in devices:
            yield at((*place, "id"), f"a device is called {shown(printer.id)} too: rename one")
        if found.sure(*place, "url"):
            address = str(parse_url(printer.url))
            if address in addresses and not address.endswith(":0"):
                yield at((*place, "url"), "something else has this address too: each printer has its own")
            addresses.add(address)
        yield from _driver(found, place, printer)
        yield from _place(found, place, printer)


def _driver(found: Repaired, place: Place, printer: Printer) -> Iterator[Problem]:
    if not found.sure(*place, "driver"):
        return
    try:
        driver = printers.load(printer.driver)
    except printers.UnknownDriver as unknown:
        yield at((*place, "driver"), str(unknown))
        return
    if not found.sure(*place, "options"):
        return
    try:
        driver(printer.options)
    except printers.DriverOptionError as error:
        for path, message in error.problems:
            yield Problem(f"{path_of((*place, 'options'))}.{path}", message)
    except Exception as broken:  # noqa: BLE001 - a driver may be somebody else's code
        yield at((*place, "driver"), f"it cannot be made with these options: {broken!r}")


def _place(found: Repaired, place: Place, printer: Printer) -> Iterator[Problem]:
    """A product of this line, or a station that packs what lined names itself."""
    config = found.config
    known = all(found.sure("product", number, "gtin") for number in range(len(config.products)))
    if printer.product is not None and found.sure(*place, "product") and found.sure("product") and known:
        gtins = {product.gtin for product in config.products}
        gtins |= {package.gtin for product in config.products for package in product.packages if package.gtin}
        if printer.product not in gtins:
            yield at((*place, "product"), f"there is no product {printer.product}: add it as a [[product]]")
    if printer.station is None or not found.sure(*place, "station") or not found.sure("station"):
        return
    station = next((one for one in config.stations if one.id == printer.station), None)
    if station is None:
        yield at((*place, "station"), f"there is no station {shown(printer.station)}: add it as a [[station]]")
    elif station.role != Role.PACK or station.level == Level.GROUP:
        yield at((*place, "station"), f"{shown(printer.station)} forms no boxes or pallets, so it has no such labels")
    elif config.sscc is None:
        yield at((*place, "station"), "lined issues no SSCC here, so there is nothing to print: add [sscc]")
