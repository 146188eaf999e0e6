"""Orders of codes: their states and those of their products, and every way from one to another with its reason.

queued → sending → placed → fetched
"""

from __future__ import annotations

from collections.abc import Mapping

from lined.vocabulary.word import N_, Word


class OrderState(Word):
    """Where an order of codes stands."""

    QUEUED = "queued", N_("waits to be ordered")
    SENDING = "sending", N_("being sent")
    IN_DOUBT = "in_doubt", N_("in doubt")
    PLACED = "placed", N_("ordered, its codes are being fetched")
    CLOSING = "closing", N_("being closed")
    FETCHED = "fetched", N_("fetched whole")
    REFUSED = "refused", N_("refused whole")
    HELD = "held", N_("held")
    CLOSED = "closed", N_("closed before all was fetched")


class SubOrderState(Word):
    """Where one product of an order stands."""

    PENDING = "pending", N_("not decided yet")
    FETCHING = "fetching", N_("its codes are being fetched")
    FETCHED = "fetched", N_("fetched whole")
    REFUSED = "refused", N_("refused")
    CLOSED = "closed", N_("closed before all was fetched")


_S = OrderState

ORDER_TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    _S.QUEUED: {
        _S.SENDING: "its turn came; what is sent can be made again from what is on disk",
        _S.IN_DOUBT: "a backup brought it back: it may have been sent since",
        _S.CLOSED: "a person withdrew it before it was sent",
    },
    _S.SENDING: {
        _S.PLACED: "the regulator answered with an order's id",
        _S.QUEUED: "it certainly did not arrive",
        _S.IN_DOUBT: "it may have arrived: the answer was lost, or the process ended in between",
        _S.REFUSED: "the regulator refused it as a whole",
    },
    _S.IN_DOUBT: {
        _S.PLACED: "it was found among the regulator's orders",
        _S.QUEUED: "a person said that it did not arrive, and one more complete look has missed it",
        _S.HELD: "two complete looks have missed it, or they cannot tell: only a person lets it be ordered again",
    },
    _S.PLACED: {
        _S.FETCHED: "every product of it was fetched whole",
        _S.REFUSED: "the regulator refused every product of it",
        _S.CLOSED: "it ended at the regulator before all was fetched",
        _S.CLOSING: "a person asked to close it",
        _S.HELD: "what the regulator says of it does not add up",
    },
    _S.CLOSING: {
        _S.CLOSED: "the regulator has closed it",
        _S.FETCHED: "there was nothing left to be closed",
        _S.HELD: "what the regulator says of it does not add up",
    },
    _S.HELD: {
        _S.IN_DOUBT: "a person said that it did not arrive: it is looked for once more",
        _S.PLACED: "a person named its id, or has it looked at again",
        _S.CLOSED: "a person gave it up",
    },
}

ORDER_FINAL = frozenset(state for state in OrderState if state not in ORDER_TRANSITIONS)
SUB_ORDER_FINAL = frozenset({SubOrderState.FETCHED, SubOrderState.REFUSED, SubOrderState.CLOSED})
