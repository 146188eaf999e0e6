"""Facts about orders of codes: why one is in doubt, held or over (`lined/supply/orders`)."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class OrderFact(FactCode):
    """`order`: of ours; `id`: the regulator's; `pack`: the id of a pack; `n`, `left`, `here`, `there`: of codes."""

    # on its way
    ASKED = "order-asked", N_("ordered by %(by)s")
    ATTEMPT = "order-attempt", N_("attempt %(n)s")
    NUMBER = "order-number", N_("the marking system knows it as %(id)s")
    NOT_RECEIVED = "order-not-received", N_("not received: %(more)s")
    NO_ANSWER = "order-no-answer", N_("it may have been received, and is looked for: %(more)s")
    CUT_SHORT = "order-cut-short", N_("the program ended while it was being sent: it is looked for")
    REFUSED = "order-refused", N_("the marking system refuses it: %(more)s")
    RETURNED = "order-returned", N_("a backup brought it back: it may have been sent since, and is looked for")

    # looked for
    FOUND = "order-found", N_("found among the orders, as %(id)s")
    MISSED_ONCE = "order-missed-once", N_("a complete look has not found it; the second comes after a pause")
    NOT_FOUND = (
        "order-not-found",
        "two complete looks have not found it: look in the personal account; nothing is ordered again by itself",
        N_("Two complete looks have not found it. See the personal account: nothing is ordered again by itself."),
    )
    MISSED_AGAIN = "order-missed-again", N_("a person said that it did not arrive, and one more look has missed it")
    LOOKING = "order-looking", N_("it could not be looked for yet: %(more)s")
    ENDLESS = "order-endless", N_("the list of orders never ends")
    ALIKE = (
        "order-alike",
        "order %(id)s may be this one: it has no mark of ours, but these products and quantities",
        N_("Order %(id)s may be this one: it has no mark of ours, but these products and quantities."),
    )
    TWICE = "order-twice", N_("the marking system has more than one order with the mark of this one: %(id)s")

    # by people
    NOT_ARRIVED = "order-not-arrived", N_("%(by)s said that it did not arrive: it is looked for once more")
    NAMED = "order-named", N_("%(by)s said that it is %(id)s")
    AGAIN = "order-again", N_("%(by)s has it looked at again")
    CLOSE_ASKED = "order-close-asked", N_("%(by)s closes it")
    GIVEN_UP = "order-given-up", N_("%(by)s gave it up")

    # fetched
    UNREACHED = "order-unreached", N_("it is asked again: %(more)s")
    NOT_LISTED = "order-not-listed", N_("the marking system does not list %(gtin)s of it yet")
    LESS_PASSED = (
        "order-less-passed",
        N_("%(gtin)s: %(here)s codes are here, the marking system says it gave out %(there)s"),
    )
    MORE_PASSED = (
        "order-more-passed",
        N_("%(gtin)s: the marking system says it gave out %(there)s codes, and %(n)s were ordered"),
    )
    OTHER_LAST = (
        "order-other-last-pack",
        N_("%(gtin)s: the last pack is %(there)s to the marking system, and %(here)s here"),
    )
    OTHER_PACKS = "order-other-packs", N_("%(gtin)s: the list of packs differs from what is here, first in %(pack)s")
    SAME_PACK = "order-same-pack", N_("%(gtin)s: the marking system gives pack %(pack)s again and again")
    CHANGED_PACK = "order-changed-pack", N_("%(gtin)s: pack %(pack)s came with other codes than before")
    GONE = (
        "order-pack-gone",
        N_("%(gtin)s: the order is closed, and %(n)s codes that were given out cannot be fetched again"),
    )
    TOO_LARGE = "order-pack-too-large", N_("%(gtin)s: pack %(pack)s has %(n)s codes, %(left)s were left")
    WRONG_CODE = "order-wrong-code", N_("%(gtin)s: pack %(pack)s holds what is no code of it: %(more)s")
    REPEATED = "order-repeated-code", N_("%(gtin)s: pack %(pack)s holds %(n)s codes that were fetched before")
    OTHER_TAIL = (
        "order-other-check-part",
        N_("%(gtin)s: pack %(pack)s holds %(n)s codes that are here with another check part"),
    )
    FETCHED = "order-fetched", N_("all %(n)s codes are here")
    ENDED = "order-ended", N_("it ended with %(left)s of %(n)s codes not fetched")
    ALL_REFUSED = "order-all-refused", N_("every product of it was refused: %(more)s")
    CLOSED = "order-closed", N_("closed; %(left)s of %(n)s codes were not fetched and are cancelled")

    # alarms
    HELD = "order-held", N_("Order %(order)s of codes is held: %(more)s")
    IN_DOUBT = "order-in-doubt", N_("Order %(order)s of codes may have arrived, and is looked for.")
    ENDS = (
        "order-ends",
        "order %(order)s of codes ends at %(ends_at)s: %(left)s of its codes are not fetched, and would be cancelled",
        N_(
            "Order %(order)s of codes ends at %(ends_at)s: %(left)s of its codes are not fetched, and would be "
            "cancelled."
        ),
    )
