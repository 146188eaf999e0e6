"""The codes that a job is made with, as far as it names them: an order of codes, or a roll; and whether its production
date is before these codes were there at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from lined.journal.database import Connection
from lined.journal.tables import code_orders, pools, rolls, sub_orders
from lined.vocabulary.days import LocalDays, is_day, parse_moment
from lined.vocabulary.errors import Invalid, Problem
from lined.vocabulary.facts import Fact, FieldFact
from lined.vocabulary.ids import row_number

NAMING = ("roll", "code_order")


def checked_names(connection: Connection, gtin: str, requested: Mapping[str, Any]) -> dict[str, str]:
    """What a job names of its codes, where it does; both have to be of its product. Raises Invalid."""
    found: dict[str, str] = {}
    problems = []
    if name := requested.get("roll"):
        roll = rolls.named(connection, name)
        if roll is None or roll.gtin != gtin:
            problems.append(Problem("roll", Fact(FieldFact.NO_ROLL, gtin=gtin)))
        found["roll"] = name
    if text := requested.get("code_order"):
        number = row_number(text)
        products = sub_orders.of_order(connection, number) if number is not None else []
        if all(one.gtin != gtin for one in products):
            problems.append(Problem("code_order", Fact(FieldFact.NO_CODE_ORDER, gtin=gtin)))
        found["code_order"] = text
    if problems:
        raise Invalid("wrong-values", "; ".join(f"{one.path}: {one.message}" for one in problems), problems)
    return found


def warnings_of(connection: Connection, gtin: str, attributes: Mapping[str, Any], days: LocalDays) -> list[str]:
    """What is odd about a job that may be started all the same."""
    given = attributes.get("production_date")
    since_ms = _there_since(connection, gtin, attributes)
    if not given or since_ms is None:
        return []
    produced: datetime = parse_moment(given, days)
    if is_day(given):
        produced += timedelta(days=1, milliseconds=-1)  # it may be the last moment of that day
    if produced >= days.local(since_ms):
        return []
    return [Fact(FieldFact.BEFORE_CODES, date=given, gtin=gtin, since_at=since_ms)]


def _there_since(connection: Connection, gtin: str, attributes: Mapping[str, Any]) -> int | None:
    """When the codes that it names were ordered; else the first of its pool were ordered or loaded. None: no code of it
    is known here.
    """
    named = [code_orders.get(connection, int(number)) for number in [attributes.get("code_order")] if number]
    roll = rolls.named(connection, attributes["roll"]) if attributes.get("roll") else None
    if roll is not None and roll.order_id is not None:
        named.append(code_orders.get(connection, roll.order_id))
    moments = [order.asked_ms for order in named if order is not None]
    if moments:
        return max(moments)
    pool = pools.present(connection).get(gtin)
    if pool is None:
        return roll.asked_ms if roll is not None else None
    ordered = sub_orders.first_asked_ms(connection, gtin)
    return pool.began_ms if ordered is None else min(ordered, pool.began_ms)
