"""Reports: their five kinds, their states, and every way from one state to another with its reason.

open → sealed → sending → submitted → succeeded | partial | refused
"""

from __future__ import annotations

from collections.abc import Mapping

from lined.vocabulary.codes import CodeState
from lined.vocabulary.word import N_, Word


class ReportKind(Word):
    """What a report tells the regulator."""

    UTILISATION = "utilisation", N_("Utilisation")
    VALIDATION = "validation", N_("Print quality")
    AGGREGATION = "aggregation", N_("Aggregation")
    DISAGGREGATION = "disaggregation", N_("Disaggregation")
    CORRECTION = "correction", N_("Correction")


class ReportState(Word):
    """Where a report stands."""

    OPEN = "open", N_("open")
    SEALED = "sealed", N_("sealed")
    SENDING = "sending", N_("being sent")
    IN_DOUBT = "in_doubt", N_("in doubt")
    SUBMITTED = "submitted", N_("submitted")
    SUCCEEDED = "succeeded", N_("succeeded")
    PARTIAL = "partial", N_("partly accepted")
    REFUSED = "refused", N_("refused whole")
    HELD = "held", N_("held")
    RELEASED = "released", N_("released by a person")
    VOID = "void", N_("void")


class Outcome(Word):
    """What became of a document at the regulator, or of one code in it."""

    PENDING = "pending", N_("not decided yet")
    ACCEPTED = "accepted", N_("accepted")
    PARTIAL = "partial", N_("partly accepted")
    REFUSED = "refused", N_("refused")


_S = ReportState

TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    _S.OPEN: {
        _S.SEALED: "full, old enough, its job or day ended, or a person asked for it",
        _S.VOID: "every code in it was withdrawn before it was sealed",
    },
    _S.SEALED: {
        _S.SENDING: "its turn came, and its bytes are frozen",
        _S.HELD: "it cannot be made or must not be sent: a person has to see why",
        _S.VOID: "every code in it was withdrawn before it was frozen",
    },
    _S.SENDING: {
        _S.SUBMITTED: "the regulator answered with a document's id",
        _S.SEALED: "it certainly did not arrive",
        _S.IN_DOUBT: "it may have arrived: the answer was lost, or the process ended in between",
        _S.REFUSED: "the regulator refused it as a whole",
        _S.HELD: "the regulator's answer needs a person",
    },
    _S.IN_DOUBT: {
        _S.SUBMITTED: "its document was found",
        _S.SEALED: "two searches have missed it: it did not arrive",
        _S.HELD: "the searches cannot tell",
    },
    _S.SUBMITTED: {
        _S.SUCCEEDED: "the document was processed",
        _S.PARTIAL: "the document was processed in part",
        _S.REFUSED: "the document was refused",
        _S.HELD: "the document is not decided in time, or cannot be understood",
    },
    _S.HELD: {  # by a person; and a document that was given up on may still become final while it is looked at
        _S.SEALED: "a person lets it be sent",
        _S.SUBMITTED: "a person named its document",
        _S.RELEASED: "a person said what its codes are",
        _S.SUCCEEDED: "its document was processed after all",
        _S.PARTIAL: "its document was processed in part after all",
        _S.REFUSED: "its document was refused after all",
    },
}

FINAL = frozenset(state for state in ReportState if state not in TRANSITIONS)
WAITING = (_S.OPEN, _S.SEALED, _S.SENDING, _S.IN_DOUBT, _S.SUBMITTED)
"""Something will happen to it by itself."""
UNSENT = (_S.OPEN, _S.SEALED, _S.SENDING)

CODES_OF: Mapping[str, CodeState] = {
    _S.OPEN: CodeState.UNREPORTED,
    _S.SEALED: CodeState.UNREPORTED,
    _S.SENDING: CodeState.REPORTED,
    _S.IN_DOUBT: CodeState.REPORTED,
    _S.SUBMITTED: CodeState.REPORTED,
    _S.SUCCEEDED: CodeState.ACCEPTED,
    _S.PARTIAL: CodeState.ACCEPTED,
    _S.REFUSED: CodeState.REFUSED,
    _S.HELD: CodeState.HELD,
    _S.RELEASED: CodeState.UNREPORTED,  # or what the releasing person said: `released_as`
    _S.VOID: CodeState.WITHDRAWN,
}
"""What the codes of a report count as, where they have no state of their own."""

RELEASES = (CodeState.UNREPORTED, CodeState.ACCEPTED, CodeState.REFUSED)
"""What a person may say the codes of a held report are."""
