"""Facts of the line: what goes wrong with its clock, its stations, its sums (`lined/line`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class LineFact(FactCode):
    """`device`, `station`, `code`: by their ids. `more`: the reason, as whoever saw it says it;
    `refusal`: the code of a command's error.
    """

    CLOCK_SET_AHEAD = (
        "clock-set-ahead",
        "The clock of this computer was set %(n)s s ahead. Nothing is sent before the regulator's clock was heard.",
        N_("This computer's clock was set %(n)s s ahead. Nothing is sent until the marking system's is known."),
    )
    CLOCK_SET_BACK = (
        "clock-set-back",
        "The clock of this computer was set %(n)s s back. Nothing is sent before the regulator's clock was heard.",
        N_("This computer's clock was set %(n)s s back. Nothing is sent until the marking system's is known."),
    )
    CLOCK_BEFORE_JOURNAL = (
        "clock-before-journal",
        (
            "The clock of this computer shows a time before the newest entry of the journal: set it right. "
            "Nothing is sealed until then."
        ),
        N_("This computer's clock shows a time before the newest entry of the journal. No report is made until then."),
    )
    CLOCK_AHEAD = (
        "clock-ahead",
        (
            "The clock of this computer is %(n)s minutes ahead of the regulator's: set it right. "
            "Nothing is sealed until then."
        ),
        N_("This computer's clock is %(n)s minutes ahead of the marking system's. No report is made until then."),
    )
    CLOCK_BEHIND = (
        "clock-behind",
        (
            "The clock of this computer is %(n)s minutes behind the regulator's: set it right. "
            "Nothing is sealed until then."
        ),
        N_("This computer's clock is %(n)s minutes behind the marking system's. No report is made until then."),
    )
    NOT_CONFIRMED = (
        "reject-not-confirmed",
        (
            "The reject of %(item)s (%(verdict)s, seq %(seq)s) at %(station)s was not confirmed in time: it may lie "
            "among good ones. This is over when it is confirmed after all, %(ends)s."
        ),
        N_(
            "The reject of %(item)s (%(verdict)s, no. %(seq)s) at %(station)s was not confirmed in time: it may lie "
            "among good ones. This is over when it is confirmed after all, %(ends)s."
        ),
    )
    SEVERAL_NOT_CONFIRMED = (
        "rejects-not-confirmed",
        (
            "The reject of %(item)s (%(verdict)s, seq %(seq)s) at %(station)s was not confirmed in time, nor %(n)s "
            "before it: it may lie among good ones. This is over when it is confirmed after all, %(ends)s."
        ),
        N_(
            "The reject of %(item)s (%(verdict)s, no. %(seq)s) at %(station)s was not confirmed in time, nor %(n)s "
            "before it: it may lie among good ones. This is over when it is confirmed after all, %(ends)s."
        ),
    )
    ITEM_WITHOUT_CODE = "item-without-code", N_("an item without a readable code")
    OVER_WITH_JOB = "over-with-job", N_("or when the job ends: no package was open")
    OVER_WITH_SCAN = (
        "over-with-scan",
        N_("or when the content of the open packages was scanned again: until then they do not close"),
    )
    SUSPECT = "reject-left-suspect", N_("a reject at %(station)s was not confirmed")
    DEFECT = (
        "defect",
        (
            "A mistake in lined itself (%(id)s, %(where)s): what it was doing there was undone, everything else goes "
            "on. Send the log to whoever looks after lined."
        ),
        N_("%(id)s (%(where)s): what it was doing there was undone, everything else goes on."),
    )
    SUMS_DIFFER = (
        "sums-differ",
        "%(n)s %(whole)s are not %(parts)s: %(difference)s.",
        N_("The sums of this place differ by %(difference)s; the balance shows what they are made of."),
    )
    READ_RATE = (
        "read-rate-low",
        N_("%(device)s reads %(now)s of the items now; %(usual)s is usual for it."),
    )
    FLOOD = (
        "device-floods",
        N_("%(device)s sends thousands of reads a second that are rejected: it is read more slowly"),
    )
    TRIGGERS_MISSED = (
        "triggers-missed",
        N_(
            "No result came for %(n)s triggers of %(device)s since the start of the program, the last of them "
            "no. %(first)s to %(last)s"
        ),
    )
    NOT_CONNECTED = "device-not-connected", N_("%(device)s is not connected")
    SILENT = "device-silent", N_("%(device)s is connected, and nothing comes from it")
    DEVICE_REPORTS = "device-reports", N_("%(device)s reports: %(more)s")
    MANY_REJECTS = (
        "many-rejects",
        N_("%(n)s rejects in a row at %(station)s, the last one: %(verdict)s."),
    )
    STUCK_CODE = (
        "code-stuck",
        N_("%(device)s has read the same code %(n)s times in a row: is an item stuck?"),
    )
    WRONG_CHARACTERS = "wrong-characters", "%(where)s: %(more)s"
    NO_GRADE = (
        "no-grade",
        "%(device)s gives no grade that can be understood (it said nothing): its reads are rejected",
        N_("%(device)s gives no grade: its reads are rejected"),
    )
    STRANGE_GRADE = (
        "strange-grade",
        N_("%(device)s gives no grade that can be understood (it said %(said)s): its reads are rejected"),
    )
    GRADE_CONTRADICTION = (
        "grade-contradiction",
        N_("%(device)s contradicts itself: %(said)s is class %(grade)s at best; check its set-up"),
    )
    PRINT_FALLING = (
        "print-falling",
        (
            "The print quality that %(device)s sees is falling: %(now)s now, %(best)s at its best. Look after the "
            "printer before items are rejected."
        ),
        N_("The print quality that %(device)s sees is falling: %(now)s now, %(best)s at its best."),
    )
    NO_SSCC = (
        "no-sscc",
        (
            "No SSCC is left of [sscc] (last = %(last)s): packages wait for a scanned parent code. "
            "Give the line another range."
        ),
        N_("The last package number of this line's range was %(last)s: packages wait for a scanned code."),
    )
    OTHER_LEVEL_OPEN = (
        "other-level-open",
        N_(
            "Station %(station)s still has an open %(level)s from before its configuration was changed: "
            "close or dissolve it."
        ),
    )
    OTHER_CHECK_PART = (
        "other-check-part",
        N_("%(code)s was applied with another check part: a copied code?"),
    )
    REWORK_REFUSED = "rework-refused", "%(more)s", N_("Rework was not possible: %(refusal)s")
