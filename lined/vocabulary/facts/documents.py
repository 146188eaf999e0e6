"""Facts about documents of the regulator: whose they are, what they hold (`lined/reports/delivery`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class DocumentFact(FactCode):
    """`id`: of the document that is meant; `n`, `left`: of codes; `more`: the reason."""

    NOT_VISIBLE = "document-not-visible", N_("not visible yet")

    # answers about something else
    OTHER_ANSWERED = (
        "document-other-answered",
        "asked about document %(id)s, the regulator answered about %(other)s",
        N_("asked about document %(id)s, the marking system answered about %(other)s"),
    )
    OTHER_TYPE = (
        "document-other-type",
        "document %(id)s is said to be of type %(other)s, which is none of a report of %(kind)s",
        N_("document %(id)s is said to be of type %(other)s, which is none of this kind of report"),
    )
    OTHER_LIST = (
        "document-other-list",
        N_("not one code of the list of document %(id)s is in the report"),
    )
    ENDLESS_LIST = (
        "document-endless-list",
        N_("the list of codes of document %(id)s has more rows than its %(n)s codes"),
    )

    # named by a person
    NAMED_UNREADABLE = (
        "named-document-unreadable",
        N_("Document %(id)s has no readable list of codes, so it cannot be this report's."),
    )
    NAMED_LACKS = (
        "named-document-lacks",
        (
            "Document %(id)s lacks %(left)s of this report's %(n)s codes, so it is another one's: look its number up "
            "again, or send the report again."
        ),
        N_(
            "Document %(id)s lacks %(left)s of the %(n)s codes of this report, so it is another one's: look its number "
            "up again, or send the report again."
        ),
    )

    # searched for
    LOOKING_EARLIER = "document-looking-earlier", N_("looking for an earlier attempt: %(more)s")
    SAME_PAGE = "search-same-page", N_("the search gives its first page again and again")
    TOO_MANY_PAGES = "search-too-many-pages", N_("more than %(n)s pages of documents")
    NO_LIST = "document-no-list", N_("document %(id)s has no readable list of codes")
    NOT_SEEN = "document-not-seen", N_("document %(id)s has touched its codes, and cannot be seen")
    OVERLAP = (
        "document-overlap",
        "Document %(id)s holds %(other)s codes, %(left)s of them of this report's %(n)s: neither ours nor foreign.",
        N_("Document %(id)s holds %(other)s codes, %(left)s of them of the %(n)s of this report: it is neither."),
    )
    DIFFERS = (
        "document-differs",
        N_("Document %(id)s holds exactly this report's codes, but %(more)s."),
    )
    DIFFERENCE = (
        "document-difference",
        N_("%(name)s is %(there)s there and %(here)s in the report"),
    )
