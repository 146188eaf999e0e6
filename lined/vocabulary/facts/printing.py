"""Facts of printers: why labels are set aside, and what is wrong with a printer (`lined/supply/labels`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class PrinterFact(FactCode):
    """`where`: a printer's id. `more`: the printer's own words, or the reason."""

    CUT_OFF = "label-cut-off", N_("the connection to the printer ended before it said whether this was printed")
    ENDED = "label-at-end", N_("the program ended before the printer said whether this was printed")
    NOT_TAKEN = "label-not-taken", N_("the printer refused it")
    UNPRINTABLE = "label-unprintable", N_("this printer cannot be told it: %(more)s")
    AGAIN = "label-again", N_("printed again: %(more)s")

    NOT_READY = "printer-not-ready", N_("it reports: %(more)s")
    NO_ANSWER = (
        "printer-no-answer",
        N_("it is connected, and answers nothing: look whether it has labels and is closed"),
    )
    STANDS = "printer-stands", N_("%(n)s labels are with it, and for %(within_s)s s it has printed none")
    LOW_STOCK = (
        "label-low-stock",
        "%(n:code)s are left for the labels of %(gtin)s, on this line",
        N_("%(n)s codes are left for the labels of %(gtin)s"),
    )
    NO_STOCK = "label-no-stock", N_("no code is left for the labels of %(gtin)s")
    UNKNOWN = (
        "label-journal-gap",
        N_(
            "the journal does not know which codes of %(gtin)s were printed before it: drop this pool, and load one of "
            "codes that certainly have no label"
        ),
    )
    UNSEEN = (
        "label-unseen",
        (
            "%(n:label)s of %(where)s, printed from %(first_at)s to %(last_at)s, were seen by no reader: look between "
            "it and the next station, at its rewinder, and among the rejects"
        ),
        N_(
            "%(n)s labels of %(where)s, printed from %(first_at)s to %(last_at)s, were seen by no reader: look between "
            "it and the next station, at its rewinder, and among the rejects"
        ),
    )
