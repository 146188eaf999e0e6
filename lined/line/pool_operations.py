"""What may be asked about code pools from outside: the third of LineOperations that loads and drops them.

A pool is loaded page by page; each page is durable when it is answered, and the same page again changes nothing. Until
the first `complete` a pool refuses nothing, so one that was loaded by half stops no line.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from lined import codes
from lined.codes import MarkingCode, Shape
from lined.journal.database import Connection
from lined.journal.tables import pools
from lined.journal.tables.pools import Added, PoolRow
from lined.line.commands import Action, Commands
from lined.line.plant import Plant
from lined.line.state import LineState
from lined.vocabulary.errors import CommandError, Conflict, Invalid, NotFound, Problem

PAGE_MAX = 2_000  # codes in one command
STEP_CODES = 250  # of a page in one transaction, so that no verdict waits long for it
PARSED = 100  # codes between two looks at the event loop
PROBLEMS_MAX = 100  # bad codes named in one refusal


class _Orders(Protocol):
    """The part of LineOperations that this third uses."""

    _plant: Plant
    _shapes: dict[str, Shape]
    _typed: Commands

    async def _order(
        self,
        name: str,
        body: Mapping[str, Any],
        command_id: str,
        by: str,
        action: Action,
        work: Commands | None = None,
    ) -> dict[str, Any]: ...


class PoolOperations:
    """Each call as in LineOperations: `command_id` and `by`, durable when answered, CommandError or JournalError."""

    async def load_pool(
        self: _Orders, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        """`gtin`: of a product or a GROUP; `codes`: some of its codes, with or without check part; `complete`: these
        were the last, the pool holds from now on. The answer: the pool, and how many were `added`.
        """
        gtin = pool_gtin(self._plant, body.get("gtin"))
        given = [str(code) for code in body.get("codes") or ()]
        if len(given) > PAGE_MAX:
            raise Invalid("wrong-values", f"codes: at most {PAGE_MAX} at a time.")
        tails = await _tails_of(given, gtin, self._shapes)
        idents = list(tails)
        added = 0
        for start in range(0, len(idents), STEP_CODES):
            action = partial(_add, gtin, {one: tails[one] for one in idents[start : start + STEP_CODES]}, by)
            added += (await self._order("pool-load", {}, "", by, action, self._typed))["added"]
        complete = bool(body.get("complete"))
        digest = hashlib.sha256("\n".join(idents).encode()).hexdigest()
        said = {"gtin": gtin, "codes": len(idents), "sha256": digest, "complete": complete}
        return await self._order("pool-load", said, command_id, by, partial(_end, gtin, added, complete, by))

    async def drop_pool(
        self: _Orders, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        """`gtin`: its codes are no longer compared with a pool. Raises CommandError 404 `unknown-pool`."""
        gtin = str(body.get("gtin") or "").zfill(14)
        return await self._order("pool-drop", {"gtin": gtin}, command_id, by, partial(_drop, gtin))


def pool_gtin(plant: Plant, gtin: object) -> str:
    """The 14 digits of a product or of a product's GROUP. Raises CommandError 422."""
    found = str(gtin or "").zfill(14)
    if found not in plant.products and plant.product_of_group(found) is None:
        message = f"{gtin} is neither a product of this line nor the GROUP of one."
        raise Invalid("unknown-product", message, [Problem("gtin", "not a product of this line")])
    return found


def code_of(text: str, gtin: str, shapes: Mapping[str, Shape]) -> MarkingCode:
    """A code of this GTIN, with or without its check part. Raises codes.Malformed."""
    code = codes.parse_text(text, shapes)
    if code.template == "SSCC":
        raise codes.Malformed("an SSCC: boxes and pallets are in no pool")
    if code.gtin != gtin:
        raise codes.Malformed(f"a code of {code.gtin}")
    return code


def described(pool: PoolRow) -> dict[str, Any]:
    """A pool as people and the API see it; `left`: codes not applied so far."""
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
    """Identification codes to check parts. Raises CommandError where one of them is no code of the GTIN."""
    found: list[MarkingCode] = []
    problems: list[Problem] = []
    for at, text in enumerate(given):
        try:
            found.append(code_of(text, gtin, shapes))
        except codes.Malformed as fault:
            problems.append(Problem(f"codes[{at}]", str(fault)))
        if at % PARSED == PARSED - 1:
            await asyncio.sleep(0)
    if problems:
        message = f"{len(problems)} of {len(given)} are no codes of {gtin}: none of them was loaded."
        raise Invalid("wrong-codes", message, problems[:PROBLEMS_MAX])
    return tails_by_ident(found)


def tails_by_ident(found: Iterable[MarkingCode]) -> dict[str, str]:
    """Identification codes to check parts, in their order. Raises CommandError for one with two check parts."""
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
    """As pools.add. Raises CommandError."""
    try:
        return pools.add(connection, pool, tails)
    except pools.OtherCheckPart as other:
        raise _other_check_part(other.idents) from None


def _other_check_part(idents: Sequence[str]) -> CommandError:
    problems = [Problem("codes", f"{ident}: another check part than before") for ident in idents[:PROBLEMS_MAX]]
    message = f"{len(idents)} codes have another check part than before, the first {idents[0]}: ask who issued them."
    return Conflict("other-check-part", message, problems)


def _add(
    gtin: str, tails: Mapping[str, str], by: str, connection: Connection, state: LineState, at_ms: int
) -> dict[str, Any]:
    added = put(connection, pools.begin(connection, gtin, at_ms, by), tails)
    _look_again(connection, state)
    return {"added": added.codes}


def _end(
    gtin: str, added: int, complete: bool, by: str, connection: Connection, state: LineState, at_ms: int
) -> dict[str, Any]:
    pool = pools.begin(connection, gtin, at_ms, by)
    if complete and not pool.codes:
        raise Conflict("empty-pool", f"The pool of {gtin} has no codes: everything would be refused.")
    if complete and pool.state != pools.ACTIVE:
        pools.complete(connection, pool, at_ms)
    _look_again(connection, state)
    return {**described(pools.present(connection)[gtin]), "added": added}


def _drop(gtin: str, connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:  # noqa: ARG001 - an Action
    pool = pools.present(connection).get(gtin)
    if pool is None:
        raise NotFound("unknown-pool", f"No code pool is loaded for {gtin}.")
    pools.drop(connection, pool)
    _look_again(connection, state)
    return {**described(pool), "state": pools.DROPPED}


def _look_again(connection: Connection, state: LineState) -> None:
    """The stations' view of the pools; a transaction that does not happen makes all of it stale."""
    if not state.stale:
        state.pools = pools.present(connection)
