"""Reads and commands at pack stations in a test job: which journal they are judged on, the line's or the rehearsal's.

Items of the line's journal are judged as ever, so that the conveyor can be emptied, and never come into one package
with items of the rehearsal. The rule is the same for both.
"""

from __future__ import annotations

from collections.abc import Callable

from lined.codes import MarkingCode
from lined.journal.tables import packages
from lined.line.state import Job
from lined.line.stations.read import Read
from lined.line.stations.rehearsal import Rehearsal
from lined.line.stations.transaction import Transaction
from lined.line.stations.verdicts import Verdict
from lined.vocabulary.packages import PackMode
from lined.vocabulary.verdicts import Reason

Rule = Callable[[Transaction, Read], Verdict]


class RehearsalTransaction(Transaction):
    """A transaction on the rehearsal's journal, for as long as one read is judged. Its alarms are the line's."""

    def __init__(self, line: Transaction, rehearsal: Rehearsal) -> None:
        super().__init__(rehearsal.connection, line.state, {})
        self.pools = line.pools
        self.alarms = line.alarms
        self._rehearsal = rehearsal

    def apply(self, read: Read, code: MarkingCode, job: Job) -> int:  # noqa: ARG002 - the test job, which it has
        return self._rehearsal.apply(code, read.at_ms, read.device_no)


def on_either_journal(rule: Rule) -> Rule:
    """The rule, judging reads of a test job's items on the rehearsal's journal."""

    def judge(tx: Transaction, read: Read) -> Verdict:
        if tx.rehearsal is None or read.reason:
            return rule(tx, read)
        idents = [one.code.ident for one in read.frame or (read,) if one.code is not None]
        tried = any(tx.rehearsal.knows(ident) for ident in idents)
        real = any(_is_real(tx, ident) for ident in idents)
        if not tried and not real:
            real = not packed_in_rehearsal(tx, read)
        if tried and (real or packages.open_at(tx.connection, read.station.id) is not None):
            return Verdict(Reason.MIXED_LOT)
        if not real:
            return Verdict(rule(RehearsalTransaction(tx, tx.rehearsal), read).word)
        if packages.open_at(tx.rehearsal.connection, read.station.id) is not None:
            return Verdict(Reason.MIXED_LOT)
        return rule(tx, read)

    return judge


def packed_in_rehearsal(tx: Transaction, read: Read) -> bool:
    """Whether the station's next package is one of the rehearsal, as far as nothing that was read says otherwise."""
    if tx.rehearsal is None or packages.open_at(tx.connection, read.station.id) is not None:
        return False
    opened = packages.open_at(tx.rehearsal.connection, read.station.id) is not None
    return opened or read.station.mode in {PackMode.PARENT_FIRST, PackMode.FRAME}


def for_command(tx: Transaction, read: Read) -> Transaction:
    """The transaction on which a command at a station is carried out."""
    if tx.rehearsal is not None and packed_in_rehearsal(tx, read):
        return RehearsalTransaction(tx, tx.rehearsal)
    return tx


def _is_real(tx: Transaction, ident: str) -> bool:
    """Whether the line's journal knows it, as an item or a package."""
    return tx.look_up(ident) is not None or packages.by_ident(tx.connection, ident) is not None
