"""One promise broken on purpose, as data: what is broken, how, and which test has to notice."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tests.harness.change import ROOT, Change

LINT_IMPORTS = "lint-imports"  # a proof that is a command, not a test


class Mutation(NamedTuple):
    """`row`: the first cell of its row in the README's table. `place`, `old`, `new`: the change. `proof`: ids of tests,
    separated by blanks, of which one has to fail, or LINT_IMPORTS.
    """

    row: str
    broken: str
    place: str
    old: str
    new: str
    proof: str

    @property
    def change(self) -> Change:
        return Change(self.place, self.old, self.new)

    @property
    def tests(self) -> list[str]:
        """Ids of tests; none where the proof is a command."""
        return [] if self.proof == LINT_IMPORTS else self.proof.split()

    def text(self, root: Path = ROOT) -> str:
        """The file's text with the promise broken. Raises ValueError where the place is not there exactly once."""
        return self.change.text(root)
