"""`lined drivers`: the device families that `[[device]] driver = "…"` may name, and how each is set up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lined.cli.options import CONFIG, SET_UP, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import drivers
    from drivers.printers import PrinterDriver

    AnyDriver = type[drivers.Driver | PrinterDriver]

NONE = "-"
SHORT = 24  # characters of a default that leave room for its meaning
BRLTTY = "sudo ln -s /dev/null /etc/udev/rules.d/85-brltty.rules"
RELOAD = "sudo udevadm control --reload"
RULES = "/etc/udev/rules.d/60-lined.rules"


def register(app: typer.Typer) -> None:
    app.command("drivers", rich_help_panel=SET_UP)(show_drivers)


def show_drivers(
    name: Annotated[str | None, typer.Argument(help="One driver: its options, an example, the device's settings.")] = (
        None
    ),
    _config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List the drivers, one for each device family. The configuration is not read: the list is the program's."""
    import drivers
    from drivers import printers

    if name is not None:
        of_printer = name in printers.printer_names()
        try:
            driver = printers.load(name) if of_printer else drivers.load(name)
        except drivers.UnknownDriver as unknown:
            raise typer.BadParameter(str(unknown), param_hint="NAME") from None
        _show(name, driver, as_json=as_json)
        return
    rows = [(each, _about_or_why(drivers.load, each)) for each in drivers.driver_names()]
    printing = [(each, _about_or_why(printers.load, each)) for each in printers.printer_names()]
    if as_json:
        items = [
            {"name": each, "about": about, "of": kind}
            for kind, found in (("device", rows), ("printer", printing))
            for each, about in found
        ]
        print_json({"items": items, "next": None})
    else:
        to = console()
        print_table(to, "Drivers", ["driver", "for"], rows)
        print_table(to, "Drivers of printers", ["driver", "for"], printing)
        to.print("lined drivers NAME shows its options, an example and how the device is set up.", style="dim")


def _about_or_why(load: Callable[[str], AnyDriver], name: str) -> str:
    import drivers

    try:
        return _about(load(name))
    except drivers.UnknownDriver as broken:
        return str(broken)


def _show(name: str, driver: AnyDriver, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(name, driver))
        return
    to, manual = console(), driver.MANUAL
    to.print(_head(driver), soft_wrap=True)
    to.print()
    defaults = {option.name: _toml(_default(driver, option)) for option in driver.OPTIONS}
    short = {name: text if len(text) <= SHORT else "(below)" for name, text in defaults.items()}
    rows = [(option.name, short[option.name], option.about) for option in driver.OPTIONS]
    print_table(to, "Options", ["option", "default", "meaning"], rows)
    long = [(name, text) for name, text in defaults.items() if len(text) > SHORT]
    print_table(to, "Longer defaults", ["option", "default"], long)
    for preset, others in list(_presets(driver).items())[1:]:
        rows_of = [(option, _toml(value)) for option, value in others.items()]
        print_table(to, f'Defaults with preset = "{preset}"', ["option", "default"], rows_of)
    if manual.example:
        to.print("Example", style="bold")
        to.print(manual.example, soft_wrap=True)
    print_table(to, "Settings of the device", ["setting", "choose"], manual.settings)
    print_table(to, "When lined doctor finds that it sends", ["what", "set"], _remedies(driver))
    to.print("On a serial port", style="bold")
    print_facts(to, _serial(driver))


def _document(name: str, driver: AnyDriver) -> dict[str, Any]:
    options = [
        {"name": option.name, "kind": option.kind, "default": _default(driver, option), "about": option.about}
        for option in driver.OPTIONS
    ]
    return {
        "name": name,
        "about": _about(driver),
        "options": options,
        "presets": {preset: dict(defaults) for preset, defaults in _presets(driver).items()},
        "example": driver.MANUAL.example,
        "settings": [{"setting": setting, "choose": choose} for setting, choose in driver.MANUAL.settings],
        "remedies": [{"symptom": what, "set": remedy} for what, remedy in _remedies(driver)],
        "serial": [{"what": what, "line": line} for what, line in _serial(driver)],
    }


def _remedies(driver: AnyDriver) -> list[tuple[str, str]]:
    """What to set on a reader by what is wrong with its codes; printers send none."""
    import drivers

    if not issubclass(driver, drivers.Driver):
        return []
    return [(symptom, driver.MANUAL.remedy(symptom)) for symptom in drivers.SYMPTOMS]


def _presets(driver: AnyDriver) -> dict[str, Any]:
    return dict(getattr(driver, "PRESETS", {}))


def _default(driver: AnyDriver, option: drivers.Option) -> object:
    """What holds where nothing is given: the first preset's, else the option's own."""
    first: dict[str, object] = next(iter(_presets(driver).values()), {})
    return first.get(option.name, option.default)


def _toml(value: object) -> str:
    """As the file would have it: JSON's strings, numbers and lists are TOML's too."""
    if value is None or value == ():
        return NONE
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=True)


def _serial(driver: AnyDriver) -> list[tuple[str, str]]:
    """What udev has to be told, so that ModemManager and brltty leave a reader alone."""
    makers = driver.MANUAL.usb or [("the adapter's idVendor, from lsusb", "0000")]
    lines = [
        (f"{RULES}, {maker}", f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vendor}", ENV{{ID_MM_DEVICE_IGNORE}}="1"')
        for maker, vendor in makers
    ]
    return [
        *lines,
        ("then, and plug it in anew", RELOAD),
        ("brltty takes the port (CH340, CP210x, FTDI)", f"{BRLTTY}   # unless a Braille display is used"),
        ("its lasting name, for url", "ls -l /dev/serial/by-id"),
    ]


def _head(driver: AnyDriver) -> str:
    from importlib import import_module

    return (import_module(driver.__module__).__doc__ or "").strip()


def _about(driver: AnyDriver) -> str:
    """The first sentence of the driver's file."""
    return " ".join(_head(driver).partition("\n\n")[0].split())
