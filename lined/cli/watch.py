"""`lined profile watch`: whether the regulator still answers as its text says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lined.cli.exits import FAILED
from lined.cli.options import CONFIG, ConfigOption, JsonOption
from lined.cli.output import console, print_json, print_table

if TYPE_CHECKING:
    from lined.config import Config
    from lined.regulator.watch import Looked


def watch(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Ask the regulator a few questions, none of which changes anything, and tell what its answers have that its text
    does not: new fields, new words, other types. Exit 1 where there is any; made to be run once a day.
    """
    from lined.cli.answers import loaded

    looked = _looked(loaded(config))
    found = [(one.method.replace("_", "-"), strange) for one in looked for strange in one.strange]
    if as_json:
        refused = [{"method": one.method.replace("_", "-"), "message": one.problem} for one in looked if one.problem]
        answered = [one.method.replace("_", "-") for one in looked if not one.problem]
        items = [{"method": method, **strange._asdict()} for method, strange in found]
        print_json({"asked": answered, "items": items, "problems": refused})
    else:
        _tell(looked, [(method, str(strange)) for method, strange in found])
    if found:
        raise typer.Exit(FAILED)


def _looked(config: Config) -> list[Looked]:
    import asyncio

    from lined.cli.by_hand import account_beside
    from lined.codes import gtin_14
    from lined.regulator import Regulator
    from lined.regulator.watch import Watch

    account = account_beside(config)

    async def look() -> list[Looked]:
        async with Regulator(account) as regulator:
            watching = Watch(regulator.calls(), account)
            await watching.look(gtin_14(product.gtin) for product in config.products)
            return list(watching.looked.values())

    return asyncio.run(look())


def _tell(looked: list[Looked], found: list[tuple[str, str]]) -> None:
    to = console()
    rows = [(one.method.replace("_", "-"), one.problem) for one in looked if one.problem]
    print_table(to, "Could not be asked", ["method", "why"], rows)
    print_table(to, "Not as the text has it", ["method", "what"], found)
    asked = len(looked) - len(rows)
    if not asked:
        to.print("Nothing was answered.", style="yellow")
    elif not found:
        to.print(f"{asked} methods were asked, and all answered as the text says.", style="green")
