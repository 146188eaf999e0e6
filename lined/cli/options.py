"""Options and panels that commands have in common."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

FOLDER: Final = Path("/etc/lined")
CONFIG: Final = FOLDER / "lined.toml"
"""Where the configuration is looked for (docs/contract.md, Command line)."""

SET_UP: Final = "Setting up"
RUNNING: Final = "Running"
AT_WORK: Final = "At work (these speak to the running daemon)"


def _an_id(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[a-z0-9-]{1,32}", text):
        raise typer.BadParameter("must have 1 to 32 characters of a-z, 0-9 and -")
    return text


ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", envvar="LINED_CONFIG", help="The line's configuration.")
]
LineOption = Annotated[
    str | None, typer.Option("--line", metavar="ID", help=f"The same, as {FOLDER}/ID.toml.", callback=_an_id)
]
ByOption = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; default: the user.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def with_line(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that has a configuration, with `--line` as another way to name it."""
    signature = inspect.signature(command, eval_str=True)
    name = next((name for name in ("config", "_config") if name in signature.parameters), None)
    if name is None:
        return command

    @functools.wraps(command)
    def named(line: str | None = None, **given: Any) -> Any:
        return command(**given | ({name: FOLDER / f"{line}.toml"} if line is not None else {}))

    line = inspect.Parameter("line", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=LineOption)
    named.__signature__ = signature.replace(parameters=[*signature.parameters.values(), line])  # type: ignore[attr-defined]
    named.__annotations__ = {**command.__annotations__, "line": LineOption}
    return named
