"""Commands about orders of codes: order, close, say what became of one that is held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from lined.commands.pools import pool_gtin
from lined.commands.registry.command import PEOPLE, Answer, Body, Subject, command
from lined.commands.registry.context import Context
from lined.commands.registry.execution import Call, Tx
from lined.commands.registry.fields import Gtin, Required, Short, one_of
from lined.journal.tables import sub_orders
from lined.journal.tables.code_orders import OrderRow
from lined.journal.tables.sub_orders import SubOrderRow
from lined.line.plant import Plant
from lined.regulator.profile import Profile
from lined.supply.orders import people
from lined.supply.orders.people import Wanted
from lined.supply.orders.serials import SHORTEST
from lined.vocabulary.errors import Invalid, Problem
from lined.vocabulary.facts import Fact, FieldFact
from lined.vocabulary.packages import Level
from lined.vocabulary.times import moment

PRODUCTS_MAX = 100  # the regulator's own limit is the profile's
DAY_MS = 86_400_000
ORDER = Subject("order")
CANCEL, NOT_RECEIVED, LOOK_AGAIN = "cancel-unfetched", "not-received", "look-again"

Closing = Annotated[str, one_of([CANCEL])]
Confirming = Annotated[str, one_of([NOT_RECEIVED, LOOK_AGAIN])]
Makers = Annotated[str, one_of(["regulator", "own"])]


class OrderedProduct(BaseModel):
    """`serials`: who makes them; `own` takes a product with a serial_length."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gtin: Gtin
    quantity: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
    serials: Makers = "regulator"


class OrderNew(Body):
    """Codes of products of one group. `complete`: once all of a product is fetched, what is not in its pool is an
    `unknown-code`. `method`: how they are released, in the regulator's words; its usual one where nothing is said.
    """

    products: Annotated[list[OrderedProduct], Field(min_length=1, max_length=PRODUCTS_MAX)]
    method: Short | None = None
    complete: StrictBool = False


class OrderClose(Body):
    """`confirm`: compulsory where codes are not fetched; they are cancelled for good."""

    confirm: Closing | None = None


class OrderConfirm(Body):
    """Of a held order: it did not arrive (it is looked for once more, then ordered again); or it is to be looked at
    again; or `number`, the regulator's, under which a person has found it.
    """

    confirm: Confirming | None = None
    number: Required | None = None


class ProductOfOrder(Answer):
    """`made`, `given_out`: by the regulator, as it said last; `fetched`: here; `left`: not here yet."""

    gtin: str
    level: str
    state: str
    quantity: int
    made: int
    given_out: int
    fetched: int
    left: int
    problem: str | None


class CodeOrder(Answer):
    """`number`: the regulator's; `mark`: ours in it. `ends_at`: then the regulator closes it. `by_itself`: its product
    ran low, and nobody asked.
    """

    id: str
    state: str
    number: str | None
    mark: str
    group: str
    method: str
    asked_at: str | None
    asked_by: str | None
    by_itself: bool
    attempts: int
    placed_at: str | None
    ends_at: str | None
    problem: str | None
    quantity: int
    fetched: int
    left: int
    products: list[ProductOfOrder]


def _may_order(context: Context) -> bool:
    return context.ordered is not None


@command(
    "order-new",
    OrderNew,
    CodeOrder,
    "Order codes of the regulator; they are fetched into the pools of their products.",
    path="orders/new",
    tag="orders",
    sources=PEOPLE,
    is_there=_may_order,
)
async def order_codes(call: Call, body: OrderNew) -> Mapping[str, Any]:
    """Answered once it is on disk; it is placed when its turn comes."""
    return await _done(call, lambda tx: _ordered(tx, body))


@command(
    "order-close",
    OrderClose,
    CodeOrder,
    "Close an order: codes that were not fetched are cancelled.",
    path="orders/{order_id}/close",
    tag="orders",
    subject=ORDER,
    sources=PEOPLE,
    is_there=_may_order,
)
async def close_order(call: Call, body: OrderClose) -> Mapping[str, Any]:
    confirmed = body.confirm == CANCEL
    return await _done(
        call,
        lambda tx: people.close(tx.connection, tx.subject, confirmed=confirmed, at_ms=tx.at_ms, by=tx.by),
    )


@command(
    "order-confirm",
    OrderConfirm,
    CodeOrder,
    "Say what became of a held order: it did not arrive, it has this number, or it is to be looked at again.",
    path="orders/{order_id}/confirm",
    tag="orders",
    subject=ORDER,
    sources=PEOPLE,
    is_there=_may_order,
)
async def confirm_order(call: Call, body: OrderConfirm) -> Mapping[str, Any]:
    if (body.confirm is None) == (body.number is None):
        message = "Say one of both: confirm, or the number under which the regulator has it."
        raise Invalid("confirm-required", message, [Problem("confirm", Fact(FieldFact.REQUIRED))])
    return await _done(call, lambda tx: _confirmed(tx, body))


