"""`lined code ask`, `lined package ask`: what the regulator says of one code, beside what this line's journal says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lined.cli.exits import FAILED
from lined.cli.options import CONFIG, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_table

if TYPE_CHECKING:
    from lined.config import Config
    from lined.regulator import Regulator
    from lined.regulator.looking import SeenCode, SeenPackage

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="With or without its check part, which is not sent.")]


def ask_code(code: CodeArgument, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Look a code up at the regulator: in full where it is ours, else what everybody may know. Exit 1: not known."""
    from lined.cli.answers import loaded
    from lined.cli.by_hand import asked_by_hand
    from lined.regulator.looking import look_up

    found, ident = loaded(config), _ident(code)

    async def look(regulator: Regulator) -> SeenCode | None:
        return await look_up(regulator, ident)

    seen, here = asked_by_hand(found, look), _here(found, ident)
    if as_json:
        there = seen._asdict() | {"events": [one._asdict() for one in seen.events]} if seen is not None else None
        print_json({"code": ident, "regulator": there, "here": here})
    else:
        _tell_code(ident, seen, here)
    if seen is None:
        raise typer.Exit(FAILED)


def ask_package(code: CodeArgument, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Ask the regulator what a package of ours directly holds, as after a damaged journal. Exit 1: it is not ours."""
    from lined.cli.answers import loaded
    from lined.cli.by_hand import asked_by_hand
    from lined.regulator.looking import look_into

    found, ident = loaded(config), _ident(code)

    async def look(regulator: Regulator) -> SeenPackage:
        return await look_into(regulator, ident)

    seen, here = asked_by_hand(found, look), _here(found, ident)
    if as_json:
        print_json({"code": ident, "regulator": seen._asdict(), "here": here})
    else:
        _tell_package(seen, here)
    if not seen.ours:
        raise typer.Exit(FAILED)


def _ident(text: str) -> str:
    """The identification code of what was typed. Raises Invalid."""
    from lined.codes import Malformed, typed
    from lined.vocabulary.errors import Invalid

    try:
        return typed(text).ident
    except Malformed as fault:
        raise Invalid("malformed", f"This is no marking code: {fault}") from None


def _here(config: Config, ident: str) -> dict[str, Any] | None:
    """What this line's journal says, in short; None where it says nothing, or cannot be asked."""
    from lined.cli.answers import answered
    from lined.cli.codes import offline_story
    from lined.vocabulary.errors import LinedError

    try:
        story, _ = answered(config, "/api/v1/codes", lambda connection: offline_story(connection, ident), code=ident)
    except LinedError:
        return None
    own = [one for one in story["packages"] if one["parent"] == ident]
    return {
        "state": story["state"],
        "packages": [one["parent"] for one in story["packages"] if one["parent"] != ident],
        "holds": own[-1]["count"] if own else None,
    }


def _tell_code(ident: str, seen: SeenCode | None, here: dict[str, Any] | None) -> None:
    to = console()
    if seen is None:
        to.print(f"{ident} is not known to the regulator.", style="red")
    else:
        print_facts(to, _facts(seen))
        to.print()
        events = [
            (one.at, one.what, one.status or "", one.document_type or "", one.document or "") for one in seen.events
        ]
        print_table(to, "Events there", ["when", "what", "status", "document's type", "document"], events)
    to.print(f"On this line: {_in_short(here)}.", style="dim")


def _facts(seen: SeenCode) -> Iterator[tuple[str, object]]:
    yield "code", seen.code
    yield "told", "in full: it is ours" if seen.ours else "what everybody may know: it is not ours"
    for name, value in (
        ("status", " ".join(filter(None, (seen.status, seen.extended_status)))),
        ("level", seen.level),
        ("GTIN", seen.gtin),
        ("issued to", seen.issued_to),
        ("owner", seen.owner),
        ("produced", seen.produced_at),
        ("expires", seen.expires_at),
        ("series", seen.series),
        ("country", seen.country),
        ("lies in", seen.lies_in),
        ("holds", seen.holds),
    ):
        if value is not None:
            yield name, value


def _tell_package(seen: SeenPackage, here: dict[str, Any] | None) -> None:
    to = console()
    if not seen.ours:
        what = "is not ours" if seen.known else "is not known to the regulator"
        to.print(f"{seen.code} {what}.", style="red")
    else:
        print_facts(to, [("package", seen.code), ("level", seen.level or ""), ("status", seen.status or "")])
        to.print(f"It holds {len(seen.children):,}:")
        for child in seen.children:
            to.print(child, soft_wrap=True)
    to.print(f"On this line: {_in_short(here)}.", style="dim")


def _in_short(here: dict[str, Any] | None) -> str:
    if here is None:
        return "not known"
    parts = [f"state {here['state']}"] if here["state"] else []
    parts += [f"lies in {parent}" for parent in here["packages"] if parent]
    parts += [f"holds {here['holds']:,}"] if here["holds"] is not None else []
    return ", ".join(parts) or "known"
