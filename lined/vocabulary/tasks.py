"""Tasks: what a person has to look at."""

from __future__ import annotations

from lined.vocabulary.word import N_, Word


class TaskKind(Word):
    """Why something stands on the work list."""

    REFUSED_CODE = "refused-code", N_("A code was refused")
    REFUSED_PACKAGE = "refused-package", N_("A package was refused")
    PACKAGE_HOLDS_REFUSED = "package-holds-refused", N_("A package holds a refused code")
    EJECTED_REPORTED = "ejected-reported", N_("Left the line after it was reported")
