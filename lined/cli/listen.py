"""`lined listen DEVICE`: what a device sends, shown as it comes."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from lined.cli.exits import FAILED
from lined.cli.options import CONFIG, SET_UP, ConfigOption
from lined.cli.output import console

MANY: Final = 10_000


def register(app: typer.Typer) -> None:
    app.command("listen", rich_help_panel=SET_UP)(listen)


def listen(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="Its id in the configuration.")],
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=3600, help="How long at the most.")] = 60,
    reads: Annotated[int, typer.Option("--reads", min=1, max=MANY, help="Enough after so many good reads.")] = MANY,
    config: ConfigOption = CONFIG,
) -> None:
    """Show what a device sends and what lined makes of it, before the line runs: nothing is judged, kept or replied."""
    from lined.cli.answers import loaded
    from lined.cli.listening import listen_to
    from lined.service.assembly import plant_of

    found = loaded(config)
    about = next((one for one in found.devices if one.id == device), None)
    if about is None:
        known = ", ".join(one.id for one in found.devices)
        raise typer.BadParameter(f"there is no {device}; there are: {known}", param_hint="DEVICE")
    to = console()
    to.print(f"{device} at {about.url}, for {seconds:g} s. Ctrl-C ends it.", style="dim")
    shapes = {gtin: product.shape for gtin, product in plant_of(found).products.items()}
    enough = listen_to(about, to, seconds=seconds, wanted=reads, shapes=shapes)
    if not enough and reads != MANY:
        raise typer.Exit(FAILED)
