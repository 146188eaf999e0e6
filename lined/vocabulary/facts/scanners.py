"""Facts of scanners: what one does to codes, since when, and what to set on it (`lined/line/watch/scanners.py`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class ScannerFact(FactCode):
    """`device`: its id; `setting`: as its driver's file names it, in the words of the device's own program."""

    NO_SEPARATOR = (
        "scanner-no-separator",
        N_("%(device)s has sent no separator since %(since_at)s. To be set on it: %(setting)s"),
    )
    SPELLED = (
        "scanner-separator-spelled",
        N_("%(device)s has sent %(spelled)s for the separator since %(since_at)s. To be set on it: %(setting)s"),
    )
    NO_AIM = (
        "scanner-no-aim",
        N_("%(device)s has sent no identifier before its codes since %(since_at)s. To be set on it: %(setting)s"),
    )
    CASE = (
        "scanner-case",
        N_("%(device)s has sent letters of one case only since %(since_at)s. To be set on it: %(setting)s"),
    )
    LAYOUT = (
        "scanner-layout",
        N_(
            "%(device)s has sent characters of another keyboard or code page since %(since_at)s. "
            "To be set on it: %(setting)s"
        ),
    )
    BRACKETS = (
        "scanner-brackets",
        N_("%(device)s has sent the printed form with parentheses since %(since_at)s. To be set on it: %(setting)s"),
    )
    SURPLUS = (
        "scanner-surplus",
        N_("%(device)s has sent separators where no code has one since %(since_at)s. To be set on it: %(setting)s"),
    )
    FRAMES = (
        "scanner-frames",
        N_(
            "%(device)s has sent frames that its driver does not understand since %(since_at)s. "
            "To be set on it: %(setting)s"
        ),
    )
