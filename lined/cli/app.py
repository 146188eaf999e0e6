"""The commands' table. To add a command: a file beside this one with `register(app)`, and its name in `FILES`.

    def register(app: typer.Typer) -> None:
        app.command("check", rich_help_panel=SET_UP)(check)

A command raises errors of `lined.vocabulary.errors`; here they become words on stderr and an exit code.
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Annotated, Final

import typer

from lined import __version__
from lined.cli.exits import code_of, tell
from lined.cli.options import with_line
from lined.vocabulary.environment import without_nonsense
from lined.vocabulary.errors import LinedError

FILES: Final = (
    "init",
    "check",
    "drivers",
    "listen",
    "capture",
    "replay",
    "profile",
    "api",
    "products",
    "demo",
    "sandbox",
    "simulate",
    "run",
    "status",
    "job",
    "report",
    "package",
    "codes",
    "order",
    "pool",
    "label",
    "keeping",
    "key",
    "people",
    "doctor",
    "support",
)
"""Files of this room that hold commands, in the order of the help."""


def build() -> typer.Typer:
    app = typer.Typer(
        name="lined",
        help="Mandatory product marking on a production line: read, judge, keep, report.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # a fault of ours is shown as it is, for the log
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_every_command)
    for name in FILES:
        import_module(f"lined.cli.{name}").register(app)
    _take_lines(app)
    return app


def _take_lines(app: typer.Typer) -> None:
    """Every command that has to do with a line takes its id."""
    for info in app.registered_commands:
        assert info.callback is not None
        info.callback = with_line(info.callback)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        _take_lines(group.typer_instance)


def run() -> None:
    """Run the command of this process's arguments and end the process."""
    without_nonsense()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that cannot show Uzbek names is no failure
    try:
        build()()
    except LinedError as error:
        tell(error)
        sys.exit(code_of(error))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lined {__version__}")
        raise typer.Exit


def _every_command(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass
