"""`lined listen DEVICE`: what a device sends, shown as it comes."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from lined.cli.exits import FAILED
from lined.cli.options import CONFIG, SET_UP, ConfigOption
from lined.cli.output import console


def register(app: typer.Typer) -> None:
    app.command("listen", rich_help_panel=SET_UP)(listen_to)


def listen_to(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="Its id in the configuration.")],
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=3600, help="How long at the most.")] = 60,
    reads: Annotated[int, typer.Option("--reads", min=1, max=10_000, help="Enough after so many good reads.")] = 10_000,
    config: ConfigOption = CONFIG,
) -> None:
    """Show what a device sends and what lined makes of it, before the line runs: nothing is judged, kept or replied."""
    import drivers
    from lined.cli.answers import loaded
    from lined.cli.listening import Observation, listen
    from lined.devices import DeviceSpec, parse_url
    from lined.service.assembly import plant_of

    found = loaded(config)
    about = next((one for one in found.devices if one.id == device), None)
    if about is None:
        known = ", ".join(one.id for one in found.devices)
        raise typer.BadParameter(f"there is no {device}; there are: {known}", param_hint="DEVICE")
    to = console()

    def tell(observed: Observation) -> None:
        to.print(observed.text, style="green" if observed.good else "yellow", markup=False, soft_wrap=True)

    to.print(f"{device} at {about.url}, for {seconds:g} s. Ctrl-C ends it.", style="dim")
    spec = DeviceSpec(id=about.id, url=parse_url(about.url))
    shapes = {gtin: product.shape for gtin, product in plant_of(found).products.items()}
    driver = drivers.load(about.driver)(about.options)
    enough = asyncio.run(listen(spec, driver, tell, seconds=seconds, wanted=reads, shapes=shapes))
    if not enough and reads != 10_000:
        raise typer.Exit(FAILED)
