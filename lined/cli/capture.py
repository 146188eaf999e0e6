"""`lined capture DEVICE`: a device's bytes with their times, into a file that `lined replay` plays back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lined.cli.exits import FAILED
from lined.cli.options import CONFIG, SET_UP, ConfigOption
from lined.cli.output import console
from lined.line.intake.capture import SECONDS_MAX


def register(app: typer.Typer) -> None:
    app.command("capture", rich_help_panel=SET_UP)(capture)


def capture(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="Its id in the configuration.")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="A new file; default: the device and the time.")
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, max=SECONDS_MAX, help="How long at the most; Ctrl-C ends it before.")
    ] = 60,
    mask: Annotated[
        bool, typer.Option("--mask", help="Check parts become others of the same length and the same kinds of signs.")
    ] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Record what a device and lined send each other: of the line that runs, or of the port itself where none does."""
    from datetime import UTC, datetime

    from lined.cli.answers import loaded
    from lined.cli.capturing import Captured, captured

    found = loaded(config)
    about = next((one for one in found.devices if one.id == device), None)
    if about is None:
        known = ", ".join(one.id for one in found.devices)
        raise typer.BadParameter(f"there is no {device}; there are: {known}", param_hint="DEVICE")
    path = to or Path(f"{device}-{datetime.now(UTC):%Y%m%d-%H%M%S}.capture")
    screen = console()
    try:
        done: Captured = captured(found, about, path, seconds=seconds, mask=mask, tell=screen.print)
    except FileExistsError:
        raise typer.BadParameter(f"{path} is there already", param_hint="--to") from None
    screen.print(f"{path}: {done.events:,} events, {done.received:,} bytes of {device}; ended: {done.ended}.")
    if not mask:
        screen.print("It holds check parts: give it to nobody who may not have them, or use --mask.", style="yellow")
    if not done.received:
        raise typer.Exit(FAILED)
