"""`lined package …`: parent codes with their children."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table


def register(app: typer.Typer) -> None:
    packages = typer.Typer(no_args_is_help=True, help="List packages, close one before it is full.")
    packages.command("list")(list_packages)
    packages.command("close")(close)
    app.add_typer(packages, name="package", rich_help_panel=AT_WORK)


def list_packages(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """List packages, newest first."""
    from lined.cli.asking import answered, loaded

    page: Any
    page, _ = answered(loaded(config), "/api/v1/packages", lambda _: {"items": [], "next": None})
    if as_json:
        print_json(page)
        return
    rows = [(one["parent"], one["level"], one["count"]) for one in page["items"]]
    print_table(console(), "", ["package", "level", "codes"], rows)
    if not rows:
        console().print("No packages.")


def close(
    station: Annotated[str, typer.Argument(metavar="STATION", help="Where it is being packed.")],
    parent: Annotated[str | None, typer.Option(metavar="CODE", help="Its own code.")] = None,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Close a station's open package before it is full."""
    from lined.cli.asking import done, loaded
    from lined.cli.codes import typed

    body: dict[str, object] = {"station": station}
    if parent is not None:
        body["parent"] = typed(parent)
    answer = done(loaded(config), "/api/v1/packages/close", body, by)
    if as_json:
        print_json(answer)
    else:
        console().print("Closed.", style="green")
