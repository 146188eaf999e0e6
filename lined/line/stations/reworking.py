"""The rule of rework stations: a package's code dissolves it, a child's takes it out of its package."""

from __future__ import annotations

from lined.journal.tables import packages
from lined.line.stations import rework
from lined.line.stations.read import Read
from lined.line.stations.transaction import Transaction
from lined.line.stations.verdicts import Verdict
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import CommandError, clause
from lined.vocabulary.facts import Fact, LineFact
from lined.vocabulary.verdicts import Decision, Reason


def judge(tx: Transaction, read: Read) -> Verdict:
    """A reader at the rework bench: a parent's code dissolves its package, a child's takes it out of its own."""
    code = read.code
    if read.reason or code is None:
        return Verdict(read.reason or Reason.MALFORMED)
    connection, state = tx.connection, tx.state
    package = packages.by_ident(connection, code.ident)
    try:
        if package is not None and package.package_id is None:
            rework.dissolve(connection, state, package, read.device, read.at_ms)
        else:
            rework.take_out(connection, state, code.ident, read.device, read.at_ms)
    except CommandError as refusal:
        if refusal.code not in {"not-packed", "unknown-code"}:
            tx.alarms.append(
                (AlarmKind.REWORK, Fact(LineFact.REWORK_REFUSED, refusal=refusal.code, more=clause(refusal)))
            )
        return Verdict(Reason.NOT_APPLIED if refusal.code == "unknown-code" else Decision.ACCEPT)
    tx.look_up(code.ident)  # its state has changed
    return Verdict(Decision.ACCEPT)
