"""Codes: the states of a code, what happens to it, and why one is withdrawn."""

from __future__ import annotations

from lined.vocabulary.word import N_, Word


class CodeState(Word):
    """What became of an applied code. Every code is in one of them."""

    UNREPORTED = "unreported", N_("not reported yet")
    REPORTED = "reported", N_("reported")
    ACCEPTED = "accepted", N_("accepted")
    REFUSED = "refused", N_("refused")
    HELD = "held", N_("on hold")
    WITHDRAWN = "withdrawn", N_("withdrawn")


class Withdrawal(Word):
    """Why an item left the line after its code was applied."""

    SAMPLE = "sample", N_("sample")
    SCRAP = "scrap", N_("scrap")
    DAMAGED = "damaged", N_("damaged")
    OTHER = "other", N_("other")  # as of an item that was ejected; may be applied again


GONE_FOR_GOOD = frozenset({Withdrawal.SCRAP, Withdrawal.SAMPLE})
"""A code so withdrawn cannot be applied again."""


class CodeEvent(Word):
    """One entry in the story of a code."""

    APPLIED = "applied", N_("applied")
    WITHDRAWN = "withdrawn", N_("withdrawn")
    APPLIED_AGAIN = "applied-again", N_("applied again")
    EJECTED = "ejected", N_("ejected")
    REFUSED = "refused", N_("refused")
    ACCEPTED = "accepted", N_("accepted")
    HELD = "held", N_("held")
    WARNING = "warning", N_("processed with a remark")
    TAKEN_OUT = "taken-out", N_("taken out of its package")
    PUT_IN = "put-in", N_("put into a package")
