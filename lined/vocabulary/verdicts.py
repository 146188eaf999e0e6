"""Verdicts (docs/contract.md, Verdicts): what a station decides about a read, and why it rejects one."""

from __future__ import annotations

from lined.vocabulary.word import N_, AdvisedWord, Word


class Decision(Word):
    """What is kept of a verdict. Outside the line the three accepts are one."""

    ACCEPT = "accept", N_("accepted")
    REPEAT = "repeat", N_("accepted, the same item again")  # the same device saw the same item twice
    AGAIN = "again", N_("accepted once more")  # the first accept could not be sent


ACCEPTED = frozenset(Decision)


class Answer(Word):
    """The two verdicts as devices, the PLC and people are told."""

    ACCEPT = "accept", N_("ACCEPTED")
    REJECT = "reject", N_("REJECTED")


class Reason(AdvisedWord):
    """Why a read is rejected."""

    NOT_DURABLE = (
        "not-durable",
        N_("Cannot be saved"),
        N_("The disk takes nothing. Stop the line and call the engineer."),
    )
    DEFECT = (
        "defect",
        N_("Could not be judged"),
        N_("A mistake in the program. Read it again; if it repeats, call the engineer."),
    )
    NO_READ = "no-read", N_("No code seen"), N_("Check the print, the label's place and the scanner's window.")
    MALFORMED = (
        "malformed",
        N_("Not a marking code"),
        N_("Take the item out. If it repeats, check print and scanner."),
    )
    WRONG_LEVEL = (
        "wrong-level",
        N_("Code of another package level"),
        N_("Show the code of the level this station expects."),
    )
    NO_JOB = "no-job", N_("No job is running"), N_("Start a job.")
    WRONG_PRODUCT = (
        "wrong-product",
        N_("Code of another product"),
        N_("Check labels and job: they do not belong together."),
    )
    UNKNOWN_CODE = (
        "unknown-code",
        N_("Code not ordered for this line"),
        N_("Take the item out. Check the roll of labels."),
    )
    DUPLICATE = "duplicate", N_("Code already used"), N_("Take the item out: its code was read before.")
    LOW_GRADE = "low-grade", N_("Print quality too low"), N_("Take the item out. Clean or adjust the printer.")
    NOT_APPLIED = (
        "not-applied",
        N_("Not read at the marking station"),
        N_("Pass the item through the marking station."),
    )
    ALREADY_PACKED = (
        "already-packed",
        N_("Already in a package"),
        N_("Take the item out: it belongs to another package."),
    )
    MIXED_LOT = (
        "mixed-lot",
        N_("Of another batch than the package"),
        N_("Close the package first, then begin a new one."),
    )
    PARENT_USED = "parent-used", N_("Package code already used"), N_("Take a new package label.")
    OVER_CAPACITY = (
        "over-capacity",
        N_("More than the package holds"),
        N_("Take the items out and begin a new package."),
    )
    PARENT_EXPECTED = (
        "parent-expected",
        N_("Package is full: read its code"),
        N_("Read the label of the package."),
    )
    CHILD_EXPECTED = (
        "child-expected",
        N_("Package is not full yet"),
        N_("Put more items in, or close the package by hand."),
    )
