"""`lined person …` and `lined audit …`: who may sign in at the page, and who commanded what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lined.cli.exits import FAILED
from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table

if TYPE_CHECKING:
    from lined.journal.database import Connection

NameArgument = Annotated[str, typer.Argument(metavar="NAME")]


def register(app: typer.Typer) -> None:
    person = typer.Typer(no_args_is_help=True, help="Say who may sign in at the page.")
    person.command("set")(set_person)
    person.command("remove")(remove)
    person.command("list")(list_people)
    app.add_typer(person, name="person", rich_help_panel=AT_WORK)
    audit = typer.Typer(no_args_is_help=True, help="Show who commanded what, and verify that nobody changed it.")
    audit.command("show")(show)
    audit.command("verify")(verify)
    app.add_typer(audit, name="audit", rich_help_panel=AT_WORK)


def set_person(
    name: NameArgument,
    role: Annotated[
        Literal["viewer", "operator", "master", "engineer"] | None, typer.Option(help="A new person needs one.")
    ] = None,
    pin: Annotated[bool, typer.Option("--pin", help="Ask for a PIN of 4 to 12 digits.")] = False,
    badge: Annotated[bool, typer.Option("--badge", help="Ask for a badge: hold it before the reader.")] = False,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Add somebody who may sign in, or change role, PIN or badge. What is not said stays.

    viewer looks on; operator runs jobs and packages; master decides on reports; engineer may all. PIN and badge are
    asked for, or read from a pipe: they never stand in a command line.
    """
    from lined.cli.answers import done, loaded

    body: dict[str, object] = {"name": name}
    if role is not None:
        body["role"] = role
    if pin:
        body["pin"] = _asked("PIN")
    if badge:
        body["badge"] = _asked("Badge")
    answer = done(loaded(config), "person-set", body, by)
    if as_json:
        print_json(answer)
    else:
        console().print(f"{answer['name']} may sign in as {answer['role']}.", style="green")


def remove(name: NameArgument, by: ByOption = None, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Take somebody off the list; their session ends."""
    from lined.cli.answers import done, loaded

    answer = done(loaded(config), "person-remove", {"name": name}, by)
    if as_json:
        print_json(answer)
    else:
        console().print(f"{answer['name']} may not sign in any more.", style="green")


def list_people(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """List who may sign in."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    def offline(connection: Connection) -> Any:
        from lined.api.people import people_list

        return people_list(connection)

    found = loaded(config)
    page, _ = answered(found, "/api/v1/people", offline)
    if as_json:
        print_json(page)
        return
    clock = Clock(found)
    rows = (
        [one["name"], one["role"], "yes" if one["pin"] else "", "yes" if one["badge"] else "", clock.at(one["set_at"])]
        for one in page["items"]
    )
    if page["items"]:
        print_table(console(), "", ["name", "role", "pin", "badge", "since"], rows)
    else:
        console().print("Nobody may sign in yet: lined person set NAME --role operator --pin")


def show(
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50,
    after: Annotated[int | None, typer.Option(help="What stands before this number.")] = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show who commanded what, newest first."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    def offline(connection: Connection) -> Any:
        from lined.api.people import audited
        from lined.journal.tables.audit import page

        rows, following = page(connection, after, limit)
        return {"items": [audited(row) for row in rows], "next": None if following is None else str(following)}

    found = loaded(config)
    page, _ = answered(found, "/api/v1/audit", offline, limit=limit, after=after)
    if as_json:
        print_json(page)
        return
    clock = Clock(found)
    rows = (
        [str(one["no"]), clock.at(one["at"]), one["by"], one["way"], one["command"], one["subject"] or "", one["said"]]
        for one in page["items"]
    )
    print_table(console(), "", ["no", "at", "by", "way", "command", "about", "said"], rows)


def verify(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Verify that no row of the audit trail was changed, taken out or put in. Ends with 1 where one was.

    Only a note of the last hash, kept elsewhere, shows that rows were cut off at the end: write it down.
    """
    from lined.cli.answers import answered, loaded

    def offline(connection: Connection) -> Any:
        from lined.api.people import verified

        return verified(connection)

    found, _ = answered(loaded(config), "/api/v1/audit/verify", offline)
    if as_json:
        print_json(found)
    elif found["broken"] is None:
        console().print(f"All {found['rows']:,} rows follow from each other.", style="green")
        console().print(f"The last hash: {found['end']}")
    else:
        console().print(f"Row {found['broken']} does not follow from the one before it.", style="red")
    if found["broken"] is not None:
        raise typer.Exit(FAILED)


def _asked(what: str) -> str:
    """Not shown while it is typed; a line of standard input where that is no terminal."""
    import sys

    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return str(typer.prompt(what, hide_input=True, confirmation_prompt=True))
