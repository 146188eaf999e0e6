"""`lined pool export`, `lined pool rolls`: codes given out into a file, for a printer's own software.

The daemon gives them out page by page, each on disk as given before it is answered; here they go into a file that
appears under its name once all of it is on disk. What is cut off in between is written again by the roll's number; a
file that is there already is compared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lined.cli.options import CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table
from lined.cli.whole_file import NameUnsure, NotWritten, whole_file
from lined.vocabulary.errors import Conflict, NotFound

if TYPE_CHECKING:
    from lined.config import Config
    from lined.journal.database import Connection

ToOption = Annotated[
    Path, typer.Option("--to", metavar="FILE", dir_okay=False, help="One code a line. There must be none of this name.")
]
ForOption = Annotated[
    str | None, typer.Option("--for", metavar="NAME", help="The print order's name; default: the file's.")
]


def export(
    to: ToOption,
    gtin: Annotated[str | None, typer.Argument(metavar="GTIN", help="Of the product, or of its GROUP.")] = None,
    count: Annotated[int | None, typer.Argument(metavar="N", min=1, help="How many codes.")] = None,
    name: ForOption = None,
    again: Annotated[
        str | None,
        typer.Option(
            "--again",
            metavar="ID",
            help="Write the file of this roll once more: the same codes. A FILE that has them already is only noted.",
        ),
    ] = None,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Give codes of a pool out into a file, for a printer's own software. They are never given out again.

    The file is there whole or not at all. Whatever happens in between, --again writes that very file.
    """
    from lined.cli.answers import loaded

    if (again is None) == (gtin is None or count is None):
        raise typer.BadParameter("GTIN and N, or --again", param_hint="GTIN")
    found = loaded(config)
    if again is not None:
        roll = write_again(found, again, to, by)
    else:
        roll = give_into(found, {"gtin": gtin, "quantity": count, "name": name or to.name}, to, by)
    tell(roll, to, as_json=as_json)


