"""Facts about reports: why they are where they are, what they wait for, what people decided (`lined/reports`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class ReportFact(FactCode):
    """`id`: of a document, `other`: of another one; `report`: a report's number; `n`, `left`: of codes, attempts or
    reports. `more`: what an answer, an error or a person said.
    """

    # why it is sent, or is not
    EMPTIED = "report-emptied", N_("every code in it was withdrawn")
    ATTEMPT = "report-attempt", N_("attempt %(n)s")
    INNOCENT = (
        "report-innocent",
        "innocent codes of report %(n)s",
        N_("with the codes of report %(n)s that were not to blame"),
    )

    # sending
    DOCUMENT = "report-document", N_("document %(id)s")
    NOT_RECEIVED = "report-not-received", N_("not received: %(more)s")
    NOT_REACHED = (
        "regulator-not-heard",
        "not sent: the regulator has not been heard yet: %(more)s",
        N_("not sent: the marking system has not been heard yet: %(more)s"),
    )
    NO_ANSWER = (
        "report-no-answer",
        "Sent, but whether it arrived is unknown: %(more)s. It is looked for before it is sent again.",
        N_("Sent, but whether it arrived is unknown. It is looked for before it is sent again. (%(more)s)"),
    )
    CUT_SHORT = "report-cut-short", N_("the program ended while it was being sent")
    CUT_SHORT_DOUBT = (
        "report-cut-short-doubt",
        N_("The program ended while this was being sent. It is looked for before it is sent again."),
    )
    DEFECT_SENDING = "report-defect", "a mistake in lined itself", N_("a mistake in the program")
    DEFECT_DOUBT = (
        "report-defect-doubt",
        "A mistake in lined itself while this was being sent. It is looked for before it is sent again.",
        N_("A mistake in the program while this was being sent. It is looked for before it is sent again."),
    )
    DEFECT_HELD = (
        "report-defect-held",
        "A mistake in lined itself, %(n)s times (%(id)s): a person has to decide. The log has the details.",
        N_("A mistake in the program, %(n)s times (%(id)s): a person has to decide. The log has the details."),
    )
    REFUSED = "report-refused", "refused: %(more)s", N_("the marking system refused it: %(more)s")
    OF_ANOTHER = (
        "report-document-of-another",
        "The regulator gave document %(id)s, which is that of report %(report)s already.",
        N_("The marking system gave document %(id)s, which is that of report %(report)s already."),
    )
    PERHAPS_ECHO = (
        "report-perhaps-echo",
        "Perhaps refused because an earlier attempt had arrived: %(more)s. The document of that one is looked for.",
        N_(
            "Perhaps refused because an earlier attempt had arrived. The document of that one is looked for. (%(more)s)"
        ),
    )

    RETURNED = "report-returned", N_("it may have been sent since the backup was made")

    # searching
    FOUND = "report-found", N_("found by its codes: document %(id)s")
    FOUND_ECHO = (
        "report-found-echo",
        N_("refused as our own echo: document %(id)s is that of an earlier attempt"),
    )
    FOUND_EARLIER = (
        "report-found-earlier",
        N_("Document %(other)s was our own echo; %(id)s is that of an earlier attempt."),
    )
    FOUND_OF_ANOTHER = (
        "report-found-of-another",
        N_("Document %(id)s holds its codes and belongs to report %(report)s."),
    )
    MISSED = (
        "report-missed",
        "two complete searches missed it: not received",
        N_("two complete searches did not find it: it was not received"),
    )
    NO_SEARCH = (
        "report-no-search",
        "No complete search was possible for 24 h: %(more)s",
        N_("No complete search was possible for 24 hours: %(more)s"),
    )
    MISSED_RETURNED = (
        "report-missed-returned",
        "It was unfinished in a backup that took over, and two searches missed it.",
        N_("It was unfinished in the backup that took over, and two searches did not find it."),
    )
    MISSED_ECHO = "report-missed-echo", N_("%(more)s. No document of an earlier attempt was found.")
    ECHO_HELD = (
        "report-echo-held",
        (
            "Document %(id)s refuses every code, as it would if an earlier attempt had arrived; no document of that "
            "one was found. Adopt it if the regulator has it, or release the report."
        ),
        N_(
            "Document %(id)s refuses every code, as it would if an earlier attempt had arrived; no document of that "
            "one was found. Name it if the marking system has it, or release the report."
        ),
    )
    UNREADABLE = (
        "report-unreadable",
        (
            "HTTP %(status)s without a readable answer, %(n)s of its attempts in a row, and the regulator has not "
            "received it: something between may refuse it, such as a firewall or a limit of size. What came back is "
            "kept as evidence."
        ),
        N_(
            "HTTP %(status)s without a readable answer, %(n)s attempts in a row, and the marking system has not "
            "received it. Something between may refuse it, such as a firewall or a limit of size; the report shows "
            "what came back."
        ),
    )

    # following
    SUCCEEDED = "report-succeeded", N_("all codes processed")
    PARTIAL = "report-partial", "%(n:code)s refused", N_("codes refused: %(n)s")
    PARTIAL_UNLISTED = (
        "report-partial-unlisted",
        "%(n:code)s refused, %(left)s not listed",
        N_("codes refused: %(n)s, not listed: %(left)s"),
    )
    UNLISTED = "report-unlisted", "%(n)s codes not listed", N_("codes not listed yet: %(n)s")
    NOT_LISTED = "code-not-listed", N_("not in the list of the document's codes")
    NEVER_LISTED = "code-never-listed", "not listed for 24 h", N_("not listed for 24 hours")
    LISTED_LATER = "code-listed-later", N_("listed by a later look")
    ACCEPTED_AFTER_ALL = "code-accepted-after-all", N_("accepted after all")
    REFUSED_WHOLE = "report-refused-whole", N_("document %(id)s was refused whole")
    REFUSED_NAMELESS = (
        "report-refused-nameless",
        "document %(id)s was refused whole, naming no code",
        N_("document %(id)s was refused whole, and no code is blamed"),
    )
    REFUSED_NAMELESS_ERRORS = (
        "report-refused-nameless-errors",
        "document %(id)s was refused whole, naming no code; its errors: %(more)s",
        N_("document %(id)s was refused whole, and no code is blamed; its errors: %(more)s"),
    )
    NO_LIST = "report-no-list", N_("document %(id)s is %(status)s and has no list of its codes")
    NO_LIST_ERRORS = (
        "report-no-list-errors",
        N_("document %(id)s is %(status)s and has no list of its codes; its errors: %(more)s"),
    )
    CODES_NOT_LEARNT = (
        "report-codes-not-learnt",
        "Nothing could be learnt about the codes for 24 h: %(more)s. It is still looked at.",
        N_("Nothing could be learnt about the codes for 24 hours; it is still looked at. (%(more)s)"),
    )
    NOT_LEARNT = (
        "report-not-learnt",
        "Nothing could be learnt about document %(id)s for 24 h: %(more)s. It is still looked at.",
        N_("Nothing could be learnt about document %(id)s for 24 hours; it is still looked at. (%(more)s)"),
    )
    NOT_FINAL = (
        "report-not-final",
        "Document %(id)s has had no final status for 24 h (it is %(status)s); it is still looked at.",
        N_("Document %(id)s has had no final status for 24 hours; it is still looked at."),
    )
    REFUSED_AGAIN = (
        "report-refused-again",
        "Its codes were refused a second time, %(n)s by name; %(left)s are left. %(more)s",
        N_("Its codes were refused a second time; codes left without blame: %(left)s. (%(more)s)"),
    )

    # what it waits for
    ECHO = "waits-for-echo", N_("the document of an earlier attempt")
    NAMED = "waits-for-named-document", N_("a look into the document that a person named")
    DATES = "waits-for-dates", N_("a person's word on its dates")
    CONFIRMED = (
        "waits-with-dates-confirmed",
        "its turn, its dates confirmed by a person",
        N_("its turn; a person has confirmed its dates"),
    )

    # what people decided
    SENT_AGAIN = "report-sent-again", N_("sent again by %(by)s")
    ADOPTED = (
        "report-adopted",
        "adopted by %(by)s: document %(id)s",
        N_("%(by)s says that it became document %(id)s"),
    )
    RELEASED = (
        "report-released",
        "released as %(state)s by %(by)s: %(more)s",
        N_("released by %(by)s, its codes count as %(state)s: %(more)s"),
    )

    # alarms
    STRANGE = (
        "report-strange-answer",
        N_("Report %(n)s: %(more)s. It is not believed, and asked again."),
    )
    KIND_PAUSED = (
        "kind-paused",
        (
            "Two %(kind)s reports in a row were refused without naming a code, so nothing of this kind is sent. Look "
            "at the held reports, mend what they say, then retry or release one of them."
        ),
        N_(
            "%(kind)s: two reports in a row were refused and no code is blamed, so no more of this kind are sent. Look "
            "at the held reports, mend what they say, then send one of them again or release it."
        ),
    )
    HELD = (
        "reports-held",
        "Held: %(list)s. A person has to decide what becomes of each: lined report show %(n)s, or the page.",
        N_("Held: %(list)s. A person has to decide what becomes of each."),
    )
    HELD_AND_MORE = (
        "reports-held-and-more",
        (
            "Held: %(list)s and %(left)s more. A person has to decide what becomes of each: lined report show %(n)s, "
            "or the page."
        ),
        N_("Held: %(list)s, +%(left)s. A person has to decide what becomes of each."),
    )
    IN_DOUBT = (
        "reports-in-doubt",
        "May or may not have been received: report %(list)s. Each is looked for before it is sent again.",
        N_("Reports that may or may not have been received: %(list)s. Each is looked for before it is sent again."),
    )
