"""`lined pool verify`, and what `lined pool load --verify` looks at first: a file of codes shown to the regulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import typer

from lined.vocabulary.errors import Conflict

if TYPE_CHECKING:
    from lined.config import Config
    from lined.regulator import Regulator
    from lined.regulator.verification import Standing
    from lined.supply.pool_doubts import Line
    from lined.supply.pool_file import PoolFile

BAD_SHOWN = 1_000
MOST_BAD = 100_000  # with more it is not the file that was meant
TOLD_EVERY = 50_000


@dataclass
class Verified:
    """What the regulator said. `bad`: the identification code of each that is not usable, with its line."""

    codes: int = 0
    standings: Counter[Standing] = field(default_factory=Counter)
    bad: dict[str, tuple[str, Standing]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """For programs: check parts stand nowhere in it."""
        shown = islice(self.bad.items(), BAD_SHOWN)
        return {
            "codes": self.codes,
            "standings": {str(standing): n for standing, n in sorted(self.standings.items())},
            "bad": [{"line": place, "code": ident, "standing": str(standing)} for ident, (place, standing) in shown],
        }


def verified(config: Config, content: PoolFile, group: str, name: str) -> Verified:
    """Every code of a file that has been looked through. Each that is not usable is named on stderr, BAD_SHOWN at most.
    Raises what asking raises: then nothing is known of the rest.
    """
    from lined.cli.by_hand import asked_by_hand
    from lined.regulator.verification import MEANS, Standing, Verification

    found = Verified()

    async def ask(regulator: Regulator) -> None:
        verification = Verification(regulator, group)
        lines = iter(content)
        while part := list(islice(lines, verification.page)):
            codes = [code for _, code in _codes(part)]
            for (place, code), standing in zip(_codes(part), await verification.judge(codes), strict=True):
                found.codes += 1
                found.standings[standing] += 1
                if standing is not Standing.USABLE:
                    if len(found.bad) < BAD_SHOWN:
                        typer.echo(f"{name}:{place}: {code.ident} {MEANS[standing]}", err=True)
                    found.bad[code.ident] = place, standing
            if len(found.bad) > MOST_BAD:
                raise Conflict("not-verified", f"more than {MOST_BAD:,} codes of {name} are not usable")
            if found.codes % TOLD_EVERY < len(part):
                typer.echo(f"{found.codes:,} codes looked at, {len(found.bad):,} not usable", err=True)

    asked_by_hand(config, ask)
    return found


def _codes(part: list[Line]) -> Iterator[tuple[str, Any]]:
    for line in part:
        if line.code is None:
            raise Conflict("wrong-codes", f"line {line.place}: {line.problem}; it was right a moment ago")
        yield line.place, line.code


def tell(found: Verified, name: str) -> str:
    """`3 of 5 codes of pool.txt are usable (not-genuine 1, used 1)`."""
    from lined.regulator.verification import Standing

    others = ", ".join(f"{one} {n:,}" for one, n in sorted(found.standings.items()) if one is not Standing.USABLE)
    usable = found.standings[Standing.USABLE]
    return f"{usable:,} of {found.codes:,} codes of {name} are usable{f' ({others})' if others else ''}"
