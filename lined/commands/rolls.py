"""Commands about rolls: codes given out together into a file, for a printer's own software.

A roll is begun under the name of a print order, and its codes are given out page by page; each is on disk as given out
when it is answered, and the same page again is the same codes. So whoever writes the file may be cut off at any moment
and write it again. These answers are the only ones that hold check parts, and an engineer's alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from pydantic import Field, StrictInt

from lined.commands.pools import pool_gtin
from lined.commands.registry.command import SHELL, Answer, Body, Subject, command
from lined.commands.registry.execution import Call, Tx
from lined.commands.registry.fields import Gtin, Required, Short
from lined.journal.care import takeover
from lined.journal.database import Connection
from lined.journal.tables import pool_stock, pools, rolls, sub_orders
from lined.journal.tables.pools import PoolRow
from lined.journal.tables.rolls import RollRow
from lined.vocabulary.errors import Conflict, Invalid, NotFound, Problem
from lined.vocabulary.facts import Fact, FieldFact
from lined.vocabulary.ids import row_number

QUANTITY_MAX = 10_000_000
PAGE = 2_000  # codes in one answer
STEP_CODES = 500  # given out in one transaction, 2 to 3 ms, so that no verdict waits long for it
ROLL = Subject("roll")

Quantity = Annotated[StrictInt, Field(ge=1, le=QUANTITY_MAX)]
Place = Annotated[StrictInt, Field(ge=0, le=QUANTITY_MAX)]


class RollNew(Body):
    """`name`: of the print order; no two rolls have the same. `quantity`: of codes; without it all that an `order` of
    codes brought and that were not given out yet.
    """

    gtin: Gtin
    name: Required
    quantity: Quantity | None = None
    order: Short | None = None


class RollCodes(Body):
    """`after`: how many of the roll's codes are known already; those behind them are answered."""

    after: Place = 0


class RollWritten(Body):
    """Its file is whole, on disk and under its name."""


class Roll(Answer):
    """`given`: codes of it that are given out; `seen`: of these, applied since; `unseen`: the others."""

    id: str
    name: str
    gtin: str
    order: str | None
    state: str
    quantity: int
    given: int
    seen: int
    unseen: int
    asked_at: str
    asked_by: str | None
    written_at: str | None


class RollPart(Roll):
    """`codes`: whole, with check parts and separators; fewer than 2,000 where they are the last."""

    codes: list[str]


@command(
    "roll-new",
    RollNew,
    Roll,
    "Begin a roll: codes that are given out together into a file.",
    path="rolls/new",
    tag="rolls",
    sources=SHELL,
)
async def begin_roll(call: Call, body: RollNew) -> Mapping[str, Any]:
    """Codes are looked for beside the writer: a million are counted in a second."""
    gtin = pool_gtin(call.context.line.plant, body.gtin)
    order_id = _order_of(body)
    most = body.quantity or QUANTITY_MAX
    there = await call.context.journal.read(_left, gtin, order_id, most)
    return await call.finish(partial(_begin, gtin, body, order_id, there))


@command(
    "roll-codes",
    RollCodes,
    RollPart,
    "Give out the next codes of a roll, or the same again: whole codes, with their check parts.",
    path="rolls/{roll_id}/codes",
    tag="rolls",
    subject=ROLL,
    sources=SHELL,
)
async def give_codes(call: Call, body: RollCodes) -> Mapping[str, Any]:
    """What is answered is on disk as given out."""
    await call.finish(lambda tx: {"given": _found(tx.connection, tx.subject).codes})  # who had which is kept
    while (await call.step(partial(_give_some, body.after)))["more"]:
        pass
    return await call.context.journal.read(_part, int(call.subject), body.after)


@command(
    "roll-written",
    RollWritten,
    Roll,
    "Say that the file of a roll is whole and in its place.",
    path="rolls/{roll_id}/written",
    tag="rolls",
    subject=ROLL,
    sources=SHELL,
)
def note_written(tx: Tx, _body: RollWritten) -> dict[str, Any]:
    rolls.written(tx.connection, _found(tx.connection, tx.subject), tx.at_ms)
    return described(_found(tx.connection, tx.subject))


