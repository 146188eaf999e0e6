"""Options and panels that commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

CONFIG: Final = Path("/etc/lined/lined.toml")
"""Where the configuration is looked for (docs/contract.md, Command line)."""

SET_UP: Final = "Setting up"
RUNNING: Final = "Running"
AT_WORK: Final = "At work (these speak to the running daemon)"

ConfigOption = Annotated[Path, typer.Option("--config", metavar="FILE", help="The line's configuration.")]
ByOption = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; default: the user.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
