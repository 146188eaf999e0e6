"""Prints of documents that a round of searches has read: enough to know, without reading it again, that a document
shares no code with another report in doubt.

After a restore every unfinished report is looked for, and each would read every candidate: dozens times dozens of
requests, from a budget that reports need too. Equal codes have equal prints, so what is called foreign here is foreign;
the rare print that two different codes share costs one more reading and decides nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

CODES_KEPT = 2_000_000  # of all documents together; 8 bytes each


class Prints:
    """By kind and document id. Once it is full nothing more is kept: throwing out the oldest would throw out just what
    the next report asks for first.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], array[int]] = {}
        self._codes = 0

    def keep(self, kind: str, document_id: str, codes: Sequence[str]) -> None:
        """A document's codes were read, all of them."""
        if (kind, document_id) not in self._kept and self._codes + len(codes) <= CODES_KEPT:
            self._kept[(kind, document_id)] = array("q", map(hash, codes))
            self._codes += len(codes)

    def foreign(self, kind: str, document_id: str, ours: frozenset[int]) -> bool:
        """True where the document was read and shares no code with `ours`, see `of`. False: it has to be read."""
        kept = self._kept.get((kind, document_id))
        return kept is not None and ours.isdisjoint(kept)

    def forget(self) -> None:
        """The round is over."""
        self._kept.clear()
        self._codes = 0


def of(codes: set[str]) -> frozenset[int]:
    return frozenset(map(hash, codes))
