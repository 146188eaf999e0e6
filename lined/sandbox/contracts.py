"""Contracts that the sandbox can play: where twins of one system differ. Nothing here comes from lined's profiles."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from lined.sandbox.rules import PRODUCT_GROUPS


class Contract(NamedTuple):
    """`groups`: product groups; `home`: the country whose goods are PRODUCTION; `tin_lengths`: digits of a
    participant's number; `tin`: one for where nobody asks for another; `accepts_all`: a request whose Accept is not
    `*/*` is answered 406 with an empty body; `business_only`: what the text closes to technical users is closed.
    """

    groups: frozenset[str]
    home: str
    tin_lengths: frozenset[int]
    tin: str
    accepts_all: bool
    business_only: bool


ASL_BELGISI: Final = "asl-belgisi"
CONTRACTS: Final[Mapping[str, Contract]] = MappingProxyType({
    ASL_BELGISI: Contract(
        groups=frozenset(PRODUCT_GROUPS),
        home="UZ",
        tin_lengths=frozenset({9, 14}),  # a TIN, or a PINFL
        tin="307797292",
        accepts_all=False,
        business_only=True,
    ),
    # By integrators' notes of its text: lined/regulator/ismet.toml says what is known of it.
    "ismet": Contract(
        groups=frozenset({
            "autofluids", "beer", "clothes", "dietary_supplements", "jewelry", "pharma", "shoes", "tobacco", "water",
        }),
        home="KZ",
        tin_lengths=frozenset({12}),  # a BIN, or an IIN
        tin="123456789012",
        accepts_all=True,
        business_only=False,
    ),
})  # fmt: skip
