"""The tree of errors; a name says what the caller has to do.

    LinedError
    ├── SettingsError       the configuration is wrong: all problems at once, exit 78, nothing touched
    ├── DeviceError         one device failed: its link recovers by itself, the others do not notice
    ├── BrokerError         the MQTT broker cannot be reached or stopped answering: the bridge recovers by itself
    ├── NotifyError         a message about alarms could not be sent: tried again, the page shows them meanwhile
    ├── JournalError        the journal
    │   ├── JournalLocked       another process holds it: exit 1
    │   ├── JournalBound        it belongs to another account or program: exit 78, nothing touched
    │   ├── JournalFull         no room on the disk: nothing is lost, intake stops until there is room
    │   ├── JournalNewer        a later version of lined made it: exit 74, nothing touched
    │   └── JournalBroken       a write or a sync failed: safe state, exit 74, recover at the next start
    │       └── JournalDamaged      the file itself is damaged: set aside whole, a new one takes over
    │           ├── JournalLost         it is gone or emptied: the newest backup takes over
    │           ├── JournalSpliced      its two files do not belong together: set aside, the older part takes over
    │           └── JournalOlder        it is older than what was acknowledged: nothing is sent before a person confirms
    ├── SendingError        a report on its way to the regulator
    │   ├── NotSent             certainly not received: send again later
    │   ├── OutcomeUnknown      perhaps received: look before sending again
    │   └── Refused             a readable no: the same bytes will be refused again
    ├── LookupFailed        a question to the regulator got no answer that counts as evidence
    │   ├── Unavailable         time-out, 5xx, HTML, unreadable: ask again later
    │   │   └── Unfit               it is about something else than what was asked: of this document only
    │   └── Denied              401 or 403: a credential or a right is missing
    ├── CallError           a call of the regulator's API by hand cannot be made: nothing was sent
    ├── CommandError        a person's or the PLC's command cannot be done
    │   ├── Unreadable          it is no JSON
    │   ├── NotFound            what it is about is not here
    │   ├── Conflict            not in the state in which things are now
    │   ├── TooLarge            it is longer than a command may be
    │   ├── Invalid             wrong values: correct them
    │   ├── Unsupported         not on this line
    │   └── NotNow              ask again later
    └── Defect              a mistake in lined's own code: undone, told, counted; everything else goes on

A library's errors are translated once, in that library's room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lined.vocabulary.facts import Fact, within


class Problem(NamedTuple):
    """One thing that is wrong, and where: `device[1].url`, `journal.path`, ..."""

    path: str
    message: str


Place = tuple[str | int, ...]
"""A path into a body, name by name and index by index: `("sntins", 3)`, `("aggregationUnits", 0, "codes", 3)`."""


class Blame(NamedTuple):
    """What one error of a refusal points at. `values`: texts that it blames outright; `places`: in the body that was
    sent; `quoted`: texts in the brackets of its sentence.
    """

    reason: str
    values: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    quoted: tuple[str, ...] = ()


def clause(what: object) -> str:
    """What an error says, to stand within a fact or a sentence of ours: its own fact, or its text without a full stop
    of its own.
    """
    text = fact_or_text(what)
    return text if isinstance(text, Fact) else within(text)


def fact_or_text(what: object) -> str:
    """What an error says: its own fact, or its text."""
    text = what.args[0] if isinstance(what, BaseException) and what.args else what
    return text if isinstance(text, Fact) else str(what)


class LinedError(Exception):
    """Root of the tree."""


class SettingsError(LinedError):
    """The configuration is wrong; `problems` names each place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = list(problems)


class DeviceError(LinedError):
    """A device cannot be reached or stopped answering; the text names it and the reason."""


class BrokerError(LinedError):
    """The MQTT broker cannot be reached, refuses us or stopped answering; the text says why."""


class NotifyError(LinedError):
    """A message about alarms could not be sent; the text says why, without the address, which is a secret."""


class JournalError(LinedError):
    """Root of what can happen to the journal."""


