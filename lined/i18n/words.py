"""Everything the page says that is not in a template, marked for the catalogues: reasons, states, alarms, answers.

`N_` marks a text where it stands; it is translated where it is shown.
"""

from __future__ import annotations

from typing import NamedTuple


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    return text


class Reason(NamedTuple):
    """Why a read is rejected (contract, section 4): in a few words, and what to do."""

    short: str
    advice: str


REASONS: dict[str, Reason] = {
    "not-durable": Reason(N_("Cannot be saved"), N_("The disk takes nothing. Stop the line and call the engineer.")),
    "no-read": Reason(N_("No code seen"), N_("Check the print, the label's place and the scanner's window.")),
    "malformed": Reason(N_("Not a marking code"), N_("Take the item out. If it repeats, check print and scanner.")),
    "wrong-level": Reason(N_("Code of another package level"), N_("Show the code of the level this station expects.")),
    "no-job": Reason(N_("No job is running"), N_("Start a job.")),
    "wrong-product": Reason(N_("Code of another product"), N_("Check labels and job: they do not belong together.")),
    "unknown-code": Reason(N_("Code not ordered for this line"), N_("Take the item out. Check the roll of labels.")),
    "duplicate": Reason(N_("Code already used"), N_("Take the item out: its code was read before.")),
    "low-grade": Reason(N_("Print quality too low"), N_("Take the item out. Clean or adjust the printer.")),
    "not-applied": Reason(N_("Not read at the marking station"), N_("Pass the item through the marking station.")),
    "already-packed": Reason(N_("Already in a package"), N_("Take the item out: it belongs to another package.")),
    "mixed-lot": Reason(N_("Of another batch than the package"), N_("Close the package first, then begin a new one.")),
    "parent-used": Reason(N_("Package code already used"), N_("Take a new package label.")),
    "over-capacity": Reason(N_("More than the package holds"), N_("Take the items out and begin a new package.")),
    "parent-expected": Reason(N_("Package is full: read its code"), N_("Read the label of the package.")),
    "child-expected": Reason(N_("Package is not full yet"), N_("Put more items in, or close the package by hand.")),
}
UNKNOWN_REASON = Reason(N_("Rejected"), N_("Take the item out."))


class Alarm(NamedTuple):
    """A kind of problem: what it is called, and what to do about it."""

    title: str
    advice: str


ALARMS: dict[str, Alarm] = {
    "disk": Alarm(N_("The disk is full"), N_("Free space on the line's computer. Everything is rejected until then.")),
    "journal": Alarm(
        N_("The journal cannot be written"), N_("Stop the line and call the engineer. Everything is rejected.")
    ),
    "device": Alarm(N_("A device is not connected"), N_("Check its cable, its power and its network.")),
    "device-set-up": Alarm(
        N_("A scanner sends wrong characters"), N_("Check the scanner's code page and keyboard settings.")
    ),
    "stuck-code": Alarm(N_("The same code again and again"), N_("See whether an item is stuck before the scanner.")),
    "other-check-part": Alarm(
        N_("A known code with another check part"), N_("Keep the item: its code may be copied. Tell the engineer.")
    ),
    "reject-not-confirmed": Alarm(
        N_("A rejected item may be among good ones"), N_("Find the item. Read the open packages' content again.")
    ),
    "no-grade": Alarm(N_("The verifier gives no grade"), N_("Check the verifier and its settings.")),
    "grade-contradiction": Alarm(
        N_("The verifier contradicts itself"), N_("Its letter and number differ. Check its settings.")
    ),
    "print-quality-falling": Alarm(N_("Print quality is falling"), N_("Clean the print head, check ribbon and ink.")),
    "regulator": Alarm(
        N_("The marking system does not answer"), N_("Production goes on; reports wait. Check the internet.")
    ),
    "credential-expires": Alarm(
        N_("The key for the marking system expires"),
        N_("Have a new API key made in the personal account and put in its file before that day."),
    ),
    "kind-paused": Alarm(
        N_("Reports of a kind are paused"),
        N_("Two were refused in a row. See the work list and decide on the held one."),
    ),
    "held": Alarm(
        N_("A report waits for a person"), N_("Nothing happens to it by itself. Open the reports and decide on it.")
    ),
    "in-doubt": Alarm(
        N_("A report's fate is unknown"),
        N_("It is being looked for. Nothing is sent twice. Wait, or see the work list."),
    ),
    "clock": Alarm(N_("The computer's clock is wrong"), N_("Set the clock right. Nothing is reported until then.")),
    "mqtt": Alarm(N_("The broker does not answer"), N_("The PLC hears no verdicts by MQTT. Check broker and network.")),
    "mqtt-command": Alarm(
        N_("A command of the PLC cannot be carried out"),
        N_("Its program names a command that there is not, or retains one. Show the engineer the text below."),
    ),
    "wrong-token": Alarm(
        N_("Somebody commands with a wrong token"),
        N_("A program has an old token, or somebody is guessing. See the address below and tell the engineer."),
    ),
    "sqlite": Alarm(N_("The database library is too old"), N_("Have the engineer install the newer one.")),
    "balance": Alarm(
        N_("The numbers do not add up"), N_("See the balance for the place. Tell the engineer before the shift ends.")
    ),
    "read-rate": Alarm(N_("A device reads worse than usual"), N_("Clean its window, check light, focus and print.")),
    "sscc-used-up": Alarm(
        N_("No package numbers are left"), N_("Packages wait for a scanned code. Have the engineer give more numbers.")
    ),
    "backup": Alarm(N_("No backup could be made"), N_("Check the backup's disk and its free space.")),
    "journal-damaged": Alarm(
        N_("The journal is damaged"), N_("Call the engineer: do not switch the computer off, keep the backups.")
    ),
    "journal-gap": Alarm(
        N_("Codes of a damaged journal are not known"),
        N_("Have the engineer recover and adopt the journal that was set aside."),
    ),
    "notify": Alarm(
        N_("Alarms cannot be sent to people"), N_("Look at this page more often. Check the internet and the address.")
    ),
    "open-package": Alarm(N_("A package of another kind is open"), N_("Close or dissolve it.")),
    "rework": Alarm(N_("Rework was not possible"), N_("Read the text below.")),
    "forgotten": Alarm(
        N_("Earlier codes are not known"), N_("The journal is new or restored. Tell the engineer before going on.")
    ),
}
OTHER_ALARM = Alarm(N_("Something is wrong"), N_("Read the text below; if it stays, tell the engineer."))

