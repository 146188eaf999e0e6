"""Scanners: what they do to codes, and which setting of theirs is to blame."""

from __future__ import annotations

from lined.vocabulary.word import N_, Word


class ScannerSign(Word):
    """Something that was seen in what a scanner sends. Counted by device, with the first and the last time."""

    AIM = "aim-sent", N_("identifier before the code")
    AIM_MISSING = "aim-missing", N_("no identifier before the code")
    FNC1_MISSING = "fnc1-missing", N_("printed without FNC1 at the beginning")
    GS_FIRST = "gs-first", N_("FNC1 at the beginning sent as a character")
    SEPARATOR = "separator-right", N_("separator as it should be")
    SEPARATOR_SPELLED = "separator-spelled", N_("separator spelled otherwise, put right")
    SEPARATOR_LOST = "separator-lost", N_("separator lost")
    SEPARATOR_SURPLUS = "separator-surplus", N_("separator where no code has one")
    CHECK_PART_MISSING = "check-part-missing", N_("no check part told apart")
    UNUSUAL_CHARACTER = "unusual-character", N_("characters that GS1 does not know")
    CASE = "case-changed", N_("letters of one case only")
    FOREIGN = "characters-foreign", N_("characters of another keyboard or code page")
    PRINTED = "printed-form", N_("printed form with parentheses")
    UNREADABLE = "code-unreadable", N_("no marking code")
    FRAME = "frame-unreadable", N_("frames that its driver does not understand")


class Symptom(Word):
    """What a scanner's setting is to blame for, the gravest first. Drivers name the setting by these words."""

    LAYOUT = "layout", N_("characters of another keyboard or code page")
    BRACKETS = "brackets", N_("printed form with parentheses")
    SEPARATOR = "separator", N_("no separator")
    CASE = "case", N_("letters of one case only")
    FRAMES = "frames", N_("frames that its driver does not understand")
    AIM = "aim", N_("no identifier before the code")
    SURPLUS = "surplus", N_("separator where no code has one")