def described(row: RollRow) -> dict[str, Any]:
    """A roll as people and programs see it: without its codes."""
    return {
        "id": str(row.id),
        "name": row.name,
        "gtin": row.gtin,
        "order": None if row.order_id is None else str(row.order_id),
        "state": row.state,
        "quantity": row.wanted,
        "given": row.codes,
        "seen": row.seen,
        "unseen": row.codes - row.seen,
        "asked_ms": row.asked_ms,
        "asked_by": row.asked_by,
        "written_ms": row.written_ms,
    }


def _order_of(body: RollNew) -> int | None:
    if body.order is None:
        if body.quantity is None:
            raise Invalid("wrong-values", "quantity: is required", [Problem("quantity", Fact(FieldFact.REQUIRED))])
        return None
    number = row_number(body.order)
    if number is None:
        raise NotFound("unknown-order", f"There is no order {body.order!r}.")
    return number


def _begin(gtin: str, body: RollNew, order_id: int | None, there: int, tx: Tx) -> dict[str, Any]:
    earlier = rolls.named(tx.connection, body.name)
    if earlier is not None:
        message = f"Roll {earlier.id} is of print order {body.name!r} already, with {earlier.codes:,} codes."
        raise Conflict("roll-there", message)
    _pool(tx.connection, gtin)
    wanted = body.quantity or there
    if there < wanted or not there:
        message = f"{there:,} codes of {gtin} can be given out, and {wanted or 'some'} were asked for."
        raise Conflict("too-few-codes", message)
    row = rolls.begin(
        tx.connection, name=body.name, gtin=gtin, order_id=order_id, wanted=wanted, at_ms=tx.at_ms, by=tx.by
    )
    return described(row)


def _give_some(after: int, tx: Tx) -> dict[str, Any]:
    """One step of a page; `more`: the page is not full yet, and the roll has not all its codes."""
    row = _found(tx.connection, tx.subject)
    if after > row.codes:
        raise Conflict("wrong-place", f"Roll {row.id} has {row.codes:,} codes so far: there is none behind {after:,}.")
    wanted = min(STEP_CODES, row.missing, after + PAGE - row.codes)
    if wanted <= 0:
        return {"more": False}
    try:
        pool = _pool(tx.connection, row.gtin)
    except NotFound:
        if not row.codes:
            raise
        rolls.cut(tx.connection, row.id)  # the pool was dropped since: its file is to be had all the same
        return {"more": False}
    packs = _packs(tx.connection, row.gtin, row.order_id)
    given = pool_stock.give(tx.connection, pool, wanted, tx.at_ms, packs)
    rolls.put(tx.connection, row, given.codes)
    if not given.marked or not pool_stock.left(tx.connection, pool, 1, packs):
        rolls.cut(tx.connection, row.id)
    now = _found(tx.connection, row.id)
    return {"more": bool(now.missing) and now.codes < after + PAGE}


def _part(connection: Connection, roll_id: int, after: int) -> dict[str, Any]:
    codes = rolls.part(connection, roll_id, after, PAGE)
    return {**described(_found(connection, roll_id)), "codes": [ident + tail for ident, tail in codes]}


def _found(connection: Connection, roll_id: int) -> RollRow:
    """Raises NotFound."""
    row = rolls.get(connection, roll_id)
    if row is None:
        raise NotFound("unknown-roll", f"There is no roll {roll_id}.")
    return row


def _pool(connection: Connection, gtin: str) -> PoolRow:
    """Raises NotFound where there is none; Conflict where its codes may be given out already: the journal was replaced
    by an older one since they were loaded.
    """
    pool = pools.present(connection).get(gtin)
    if pool is None:
        raise NotFound("unknown-pool", f"No code pool is loaded for {gtin}.")
    gap = takeover.gap_of(connection)
    if gap is not None and pool.began_ms < gap.until_ms:
        message = f"The pool of {gtin} is of before the journal was replaced: its codes may be given out already."
        raise Conflict("pool-of-before", message)
    return pool


def _packs(connection: Connection, gtin: str, order_id: int | None) -> Sequence[int] | None:
    """The packs that an order of codes brought of a product; None: from any. Raises NotFound."""
    if order_id is None:
        return None
    sub = next((one for one in sub_orders.of_order(connection, order_id) if one.gtin == gtin), None)
    if sub is None:
        raise NotFound("unknown-order", f"There is no order {order_id} of {gtin}.")
    return [pack.no for pack in sub_orders.packs(connection, sub.id)]


def _left(connection: Connection, gtin: str, order_id: int | None, most: int) -> int:
    return pool_stock.left(connection, _pool(connection, gtin), most, _packs(connection, gtin, order_id))
