"""The rehearsal of a test job: a journal of its own, in memory, for what the job applies and packs.

The rules of stations run on it as they do on the journal. It lives for as long as the job runs in this process, and
nothing of it is reported, issued, announced or a duplicate of anything.
"""

from __future__ import annotations

from lined.codes import MarkingCode
from lined.journal.rehearsal import open_rehearsal
from lined.journal.tables import codes, packages

REMEMBERED = 100_000  # items; the oldest are forgotten first
_FORGET_EACH = 1_000


class Rehearsal:
    """`connection`: as the journal's, with its tables."""

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        self.connection = open_rehearsal()
        self._next = 1

    def knows(self, ident: str) -> bool:
        """Whether the test job applied it, or packed under it."""
        return bool(codes.find(self.connection, [ident])) or packages.by_ident(self.connection, ident) is not None

    def apply(self, code: MarkingCode, at_ms: int, device_no: int) -> int:
        """A code was accepted at a station that applies; once more is no duplicate. Returns its id here."""
        known = codes.find(self.connection, [code.ident]).get(code.ident)
        if known is not None:
            return known.id
        row = (self._next, code.ident, code.tail, at_ms, device_no, self.job_id, 0)
        codes.insert(self.connection, [row])
        if self._next % _FORGET_EACH == 0:
            codes.forget(self.connection, self._next - REMEMBERED)
            packages.forget(self.connection, REMEMBERED)
        self._next += 1
        return row[0]
