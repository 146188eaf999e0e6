"""Facts of fields: what is wrong with one of a command or a question."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class FieldFact(FactCode):
    """Stands behind the field's name. `text`: what was given, in quotes; `n`: a bound, or how many there are."""

    REQUIRED = "field-required", N_("is required")
    UNKNOWN = "field-unknown", N_("is not known here")
    JSON_OBJECT = "field-object", N_("must be a JSON object")
    TEXT = "field-text", N_("must be a text")
    TEXT_IN_QUOTES = "field-text-in-quotes", N_("must be text in quotes")
    HALF_CHARACTER = "field-half-character", N_("holds half a character (a lone surrogate)")
    TRUE_OR_FALSE = "field-true-or-false", N_("must be true or false")
    WHOLE_NUMBER = "field-whole-number", N_("must be a whole number")
    ONE_GROUP = "field-one-group", N_("must be of one product group")
    TWICE = "field-twice", N_("stands there twice")
    NO_OWN_SERIALS = (
        "field-no-own-serials",
        N_("own serials take a product with a serial_length of at least %(n)s"),
    )
    NOT_EMPTY = "field-not-empty", N_("must not be empty")
    CHARACTERS = "field-characters", N_("may have at most %(n)s characters")
    ITEMS = "field-items", N_("may have at most %(n)s items")
    AT_LEAST = "field-at-least", N_("must be at least %(n)s")
    AT_MOST = "field-at-most", N_("must be at most %(n)s")
    MUST_BE = "field-must-be", N_("must be %(expected)s")
    ONE_OF = "field-one-of", N_("is one of %(known)s")
    EITHER = "field-either", N_("either this or %(other)s")
    CURSOR = "field-cursor", N_("is the `next` of an earlier page")

    GTIN = "field-gtin", N_("must be the 8 to 14 digits of a GTIN")
    NO_PRODUCT = "field-no-product", N_("not a product of this line")
    LENGTH = "field-length", N_("1 to %(most)s characters; this one has %(n)s")
    LONG = "field-long", N_("at most %(n)s characters")
    NEEDS_SERIES = (
        "field-needs-series",
        "reports of the group %(group)s need a series",
        N_("reports of this product need it"),
    )
    COUNTRY = (
        "field-country",
        "two capital letters, such as UZ, of a country that the regulator knows",
        N_("two capital letters, such as UZ"),
    )
    SOME_FIELD = "field-some", "give at least one of %(known)s", N_("fill in at least one field")

    DAY = (
        "field-day",
        "must be a day such as 2026-11-23 or a moment such as 2026-11-23T08:00:00+05:00",
        N_("is no day that can be meant here"),
    )
    NO_DATE = (
        "field-no-date",
        "%(text)s is not a date such as 2026-11-23 or 2026-11-23T08:00:00+05:00",
        N_("%(text)s is no date"),
    )
    NO_OFFSET = (
        "field-no-offset",
        N_("%(text)s has a time but no offset; write 2026-11-23T08:00:00+05:00"),
    )
    OTHER_YEAR = "field-other-year", N_("%(text)s lies outside the years %(first)s to %(last)s")
    BEFORE_CODES = (
        "field-before-codes",
        N_(
            "the production date %(date)s is before the codes of %(gtin)s were ordered or loaded, at %(since_at)s: "
            "the marking system may refuse them"
        ),
    )
    NO_ROLL = "field-no-roll", N_("no codes of %(gtin)s were given out under this name")
    NO_CODE_ORDER = "field-no-code-order", N_("no order of codes with this number has %(gtin)s")
    FUTURE_OR_CLOCK = (
        "field-future-or-clock",
        N_("lies in the future; check the date and the clock of this computer"),
    )
    FUTURE = "field-future", N_("lies in the future")
    PASSED = "field-passed", N_("has passed already")
    PASSED_AT = "field-passed-at", "%(when)s has passed already", N_("has passed already: %(when)s")
    NOT_AFTER = "field-not-after", N_("is not after the production date")
    NEEDS_EXPIRY = (
        "field-needs-expiry",
        "this product has no shelf_life_days, so each job needs an expiry",
        N_("this product has no shelf life of its own, so the job needs one"),
    )
    AFTER_PACKING = (
        "field-after-packing",
        N_("is later than a package of this job, which was closed at %(when)s"),
    )
    AFTER_THEIR_PACKING = (
        "field-after-their-packing",
        N_("is later than a package of these codes, which was closed at %(when)s"),
    )

    CODES_OR_REPORT = "field-codes-or-report", N_("a list of codes, or the id of a report under `report`")
    NOT_ACCEPTED = (
        "field-not-accepted",
        "is %(state)s, not accepted by the regulator",
        N_("its state: %(state)s; the marking system has not accepted it"),
    )
    GROUP_CODE = "field-group-code", N_("the full code of a group of its product")
    SSCC = "field-sscc", N_("an SSCC")
    OTHER_CHECK_PART = "field-other-check-part", N_("%(code)s: another check part than before")
    SEPARATOR_LOST = (
        "field-separator-lost",
        N_("ends like a check part without its separator, as others do: give the product its serial_length"),
    )
