"""The decision about one product of an order, by what is here and what the regulator says. No I/O.

The regulator has given out `passed` codes, `codes` of them are here whole:

    passed > codes   a pack got lost on its way: it is given again behind the last pack that is here, also after the end
    passed = codes   all that was given out is here: a new pack may be asked for, or it is over
    passed < codes   does not add up: a person has to look

A new pack is asked for only where all packs before it are here, so that none can be skipped.
"""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.tables.sub_orders import SubOrderRow
from lined.regulator.ordering import CodePack, Condition, SubOrderSeen
from lined.supply.orders.rules import OrderRules
from lined.vocabulary.facts import Fact, OrderFact
from lined.vocabulary.orders import SubOrderState


class Fetch(NamedTuple):
    """Ask for the pack behind the last one that is here. `fresh`: a new one; else one that was given out before."""

    quantity: int
    fresh: bool


class Wait(NamedTuple):
    """Nothing to be done now."""

    why: Fact | None = None


class Ended(NamedTuple):
    """It is over."""

    state: SubOrderState
    why: Fact


class Wrong(NamedTuple):
    """It does not add up: the order stops for a person."""

    why: Fact


Judgement = Fetch | Wait | Ended | Wrong


def judge(
    sub: SubOrderRow, seen: SubOrderSeen | None, last_pack: str | None, rules: OrderRules, *, closing: bool = False
) -> Judgement:
    """`last_pack`: the id of the newest pack that is here whole. `closing`: nothing new is fetched any more."""
    if seen is None:
        return Wait(Fact(OrderFact.NOT_LISTED, gtin=sub.gtin))
    if seen.passed < sub.codes:
        return Wrong(Fact(OrderFact.LESS_PASSED, gtin=sub.gtin, here=sub.codes, there=seen.passed))
    if seen.passed > sub.quantity:
        return Wrong(Fact(OrderFact.MORE_PASSED, gtin=sub.gtin, there=seen.passed, n=sub.quantity))
    if seen.passed > sub.codes:
        return Fetch(min(rules.pack, sub.quantity), fresh=False)
    if seen.last_pack is not None and last_pack is not None and seen.last_pack != last_pack:
        return Wrong(Fact(OrderFact.OTHER_LAST, gtin=sub.gtin, there=seen.last_pack, here=last_pack))
    return _all_here(sub, seen, rules, closing=closing)


def _all_here(sub: SubOrderRow, seen: SubOrderSeen, rules: OrderRules, *, closing: bool) -> Judgement:
    """All that was given out is here."""
    if sub.codes >= sub.quantity:
        return Ended(SubOrderState.FETCHED, Fact(OrderFact.FETCHED, n=sub.codes))
    if seen.condition is Condition.REFUSED and not sub.codes:
        return Ended(SubOrderState.REFUSED, Fact(OrderFact.REFUSED, more=seen.reason or ""))
    if seen.condition in (Condition.CLOSED, Condition.REFUSED):
        return Ended(SubOrderState.CLOSED, Fact(OrderFact.ENDED, left=sub.left, n=sub.quantity))
    if closing or seen.condition is Condition.PENDING or not seen.left:
        return Wait()
    return Fetch(min(rules.pack, seen.left, sub.left), fresh=True)


def misfit(sub: SubOrderRow, pack: CodePack, fetch: Fetch, seen: SubOrderSeen) -> Fact | None:
    """Why a pack cannot be what was asked for; None: it can."""
    left = fetch.quantity if fetch.fresh else seen.passed - sub.codes
    if len(pack.codes) > left:
        return Fact(OrderFact.TOO_LARGE, gtin=sub.gtin, pack=pack.pack_id, n=len(pack.codes), left=left)
    return None
