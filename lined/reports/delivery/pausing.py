"""Kinds of reports that pause: two refusals in a row that named nobody are about the document or the key, and the next
one would meet the same. A paused kind waits for a person.
"""

from __future__ import annotations

from lined.journal.database import Connection
from lined.journal.tables import refusals
from lined.reports.kinds.kinds import KINDS
from lined.vocabulary.facts import Fact, ReportFact

NAMELESS_REFUSALS_MAX = 2  # in a row, after which a kind pauses


def count_nameless(connection: Connection, kind: str) -> None:
    """One more refusal that names nobody."""
    refusals.set_in_a_row(connection, kind, refusals.in_a_row(connection, kind) + 1)


def named_again(connection: Connection, kind: str) -> None:
    """An outcome that is no nameless refusal: the row of them ends. A kind that is paused waits for a person all the
    same: what was under way when it paused says nothing about the next document.
    """
    if not paused(connection, kind):
        resume(connection, kind)


def resume(connection: Connection, kind: str) -> None:
    """A paused kind goes on."""
    refusals.set_in_a_row(connection, kind, 0)


def paused(connection: Connection, kind: str) -> bool:
    """True where the kind waits for a person."""
    return refusals.in_a_row(connection, kind) >= NAMELESS_REFUSALS_MAX


def paused_kinds(connection: Connection) -> list[str]:
    """The kinds that wait for a person."""
    found = refusals.by_kind(connection)
    return [kind for kind in KINDS if found.get(kind, 0) >= NAMELESS_REFUSALS_MAX]


def paused_text(kind: str) -> Fact:
    """What people are told about a paused kind."""
    return Fact(ReportFact.KIND_PAUSED, kind=kind)
