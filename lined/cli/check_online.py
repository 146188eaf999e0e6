"""`lined check --online`: the configuration held against what the regulator knows. Nothing is changed there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lined.vocabulary.packages import Level

if TYPE_CHECKING:
    from lined.config import Config
    from lined.regulator import Regulator
    from lined.regulator.inspection import Expected, Inspection

WITHIN_S = 120.0


def inspected(config: Config) -> Inspection:
    """What was found. Raises CallError where nothing can be asked beside a running daemon."""
    from lined.cli.by_hand import asked_by_hand
    from lined.regulator.inspection import Inspection

    async def look(regulator: Regulator) -> Inspection:
        found = Inspection(regulator, regulator.calls())
        await found.look(list(_expected(config)), WITHIN_S)
        return found

    return asked_by_hand(config, look)


def _expected(config: Config) -> Iterator[Expected]:
    """Every GTIN of the configuration: products', and those of packages that are products themselves."""
    from lined.codes import gtin_14
    from lined.regulator.inspection import Expected

    for number, product in enumerate(config.products):
        here = f"product[{number}]"
        yield Expected(here, gtin_14(product.gtin), Level.UNIT, product.group, product.country)
        for index, package in enumerate(product.packages):
            if package.gtin is not None and package.level == Level.GROUP:
                yield Expected(f"{here}.package[{index}]", gtin_14(package.gtin), package.level)
