"""The judging of reads inside the writer's transaction: the table of rules, and the Work that runs it.

Here and nowhere else a code becomes applied: in the transaction that accepts it, it goes into its open batch, the sums
change, and two equal codes in one group meet each other. Order of reasons: docs/contract.md, Verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from lined.journal.database import Connection
from lined.journal.tables import codes
from lined.line.state import LineState
from lined.line.stations import applying, ejecting, packing, rehearsing, reworking, verifying
from lined.line.stations.read import Chunk, Read
from lined.line.stations.transaction import Transaction
from lined.line.stations.verdicts import Ruling, Verdict
from lined.vocabulary.line import Role
from lined.vocabulary.verdicts import Decision

T = TypeVar("T")
Rule = Callable[[Transaction, Read], Verdict]

RULES: Mapping[str, Rule] = {
    Role.APPLY: applying.judge,
    Role.VERIFY: verifying.judge,
    Role.PACK: rehearsing.on_either_journal(packing.judge),
    Role.REJECT: ejecting.judge,
    Role.REWORK: reworking.judge,
}


class Judging:
    """A Work of the journal's writer: chunks in, rulings out."""

    intake = True
    barrier = False

    def __init__(self, state: LineState) -> None:
        self._state = state

    def run(self, connection: Connection, items: Sequence[Chunk]) -> list[Ruling]:
        self._state.refresh(connection)
        idents = [read.code.ident for chunk in items for read in chunk.reads if read.code is not None]
        tx = Transaction(connection, self._state, codes.find(connection, idents))
        if self._state.pools:
            tx.pools.look_up(read.code for chunk in items for read in chunk.reads if read.code is not None)
        rulings = [_ruling(tx, chunk) for chunk in items]
        tx.write()
        return rulings

    def rolled_back(self) -> None:
        self._state.stale = True

    def decide(self, connection: Connection, act: Callable[[Transaction], T]) -> T:
        """Let a command do what stations do, with their rows, in its own transaction."""
        self._state.refresh(connection)
        tx = Transaction(connection, self._state, {})
        answer = act(tx)
        tx.write()
        return answer


def _ruling(tx: Transaction, chunk: Chunk) -> Ruling:
    """The verdicts on a chunk, each a row and counted where that is due."""
    state, role = tx.state, chunk.station.role
    rule, accept = RULES[role], Decision.ACCEPT
    flushes, keeps = role != Role.APPLY, role == Role.PACK  # asked once: this is the innermost loop
    state.newest_ms = max(state.newest_ms, chunk.at_ms)
    tx.alarms = []
    counted = tx.count(chunk)
    verdicts = []
    for read in chunk.reads:
        if flushes:
            tx.flush()  # their statements look at what the reads before have applied
        verdict = rule(tx, read)
        word, _, applied_id = verdict
        if keeps or not applied_id or word != accept:
            tx.keep(read, verdict)
        counted[word] += 1
        verdicts.append(verdict)
    applies = chunk.station.applies
    return Ruling(
        [one.word for one in verdicts],
        [one.code_id if applies or one.applied_id else 0 for one in verdicts],
        max((one.applied_id for one in verdicts), default=0),
        tx.alarms,
        state.job.mode if state.job else None,
    )
