"""Facts of packing: what happened to codes, what a package waits for, how tasks end (`lined/line/stations`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class CodeFact(FactCode):
    """What happened to a code: the detail of its events, and the reason of the tasks of one that left the line.

    `more` of an ejection: empty, or why it still lies in its package; `refusal`: the code of a command's error.
    """

    APPLIED_AGAIN = "applied-again", N_("after its withdrawal")
    TAKEN_OUT = "taken-out", "of %(package)s", N_("from %(package)s")
    EJECTED = (
        "ejected",
        "ejected after %(verdict)s at %(station)s%(more)s",
        N_("ejected at %(station)s: %(verdict)s%(more)s"),
    )
    SEEN_OUT = "seen-out", "seen at %(station)s%(more)s", N_("seen among the rejected at %(station)s%(more)s")
    STILL_PACKED = (
        "still-packed",
        "; it still lies in its package: %(more)s",
        N_("; it still lies in its package: %(refusal)s"),
    )


class TaskFact(FactCode):
    """What ended a task."""

    NOTHING_LEFT = "nothing-left", N_("nothing is left in it")
    REFUSED_GONE = "refused-gone", N_("what was refused is no longer in it")
    DISSOLVED = "dissolved", N_("dissolved")
    WITHDRAWN = "withdrawn", N_("withdrawn")


class PackageFact(FactCode):
    """What a closed package waits for. `n` things inside are in `state`, by `report`."""

    CODES = "waits-for-codes", "%(n:code)s %(state)s", N_("codes %(state)s: %(n)s")
    CODES_OF_REPORT = (
        "waits-for-codes-of-report",
        "%(n:code)s %(state)s (report %(report)s)",
        N_("codes %(state)s: %(n)s (report %(report)s)"),
    )
    PACKAGES = "waits-for-packages", "%(n:package)s %(state)s", N_("packages %(state)s: %(n)s")
    PACKAGES_OF_REPORT = (
        "waits-for-packages-of-report",
        "%(n:package)s %(state)s (report %(report)s)",
        N_("packages %(state)s: %(n)s (report %(report)s)"),
    )
    STRANGE_CODES = "waits-for-strange-codes", "codes %(states)s", N_("what became of its codes: %(states)s")
    STRANGE_PACKAGES = (
        "waits-for-strange-packages",
        "packages %(states)s",
        N_("what became of its packages: %(states)s"),
    )
    DISAGGREGATION = (
        "waits-for-disaggregation",
        "disaggregation (report %(report)s, %(report_state)s)",
        N_("its unpacking in report %(report)s (%(report_state)s)"),
    )
    QUEUED = "waits-for-its-turn", N_("its turn")
