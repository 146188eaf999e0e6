"""Facts about the stock of codes: that it runs low, that codes were ordered by themselves, and why they were not."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class StockFact(FactCode):
    """`n`: codes left; `order`: of ours; `least`: below how many codes are ordered."""

    LOW = "stock-low", N_("%(n)s codes of %(gtin)s are left")
    LOW_HOURS = "stock-low-hours", N_("%(n)s codes of %(gtin)s are left, for about %(hours)s hours")

    ORDERED = (
        "stock-ordered",
        N_("ordered by itself: %(n)s codes of %(gtin)s were left, fewer than %(least)s"),
    )
    HELD = "stock-held", N_("%(n)s codes of %(gtin)s are left, and none are ordered by themselves: %(more)s")
    ORDER_WAITS = "stock-order-waits", N_("order %(order)s of them is in doubt or held: decide on that one")
    ORDER_ENDED = (
        "stock-order-ended",
        N_("order %(order)s, placed by itself, ended before all was fetched: order them by hand, once"),
    )
    TOO_MANY = "stock-too-many-orders", N_("as many orders are under way as may be")
    REPLACED = (
        "stock-journal-replaced",
        N_("the journal was replaced by an older one, and may not know of an order: order them by hand, once"),
    )
