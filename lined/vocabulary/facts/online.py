"""Facts of what a configuration says and the regulator knows otherwise (`lined/regulator/inspection.py`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class OnlineFact(FactCode):
    """Each says what to do about it. `more`: a reason, redacted."""

    NOT_ASKED = (
        "online-not-asked",
        "the regulator could not be asked: %(more)s",
        N_("the marking system could not be asked: %(more)s"),
    )
    OUT_OF_TIME = (
        "online-out-of-time",
        N_("not looked at: this took longer than %(within_s)s s; try again, or look at it in the personal account"),
    )
    CLOSED_TO_USER = (
        "online-closed-to-user",
        N_("not looked at: a technical user may not ask about it; use an API key, or look in the personal account"),
    )
    KEY_ENDS = "online-key-ends", N_("the API key ends on %(expires_at)s: replace it before, with lined key renew")
    UNREGISTERED = (
        "online-unregistered",
        "the regulator knows no participant with TIN %(tin)s: correct it, or register first",
        N_("the marking system knows no participant with TIN %(tin)s: correct it, or register first"),
    )
    GROUP_CLOSED = (
        "online-group-closed",
        N_(
            "the participant has no product group %(group)s (but: %(groups)s): correct it, or have it added in the "
            "personal account"
        ),
    )
    NO_CARD = (
        "online-no-card",
        "the regulator has no card of %(gtin)s that we may see: correct it, or register the product first",
        N_("the marking system has no card of %(gtin)s that we may see: correct it, or register the product first"),
    )
    CARD_OF_OTHER = (
        "online-card-of-other",
        N_("the card of %(gtin)s is that of TIN %(tin)s: its codes are issued to us only if that participant agreed"),
    )
    CARD_NOT_PUBLISHED = (
        "online-card-not-published",
        N_("the card of %(gtin)s is %(status)s: no codes are issued for it; have it published in the personal account"),
    )
    CARD_GROUP = "online-card-group", N_("the card says product group %(group)s: write that")
    CARD_LEVEL = (
        "online-card-level",
        N_("the card of %(gtin)s is that of a %(found)s, not of a %(wanted)s: give the GTIN of that level"),
    )
    CARD_COUNTRY = (
        "online-card-country",
        N_("the card says %(found)s: compare, a report with a country that is not on the card is refused"),
    )
    CLOCK = (
        "online-clock",
        (
            "this PC's clock is %(seconds)s s off the regulator's (+: ahead): set it by NTP; a production date in the "
            "regulator's future is refused"
        ),
        N_(
            "this PC's clock is %(seconds)s s off that of the marking system (+: ahead): set it by NTP; a production "
            "date in the future is refused"
        ),
    )
