"""Running a proof against a copy of the tree, and what that tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.promises.mutation import LINT_IMPORTS, Mutation
from tests.promises.tree import Ended, Tree

LIMIT_S = 480.0  # for one mutation
UNBROKEN_S = 900.0  # for all the tests of a row, unbroken
PYTEST = ("python", "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", "-m", "slow or not slow")
FAILED = 1  # pytest's exit code for tests that failed; 2 to 5 are about pytest itself
SHOWN_LINES = 15


class Verdict(NamedTuple):
    """`by`: what failed; `why`: what else there is to say."""

    noticed: bool
    by: str = ""
    why: str = ""


def unbroken(tree: Tree, proofs: Iterable[str]) -> str:
    """What is wrong with these proofs where nothing is broken; empty: all of them pass."""
    tests = [proof for proof in proofs if proof != LINT_IMPORTS]
    if LINT_IMPORTS in proofs:
        ended = tree.run([LINT_IMPORTS, "--no-cache"], UNBROKEN_S)
        if ended.code != 0:
            return _told(ended)
    if tests:
        ended = tree.run(_pytest(tree, tests), UNBROKEN_S)
        if ended.code != 0 or not re.search(r"\b[1-9]\d* passed\b", ended.output):
            return _told(ended)
    return ""


def judged(tree: Tree, mutation: Mutation) -> Verdict:
    """Break the promise in this copy and run its proof."""
    tree.write(mutation.change.file, mutation.text(tree.root))
    if mutation.proof == LINT_IMPORTS:
        ended = tree.run([LINT_IMPORTS, "--no-cache"], LIMIT_S)
        failed = re.findall(r"^(.+) BROKEN", ended.output, re.MULTILINE)
    else:
        ended = tree.run(_pytest(tree, ["-x", *mutation.tests]), LIMIT_S)
        failed = re.findall(r"^FAILED (.+?)(?: - .*)?$", ended.output, re.MULTILINE)
    if ended.code == FAILED and failed:
        return Verdict(True, by=failed[0])
    if ended.code == 0:
        return Verdict(False)
    return Verdict(False, why=_told(ended))


def _pytest(tree: Tree, words: Sequence[str]) -> list[str]:
    return [*PYTEST, f"--basetemp={tree.leavings}", *words]


def _told(ended: Ended) -> str:
    if ended.code is None:
        return "it took too long and was ended"
    return f"exit code {ended.code}\n" + "\n".join(ended.output.splitlines()[-SHOWN_LINES:])
