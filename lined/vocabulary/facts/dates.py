"""Facts about the dates of a report, which keep it back (`lined/reports/delivery/dating.py`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class DatesFact(FactCode):
    """`n`: codes, seconds or minutes; `moment`, `end`: by the line's clock, with their offset."""

    CLOCK_UNKNOWN = (
        "dates-clock-unknown",
        (
            "%(n)s codes: this computer's clock was wrong, or may have been, when it showed %(moment)s; by how much is "
            "not known. If its dates are right, send it again. If not: correct the job's dates and release its codes "
            "as unreported, or release them as refused."
        ),
        N_(
            "Codes: %(n)s. The clock of this computer was wrong, or may have been, when it showed %(moment)s, "
            "and by how much is not known. If the dates are right, send the report again; if not, correct the "
            "job's dates and release its codes as unreported, or as refused."
        ),
    )
    CLOCK_WRONG = (
        "dates-clock-wrong",
        (
            "%(n)s codes were read while this computer's clock was wrong: from %(moment)s to %(end)s by a right one, "
            "so not all on the day of the first. If its dates are right, send it again. If not: correct the job's "
            "dates and release its codes as unreported, or release them as refused."
        ),
        N_(
            "Codes: %(n)s, read while the clock of this computer was wrong: from %(moment)s to %(end)s by a "
            "right one, so not all on the day of the first. If one date will do, send the report again; if "
            "not, correct the job's dates and release its codes as unreported, or as refused."
        ),
    )
    PACKED_BEFORE = (
        "dates-packed-before-production",
        (
            "It was packed at %(moment)s, before the production date that was given for what is in it, %(end)s. If "
            "that is right all the same, send it again; if not, correct the date of its codes first."
        ),
        N_(
            "Packed at %(moment)s, before the production date that was given for what is inside, %(end)s. If "
            "that is right all the same, send the report again; if not, correct the date of the codes first."
        ),
    )
    EXPIRED = (
        "dates-expired",
        (
            "Its expiry, %(moment)s, has passed: the regulator refuses that. Correct the job's dates and release its "
            "codes as unreported, or release them as refused."
        ),
        N_(
            "The expiry, %(moment)s, has passed: the marking system would refuse the report. Correct the "
            "job's dates and release its codes as unreported, or release them as refused."
        ),
    )
    FAR_AHEAD = (
        "dates-far-ahead",
        (
            "It is dated %(moment)s, far ahead of the regulator's clock (%(end)s), by one that was wrong. Correct the "
            "job's dates and release its codes as unreported, or release them as refused."
        ),
        N_(
            "Dated %(moment)s, far ahead of the marking system's clock (%(end)s), by a clock that was wrong. "
            "Correct the job's dates and release its codes as unreported, or release them as refused."
        ),
    )
    AHEAD = (
        "dates-ahead",
        "Its date lies %(n)s s ahead of the regulator's clock, which would refuse it: it waits.",
        N_("Its date is %(n)s s ahead of the marking system's clock, which would refuse it: it waits."),
    )
    CLOCK_AHEAD = (
        "dates-clock-ahead",
        (
            "The clock of this computer is %(n)s minutes ahead of the regulator's: once that is set right it is sent, "
            "rightly dated."
        ),
        N_(
            "The clock of this computer is %(n)s minutes ahead of the marking system's: once that is set "
            "right, the report is sent, rightly dated."
        ),
    )
    CLOCK_BEHIND = (
        "dates-clock-behind",
        (
            "The clock of this computer is %(n)s minutes behind the regulator's: once that is set right it is sent, "
            "rightly dated."
        ),
        N_(
            "The clock of this computer is %(n)s minutes behind the marking system's: once that is set right, "
            "the report is sent, rightly dated."
        ),
    )