SEVERITIES = {"critical": N_("Critical"), "serious": N_("Serious"), "warning": N_("Warning")}
LINE_STATES = {
    "running": N_("In order"),
    "degraded": N_("Works, with problems"),
    "stopped": N_("STOPPED: everything is rejected"),
}
BUDGETS = {"limited": N_("orders and reports"), "reads": N_("questions")}
REPORT_STATES = {
    "open": N_("open"),
    "sealed": N_("sealed"),
    "sending": N_("being sent"),
    "in_doubt": N_("in doubt"),
    "submitted": N_("submitted"),
    "succeeded": N_("succeeded"),
    "partial": N_("partly accepted"),
    "refused": N_("refused whole"),
    "held": N_("held"),
    "released": N_("released by a person"),
    "void": N_("void"),
}
CODE_STATES = {
    "unreported": N_("not reported yet"),
    "reported": N_("reported"),
    "accepted": N_("accepted"),
    "refused": N_("refused"),
    "held": N_("on hold"),
    "withdrawn": N_("withdrawn"),
}
KINDS = {
    "utilisation": N_("Utilisation"),
    "validation": N_("Print quality"),
    "aggregation": N_("Aggregation"),
    "disaggregation": N_("Disaggregation"),
    "correction": N_("Correction"),
}
ROLES = {
    "apply": N_("marking"),
    "verify": N_("verification"),
    "pack": N_("packing"),
    "reject": N_("rejection"),
    "rework": N_("rework"),
}
LEVELS = {"GROUP": N_("Group"), "BOX_LV_1": N_("Box"), "BOX_LV_2": N_("Pallet"), "UNIT": N_("Item")}
TASKS = {
    "refused-code": N_("A code was refused"),
    "refused-package": N_("A package was refused"),
    "package-holds-refused": N_("A package holds a refused code"),
    "ejected-reported": N_("Left the line after it was reported"),
}
EVENTS = {
    "applied": N_("applied"),
    "withdrawn": N_("withdrawn"),
    "applied-again": N_("applied again"),
    "ejected": N_("ejected"),
    "refused": N_("refused"),
    "accepted": N_("accepted"),
    "held": N_("held"),
    "taken-out": N_("taken out of its package"),
    "put-in": N_("put into a package"),
}
VERDICTS = {"accept": N_("accepted"), "repeat": N_("accepted, the same item again"), "again": N_("accepted once more")}
WITHDRAWALS = {"sample": N_("sample"), "scrap": N_("scrap"), "damaged": N_("damaged"), "other": N_("other")}
WAITING = N_("waits for its report")
PACKAGE_STATES = {"open": N_("open"), "closed": N_("closed"), "dissolved": N_("dissolved")}

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
    "unknown-report": N_("There is no such report."),
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
    "not-allowed": N_("The package is in a report that is on its way. Wait for its outcome, then try again."),
    "not-accepted": N_("Some of these codes are not accepted by the marking system."),
    "nothing-to-correct": N_("Nothing was changed in the form."),
    "unknown-station": N_("There is no such station."),
    "unknown-task": N_("Somebody has dealt with this already."),
    "clock": N_("The clock of this computer cannot be trusted. Set it right first."),
}

# What the script says by itself, under the names it knows.
SCRIPT = {
    "accept": N_("ACCEPTED"),
    "reject": N_("REJECTED"),
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
    return PARTS[word] if word in PARTS else reason(word).short


def reason(word: str | None) -> Reason:
    return REASONS.get(word or "", UNKNOWN_REASON)


def alarm(kind: str) -> Alarm:
    return ALARMS.get(kind, OTHER_ALARM)
