"""`lined report …`: what was reported, and the decisions that only a person may take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lined.cli import shift
from lined.cli.correct import correct
from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_marked, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lined.cli.formats import Clock
    from lined.journal.database import Connection

ReportId = Annotated[str, typer.Argument(metavar="ID", help="The report.")]
Kind = Annotated[
    Literal["utilisation", "validation", "aggregation", "disaggregation", "correction"] | None,
    typer.Option(metavar="KIND", help="utilisation, validation, aggregation, disaggregation or correction."),
]
State = Literal[
    "open", "sealed", "sending", "in_doubt", "submitted", "succeeded", "partial", "refused", "held", "released", "void"
]


def register(app: typer.Typer) -> None:
    reports = typer.Typer(no_args_is_help=True, help="List, show, seal, retry and release reports.")
    reports.command("list")(list_reports)
    for name, function in (("show", show), ("seal", seal), ("retry", retry), ("release", release)):
        reports.command(name)(function)
    shift.register(reports)
    reports.command("correct")(correct)
    app.add_typer(reports, name="report", rich_help_panel=AT_WORK)


def list_reports(
    kind: Kind = None,
    state: Annotated[
        State | None, typer.Option(metavar="STATE", help="open, sealed, in_doubt, submitted, held, …")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Go on after this report.")] = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List reports, newest first."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    found = loaded(config)

    def offline(connection: Connection) -> Any:
        from lined.api import shapes
        from lined.journal.views import queries
        from lined.vocabulary.ids import row_number

        before = row_number(after or "")
        page = queries.report_page(connection, kind=kind, state=state, limit=limit, after=before)
        return json.loads(shapes.report_page(page))

    page, _ = answered(found, "/api/v1/reports", offline, kind=kind, state=state, limit=limit, after=after)
    if as_json:
        print_json(page)
        return
    to, clock = console(), Clock(found)
    columns = ["report", "kind", "state", "codes", "job", "last change", "document"]
    print_table(to, "", columns, (_row(report, clock) for report in page["items"]))
    reasons = [(report["id"], report["problem"] or report["waits_for"]) for report in page["items"]]
    print_marked(to, "!", "yellow", [(report_id, reason) for report_id, reason in reasons if reason])
    if not page["items"]:
        to.print("No such reports.")
    if page["next"] is not None:
        to.print(f"More: --after {page['next']}", style="dim")


def show(report: ReportId, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Show one report: its history, what came back, what can be done."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    found = loaded(config)

    def offline(connection: Connection) -> Any:
        from lined.api import shapes
        from lined.journal.views import queries
        from lined.vocabulary.errors import NotFound
        from lined.vocabulary.ids import row_number

        number = row_number(report)
        story = None if number is None else queries.report_story(connection, number)
        if story is None:
            raise NotFound("unknown-report", f"There is no report {report!r}.")
        return shapes.report_story(story)

    story, _ = answered(found, f"/api/v1/reports/{_segment(report)}", offline)
    if as_json:
        print_json(story)
    else:
        _tell(story, Clock(found))


def seal(kind: Kind = None, by: ByOption = None, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Seal every open batch that has codes, so that it is reported now."""
    answer = _command(config, "seal", {"kind": kind} if kind else {}, by)
    if as_json:
        print_json(answer)
    else:
        sealed = ", ".join(answer["sealed"])
        console().print(f"Sealed: {sealed}" if sealed else "No open batch has codes.")


def retry(
    report: ReportId,
    confirm: Annotated[
        Literal["not-received"] | None,
        typer.Option(help="It was in doubt, and the regulator certainly has not received it."),
    ] = None,
    document_id: Annotated[
        str | None, typer.Option("--document-id", metavar="ID", help="It was received: as this document.")
    ] = None,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Send a held report again, or name the document that it became."""
    given = {"confirm": confirm, "document_id": document_id}
    body: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    _decided(_command(config, "report-retry", body, by, report), as_json)


def release(
    report: ReportId,
    codes: Annotated[Literal["unreported", "accepted", "refused"], typer.Option(help="What its codes are.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the report.")],
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """End a held report, finally. Unreported codes go into a new one."""
    _decided(_command(config, "report-release", {"codes": codes, "reason": reason}, by, report), as_json)


def _command(config: Any, name: str, body: dict[str, object], by: str | None, report: str = "") -> Any:
    from lined.cli.answers import done, loaded

    return done(loaded(config), name, body, by, report)


def _segment(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def _decided(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    heir = f"; its codes are in report {answer['new_report']} now" if answer.get("new_report") else ""
    console().print(f"Report {answer['id']} is {answer['state']}{heir}.", style="green")


def _row(report: dict[str, Any], clock: Clock) -> tuple[object, ...]:
    return (
        report["id"],
        report["kind"],
        report["state"],
        f"{report['codes']:,}",
        report["job"],
        clock.at(report["at"]),
        report["document_id"] or "",
    )


def _tell(report: dict[str, Any], clock: Clock) -> None:
    to = console()
    print_facts(to, _facts(report, clock))
    to.print()
    history = [(clock.at(event["at"]), event["after"], event["why"] or "") for event in report["events"]]
    print_table(to, "History", ["when", "became", "why"], history)
    own = [(one["code"], one["state"], one["why"] or "") for one in report["examples"]]
    print_table(to, "Codes with a state of their own", ["code", "state", "why"], own)
    remarks = [(one["code"], one["result"]) for one in report["remarks"]]
    print_table(to, "Processed with a remark", ["code", "remark"], remarks)
    if report["evidence"] not in {None, "", "[]", "{}"}:
        to.print("What came back", style="bold")
        to.print(report["evidence"], soft_wrap=True)
    if report["state"] == "held":
        to.print("A person has to decide:")
        print_table(to, "", ["to", "say"], _decisions(report["id"]))


def _decisions(report_id: str) -> Iterator[tuple[str, str]]:
    yield "send it again", f"lined report retry {report_id}"
    yield "… though it may have been received", f"lined report retry {report_id} --confirm not-received"
    yield "name its document", f"lined report retry {report_id} --document-id ID"
    yield "end it", f"lined report release {report_id} --codes unreported|accepted|refused --reason WHY"


def _facts(report: dict[str, Any], clock: Clock) -> Iterator[tuple[str, object]]:
    yield "report", f"{report['id']}, {report['kind']}, {report['state']}"
    yield "codes", f"{report['codes']:,}"
    if report["own_states"]:
        yield "of their own", ", ".join(f"{state} {n:,}" for state, n in report["own_states"].items())
    job = report["of_job"]
    yield "job", f"{report['job']}, {job['gtin']} {job['product'] or ''}" if job else report["job"]
    for name, label in (("first_code_at", "from"), ("last_code_at", "to"), ("sealed_at", "sealed")):
        if report[name]:
            yield label, clock.at(report[name])
    if report["document_id"]:
        yield "document", f"{report['document_id']} {report['document_status'] or ''}"
    if report["attempts"]:
        yield "attempts", f"{report['attempts']}, the last {clock.at(report['attempt_at'])}"
    if report["warnings"]:
        yield "with a remark", f"{report['warnings']:,}"
    for name in ("problem", "waits_for"):
        if report[name]:
            yield name.replace("_", " "), report[name]
