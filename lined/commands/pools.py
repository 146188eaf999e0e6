"""Commands about code pools: load one, drop one.

A pool is loaded page by page; each page is durable when it is answered, and the same page again changes nothing. Until
the first `complete` a pool refuses nothing, so one that was loaded by half stops no line.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from pydantic import Field, StrictBool

from lined import codes
from lined.codes import MarkingCode, Shape
from lined.commands.registry.command import SHELL, Answer, Body, command
from lined.commands.registry.execution import Call, Tx
from lined.commands.registry.fields import Code, Gtin
from lined.journal.database import Connection
from lined.journal.tables import pools
from lined.journal.tables.pools import Added, PoolRow
from lined.line.plant import Plant
from lined.supply.pool_codes import code_of, with_lost_separators
from lined.vocabulary.errors import CommandError, Conflict, Invalid, NotFound, Problem, clause
from lined.vocabulary.facts import Fact, FieldFact

PAGE_MAX = 2_000  # codes in one command
STEP_CODES = 250  # of a page in one transaction, so that no verdict waits long for it
PARSED = 100  # codes between two looks at the event loop
PROBLEMS_MAX = 100  # bad codes named in one refusal
LOST = Fact(FieldFact.SEPARATOR_LOST)


class PoolLoad(Body):
    """Some of the codes issued for a product, with or without check part. `complete`: these were the last of them, and
    from now on what is not in the pool is an `unknown-code`.
    """

    gtin: Gtin
    codes: Annotated[list[Code], Field(max_length=PAGE_MAX)] = Field(default_factory=list)
    complete: StrictBool = False


class PoolDrop(Body):
    gtin: Gtin


class Pool(Answer):
    """`left`: codes not applied so far."""

    gtin: str
    state: str
    codes: int
    applied: int
    left: int
    began_at: str
    began_by: str | None
    complete_at: str | None


class LoadedPool(Pool):
    """`added`: by this command."""

    added: int


@command(
    "pool-load",
    PoolLoad,
    LoadedPool,
    "Load some of the codes that were issued for a product; with `complete` the pool holds from now on.",
    path="pools/load",
    tag="pools",
    sources=SHELL,
)
async def load_pool(call: Call, body: PoolLoad) -> Mapping[str, Any]:
    """Of a product or a GROUP."""
    line = call.context.line
    gtin = pool_gtin(line.plant, body.gtin)
    tails = await _tails_of(body.codes, gtin, line.shapes)
    idents = list(tails)
    added = 0
    for start in range(0, len(idents), STEP_CODES):
        step = {one: tails[one] for one in idents[start : start + STEP_CODES]}
        added += (await call.step(partial(_add, gtin, step), intake=True))["added"]
    digest = hashlib.sha256("\n".join(idents).encode()).hexdigest()
    given = {"gtin": gtin, "codes": len(idents), "sha256": digest, "complete": body.complete}
    return await call.finish(partial(_end, gtin, added, body.complete), given=given)


@command(
    "pool-drop",
    PoolDrop,
    Pool,
    "Drop the pool of a product: its codes are no longer compared with one.",
    path="pools/drop",
    tag="pools",
    sources=SHELL,
)
async def drop_pool(call: Call, body: PoolDrop) -> Mapping[str, Any]:
    gtin = body.gtin.zfill(14)
    return await call.finish(partial(_drop, gtin), given={"gtin": gtin})


def pool_gtin(plant: Plant, gtin: str) -> str:
    """The 14 digits of a product or of a product's GROUP. Raises Invalid."""
    found = gtin.zfill(14)
    if found not in plant.products and plant.product_of_group(found) is None:
        message = f"{gtin} is neither a product of this line nor the GROUP of one."
        raise Invalid("unknown-product", message, [Problem("gtin", Fact(FieldFact.NO_PRODUCT))])
    return found


def described(pool: PoolRow) -> dict[str, Any]:
    """A pool as people and programs see it; `left`: codes not applied so far."""
    return {
        "gtin": pool.gtin,
        "state": pool.state,
        "codes": pool.codes,
        "applied": pool.applied,
        "left": pool.codes - pool.applied,
        "began_ms": pool.began_ms,
        "began_by": pool.began_by,
        "complete_ms": pool.complete_ms,
    }


async def _tails_of(given: Sequence[str], gtin: str, shapes: Mapping[str, Shape]) -> dict[str, str]:
    """Identification codes to check parts. Raises Invalid where one of them is no code of the GTIN, Conflict."""
    found: list[MarkingCode] = []
    problems: list[Problem] = []
    for at, text in enumerate(given):
        try:
            found.append(code_of(text, gtin, shapes))
        except codes.Malformed as fault:
            problems.append(Problem(f"codes[{at}]", clause(fault)))
        if at % PARSED == PARSED - 1:
            await asyncio.sleep(0)
    if not problems:
        problems = [Problem(f"codes[{at}]", LOST) for at in with_lost_separators(found, shapes.get(gtin))]
    if problems:
        message = f"{len(problems)} of {len(given)} are no codes of {gtin}: none of them was loaded."
        raise Invalid("wrong-codes", message, problems[:PROBLEMS_MAX])
    return tails_by_ident(found)


def tails_by_ident(found: Iterable[MarkingCode]) -> dict[str, str]:
    """Identification codes to check parts, in their order. Raises Conflict for one with two check parts."""
    tails: dict[str, str] = {}
    other: list[str] = []
    for code in found:
        before = tails.get(code.ident, "")
        if before and code.tail and code.tail != before:
            other.append(code.ident)
        tails[code.ident] = before or code.tail
    if other:
        raise _other_check_part(other)
    return tails


def put(connection: Connection, pool: PoolRow, tails: Mapping[str, str]) -> Added:
    """As pools.add. Raises Conflict."""
    try:
        return pools.add(connection, pool, tails)
    except pools.OtherCheckPart as other:
        raise _other_check_part(other.idents) from None


def _other_check_part(idents: Sequence[str]) -> CommandError:
    problems = [Problem("codes", Fact(FieldFact.OTHER_CHECK_PART, code=ident)) for ident in idents[:PROBLEMS_MAX]]
    message = f"{len(idents)} codes have another check part than before, the first {idents[0]}: ask who issued them."
    return Conflict("other-check-part", message, problems)


def _add(gtin: str, tails: Mapping[str, str], tx: Tx) -> dict[str, Any]:
    added = put(tx.connection, pools.begin(tx.connection, gtin, tx.at_ms, tx.by), tails)
    _look_again(tx)
    return {"added": added.codes}


def _end(gtin: str, added: int, complete: bool, tx: Tx) -> dict[str, Any]:
    pool = pools.begin(tx.connection, gtin, tx.at_ms, tx.by)
    if complete and not pool.codes:
        raise Conflict("empty-pool", f"The pool of {gtin} has no codes: everything would be refused.")
    if complete and pool.state != pools.ACTIVE:
        pools.complete(tx.connection, pool, tx.at_ms)
    _look_again(tx)
    return {**described(pools.present(tx.connection)[gtin]), "added": added}


def _drop(gtin: str, tx: Tx) -> dict[str, Any]:
    pool = pools.present(tx.connection).get(gtin)
    if pool is None:
        raise NotFound("unknown-pool", f"No code pool is loaded for {gtin}.")
    pools.drop(tx.connection, pool)
    _look_again(tx)
    return {**described(pool), "state": pools.DROPPED}


def _look_again(tx: Tx) -> None:
    """The stations' view of the pools; a transaction that does not happen makes all of it stale."""
    if not tx.state.stale:
        tx.state.pools = pools.present(tx.connection)
