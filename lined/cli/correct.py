"""`lined report correct`: other dates, series or country for codes that the regulator has, shown before they are
sent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lined.cli.options import CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_json


def correct(
    report: Annotated[str | None, typer.Option(metavar="ID", help="All accepted codes of this report.")] = None,
    code: Annotated[list[str] | None, typer.Option(metavar="CODE", help="One code; may be repeated.")] = None,
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Codes, one a line.")] = None,
    production_date: Annotated[str | None, typer.Option(help="The right production date.")] = None,
    expiration_date: Annotated[str | None, typer.Option(help="The right expiry date.")] = None,
    series: Annotated[str | None, typer.Option(help="The right series.")] = None,
    country: Annotated[str | None, typer.Option(help="The right country of production.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it; without this it is only shown.")] = False,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Correct reported codes. Shows what will be sent; with --send it goes."""
    from lined.cli.answers import done, loaded

    codes = [*(code or []), *(file.read_text("utf-8").split("\n") if file is not None else [])]
    given = {
        "report": report,
        "codes": [one for one in codes if one] or None,
        "production_date": production_date,
        "expiration_date": expiration_date,
        "series": series,
        "country": country,
    }
    body: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    answer = done(loaded(config), "report-correct", {**body, "preview": not send}, by)
    if as_json:
        print_json(answer)
        return
    to = console()
    to.print(f"{answer['codes']:,} codes in {answer['documents']} documents get:")
    for name, value in answer["updated"].items():
        to.print(f"  {name}  {value}")
    for shown in answer["first"]:
        to.print(f"  {shown}", style="dim", markup=False)
    if send:
        to.print(f"Sealed as report {', '.join(answer['reports'])}.", style="green")
    else:
        to.print("Nothing was sent. Say --send to send it.", style="yellow")
