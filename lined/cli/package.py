"""`lined package …`: parent codes with their children."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lined.cli.ask import ask_package
from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table

if TYPE_CHECKING:
    from lined.cli.formats import Clock
    from lined.journal.database import Connection


def register(app: typer.Typer) -> None:
    packages = typer.Typer(
        no_args_is_help=True,
        help="List packages, look into one, close one, put its content right.",
    )
    packages.command("list")(list_packages)
    packages.command("ask")(ask_package)
    packages.command("close")(close)
    packages.command("take-out")(take_out)
    packages.command("replace")(replace)
    packages.command("dissolve")(dissolve)
    app.add_typer(packages, name="package", rich_help_panel=AT_WORK)


def list_packages(
    state: Annotated[
        Literal["open", "waiting", "closed", "dissolved"] | None,
        typer.Option(metavar="STATE", help="open, waiting (for its report), closed or dissolved."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Go on after this package.")] = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List packages, newest first."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    found = loaded(config)

    def offline(connection: Connection) -> Any:
        from lined.api import shapes
        from lined.journal.views import stories
        from lined.vocabulary.ids import row_number

        before = row_number(after or "")
        return json.loads(shapes.package_page(stories.package_page(connection, state=state, limit=limit, after=before)))

    page, _ = answered(found, "/api/v1/packages", offline, state=state, limit=limit, after=after)
    if as_json:
        print_json(page)
        return
    to, clock = console(), Clock(found)
    columns = ["package", "level", "state", "holds", "station", "since", "in", "look"]
    print_table(to, "", columns, (_row(one, clock) for one in page["items"]))
    if not page["items"]:
        to.print("No packages.")
    if page["next"] is not None:
        to.print(f"More: --after {page['next']}", style="dim")


def close(
    station: Annotated[str, typer.Argument(metavar="STATION", help="Where it is being packed.")],
    parent: Annotated[str | None, typer.Option(metavar="CODE", help="Its own code.")] = None,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Close a station's open package before it is full."""
    from lined.cli.answers import done, loaded

    body: dict[str, object] = {"station": station}
    if parent is not None:
        body["parent"] = parent
    answer = done(loaded(config), "package-close", body, by)
    if as_json:
        print_json(answer)
    else:
        count, parent_code = answer["count"], answer["parent"]
        waits = "" if answer["state"] != "open" else ": its next parent read closes it"
        name = f" {parent_code}" if parent_code else ""
        console().print(f"Package{name} with {count:,} is {answer['state']}{waits}.", style="green")


CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The child, with or without its check part.")]


def take_out(
    code: CodeArgument, by: ByOption = None, config: ConfigOption = CONFIG, as_json: JsonOption = False
) -> None:
    """Take a child out of its package; what was reported is disaggregated and formed anew."""
    _put_right("package-take-out", {"code": code}, f"{code} lies in no package now.", by, config, as_json)


def replace(
    code: CodeArgument,
    other: Annotated[str, typer.Option("--with", metavar="CODE", help="What takes its place.")],
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Replace a child of a package by another."""
    body: dict[str, object] = {"code": code, "with": other}
    _put_right("package-replace", body, f"{other} lies in the place of {code} now.", by, config, as_json)


def dissolve(
    parent: Annotated[str, typer.Argument(metavar="CODE", help="The package's own code.")],
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Open a package for good: its children lie in nothing."""
    _put_right("package-dissolve", {"parent": parent}, f"{parent} is dissolved.", by, config, as_json)


def _put_right(name: str, body: dict[str, object], text: str, by: str | None, config: Path, as_json: bool) -> None:
    from lined.cli.answers import done, loaded

    answer = done(loaded(config), name, body, by)
    if as_json:
        print_json(answer)
        return
    report = f" Report {answer['report']} tells the regulator." if answer.get("report") else ""
    console().print(text + report, style="green")


def _row(one: dict[str, Any], clock: Clock) -> tuple[object, ...]:
    return (
        one["parent"] or "not known yet",
        one["level"],
        one["state"],
        f"{one['count']:,} of {one['capacity']:,}",
        one["station"],
        clock.at(one["at"]),
        one["inside"] or "",
        one["suspect"] or "",
    )
