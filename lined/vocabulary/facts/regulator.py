"""Facts of the regulator: why it cannot be asked, its connection and the credential (`lined/regulator`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class RegulatorFact(FactCode):
    """`more`: the reason, redacted. `status`: of HTTP."""

    NO_ANSWER = (
        "regulator-no-answer",
        "%(name)s: no answer: %(more)s",
        N_("the marking system does not answer (%(name)s: %(more)s)"),
    )
    NO_READABLE_ANSWER = (
        "regulator-no-readable-answer",
        "sent, but no readable answer: %(more)s",
        N_("no readable answer: %(more)s"),
    )
    NOT_WELL = "request-not-well", "%(where)s: %(more)s"
    KEY_REFUSED = (
        "key-refused",
        "the regulator refuses the API key: it has expired or was replaced; put a new one in its file",
        N_("The marking system refuses the API key: it has expired or was replaced. Put a new one in its file."),
    )
    KEY_NOT_KEPT = (
        "key-not-kept",
        "the new API key cannot be stored (%(id)s) and the old one is dead: do not stop lined",
        N_("The new API key cannot be stored (%(id)s) and the old one is dead: do not stop the program."),
    )
    KEY_UNREADABLE = (
        "key-unreadable",
        "the API key cannot be read: %(more)s",
        N_("The API key cannot be read: %(more)s"),
    )
    KEY_OF_OTHER = (
        "key-of-other",
        "the API key does not belong to TIN %(tin)s",
        N_("The API key does not belong to TIN %(tin)s."),
    )
    SOMEBODY_ELSE = (
        "somebody-else-logs-in",
        (
            "somebody else logs in as technical user %(login)s: each login ends the other's token (%(n)s times within "
            "the hour); every line needs a technical user of its own"
        ),
        N_(
            "Somebody else logs in as technical user %(login)s: each login ends the other's token (%(n)s times within "
            "the hour). Every line needs a technical user of its own."
        ),
    )
    PASSWORD_UNREADABLE = (
        "password-unreadable",
        "the password cannot be read: %(more)s",
        N_("The password cannot be read: %(more)s"),
    )
    LOGIN_REFUSED = (
        "login-refused",
        (
            "technical user %(login)s: login or password refused; a password lasts 90 days, and only a person can set "
            "a new one, in the personal account (HTTP %(status)s)"
        ),
        N_(
            "Technical user %(login)s: login or password refused. A password lasts 90 days, and only a person can set "
            "a new one, in the personal account (HTTP %(status)s)."
        ),
    )
    NO_LOGIN = (
        "no-login",
        "cannot log in: the regulator does not answer",
        N_("No login is possible: the marking system does not answer."),
    )
    NO_LOGIN_STATUS = (
        "no-login-status",
        "cannot log in: the regulator does not answer (HTTP %(status)s)",
        N_("No login is possible: the marking system does not answer (HTTP %(status)s)."),
    )
    NOT_REFRESHED = (
        "token-not-refreshed",
        "the token could not be refreshed: the regulator does not answer",
        N_("The login could not be renewed: the marking system does not answer."),
    )
    NOT_REFRESHED_STATUS = (
        "token-not-refreshed-status",
        "the token could not be refreshed: the regulator does not answer (HTTP %(status)s)",
        N_("The login could not be renewed: the marking system does not answer (HTTP %(status)s)."),
    )
