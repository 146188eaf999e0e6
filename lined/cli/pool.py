"""`lined pool …`: the codes that were issued for a product."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lined.cli.exits import FAILED
from lined.cli.export import export
from lined.cli.export import show as show_rolls
from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table
from lined.cli.stock import show as show_stock
from lined.cli.verify import Verified, tell, verified
from lined.vocabulary.errors import Invalid

if TYPE_CHECKING:
    from lined.codes import MarkingCode
    from lined.config import Config
    from lined.journal.database import Connection
    from lined.supply.pool_file import PoolFile
    from lined.vocabulary.errors import LinedError

PROBLEMS_SHOWN = 1_000
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="One code a line, CSV or JSON.")
]
DelimiterOption = Annotated[
    str | None,
    typer.Option(metavar="CHAR", help="Of CSV without quotes, whose first column is the code: , ; | or tab. Or: none."),
]
UnevenOption = Annotated[
    bool, typer.Option("--uneven-serials", help="Identification codes whose serials differ in length.")
]
GtinOption = Annotated[str, typer.Option("--gtin", metavar="GTIN", help="Of the product, or of its GROUP.")]


def register(app: typer.Typer) -> None:
    pools = typer.Typer(
        no_args_is_help=True, help="Codes that were issued for a product: load, verify, show, drop, export."
    )
    pools.command("load")(load)
    pools.command("verify")(verify)
    pools.command("show")(show)
    pools.command("stock")(show_stock)
    pools.command("drop")(drop)
    pools.command("export")(export)
    pools.command("rolls")(show_rolls)
    app.add_typer(pools, name="pool", rich_help_panel=AT_WORK)


def load(
    file: FileArgument,
    gtin: GtinOption,
    delimiter: DelimiterOption = None,
    uneven: UnevenOption = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Have the regulator verify all codes first: one is bad, none is loaded.")
    ] = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out-bad", help="With --verify: load the usable codes, and none of the others.")
    ] = False,
    by: ByOption = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Load codes that the regulator or a printing house issued. Other codes of the product are then rejected as
    `unknown-code`.

    The whole file is read first: one bad line, and nothing is loaded. Loading it again changes nothing.
    """
    from lined.commands.pools import PAGE_MAX

    if leave_out and not verify:
        raise typer.BadParameter("goes with --verify only", param_hint="--leave-out-bad")
    found, gtin, content = _opened(file, gtin, delimiter, uneven, config)
    count = _looked_through(file, content)
    seen = _verified(found, content, gtin, file) if verify else None
    if seen is not None and seen.bad and (not leave_out or len(seen.bad) == count):
        raise Invalid("not-verified", f"{tell(seen, file.name)}; nothing was loaded.")
    bad = frozenset(seen.bad) if seen is not None else frozenset()
    added, pool = 0, {}
    with _writable(found) as connection:
        for part, last in _pages(content, PAGE_MAX, bad):
            pool = _put(connection, gtin, part, last, by) if connection else _send(found, gtin, part, last, by)
            added += pool["added"]
    if as_json:
        print_json({**pool, "added": added, **({"verified": seen.document()} if seen is not None else {})})
        return
    without = f" without {len(bad):,} that are not usable" if bad else ""
    text = f"{count:,} codes of {file.name}{without}, {added:,} of them new: the pool of {gtin} has"
    console().print(f"{text} {pool['codes']:,} codes, {pool['left']:,} not applied yet.", style="green")


