"""`lined job …`: what is being produced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_marked

if TYPE_CHECKING:
    from lined.api.status_schema import Counted
    from lined.config import Config
    from lined.journal.database import Connection

Order = Annotated[str | None, typer.Option(help="The production order.")]
Series = Annotated[str | None, typer.Option(help="The series or lot, up to 20 characters.")]
Produced = Annotated[
    str | None, typer.Option("--production-date", metavar="DATE", help="A day (2026-11-23), or a moment with offset.")
]
Expires = Annotated[
    str | None, typer.Option("--expiration-date", metavar="DATE", help="Default: by the product's shelf life.")
]
Packages = Annotated[Literal["keep", "close", "dissolve"], typer.Option(help="What becomes of open packages.")]


def register(app: typer.Typer) -> None:
    jobs = typer.Typer(no_args_is_help=True, help="Start, stop, correct and show the job.")
    for name, function in (("start", start), ("stop", stop), ("correct", correct), ("show", show)):
        jobs.command(name)(function)
    app.add_typer(jobs, name="job", rich_help_panel=AT_WORK)


def start(
    gtin: Annotated[str | None, typer.Argument(metavar="GTIN", help="The product.")] = None,
    gtin_option: Annotated[str | None, typer.Option("--gtin", help="The same.")] = None,
    order: Order = None,
    series: Series = None,
    production_date: Produced = None,
    expiration_date: Expires = None,
    mode: Annotated[
        Literal["normal", "test"], typer.Option(help="In test mode items are judged as usual and nothing is reported.")
    ] = "normal",
    code_order: Annotated[
        str | None, typer.Option("--code-order", metavar="ID", help="The order of codes that its codes are of.")
    ] = None,
    roll: Annotated[str | None, typer.Option(metavar="NAME", help="The print order that its codes are of.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Stop the running job first.")] = False,
    packages: Packages = "keep",
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Start a job."""
    product = gtin or gtin_option
    if product is None:
        raise typer.BadParameter("give the product's GTIN", param_hint="GTIN")
    dates = {"production_date": production_date, "expiration_date": expiration_date}
    given = {"gtin": product, "order": order, "series": series, **dates, "mode": mode, "packages": packages}
    given |= {"code_order": code_order, "roll": roll}
    body = {name: value for name, value in given.items() if value is not None}
    _command(config, "job-start", {**body, "replace": replace}, by, as_json, "Started.")


def stop(
    packages: Packages = "keep", by: ByOption = None, config: ConfigOption = CONFIG, as_json: JsonOption = False
) -> None:
    """Stop the running job; its batches are sealed."""
    _command(config, "job-stop", {"packages": packages}, by, as_json, "Stopped; its batches are sealed.")


def correct(
    order: Order = None,
    series: Series = None,
    production_date: Produced = None,
    expiration_date: Expires = None,
    clear: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Take this value away.")] = None,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Change the running job's attributes, for it and for its reports that are not frozen yet."""
    dates = {"production_date": production_date, "expiration_date": expiration_date}
    given = {"order": order, "series": series, **dates}
    body: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    body |= {name.replace("-", "_"): None for name in clear or ()}
    _command(config, "job-correct", body, by, as_json, "Corrected.")


def show(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Show the running job with its counts."""
    from lined.cli.answers import answered, loaded

    found = loaded(config)
    document, running = answered(found, "/status", _offline)
    job = document["job"]
    if as_json:
        print_json(job)
    elif job is None:
        console().print(f"No job runs{'' if running else ' (and no daemon)'}.")
    else:
        _tell(job, found)


def _offline(connection: Connection) -> Counted:
    from lined.api import document
    from lined.journal.views import queries

    return document.counted(queries.sums(connection))


def _command(config: Any, name: str, body: dict[str, object], by: str | None, as_json: bool, told: str) -> None:
    from lined.cli.answers import done, loaded

    found = loaded(config)
    answer = done(found, name, body, by)
    if as_json:
        print_json(answer)
        return
    console().print(told, style="green")
    print_marked(console(), "!", "yellow", [("warning", text) for text in answer.get("warnings", ())])
    _tell(answer, found)
    if answer.get("reports"):
        console().print(f"Reports corrected with it: {', '.join(answer['reports'])}")


def _tell(job: dict[str, Any], config: Config) -> None:
    from lined.cli.formats import Clock, job_facts

    print_facts(console(), job_facts(job, Clock(config)))
