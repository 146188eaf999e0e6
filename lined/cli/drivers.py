"""`lined drivers`: the device families that `[[device]] driver = "…"` may name."""

from __future__ import annotations

import typer

from lined.cli.options import CONFIG, SET_UP, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("drivers", rich_help_panel=SET_UP)(show_drivers)


def show_drivers(_config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """List the drivers, one for each device family. The configuration is not read: the list is the program's."""
    import drivers

    rows = [(name, _about(drivers.load(name).__module__)) for name in drivers.driver_names()]
    if as_json:
        print_json({"items": [{"name": name, "about": about} for name, about in rows], "next": None})
    else:
        print_table(console(), "Drivers", ["driver", "for"], rows)


def _about(module: str) -> str:
    """The first sentence of the driver's file."""
    from importlib import import_module

    paragraph = (import_module(module).__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.split())
