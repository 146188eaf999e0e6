"""Translation of what the journal keeps in English about reports and packages.

The journal writes down what happened in the words of the program that ran then. Here those sentences are known by their
pattern; what is not known, and what other parties said, stays as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lined.i18n.words import CODE_STATES
from lined.vocabulary.word import N_

_STATE = r"(?P<state>\w+)"
_BY = r"(?P<by>.+?)"
SOMEBODY = N_("a person")

OUTSIDE: tuple[tuple[str, str], ...] = (
    (r"sent, but no readable answer: (?P<more>.*)", N_("no readable answer: %(more)s")),
    (r"(?P<name>\S+): no answer: (?P<more>.*)", N_("the marking system does not answer (%(name)s: %(more)s)")),
    (
        r"asked about document (?P<id>\S+), the regulator answered about (?P<other>\S+)",
        N_("asked about document %(id)s, the marking system answered about %(other)s"),
    ),
    (
        r"document (?P<id>\S+) is said to be of type (?P<other>.+), which is none of a report of (?P<kind>\w+)",
        N_("document %(id)s is said to be of type %(other)s, which is none of this kind of report"),
    ),
    (
        r"not one code of the list of document (?P<id>\S+) is in the report",
        N_("not one code of the list of document %(id)s is in the report"),
    ),
    (
        r"the list of codes of document (?P<id>\S+) has more rows than its (?P<n>\d+) codes",
        N_("the list of codes of document %(id)s has more rows than its %(n)s codes"),
    ),
)
"""Why something outside is not there: by itself, and within other sentences."""

SENTENCES: tuple[tuple[str, str], ...] = (
    # why a batch was opened, sealed, sent
    (r"every code in it was withdrawn", N_("every code in it was withdrawn")),
    (r"attempt (?P<n>\d+)", N_("attempt %(n)s")),
    (r"innocent codes of report (?P<n>\d+)", N_("with the codes of report %(n)s that were not to blame")),
    # what became of it
    (r"document (?P<id>\S+)", N_("document %(id)s")),
    (r"all codes processed", N_("all codes processed")),
    (r"(?P<n>\d+) codes? refused", N_("codes refused: %(n)s")),
    (r"(?P<n>\d+) codes? refused, (?P<left>\d+) not listed", N_("codes refused: %(n)s, not listed: %(left)s")),
    (r"(?P<n>\d+) codes not listed", N_("codes not listed yet: %(n)s")),
    (r"not listed for 24 h", N_("not listed for 24 hours")),
    (r"not in the list of the document's codes", N_("not in the list of the document's codes")),
    (r"document (?P<id>\S+) was refused whole", N_("document %(id)s was refused whole")),
    (
        r"document (?P<id>\S+) was refused whole, naming no code",
        N_("document %(id)s was refused whole, and no code is blamed"),
    ),
    (
        r"document (?P<id>\S+) was refused whole, naming no code; its errors: (?P<more>.*)",
        N_("document %(id)s was refused whole, and no code is blamed; its errors: %(more)s"),
    ),
    (
        r"document (?P<id>\S+) is (?P<status>\w+) and has no list of its codes",
        N_("document %(id)s is %(status)s and has no list of its codes"),
    ),
    (
        r"document (?P<id>\S+) is (?P<status>\w+) and has no list of its codes; its errors: (?P<more>.*)",
        N_("document %(id)s is %(status)s and has no list of its codes; its errors: %(more)s"),
    ),
    (
        r"Nothing could be learnt about the codes for 24 h: (?P<more>.*)\. It is still looked at\.",
        N_("Nothing could be learnt about the codes for 24 hours; it is still looked at. (%(more)s)"),
    ),
    (r"refused(?: with HTTP \d+)?: (?P<more>.*)", N_("the marking system refused it: %(more)s")),
    (r"not received: (?P<more>.*)", N_("not received: %(more)s")),
    (
        r"Sent, but whether it arrived is unknown: (?P<more>.*)\. It is looked for before it is sent again\.",
        N_("Sent, but whether it arrived is unknown. It is looked for before it is sent again. (%(more)s)"),
    ),
    (
        r"The program ended while this was being sent\. It is looked for before it is sent again\.",
        N_("The program ended while this was being sent. It is looked for before it is sent again."),
    ),
    (r"the program ended while it was being sent", N_("the program ended while it was being sent")),
    (
        r"two complete searches missed it: not received",
        N_("two complete searches did not find it: it was not received"),
    ),
    (r"found by its codes: document (?P<id>\S+)", N_("found by its codes: document %(id)s")),
    (
        r"No complete search was possible for 24 h: (?P<more>.*)",
        N_("No complete search was possible for 24 hours: %(more)s"),
    ),
    (
        r"Document (?P<id>\S+) has had no final status for 24 h .*",
        N_("Document %(id)s has had no final status for 24 hours; it is still looked at."),
    ),
    (
        r"Nothing could be learnt about document (?P<id>\S+) for 24 h: (?P<more>.*)\. It is still looked at\.",
        N_("Nothing could be learnt about document %(id)s for 24 hours; it is still looked at. (%(more)s)"),
    ),
    (
        r"Its codes were refused a second time, \d+ by name; (?P<n>\d+) are left\. .*",
        N_("Its codes were refused a second time; codes left without blame: %(n)s."),
    ),
    (
        r"It was unfinished in a backup that took over, and two searches missed it\.",
        N_("It was unfinished in the backup that took over, and two searches did not find it."),
    ),
    (
        r"it may have been sent since the backup was made",
        N_("it may have been sent since the backup was made"),
    ),
    # what its dates keep back
    (r"a person's word on its dates", N_("a person's word on its dates")),
    (r"its turn, its dates confirmed by a person", N_("its turn; a person has confirmed its dates")),
    (
        r"(?P<n>\d+) codes: this computer's clock was wrong, or may have been, when it showed (?P<moment>\S+); by .*",
        N_(
            "Codes: %(n)s. The clock of this computer was wrong, or may have been, when it showed %(moment)s, "
            "and by how much is not known. If the dates are right, send the report again; if not, correct the "
            "job's dates and release its codes as unreported, or as refused."
        ),
    ),
    (
        r"(?P<n>\d+) codes were read while this computer's clock was wrong: from (?P<moment>\S+) to (?P<end>\S+) .*",
        N_(
            "Codes: %(n)s, read while the clock of this computer was wrong: from %(moment)s to %(end)s by a "
            "right one, so not all on the day of the first. If one date will do, send the report again; if "
            "not, correct the job's dates and release its codes as unreported, or as refused."
        ),
    ),
    (
        r"It was packed at (?P<moment>\S+), before the production date that was given for .*, (?P<end>\S+)\. If .*",
        N_(
            "Packed at %(moment)s, before the production date that was given for what is inside, %(end)s. If "
            "that is right all the same, send the report again; if not, correct the date of the codes first."
        ),
    ),
    (
        r"Its expiry, (?P<moment>\S+), has passed: .*",
        N_(
            "The expiry, %(moment)s, has passed: the marking system would refuse the report. Correct the "
            "job's dates and release its codes as unreported, or release them as refused."
        ),
    ),
    (
        r"It is dated (?P<moment>\S+), far ahead of the regulator's clock \((?P<end>\S+)\), by one that was wrong\. .*",
        N_(
            "Dated %(moment)s, far ahead of the marking system's clock (%(end)s), by a clock that was wrong. "
            "Correct the job's dates and release its codes as unreported, or release them as refused."
        ),
    ),
    (
        r"Its date lies (?P<n>\d+) s ahead of the regulator's clock, which would refuse it: it waits\.",
        N_("Its date is %(n)s s ahead of the marking system's clock, which would refuse it: it waits."),
    ),
    (
        r"The clock of this computer is (?P<n>\d+) minutes ahead of the regulator's: once .*",
        N_(
            "The clock of this computer is %(n)s minutes ahead of the marking system's: once that is set "
            "right, the report is sent, rightly dated."
        ),
    ),
    (
        r"The clock of this computer is (?P<n>\d+) minutes behind the regulator's: once .*",
        N_(
            "The clock of this computer is %(n)s minutes behind the marking system's: once that is set right, "
            "the report is sent, rightly dated."
        ),
    ),
    (
        r"HTTP (?P<status>\d+) without a readable answer, (?P<n>\d+) of its attempts in a row, .*",
        N_(
            "HTTP %(status)s without a readable answer, %(n)s attempts in a row, and the marking system has not "
            "received it. Something between may refuse it, such as a firewall or a limit of size; the report shows "
            "what came back."
        ),
    ),
    (
        r"A mistake in lined itself, (?P<n>\d+) times \((?P<id>\w+)\): a person has to decide\. .*",
        N_("A mistake in the program, %(n)s times (%(id)s): a person has to decide. The log has the details."),
    ),
    (
        r"A mistake in lined itself while this was being sent\. It is looked for before it is sent again\.",
        N_("A mistake in the program while this was being sent. It is looked for before it is sent again."),
    ),
    (r"a mistake in lined itself", N_("a mistake in the program")),
    # what people did
    (rf"sent again by {_BY}", N_("sent again by %(by)s")),
    (rf"adopted by {_BY}: document (?P<id>\S+)", N_("%(by)s says that it became document %(id)s")),
    (rf"released as {_STATE} by {_BY}: (?P<more>.*)", N_("released by %(by)s, its codes count as %(state)s: %(more)s")),
    # the causes of alarms
    (
        r"May or may not have been received: report (?P<list>[\d, …]+)\. Each is looked for before it is sent again\.",
        N_("Reports that may or may not have been received: %(list)s. Each is looked for before it is sent again."),
    ),
    (
        r"Held: (?P<list>[\d, ]+(?: and \d+ more)?)\. A person has to decide what becomes of each: .*",
        N_("Held: %(list)s. A person has to decide what becomes of each."),
    ),
    (
        r"Report (?P<n>\d+): (?P<more>.*)\. It is not believed, and asked again\.",
        N_("Report %(n)s: %(more)s. It is not believed, and asked again."),
    ),
    *OUTSIDE,
)


def _compiled(sentences: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, re.DOTALL), text) for pattern, text in sentences)


_PATTERNS = _compiled(SENTENCES)
_WITHIN = _compiled(OUTSIDE)


def said(text: str | None, say: Callable[[str], str]) -> str:
    """A sentence of the journal in the language that `say` translates to."""
    return _said(text, say, _PATTERNS) if text else ""


def _said(text: str, say: Callable[[str], str], patterns: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, sentence in patterns:
        if found := pattern.fullmatch(text):
            return say(sentence) % {name: _part(name, value or "", say) for name, value in found.groupdict().items()}
    return text


def _part(name: str, value: str, say: Callable[[str], str]) -> str:
    if name == "state":
        return say(CODE_STATES.get(value, value))
    if name == "more":  # what follows a colon is mostly what others said
        return _said(value, say, _WITHIN)
    if name == "list":
        return value.replace(" and ", ", +").removesuffix(" more")
    return say(SOMEBODY) if name == "by" and value == "a person" else value
