"""Promises about codes that are ordered and fetched."""

from __future__ import annotations

from tests.promises.mutation import Mutation

ORDERED = "codes are ordered and fetched, answers get lost, the program is killed at any moment"
_ORDERS = "tests/integration/supply/test_orders.py"
_STOCK = "tests/integration/supply/test_stock.py"
_ROOM = "lined/supply/orders"

MUTATIONS = [
    Mutation(
        ORDERED,
        "an order whose answer is lost is placed again without a look",
        f"{_ROOM}/placing.py::_in_doubt",
        "OrderState.IN_DOUBT",
        "OrderState.QUEUED",
        f"{_ORDERS}::test_an_order_whose_answer_is_lost_is_found_and_not_placed_again",
    ),
    Mutation(
        ORDERED,
        "an order that two looks have missed is placed again by itself",
        f"{_ROOM}/looking.py::_missed",
        "row.confirmed",
        "row.misses",
        f"{_ORDERS}::test_an_order_that_did_not_arrive_is_never_placed_again_by_itself",
    ),
    Mutation(
        ORDERED,
        "a look that failed counts as a miss",
        f"{_ROOM}/looking.py::look",
        "Look(why=Fact(OrderFact.LOOKING, more=clause(error)))",
        "Look()",
        f"{_ORDERS}::test_a_look_that_fails_is_no_miss",
    ),
    Mutation(
        ORDERED,
        "an order that was being sent when the program ended is forgotten",
        f"{_ROOM}/loops.py::CodeOrders.recover",
        "(OrderState.SENDING,)",
        "()",
        f"{_ORDERS}::test_an_order_that_was_being_sent_when_the_program_ended_is_looked_for",
    ),
    Mutation(
        ORDERED,
        "a pack counts before its codes are on disk",
        f"{_ROOM}/fetching.py::_begin",
        "return sub_orders.begin_pack(connection, sub.id, pack_id, count, at_ms)",
        """
        row = sub_orders.begin_pack(connection, sub.id, pack_id, count, at_ms)
        sub_orders.end_pack(connection, row.no)
        return row
        """,
        f"{_ORDERS}::test_a_pack_that_was_being_written_when_the_program_ended_is_there_once",
    ),
    Mutation(
        ORDERED,
        "what was given out and is not here is not fetched again",
        f"{_ROOM}/judging.py::judge",
        "seen.passed > sub.codes",
        "False",
        f"{_ORDERS}::test_a_pack_whose_answer_is_lost_comes_again_also_after_the_order_closed_itself"
        " tests/unit/supply/test_judging.py",
    ),
    Mutation(
        ORDERED,
        "an order is closed although what it gave out is not here",
        f"{_ROOM}/judging.py::judge",
        "return Fetch(min(rules.pack, sub.quantity), fresh=False)",
        "return Wait() if closing else Fetch(min(rules.pack, sub.quantity), fresh=False)",
        f"{_ORDERS}::test_closing_asks_for_a_confirmation_and_fetches_first_what_was_given_out",
    ),
    Mutation(
        ORDERED,
        "a code of another pack is taken for one of this",
        "lined/journal/tables/pools.py::add",
        "raise OtherPack(packed)",
        "pass",
        f"{_ORDERS}::test_codes_of_another_pack_stop_the_order",
    ),
    Mutation(
        ORDERED,
        "codes are ordered by themselves although an order of them is under way",
        f"{_ROOM}/reordering.py::reorder",
        "any(order.state not in ORDER_FINAL for order, _ in orders)",
        "False",
        f"{_STOCK}::test_codes_are_ordered_once_below_the_threshold_and_again_only_after_these_were_used",
    ),
    Mutation(
        ORDERED,
        "codes are ordered by themselves although an order of them is in doubt",
        f"{_ROOM}/reordering.py::_doubt",
        "order.state in (OrderState.IN_DOUBT, OrderState.HELD)",
        "False",
        f"{_STOCK}::test_nothing_is_ordered_by_itself_while_an_order_is_in_doubt_or_held",
    ),
    Mutation(
        ORDERED,
        "codes are ordered by themselves again and again although the regulator does not give them",
        f"{_ROOM}/reordering.py::_doubt",
        "newest is not None and newest.by_itself and newest.final and state != SubOrderState.FETCHED",
        "False",
        f"{_STOCK}::test_nothing_is_ordered_by_itself_while_an_order_is_in_doubt_or_held",
    ),
    Mutation(
        ORDERED,
        "codes are ordered by themselves after the journal has forgotten an order of them",
        f"{_ROOM}/reordering.py::_doubt",
        "gap.withholds or since < gap.until_ms",
        "False",
        f"{_STOCK}::test_nothing_is_ordered_by_itself_after_the_journal_was_replaced_until_a_person_has_ordered",
    ),
    Mutation(
        ORDERED,
        "a journal that took over goes on with the serials of the one before",
        "lined/journal/tables/serial_series.py::_journal",
        "found.name",
        "'one'",
        "tests/unit/supply/test_serials.py",
    ),
]
