"""`lined doctor`: the computer and what is around it, looked at as whoever is called at night would. Each finding says
what to do about it; nothing is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

from lined.cli.exits import DEGRADED, DONE, FAILED
from lined.cli.options import AT_WORK, CONFIG, ConfigOption, JsonOption
from lined.cli.output import console, print_json

if TYPE_CHECKING:
    from lined.cli.finding import Finding

COLOURS: Final = {"ok": "green", "note": "dim", "warning": "yellow", "bad": "red"}
MARKS: Final = {"ok": "✓", "note": "·", "warning": "!", "bad": "✗"}


def register(app: typer.Typer) -> None:
    app.command("doctor", rich_help_panel=AT_WORK)(doctor)


def doctor(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Look at disk, clock, devices, broker, regulator, backups; say what is wrong and what to do about it."""
    from lined.cli import examining

    found: list[Finding] = []
    to = console()
    for finding in examining.everything(config):
        found.append(finding)
        if not as_json:
            to.print(
                f"{MARKS[finding.state]} {finding.what}: {finding.says}", style=COLOURS[finding.state], markup=False
            )
            if finding.do:
                to.print(f"    {finding.do}", markup=False)
    worst = {finding.state for finding in found}
    if as_json:
        print_json({"items": [finding._asdict() for finding in found], "next": None})
    raise typer.Exit(FAILED if "bad" in worst else DEGRADED if "warning" in worst else DONE)
