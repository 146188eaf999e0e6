"""Facts of batches: why one was opened and sealed, and what its report carries out of a journal that was replaced."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class SealFact(FactCode):
    """`by`: who did it."""

    FIRST_CODE = "first-code", "first code", N_("with its first code")
    AGE = "age", "age", N_("its oldest code had waited long enough")
    FULL = "full", "full", N_("it was full")
    FIRST_BATCH = (
        "first-batch",
        "first batch of the job",
        N_("first batch of the job: sent early to see that all is well"),
    )
    JOB_ENDED = "job-ended", "job ended", N_("the job ended")
    COMMAND = "sealed-by-command", "command", N_("by command")
    CLOCK = "clock-was-set", "clock", N_("the clock of this computer was set")
    NOTHING_MORE = "nothing-more", "nothing more to come", N_("nothing more was to come")
    REWORK = "rework", "rework", N_("for the change of a package")
    CORRECTION = "correction", N_("correction by %(by)s")


class TakeoverFact(FactCode):
    """`why`: of the gap, as the journal has it; `report_state`: when the backup was made."""

    UNFINISHED = (
        "unfinished-in-backup",
        "unfinished in the backup that took over (%(why)s): it may have been sent since",
        N_("it was unfinished in the backup that took over, and may have been sent since"),
    )
    LOOKED_FOR = (
        "looked-for-after-backup",
        N_("It was %(report_state)s when the backup was made, and may have been sent since. It is looked for."),
    )
    PERSON = "waits-for-a-person", N_("a person's word")
    ADOPTED = (
        "adopted-from-journal",
        N_("taken over from a journal that was set aside: it may have been sent"),
    )
    ADOPTED_LOOKED_FOR = (
        "adopted-looked-for",
        N_("taken over from a journal that was set aside: it may have been sent. It is looked for."),
    )
