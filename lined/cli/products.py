"""`lined products import`: what the regulator's registry knows of our products, to be pasted into a configuration."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from lined.cli.options import CONFIG, SET_UP, ConfigOption, JsonOption
from lined.cli.output import print_json
from lined.vocabulary.packages import Level

if TYPE_CHECKING:
    from lined.config import Config
    from lined.regulator import Regulator
    from lined.regulator.registry import OwnCard

SOURCE_LANGUAGES = ("en", "ru", "uz")  # where a name is not there in the line's own


def register(app: typer.Typer) -> None:
    products = typer.Typer(no_args_is_help=True, help="Products out of the regulator's registry.")
    products.callback()(_every)
    products.command("import")(import_products)
    app.add_typer(products, name="products", rich_help_panel=SET_UP)


def _every() -> None:
    pass


def import_products(
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="GROUP", help="Of these only; default: all of ours."),
    ] = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Print [[product]] stanzas of our published cards that the configuration does not have, to be pasted into it.

    Nothing is changed, here or there. What the registry does not tell stands in the stanzas as a remark.
    """
    from lined.cli.answers import loaded
    from lined.cli.by_hand import asked_by_hand
    from lined.regulator.registry import own_cards, own_groups

    found = loaded(config)

    async def look(regulator: Regulator) -> list[OwnCard]:
        return await own_cards(regulator, groups or await own_groups(regulator))

    cards = asked_by_hand(found, look)
    new = [card for card in cards if card.gtin not in _known(found)]
    if as_json:
        items = [{"gtin": card.gtin, "group": card.group, "level": card.level, "name": card.names} for card in new]
        print_json({"items": items, "known": len(cards) - len(new), "next": None})
        return
    print("\n\n".join(_stanzas(new, found)))  # noqa: T201 - it goes into a file
    summary = f"{len(cards):,} published cards, {len(cards) - len(new):,} of them are in the configuration already"
    print(f"lined: {summary}", file=sys.stderr)  # noqa: T201 - beside the stanzas


def _known(config: Config) -> set[str]:
    from lined.codes import gtin_14

    packages = [package.gtin for product in config.products for package in product.packages if package.gtin]
    return {gtin_14(gtin) for gtin in (*(product.gtin for product in config.products), *packages)}


def _stanzas(cards: Sequence[OwnCard], config: Config) -> Iterator[str]:
    for card in cards:
        if card.level == Level.UNIT:
            yield "\n".join(_product(card, config))
    others = [card for card in cards if card.level != Level.UNIT]
    if others:
        head = "# Cards of packages; the registry does not tell whose. One of a GROUP goes into a [[product.package]]:"
        yield "\n".join(
            [head, *(f"# {card.level} gtin = {_text(card.gtin)}  {_name(card, config)}" for card in others)]
        )


def _product(card: OwnCard, config: Config) -> Iterator[str]:
    yield "[[product]]"
    yield f"gtin = {_text(card.gtin)}"
    yield f"name = {_text(_name(card, config))}"
    yield f"group = {_text(card.group)}"
    group = config.profile.groups.get(card.group)
    if group is None:
        yield f"# the profile {config.profile.about.name} has no group {card.group}: see regulator.overrides"
    elif "expiration_date" in group.demands:
        yield "# shelf_life_days = …  of this group's products; without it each job has to give expiration_date"
    home = config.profile.release.home_country
    yield f"# country = {_text(home)}, if the card says so; template and serial_length: as its codes are"


def _name(card: OwnCard, config: Config) -> str:
    languages = (config.line.language, *SOURCE_LANGUAGES, *card.names)
    return next((card.names[one] for one in languages if card.names.get(one)), card.gtin)


def _text(text: str) -> str:
    """A TOML string: what JSON writes is one."""
    return json.dumps(text, ensure_ascii=False)
