"""Values between the reading of a report, its document and its judgement."""

from __future__ import annotations

from typing import Any, NamedTuple

from lined.sandbox.books import Connection


class Row(NamedTuple):
    """One code of a document. `unit`: the row of the package it belongs to; `detail`: what its kind needs to know."""

    ident: str
    tail: str
    unit: int | None = None
    detail: str | None = None


class Filing(NamedTuple):
    """A report whose shape is right: ready to be registered, judged later."""

    type: str
    product_group: str | None
    rows: list[Row]
    attributes: dict[str, Any]  # the body without its codes
    body: bytes
    unsorted: bool


class Directives(NamedTuple):
    """What faults ask to happen to one document. `named` None: decide by the rules."""

    spoil: int = 0  # this many random codes are refused
    hide_s: float = 0.0  # nobody sees it for so long
    stuck_s: float = 0.0  # it is decided so much later
    error_named: int | None = None  # the whole document is refused, naming this many codes (0: nobody)
    warned: int = 0  # this many codes get a remark
    unlisted: int = 0  # this many codes are left out of the list of outcomes


class Due(NamedTuple):
    """A document whose time has come."""

    id: int
    type: str
    tin: str
    product_group: str
    attributes: dict[str, Any]
    directives: Directives


def blame_unknown(connection: Connection, due: Due) -> None:
    """Judge the rows for which a judgement found no code."""
    connection.execute(
        "UPDATE document_codes SET result = 'code-not-found'"
        " WHERE document_id = ? AND code_id IS NULL AND result IS NULL",
        (due.id,),
    )
