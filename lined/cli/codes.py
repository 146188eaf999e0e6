r"""`lined code …`: what became of one code.

A code may be given with or without its check part, or as it is printed, with parentheses. A separator that the shell
cannot carry may be written `<GS>` or `\x1d`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lined.cli.ask import ask_code
from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lined.api.schemas import CodeStory
    from lined.cli.formats import Clock
    from lined.journal.database import Connection

Code = Annotated[str, typer.Argument(metavar="CODE", help="With or without its check part.")]


def register(app: typer.Typer) -> None:
    codes = typer.Typer(no_args_is_help=True, help="Show a code's story, look it up at the regulator, withdraw it.")
    codes.command("show")(show)
    codes.command("ask")(ask_code)
    codes.command("withdraw")(withdraw)
    app.add_typer(codes, name="code", rich_help_panel=AT_WORK)


def show(code: Code, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Show what became of a code: when it was applied, read again, reported, and how that ended."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    found = loaded(config)
    story, _ = answered(found, "/api/v1/codes", lambda connection: offline_story(connection, code), code=code)
    if as_json:
        print_json(story)
    else:
        _tell(story, Clock(found))


def withdraw(
    code: Code,
    reason: Annotated[Literal["sample", "scrap", "damaged", "other"], typer.Option(help="Why.")],
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Take a code out before it is reported."""
    from lined.cli.answers import done, loaded

    answer = done(loaded(config), "withdraw", {"code": code, "reason": reason}, by)
    if as_json:
        print_json(answer)
    else:
        console().print(f"{answer['code']} is withdrawn ({answer['reason']}).", style="green")


def offline_story(connection: Connection, text: str) -> CodeStory:
    """A code's story out of the journal itself. Raises Invalid, NotFound."""
    from lined.api import shapes
    from lined.codes import Malformed, typed
    from lined.journal.views import stories
    from lined.vocabulary.errors import Invalid, NotFound

    try:
        ident = typed(text).ident
    except Malformed as fault:
        raise Invalid("malformed", f"This is no marking code: {fault}") from None
    story = stories.code_story(connection, ident)
    if story is None:
        raise NotFound("unknown-code", f"{ident} was never applied on this line.")
    return shapes.code_story(story)


def _tell(story: dict[str, Any], clock: Clock) -> None:
    to = console()
    print_facts(to, _facts(story, clock))
    to.print()
    events = [(clock.at(one["at"]), one["what"], one["detail"] or "", one["by"] or "") for one in story["events"]]
    print_table(to, "Events", ["when", "what", "why", "by"], events)
    reads = [(clock.at(one["at"]), one["device"] or "", one["verdict"]) for one in story["reads"]]
    print_table(to, "Read again", ["when", "device", "verdict"], reads)
    lies_in = [
        (one["parent"] or "not known yet", one["level"], one["state"], one["count"]) for one in story["packages"]
    ]
    print_table(to, "Packages", ["package", "level", "state", "holds"], lies_in)
    reports = [
        (one["id"], one["kind"], one["state"], one["document_id"] or "", one["problem"] or "")
        for one in story["reports"]
    ]
    print_table(to, "Reports", ["report", "kind", "state", "document", "problem"], reports)


def _facts(story: dict[str, Any], clock: Clock) -> Iterator[tuple[str, str]]:
    yield "code", story["code"]
    applied = story["applied"]
    if applied is not None:
        device = applied["device"] or "an unknown device"
        yield "state", story["state"]
        yield "applied", f"{clock.at(applied['at'])} by {device}, job {applied['job']}"
    job = story["job"]
    if job is not None:
        yield "product", " ".join(part for part in (job["gtin"], job["product"]) if part)
    if story["unsaid"] is not None:
        yield "unsaid", f"since {clock.at(story['unsaid']['at'])}: {story['unsaid']['why']}"
