"""The outcome of a submission: the one decision on which "never twice" rests, without any I/O.

Guarantees (docs/contract.md, Reports): `Receipt` only with a readable id; `NotSent` only where certainly nothing was
registered: no byte left, 401, 429, error code 1 in a 4xx; `Refused` only for a readable 4xx; everything else is
`OutcomeUnknown`. An HTML page is an outage whatever its status says. A 5xx is in doubt also where it says error code 1:
"try again" is what a server says too when it failed behind the registration, and a search costs less than a duplicate.
"""

from __future__ import annotations

from collections.abc import Callable

from lined.regulator.answers import Receipt, Unreadable, document_id
from lined.regulator.profile import Profile, ReportRules
from lined.regulator.reply import Reply
from lined.regulator.wire import NoAnswer
from lined.vocabulary.errors import NotSent, OutcomeUnknown, Refused, SendingError
from lined.vocabulary.facts import Fact, RegulatorFact

TIMED_OUT = 408  # the server gave up on the request: how much of it it had is not known


def without_answer(nothing: NoAnswer, redact: Callable[[str], str], evidence: str) -> SendingError:
    """No complete answer came: whether bytes left decides."""
    if not nothing.left:
        return NotSent(redact(f"not sent: {nothing}"))
    return OutcomeUnknown(
        Fact(RegulatorFact.NO_READABLE_ANSWER, more=redact(str(nothing))), status=nothing.status, evidence=evidence
    )


def with_answer(
    reply: Reply, kind: ReportRules, profile: Profile, redact: Callable[[str], str], evidence: str
) -> Receipt | SendingError:
    """The receipt, or the error to raise. `reply.notes` hold the errors of a 200 too."""
    words = redact(reply.words())
    if reply.page:
        return OutcomeUnknown(words, status=reply.status, evidence=evidence)
    if 200 <= reply.status < 300:
        try:
            return Receipt(document_id(reply.value, kind.answer_id), reply.date)
        except Unreadable:
            words = f"{words}: the answer has no readable {kind.answer_id}"
    if reply.blames_credential(profile):
        return NotSent(words, status=reply.status, evidence=evidence, credential=True)
    if reply.status == 429 or (400 <= reply.status < 500 and reply.asks_for_patience(profile)):
        return NotSent(words, status=reply.status, evidence=evidence, retry_after_s=reply.retry_after_s)
    if reply.readable and 400 <= reply.status < 500 and reply.status != TIMED_OUT:
        return Refused(words, status=reply.status, evidence=evidence, named=reply.named)
    return OutcomeUnknown(words, status=reply.status, evidence=evidence)