def verify(
    file: FileArgument,
    gtin: GtinOption,
    delimiter: DelimiterOption = None,
    uneven: UnevenOption = False,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Have the regulator verify a file of codes: genuine, ours, of the product's group, not used yet. Changes nothing.

    Each code that is not usable is named with its line; exit 1 where there is one.
    """
    found, gtin, content = _opened(file, gtin, delimiter, uneven, config)
    _looked_through(file, content)
    seen = _verified(found, content, gtin, file)
    if as_json:
        print_json(seen.document())
    else:
        console().print(f"{tell(seen, file.name)}.", style="red" if seen.bad else "green")
    if seen.bad:
        raise typer.Exit(FAILED)


def show(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Show the code pools: how many codes are in each, and how many of them were applied."""
    from lined.cli.answers import answered, loaded
    from lined.cli.formats import Clock

    def offline(connection: Connection) -> Any:
        from lined.api import shapes
        from lined.journal.tables import pools

        return shapes.pool_list(pools.present(connection).values())

    found = loaded(config)
    answer, _ = answered(found, "/api/v1/pools", offline)
    if as_json:
        print_json(answer)
        return
    clock, to = Clock(found), console()
    rows = [
        (one["gtin"], *(f"{one[key]:,}" for key in ("codes", "applied", "left")), _state(one, clock))
        for one in answer["items"]
    ]
    print_table(to, "", ["GTIN", "codes", "applied", "left", "since"], rows)
    if not rows:
        to.print("No code pool is loaded: codes are not compared with any.")


def drop(gtin: GtinOption, by: ByOption = None, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Drop the pool of a product: its codes are no longer compared with one."""
    from lined.cli.answers import loaded
    from lined.cli.daemon import command

    found = loaded(config)
    with _writable(found) as connection:
        if connection is None:
            answer = command(found, "pool-drop", {"gtin": gtin}, by)
        else:
            answer = _dropped(connection, gtin.zfill(14))
    if as_json:
        print_json(answer)
    else:
        console().print(f"The pool of {answer['gtin']} with {answer['codes']:,} codes is dropped.", style="green")


def _opened(file: Path, gtin: str, delimiter: str | None, uneven: bool, config: Path) -> tuple[Config, str, PoolFile]:
    """The configuration, the GTIN in 14 digits, the file to be read. Raises BadParameter, Invalid, SettingsError."""
    from lined.cli.answers import loaded
    from lined.commands.pools import pool_gtin
    from lined.service import assembly
    from lined.supply.pool_doubts import NO_DELIMITER
    from lined.supply.pool_file import PoolFile
    from lined.supply.pool_rows import DELIMITERS

    found = loaded(config)
    plant = assembly.plant_of(found)
    gtin = pool_gtin(plant, gtin)
    delimiter = "\t" if delimiter in {"tab", "TAB", "\\t"} else delimiter
    if delimiter not in {None, NO_DELIMITER, *DELIMITERS}:
        raise typer.BadParameter("one of , ; | tab, or none", param_hint="--delimiter")
    shapes = {key: product.shape for key, product in plant.products.items()}
    return found, gtin, PoolFile(file, gtin, shapes, delimiter, uneven=uneven)


def _verified(config: Config, content: PoolFile, gtin: str, file: Path) -> Verified:
    from lined.service import assembly

    plant = assembly.plant_of(config)
    product = plant.products[plant.product_of_group(gtin) or gtin]
    return verified(config, content, product.group, file.name)


def _state(one: dict[str, Any], clock: Any) -> str:
    if one["state"] == "loading":
        return f"loading since {clock.at(one['began_at'])}, refuses nothing yet: load the file again"
    return str(clock.at(one["complete_at"]))


def _looked_through(file: Path, content: PoolFile) -> int:
    """How many codes there are. Raises CommandError; every bad line is named on stderr, PROBLEMS_SHOWN at most."""
    count, bad = 0, 0
    for line in content:
        count += 1
        if line.code is None:
            bad += 1
            if bad <= PROBLEMS_SHOWN:
                typer.echo(f"{file.name}:{line.place}: {line.problem}", err=True)
    if bad:
        more = f" (the first {PROBLEMS_SHOWN:,} are named)" if bad > PROBLEMS_SHOWN else ""
        raise Invalid("wrong-codes", f"{bad:,} of {count:,} lines are wrong{more}; nothing was loaded.")
    if not count:
        raise Invalid("wrong-codes", f"There are no codes in {file.name}; nothing was loaded.")
    doubts = content.doubts()
    for doubt in doubts:
        typer.echo(f"{file.name}:{doubt.place}: {doubt.problem}", err=True)
    if doubts:
        message = f"{file.name} may hold other codes than it seems to; nothing was loaded."
        raise Invalid("wrong-codes", message)
    if content.titles:
        typer.echo(f"{file.name}: the first {content.titles} lines were taken for titles", err=True)
    return count


def _pages(content: PoolFile, most: int, bad: frozenset[str]) -> Iterator[tuple[list[MarkingCode], bool]]:
    """The codes but the bad ones, so many at a time, and whether they are the last. Raises CommandError for a file that
    is no longer as it was looked through.
    """
    codes = (code for code in _codes(content) if code.ident not in bad)
    part = list(islice(codes, most))
    while part:
        following = list(islice(codes, most))
        yield part, not following
        part = following


def _codes(content: PoolFile) -> Iterator[MarkingCode]:
    from lined.vocabulary.errors import Conflict

    for line in content:
        if line.code is None:
            raise Conflict("wrong-codes", f"line {line.place}: {line.problem}; the pool was not completed.")
        yield line.code


@contextmanager
def _writable(config: Config) -> Iterator[Connection | None]:
    """None where a daemon runs, which does the writing; else the journal, with its lock held.

    Raises NoDaemon, JournalLocked, JournalError.
    """
    from lined.cli.daemon import NoDaemon, ask

    try:
        ask(config, "/api/v1/pools")
    except NoDaemon as nobody:
        with _locked(config, nobody) as connection:
            yield connection
    else:
        yield None


@contextmanager
def _locked(config: Config, why: LinedError) -> Iterator[Connection]:
    import os

    from lined.cli.daemon import NoDaemon
    from lined.cli.logs import set_up_logs
    from lined.journal.database import SqliteError, checkpoint, open_writable, translated
    from lined.journal.journal import refuse_foreign, take_lock
    from lined.journal.schema import migrations
    from lined.journal.tables import life
    from lined.service import assembly
    from lined.vocabulary.errors import JournalBroken, JournalError

    set_up_logs(level=logging.WARNING)
    path = config.journal.path.resolve()
    if not path.exists():
        raise NoDaemon(f"The daemon is not running ({why}), and there is no journal at {path} yet.")
    refuse_foreign(path, assembly.binding_of(config))
    lock = take_lock(path)
    try:
        database = open_writable(path)
        try:
            if migrations.pending(database) or not life.was_stopped(database.conn):
                raise JournalError(f"{path} was not stopped in order, or by an older version: start the daemon first.")
            yield database.conn
            checkpoint(database.conn)
        except SqliteError as error:
            raise translated(error) or JournalBroken(str(error)) from error
        finally:
            database.conn.close()
    finally:
        os.close(lock)


def _send(config: Config, gtin: str, codes: list[MarkingCode], last: bool, by: str | None) -> dict[str, Any]:
    """One page to the daemon."""
    from lined.cli.daemon import command

    body = {"gtin": gtin, "codes": [code.full for code in codes], "complete": last}
    answer: dict[str, Any] = command(config, "pool-load", body, by)
    return answer


def _put(connection: Connection, gtin: str, codes: list[MarkingCode], last: bool, by: str | None) -> dict[str, Any]:
    """One page, one transaction."""
    from lined.commands.pools import described, put, tails_by_ident
    from lined.journal.database import transaction
    from lined.journal.tables import pools
    from lined.vocabulary.times import with_moments

    at_ms = time.time_ns() // 1_000_000
    tails = tails_by_ident(codes)
    with transaction(connection):
        pool = pools.begin(connection, gtin, at_ms, by or "")
        added = put(connection, pool, tails)
        if last and pool.state != pools.ACTIVE:
            pools.complete(connection, pool, at_ms)
    return {**with_moments(described(pools.present(connection)[gtin])), "added": added.codes}


def _dropped(connection: Connection, gtin: str) -> dict[str, Any]:
    from lined.commands.pools import described
    from lined.journal.database import transaction
    from lined.journal.tables import pools
    from lined.vocabulary.errors import NotFound
    from lined.vocabulary.times import with_moments

    pool = pools.present(connection).get(gtin)
    if pool is None:
        raise NotFound("unknown-pool", f"No code pool is loaded for {gtin}.")
    with transaction(connection):
        pools.drop(connection, pool)
    return {**with_moments(described(pool)), "state": pools.DROPPED}
