"""`lined report shift` and `lined report job`: what a shift or a job came to, for the screen or as a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lined.cli.options import CONFIG, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_table

if TYPE_CHECKING:
    from lined.cli.formats import Clock


class Form(StrEnum):
    """How the file is written."""

    csv = "csv"
    html = "html"


Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there, as --format says.")
]
FormOption = Annotated[Form, typer.Option("--format", help="Of the file: csv keeps leading zeros, html is for print.")]
Language = Annotated[str | None, typer.Option(help="uz, ru or en; default: the line's.")]


def register(reports: typer.Typer) -> None:
    """Into `lined report`."""
    reports.command("shift")(shift)
    reports.command("job")(job)


def shift(
    day: Annotated[str | None, typer.Option(metavar="2026-11-23", help="The day it begins; default: runs now.")] = None,
    start: Annotated[str | None, typer.Option(metavar="08:00", help="When; default: the day's first.")] = None,
    output: Output = None,
    form: FormOption = Form.csv,
    language: Language = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """What a shift came to: reads, codes, balance, grades, documents, alarms, downtime."""
    _report("/report/shift", {"day": day, "start": start}, config, output, form, language, as_json=as_json)


def job(
    job_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The job; default: the one that runs.")] = None,
    output: Output = None,
    form: FormOption = Form.csv,
    language: Language = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """What a job came to."""
    _report("/report/job", {"job": job_id}, config, output, form, language, as_json=as_json)


def _report(
    path: str,
    query: dict[str, Any],
    config: Path,
    output: Path | None,
    form: Form,
    language: str | None,
    *,
    as_json: bool,
) -> None:
    from lined.cli.answers import a_daemon, loaded
    from lined.cli.daemon import ask, ask_file
    from lined.cli.formats import Clock

    found = loaded(config)
    if output is not None:
        with a_daemon(found):
            content = ask_file(found, path, **query, lang=language, format=form.value)
        output.write_bytes(content)
        console().print(f"Written: {output}")
        return
    with a_daemon(found):
        document = ask(found, path, **query, format="json")
    if as_json:
        print_json(document)
    else:
        _tell(document, Clock(found))


def _tell(document: dict[str, Any], clock: Clock) -> None:
    to = console()
    print_facts(to, [("from", clock.at(document["from"])), ("to", clock.at(document["to"]))])
    rows = [("line", document["reads"]), *document["stations"].items()]
    names = ("total", "accepted", "rejected", "no_read", "repeats")
    table = [(name, *(f"{reads[key]:,}" for key in names)) for name, reads in rows]
    print_table(to, "Reads", ["station", *(name.replace("_", " ") for name in names)], table)
    reasons = [(reason, f"{n:,}") for reason, n in document["reads"]["by_reason"].items()]
    print_table(to, "Rejected because", ["reason", "reads"], reasons)
    codes = [(state, f"{n:,}") for state, n in document["codes"].items()]
    print_table(to, f"Codes applied: {document['applied']:,}", ["state now", "codes"], codes)
    documents = [
        (one["id"], one["kind"], one["state"], f"{one['codes']:,}", one["document_id"] or "")
        for one in document["reports"]
    ]
    print_table(to, "Documents", ["report", "kind", "state", "codes", "document"], documents)
    balance = [
        (one["place"] or "line", one["whole"], f"{one['n']:,}", _sum(one["parts"]), f"{one['difference'] or ''}")
        for one in document["balance"]
    ]
    print_table(to, "Balance", ["station", "", "count", "made of", "difference"], balance)
    stops = [(clock.at(one["from"]), clock.at(one["to"]), str(one["minutes"])) for one in document["downtime"]]
    print_table(to, "Downtime", ["from", "to", "minutes"], stops)
    alarms = [
        (clock.at(one["raised_at"]), clock.at(one["cleared_at"]), one["kind"], one["where"])
        for one in document["alarms"]
    ]
    print_table(to, "Alarms", ["raised", "over", "kind", "where"], alarms)


def _sum(parts: dict[str, int]) -> str:
    return " + ".join(f"{n:,} {name}" for name, n in parts.items() if n) or "nothing"
