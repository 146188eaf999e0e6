"""The participant's own cards in the regulator's registry of products (API 1.21.1 §10.1), group by group.

It reads, and changes nothing. The text knows no pages of this list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from lined.regulator.asked import asked
from lined.regulator.client import Regulator
from lined.regulator.models.documents import Participant
from lined.regulator.models.products import PUBLISHED, ProductCard
from lined.vocabulary.errors import CallError, Denied, Unavailable

T = TypeVar("T")


class OwnCard(NamedTuple):
    """One published card. `level`: what it is of. `names`: by language."""

    gtin: str
    group: str
    level: str
    names: dict[str, str]


async def own_groups(regulator: Regulator) -> list[str]:
    """The product groups of the participant (API 1.21.1 §12.1). Raises LookupFailed, NotSent, Refused, CallError."""
    _need_right(regulator, "participant")
    answer = await regulator.calls().one(asked("participant", {}, regulator.account))
    found = _typed(TypeAdapter(Participant), answer.value, "participant")
    if found.tin is None:
        raise CallError(f"The regulator knows no participant with TIN {regulator.account.tin}.")
    return sorted(found.product_groups or ())


async def own_cards(regulator: Regulator, groups: Sequence[str]) -> list[OwnCard]:
    """Published cards of the participant in these groups, by group and GTIN; each once. Raises as `own_groups`."""
    _need_right(regulator, "products")
    adapter: TypeAdapter[tuple[ProductCard, ...]] = TypeAdapter(tuple[ProductCard, ...])
    found: dict[str, OwnCard] = {}
    for group in groups:
        values = {"productGroup": group, "inn": regulator.account.tin, "status": PUBLISHED}
        answer = await regulator.calls().one(asked("products", values, regulator.account))
        for card in _typed(adapter, answer.value, "products"):
            if card.inn == regulator.account.tin and card.status.code.upper() == PUBLISHED:
                own = OwnCard(
                    card.gtin, card.product_group.code, card.package_type.code.upper(), card.product_name or {}
                )
                found.setdefault(card.gtin, own)
    return sorted(found.values(), key=lambda card: (card.group, card.gtin))


def _need_right(regulator: Regulator, method: str) -> None:
    if regulator.profile.methods[method].business and not regulator.account.business:
        raise Denied("the registry of products is closed to technical users: use an API key", status=403)


def _typed(adapter: TypeAdapter[T], value: object, name: str) -> T:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        raise Unavailable(f"{name}: its answer is not as the text says: lined profile watch tells how") from None
