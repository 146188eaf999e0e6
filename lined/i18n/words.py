"""The catalogue of what the page says that is not in a template: reasons, states, alarms, answers, marked for
translation.

`N_` marks a text where it stands; it is translated where it is shown.
"""

from __future__ import annotations

from typing import NamedTuple

from lined.vocabulary.alarms import AlarmKind, Severity
from lined.vocabulary.codes import CodeEvent, CodeState, Withdrawal
from lined.vocabulary.line import LineState, Role
from lined.vocabulary.orders import OrderState, SubOrderState
from lined.vocabulary.packages import Level, PackageState
from lined.vocabulary.printing import LabelState
from lined.vocabulary.reports import ReportKind, ReportState
from lined.vocabulary.scanners import ScannerSign
from lined.vocabulary.tasks import TaskKind
from lined.vocabulary.verdicts import Answer, Decision, Reason
from lined.vocabulary.word import N_, AdvisedWord, member, sentences


class Advised(NamedTuple):
    """What is shown of something that went wrong: in a few words, and what to do."""

    sentence: str
    advice: str


UNKNOWN_REASON = Advised(N_("Rejected"), N_("Take the item out."))
OTHER_ALARM = Advised(N_("Something is wrong"), N_("Read the text below; if it stays, tell the engineer."))

SEVERITIES = sentences(Severity)
LINE_STATES = sentences(LineState)
BUDGETS = {"limited": N_("orders and reports"), "reads": N_("questions")}
REPORT_STATES = sentences(ReportState)
ORDER_STATES = sentences(OrderState)
SUB_ORDER_STATES = sentences(SubOrderState)
CODE_STATES = sentences(CodeState)
LABEL_STATES = sentences(LabelState)
KINDS = sentences(ReportKind)
ROLES = sentences(Role)
LEVELS = sentences(Level)
TASKS = sentences(TaskKind)
EVENTS = sentences(CodeEvent)
VERDICTS = sentences(Decision)
WITHDRAWALS = sentences(Withdrawal)
SCANNER_SIGNS = sentences(ScannerSign)
WAITING = N_("waits for its report")
PACKAGE_STATES = sentences(PackageState)

# What balances are made of: the names of `lined.line.watch.balance`.
PARTS = {
    "triggers": N_("items seen by the PLC"),
    "reads": N_("reads"),
    "missed": N_("missed"),
    "accepted": N_("accepted"),
    "rejected": N_("rejected"),
    "no-read": N_("no code seen"),
    "repeats": N_("repeats"),
    "applied": N_("applied"),
    "packed": N_("packed"),
    "not-packed": N_("not packed"),
    "ejected": N_("ejected"),
    "confirmed": N_("confirmed"),
    "unconfirmed": N_("not confirmed"),
    "codes-packed": N_("codes that lie in packages"),
    "labels": N_("labels given to printers"),
    "given-out": N_("codes given out into files"),
    "seen": N_("seen by a reader"),
    "not-seen": N_("seen by no reader"),
    **LABEL_STATES,
    **CODE_STATES,
}

# What is said in a message about alarms, in front of each.
NOTICES = {
    "raised": N_("ALARM"),
    "again": N_("ALARM, came back"),
    "over": N_("Over"),
    "passed": N_("Came and went"),
    "many": N_("Alarms"),
    "left-out": N_("Others, not told one by one"),
}

# What the endpoint refuses, in the words of the person who asked.
REFUSALS = {
    "job-running": N_("A job is running. Stop it first, or choose to replace it."),
    "no-job": N_("No job is running."),
    "wrong-values": N_("Something in the form is not right:"),
    "wrong-value": N_("Something in the form is not right:"),
    "token-required": N_("The token is not right. It stands in the file beside the journal that ends in .token."),
    "role-required": N_("Your role does not allow this. Ask the master of the shift or the engineer."),
    "unknown-report": N_("There is no such report."),
    "unknown-order": N_("There is no such order."),
    "too-many-orders": N_("Too many orders are under way: wait until one is over, or close one."),
    "order-taken": N_("This number belongs to another order."),
    "unknown-there": N_("The marking system does not know this code."),
    "not-answered": N_("The marking system does not answer. Try again later."),
    "unknown-code": N_("This code was never applied on this line."),
    "unknown-alarm": N_("There is no such alarm."),
    "unknown-package": N_("There is no such package."),
    "wrong-state": N_("This is not possible any more: the state has changed. Look again."),
    "acknowledged": N_("Somebody has acknowledged this alarm already."),
    "confirm-required": N_("The report was in doubt: say that it certainly was not received, or name its document."),
    "document-taken": N_("This document belongs to another report."),
    "cannot-commit": N_("Nothing was done: the disk cannot be written."),
    "malformed": N_("This is no marking code."),
    "no-packing": N_("This station does not pack."),
    "no-open-package": N_("No package is open at this station."),
    "not-packed": N_("This code lies in no package."),
    "already-packed": N_("This code lies in another package already."),
    "already-reported": N_("Its report has been sent already: withdraw the code in the marking system itself."),
    "already-withdrawn": N_("This code is withdrawn already."),
    "not-applied": N_("This code was not applied on this line, or is withdrawn or refused."),
    "mixed-lot": N_("This code is of another product or batch than the package."),
    "wrong-level": N_("This is a code of another package level."),
    "over-capacity": N_("The package is full already."),
    "parent-used": N_("This code stands for another package already."),
    "other-parent": N_("The package was opened with another code."),
    "suspect": N_("Read the content of this package again before it is closed."),
    "not-allowed": N_("Not with a technical user: this takes a business user's API key."),
    "report-under-way": N_("The package is in a report that is on its way. Wait for its outcome, then try again."),
    "not-accepted": N_("Some of these codes are not accepted by the marking system."),
    "nothing-to-correct": N_("Nothing was changed in the form."),
    "unknown-station": N_("There is no such station."),
    "unknown-task": N_("Somebody has dealt with this already."),
    "clock": N_("The clock of this computer cannot be trusted. Set it right first."),
}

# What the script says by itself, under the names it knows.
SCRIPT = {
    **sentences(Answer),
    "waiting": N_("Waiting for the first item"),
    "repeat": N_("the same item again"),
    "lost": N_("NO CONNECTION"),
    "lost_text": N_("What you see is old. The line's program does not answer since"),
    "done": N_("Done."),
    "failed": N_("Not done."),
    "s": N_("s"),
    "min": N_("min"),
    "h": N_("h"),
    "unreachable": N_("The line's program does not answer. It is not known whether this was done; look again."),
}


def part(word: str) -> str:
    """A part of a balance: one of PARTS, or the reason of a rejection."""
    return PARTS[word] if word in PARTS else reason(word).sentence


def reason(word: str | None) -> AdvisedWord | Advised:
    """What is shown of the reason of a rejection."""
    return member(Reason, word) or UNKNOWN_REASON


def alarm(kind: str) -> AdvisedWord | Advised:
    """What is shown of a kind of alarm."""
    return member(AlarmKind, kind) or OTHER_ALARM
