"""`lined label …`: what was given to printers, what of it nobody knows, and a label printed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table

if TYPE_CHECKING:
    from lined.journal.database import Connection

PAGE = 100


def register(app: typer.Typer) -> None:
    labels = typer.Typer(no_args_is_help=True, help="Labels given to printers: list them, print one again.")
    labels.command("list")(show)
    labels.command("reprint")(reprint)
    app.add_typer(labels, name="label", rich_help_panel=AT_WORK)


def show(
    aside: Annotated[bool, typer.Option("--aside", help="Only what is set aside: perhaps printed, not taken.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many, the newest.")] = PAGE,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List labels, newest first."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    def offline(connection: Connection) -> Any:
        from lined.api import shapes
        from lined.journal.tables import labels

        return shapes.label_page((labels.aside if aside else labels.page)(connection, limit + 1, None), limit)

    found = loaded(config)
    asked = {"limit": str(limit), **({"aside": "true"} if aside else {})}
    answer, _ = answered(found, "/api/v1/labels", offline, **asked)
    if as_json:
        print_json(answer)
        return
    clock, to = Clock(found), console()
    rows = [
        (one["number"], one["code"], one["state"], one["printer"], clock.at(one["given_at"]), one["why"] or "")
        for one in answer["items"]
    ]
    print_table(to, "", ["label", "code", "state", "printer", "given", "why"], rows)
    if not rows:
        to.print("None.")


def reprint(
    code: Annotated[str, typer.Argument(metavar="CODE", help="With or without its check part; of a box its SSCC.")],
    reason: Annotated[str, typer.Option(help="Why the label that there may be does not count. It is kept.")],
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Print a code's label once more."""
    from lined.cli.answers import done, loaded

    answer = done(loaded(config), "label-reprint", {"code": code, "reason": reason}, by)
    if as_json:
        print_json(answer)
    else:
        console().print(f"{answer['code']} waits for {answer['printer']} once more.", style="green")
