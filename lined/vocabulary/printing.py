"""Labels and rolls: the states of one, and every way from one to another with its reason.

label   wanted → given → printed; set aside: unsure, not-taken, until a person has another printed: replaced
roll    unwritten → written
"""

from __future__ import annotations

from collections.abc import Mapping

from lined.vocabulary.word import N_, Word


class LabelState(Word):
    """Where a label stands. A code has a label for each time it was, or may have been, printed."""

    WANTED = "wanted", N_("waits for its printer")
    GIVEN = "given", N_("with the printer")
    PRINTED = "printed", N_("printed")
    UNSURE = "unsure", N_("perhaps printed")
    NOT_TAKEN = "not-taken", N_("not taken by the printer")
    REPLACED = "replaced", N_("replaced by another label")


_S = LabelState

LABEL_TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    _S.WANTED: {
        _S.GIVEN: "its printer has room; this is on disk before a byte of it leaves",
    },
    _S.GIVEN: {
        _S.PRINTED: "the printer said so",
        _S.UNSURE: "the connection ended, or the program did, before the printer had said what became of it",
        _S.NOT_TAKEN: "the printer refused it, or its language cannot say it",
    },
    _S.PRINTED: {
        _S.REPLACED: "a person had it printed again, with a reason",
    },
    _S.UNSURE: {
        _S.PRINTED: "the printer named it after all, or a reader has seen it",
        _S.REPLACED: "a person had it printed again, with a reason",
    },
    _S.NOT_TAKEN: {
        _S.REPLACED: "a person had it printed again, with a reason",
    },
}


class RollState(Word):
    """Where the file of a roll stands. Its codes are given out from its beginning on, whatever becomes of the file."""

    UNWRITTEN = "unwritten", N_("no file is known to be written")
    WRITTEN = "written", N_("written into a file")


ROLL_TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    RollState.UNWRITTEN: {
        RollState.WRITTEN: "its file is whole, on disk and under its name",
    },
}