class JournalLocked(JournalError):
    """Another process works on this journal."""


class JournalBound(JournalError):
    """The journal has unfinished reports of another account, or is no journal; `problems` as in SettingsError."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = list(problems)


class JournalNewer(JournalError):
    """What a later version of lined wrote cannot be understood, and must not be written to."""


class JournalFull(JournalError):
    """The disk is full or below its floor. The transaction was rolled back; nothing is lost."""


class JournalBroken(JournalError):
    """A write or sync failed. The process must stop (exit 74): the kernel may have dropped pages."""


class JournalDamaged(JournalBroken):
    """The journal's file is no sound database any more. Waiting does not help; nothing of it may be deleted."""


class JournalLost(JournalDamaged):
    """There was a journal, and there is none."""


class JournalSpliced(JournalDamaged):
    """The main file and its WAL are not of one journal, or not of one moment."""


class JournalOlder(JournalDamaged):
    """A sound journal, and not the one that was here last: an older copy, one without its WAL, another line's."""


class SendingError(LinedError):
    """Root of what can happen to a submission. `evidence` is what came back, redacted, for people."""

    def __init__(self, message: str, *, status: int | None = None, evidence: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.evidence = evidence


class NotSent(SendingError):
    """Certainly not received. `retry_after_s` is a floor where the regulator gave one."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        evidence: str = "",
        retry_after_s: float | None = None,
        credential: bool = False,
    ) -> None:
        super().__init__(message, status=status, evidence=evidence)
        self.retry_after_s = retry_after_s
        self.credential = credential


class OutcomeUnknown(SendingError):
    """Bytes left and no readable answer came back: the report is in doubt."""


class Refused(SendingError):
    """A readable 4xx. `named`: what its errors point at, as written in the answer; empty: it names nobody."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        evidence: str = "",
        named: Sequence[Blame] = (),
    ) -> None:
        super().__init__(message, status=status, evidence=evidence)
        self.named = list(named)

    def lacks(self, what: str) -> None:
        """Say behind the message what is likely missing."""
        self.args = (f"{self}{what}",)


class LookupFailed(LinedError):
    """No evidence, neither of presence nor of absence."""


class Unavailable(LookupFailed):
    """Time-out, 5xx, HTML page or an unreadable answer."""


class Unfit(Unavailable):
    """The answer is not about what was asked for: another's card, a list of other codes, one that never ends."""


class Denied(LookupFailed):
    """401 or 403. `status` tells which."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class CallError(LinedError):
    """A call of the regulator's API by hand that cannot be made; nothing was sent. `problems`: each wrong value."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = list(problems)


class CommandError(LinedError):
    """A command that cannot be done, or a question that cannot be answered. `code` is the word in the answer."""

    def __init__(self, code: str, message: str, details: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.details = list(details)


class Unreadable(CommandError):
    """No JSON, or not in UTF-8."""


class TooMany(CommandError):
    """Too many attempts of one sender: later."""


class NotKnown(CommandError):
    """Who asks did not show who they are."""


class Forbidden(CommandError):
    """Not by this person."""


class NotFound(CommandError):
    """What it is about is not here."""


class Conflict(CommandError):
    """Not in the state in which things are now."""


class TooLarge(CommandError):
    """More than a command may have."""


class Invalid(CommandError):
    """Wrong values; `details` name each."""


class Unsupported(CommandError):
    """Not on this line."""


class NotNow(CommandError):
    """Ask again later."""


DEFECT = "defect"  # the word in an answer
DEFECT_SENTENCE = (
    "A mistake in lined itself: its log has the details, and the line goes on. Ask again with the same id, if at all: "
    "what was done is not done twice."
)


class Defect(LinedError):
    """A mistake in lined's own code; what it was met in was undone. Its cause has the traceback."""


def defect_of(error: BaseException) -> Defect:
    """The error's name and no more: its text may hold a code."""
    defect = Defect(f"a defect in lined ({type(error).__name__}); its log has the details")
    defect.__cause__ = error
    return defect
