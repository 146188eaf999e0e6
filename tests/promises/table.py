"""The README's table of promises: its rows, and what each names as its proof."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.harness.change import ROOT
from tests.promises.mutation import LINT_IMPORTS

_HEAD = "| when | what happens | proof |"


class Row(NamedTuple):
    """`proofs`: files and folders of tests, ids of tests, or LINT_IMPORTS."""

    when: str
    proofs: tuple[str, ...]

    def covers(self, proof: str) -> bool:
        """Whether this proof, an id of a test or a command, is one that the row names or lies within it."""
        return any(proof == own or proof.startswith((f"{own}/", f"{own}::", f"{own}[")) for own in self.proofs)


def rows() -> list[Row]:
    """In the order of the README."""
    text = (ROOT / "README.md").read_text("utf-8").split(_HEAD)[1]
    found = []
    for line in text.splitlines()[2:]:
        if not line.startswith("|"):
            break
        when, _, proof = (cell.strip() for cell in line.strip("|").split(" | "))
        named = re.findall(rf"`(tests/[^`]+|{LINT_IMPORTS})`", proof)
        found.append(Row(when, tuple(named)))
    return found
