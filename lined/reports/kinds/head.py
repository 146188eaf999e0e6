"""The head of a document: all of it but its list of codes, and the moments of the journal that its dates rest on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from lined.journal.views.true_time import Right


class Head(NamedTuple):
    """`first`: what its date was made of; None where a person gave the date, or there is none. `last`: of what is in it
    too, where all of it has to be of one day. `produced`: the latest production date that a person gave for what was
    packed.
    """

    fields: dict[str, Any]
    first: Right | None
    last: Right | None = None
    produced: datetime | None = None
