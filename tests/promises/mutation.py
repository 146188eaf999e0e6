"""One promise broken on purpose, as data: what is broken, how, and which test has to notice."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = "lint-imports"  # a proof that is a command, not a test


class Mutation(NamedTuple):
    """`row`: the first cell of its row in the README's table. `proof`: ids of tests, separated by blanks, of which one
    has to fail, or LINT_IMPORTS. `old` stands exactly once in `file`.
    """

    row: str
    broken: str
    file: str
    old: str
    new: str
    proof: str

    @property
    def tests(self) -> list[str]:
        """Ids of tests; none where the proof is a command."""
        return [] if self.proof == LINT_IMPORTS else self.proof.split()

    def text(self, root: Path) -> str:
        """The file's text with the promise broken. Raises ValueError where `old` is not there exactly once."""
        whole = (root / self.file).read_text("utf-8")
        if whole.count(self.old) != 1:
            raise ValueError(f"{self.file} holds {whole.count(self.old)} times: {self.old}")
        return whole.replace(self.old, self.new)