async def _done(call: Call, action: Any) -> Mapping[str, Any]:
    """The order as it stands afterwards; whoever places and fetches hears of it."""
    life_days = call.context.reports.profile.limits.order_life_days

    def step(tx: Tx) -> dict[str, Any]:
        number = action(tx) or tx.subject
        return described(people.found(tx.connection, number), sub_orders.of_order(tx.connection, number), life_days)

    answer = await call.finish(step)
    assert call.context.ordered is not None
    call.context.ordered()
    return answer


def _ordered(tx: Tx, body: OrderNew) -> int:
    plant, profile = tx.context.line.plant, tx.context.reports.profile
    wanted = [_wanted(plant, one) for one in body.products]
    groups = {_group(plant, one.gtin) for one in wanted}
    method = body.method or profile.dictionaries.release_method[0]
    problems = list(_problems(wanted, groups, method, profile))
    if problems:
        raise Invalid("wrong-values", "; ".join(f"{one.path}: {one.message}" for one in problems), problems)
    return people.order(
        tx.connection,
        profile,
        line=plant.line_id,
        group=groups.pop(),
        method=method,
        products=wanted,
        completes=body.complete,
        at_ms=tx.at_ms,
        by=tx.by,
    )


def _confirmed(tx: Tx, body: OrderConfirm) -> None:
    if body.number is not None:
        people.name(tx.connection, tx.subject, body.number, tx.at_ms, tx.by)
    elif body.confirm == NOT_RECEIVED:
        people.not_arrived(tx.connection, tx.subject, tx.at_ms, tx.by)
    else:
        people.look_again(tx.connection, tx.subject, tx.at_ms, tx.by)


def _wanted(plant: Plant, one: OrderedProduct) -> Wanted:
    """Raises Invalid for what is no product of this line."""
    gtin = pool_gtin(plant, one.gtin)
    product = plant.products.get(gtin)
    length = 0
    if one.serials == "own":
        length = (product.serial_length if product is not None else None) or -1
    return Wanted(gtin, one.quantity, Level.UNIT if product is not None else Level.GROUP, length or None)


def _group(plant: Plant, gtin: str) -> str:
    return plant.products[gtin if gtin in plant.products else plant.product_of_group(gtin) or ""].group


def _problems(wanted: Sequence[Wanted], groups: set[str], method: str, profile: Profile) -> Iterable[Problem]:
    limits = profile.limits
    if len(wanted) > limits.order_products:
        yield Problem("products", Fact(FieldFact.ITEMS, n=limits.order_products))
    if len(groups) > 1:
        yield Problem("products", Fact(FieldFact.ONE_GROUP))
    if method not in profile.dictionaries.release_method:
        yield Problem("method", Fact(FieldFact.ONE_OF, known=", ".join(profile.dictionaries.release_method)))
    seen: set[str] = set()
    for at, one in enumerate(wanted):
        if one.gtin in seen:
            yield Problem(f"products.{at}.gtin", Fact(FieldFact.TWICE))
        seen.add(one.gtin)
        if one.quantity > limits.order_codes:
            yield Problem(f"products.{at}.quantity", Fact(FieldFact.AT_MOST, n=limits.order_codes))
        if one.serial_length is not None and one.serial_length < SHORTEST:
            yield Problem(f"products.{at}.serials", Fact(FieldFact.NO_OWN_SERIALS, n=SHORTEST))


def described(row: OrderRow, products: Sequence[SubOrderRow], life_days: int) -> dict[str, Any]:
    """An order as people and programs see it."""
    ends_ms = None if row.placed_ms is None else row.placed_ms + life_days * DAY_MS
    return {
        "id": str(row.id),
        "state": row.state,
        "number": row.regulator_id,
        "mark": row.marker,
        "group": row.product_group,
        "method": row.method,
        "asked_at": moment(row.asked_ms),
        "asked_by": row.asked_by,
        "by_itself": bool(row.by_itself),
        "attempts": row.attempts,
        "placed_at": moment(row.placed_ms),
        "ends_at": moment(ends_ms),
        "problem": row.problem,
        "quantity": sum(one.quantity for one in products),
        "fetched": sum(one.codes for one in products),
        "left": sum(one.left for one in products),
        "products": [
            {
                "gtin": one.gtin,
                "level": one.level,
                "state": one.state,
                "quantity": one.quantity,
                "made": one.made,
                "given_out": one.passed,
                "fetched": one.codes,
                "left": one.left,
                "problem": one.problem,
            }
            for one in products
        ],
    }
