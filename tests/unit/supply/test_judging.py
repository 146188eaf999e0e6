"""What is done about a product of an order, by what is here and what the regulator says."""

from __future__ import annotations

from typing import Any

import pytest

from lined.journal.tables.sub_orders import SubOrderRow
from lined.regulator.ordering import Condition, SubOrderSeen
from lined.supply.orders.judging import Ended, Fetch, Judgement, Wait, Wrong, judge
from lined.supply.orders.rules import OrderRules

GTIN = "04899215122371"
RULES = OrderRules(pack=100)


def sub(codes: int = 0, quantity: int = 250) -> SubOrderRow:
    return SubOrderRow(1, 1, GTIN, quantity, "UNIT", "fetching", None, None, 0, 0, codes, None)


def seen(**changes: Any) -> SubOrderSeen:
    usual = SubOrderSeen(GTIN, "UNIT", Condition.OPEN, made=250, left=250, passed=0, last_pack=None, reason=None)
    return usual._replace(**changes)


@pytest.mark.parametrize(
    ("ours", "theirs", "last", "wanted"),
    [
        (sub(), seen(), None, Fetch(100, fresh=True)),
        (sub(100), seen(passed=100, left=150, last_pack="a"), "a", Fetch(100, fresh=True)),
        (sub(200), seen(passed=200, left=50, last_pack="a"), "a", Fetch(50, fresh=True)),
        (sub(100), seen(passed=200, left=50, last_pack="b"), "a", Fetch(100, fresh=False)),
        (sub(100), seen(passed=250, left=0, last_pack="c", condition=Condition.CLOSED), "a", Fetch(100, fresh=False)),
        (sub(), seen(condition=Condition.PENDING, made=0), None, Wait()),
        (sub(243), seen(passed=243, left=0, last_pack="a"), "a", Wait()),
    ],
)
def test_what_is_fetched_and_what_is_waited_for(
    ours: SubOrderRow, theirs: SubOrderSeen, last: str | None, wanted: Judgement
) -> None:
    assert judge(ours, theirs, last, RULES) == wanted


def test_a_status_of_exhausted_with_codes_left_is_fetched_from() -> None:
    """API 1.21.1 §4.3.2: the printed sample."""
    assert judge(sub(243), seen(passed=243, left=7, last_pack="a"), "a", RULES) == Fetch(7, fresh=True)


@pytest.mark.parametrize(
    ("ours", "theirs", "state"),
    [
        (sub(250), seen(passed=250, left=0), "fetched"),
        (sub(250), seen(passed=250, left=0, condition=Condition.CLOSED), "fetched"),
        (sub(100), seen(passed=100, condition=Condition.CLOSED), "closed"),
        (sub(), seen(condition=Condition.REFUSED, made=0, reason="why"), "refused"),
        (sub(100), seen(passed=100, condition=Condition.REFUSED), "closed"),
    ],
)
def test_what_is_over(ours: SubOrderRow, theirs: SubOrderSeen, state: str) -> None:
    found = judge(ours, theirs, None, RULES)
    assert isinstance(found, Ended) and found.state == state


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (sub(100), seen(passed=99)),
        (sub(100), seen(passed=0, condition=Condition.CLOSED)),
        (sub(100), seen(passed=251)),
        (sub(100), seen(passed=100, last_pack="b")),
    ],
)
def test_what_does_not_add_up(ours: SubOrderRow, theirs: SubOrderSeen) -> None:
    assert isinstance(judge(ours, theirs, "a", RULES), Wrong)


def test_an_order_that_is_being_closed_gets_no_new_pack_and_keeps_what_was_given_out() -> None:
    assert judge(sub(100), seen(passed=100, last_pack="a"), "a", RULES, closing=True) == Wait()
    assert judge(sub(100), seen(passed=200, last_pack="b"), "a", RULES, closing=True) == Fetch(100, fresh=False)


def test_what_is_not_listed_is_waited_for() -> None:
    assert isinstance(judge(sub(), None, None, RULES), Wait)