def show(
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many, the newest.")] = 100,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List what was given out into files, newest first, and how many of its codes nobody has seen since."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    def offline(connection: Connection) -> Any:
        from lined.api.rolls import roll_page
        from lined.journal.tables import rolls

        return roll_page(rolls.page(connection, limit + 1, None), limit)

    found = loaded(config)
    answer, _ = answered(found, "/api/v1/rolls", offline, limit=str(limit))
    if as_json:
        print_json(answer)
        return
    clock, screen = Clock(found), console()
    rows = [
        (
            *(one["id"], one["gtin"], f"{one['given']:,}", f"{one['unseen']:,}", clock.at(one["asked_at"])),
            *(clock.at(one["written_at"], "not known to be written"), one["name"]),
        )
        for one in answer["items"]
    ]
    print_table(screen, "", ["roll", "GTIN", "codes", "not seen", "given out", "written", "print order"], rows)
    for one in answer["items"]:
        if one["written_at"] is None:
            screen.print(how_again(one), soft_wrap=True)
    if not rows:
        screen.print("Nothing was given out into a file.")


def give_into(config: Config, body: dict[str, Any], to: Path, by: str | None) -> dict[str, Any]:
    """A new roll, and its file. Raises LinedError."""
    from lined.cli.answers import done

    refuse_taken(to)
    try:
        roll = done(config, "roll-new", body, by)
    except Conflict as refused:
        if refused.code == "roll-there":
            message = f"{refused} Its file is written again by: lined pool export --again ID --to FILE"
            raise Conflict(refused.code, message) from None
        raise
    return write_roll(config, roll, to, by)


def write_again(config: Config, roll_id: str, to: Path, by: str | None) -> dict[str, Any]:
    """The file of a roll once more. One that is there is never changed: it has these very codes and is noted as the
    roll's, or is refused. Raises LinedError.
    """
    roll = _roll(config, roll_id)
    if to.is_file() and not to.is_symlink():
        _compare(config, roll, to, by)
        return _noted(config, roll, to, by)
    if roll["written_at"] is not None:
        text = f"Roll {roll_id} was written before: {to} is one more file of the same codes. Print one of them only."
        typer.echo(text, err=True)
    return write_roll(config, roll, to, by)


def write_roll(config: Config, roll: dict[str, Any], to: Path, by: str | None) -> dict[str, Any]:
    """The file of a roll: the same each time. The codes are read and written page by page. Raises LinedError."""
    refuse_taken(to)
    with _told(roll["id"], to), _as_words(to), whole_file(to) as file:
        for lines in _pages(config, roll, by):
            file.writelines(lines)
    return _noted(config, roll, to, by)


def tell(roll: dict[str, Any], to: Path, *, as_json: bool) -> None:
    """What came of it."""
    if as_json:
        print_json(roll)
    else:
        text = f"{to} has the {roll['given']:,} codes of roll {roll['id']}, print order {roll['name']}."
        console().print(text, style="green")


def how_again(roll: dict[str, Any]) -> str:
    """What to do about a roll whose file is not known to be written."""
    return (
        f"Roll {roll['id']}, print order {roll['name']}: {roll['given']:,} codes are given out, and no file is known "
        f"to be written. That file: lined pool export --again {roll['id']} --to FILE"
    )


def refuse_taken(to: Path) -> None:
    """Before anything is given out."""
    if to.is_symlink() or to.exists():
        raise NotWritten(f"{to}: there is something of this name already, which is left as it is")
    if not to.parent.is_dir():
        raise NotWritten(f"{to.parent}: there is no such folder")


def _roll(config: Config, roll_id: str) -> dict[str, Any]:
    """As it is now. Raises NotFound."""
    from lined.cli.answers import a_daemon
    from lined.cli.daemon import ask
    from lined.vocabulary.ids import row_number

    number = row_number(roll_id)
    if number is not None:
        with a_daemon(config):
            items = ask(config, "/api/v1/rolls", limit=1, after=number + 1)["items"]
        if items and items[0]["id"] == str(number):
            return dict(items[0])
    raise NotFound("unknown-roll", f"There is no roll {roll_id}.")


def _pages(config: Config, roll: dict[str, Any], by: str | None) -> Iterator[list[bytes]]:
    """The lines of its file. It is told where they are fewer than the roll was to have. Raises LinedError."""
    from lined.cli.answers import done

    wanted, written = roll["quantity"], 0
    while True:
        page = done(config, "roll-codes", {"after": written}, by, roll["id"])
        if page["quantity"] < wanted:
            text = f"{wanted:,} were asked for: others were given out meanwhile, and no more are left"
            typer.echo(text, err=True)
            wanted = page["quantity"]
        yield [code.encode("ascii") + b"\n" for code in page["codes"]]
        written += len(page["codes"])
        if written >= page["quantity"]:
            break
    if not written:
        raise Conflict("too-few-codes", f"Roll {roll['id']} has no codes: the pool has none left.")


def _compare(config: Config, roll: dict[str, Any], to: Path, by: str | None) -> None:
    """Raises NotWritten where a file does not hold the codes of a roll, byte for byte; else it is on disk."""
    from lined.journal.files import sync_folder

    other = NotWritten(f"{to}: there is another file of this name already, which is left as it is")
    if roll["given"] < roll["quantity"]:
        raise other
    with _as_words(to), to.open("rb") as file:
        for lines in _pages(config, roll, by):
            content = b"".join(lines)
            if file.read(len(content)) != content:
                raise other
        if file.read(1):
            raise other
        os.fsync(file.fileno())
        sync_folder(to.parent)


def _noted(config: Config, roll: dict[str, Any], to: Path, by: str | None) -> dict[str, Any]:
    """Its file is there. Raises LinedError, and whoever reads it is told that the file is there all the same."""
    from lined.cli.answers import done

    try:
        return dict(done(config, "roll-written", {}, by, roll["id"]))
    except BaseException:
        typer.echo(_only_noting(roll["id"], to), err=True)
        raise


@contextmanager
def _told(roll_id: str, to: Path) -> Iterator[None]:
    """Whoever is cut off is told how to go on."""
    try:
        yield
    except NameUnsure:
        typer.echo(_only_noting(roll_id, to), err=True)
        raise
    except BaseException:
        how = f"lined pool export --again {roll_id} --to FILE"
        typer.echo(f"Roll {roll_id} is begun, and no file is written. That file: {how}", err=True)
        raise


def _only_noting(roll_id: str, to: Path) -> str:
    return (
        f"{to} is whole and has the codes of roll {roll_id}; only noting it failed. Do not write another: "
        f"lined pool export --again {roll_id} --to {to} compares this one and notes it."
    )


@contextmanager
def _as_words(to: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotWritten(f"{to}: {error.strerror or error}") from None
