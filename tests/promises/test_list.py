"""The README's table of promises and the list of mutations belong together; the mutations themselves are run by
`python -m tests.promises`.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.harness.change import ROOT
from tests.promises import table
from tests.promises.every import MUTATIONS
from tests.promises.mutation import LINT_IMPORTS, Mutation
from tests.promises.tree import Tree
from tests.promises.trial import judged, unbroken

ROWS = {row.when: row for row in table.rows()}


def title(mutation: Mutation) -> str:
    return f"{mutation.row}: {mutation.broken}"


def test_every_row_of_the_table_is_broken_by_something_and_every_mutation_has_its_row() -> None:
    assert len(ROWS) > 20
    assert set(ROWS) == {mutation.row for mutation in MUTATIONS}


def test_no_two_have_one_name() -> None:
    assert len({title(mutation) for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=title)
def test_what_a_mutation_changes_is_there_once(mutation: Mutation) -> None:
    file = mutation.change.file
    changed = mutation.text()
    assert changed != _as_it_is(file)
    if file.endswith(".py"):
        compile(changed, file, "exec")  # broken, but a program


@functools.cache
def _as_it_is(file: str) -> str:
    """In the form that a change leaves a file in."""
    whole = (ROOT / file).read_text("utf-8")
    return ast.unparse(ast.parse(whole)) + "\n" if file.endswith(".py") else whole


@pytest.mark.parametrize("mutation", MUTATIONS, ids=title)
def test_its_proof_lies_within_those_that_its_row_names(mutation: Mutation) -> None:
    row = ROWS[mutation.row]
    outside = [proof for proof in mutation.tests or [mutation.proof] if not row.covers(proof)]
    assert outside == []


def test_every_proof_exists() -> None:
    named = {proof for row in ROWS.values() for proof in row.proofs} | {t for one in MUTATIONS for t in one.tests}
    for proof in named - {LINT_IMPORTS}:
        file, _, test = proof.partition("::")
        assert (ROOT / file).exists(), proof
        name = re.split(r"[\[:]", test)[0]
        assert not test or f"def {name}(" in (ROOT / file).read_text("utf-8"), proof


def test_every_row_names_a_proof() -> None:
    assert [row.when for row in ROWS.values() if not row.proofs] == []


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A tree with a program, drivers and two tests of their own."""
    for name, text in {
        "lined/__init__.py": "",
        "lined/cli.py": "def main() -> None:\n    pass\n",
        "drivers/__init__.py": "NUMBER = 1\n",
        "tests/test_small.py": (
            "import drivers\n\n\ndef test_number() -> None:\n    assert drivers.NUMBER == 1\n\n\n"
            "def test_nothing() -> None:\n    pass\n"
        ),
    }.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "source"


def _mutation(new: str, proof: str) -> Mutation:
    return Mutation("a row", "the number is another", "drivers/__init__.py::NUMBER", "1", new, proof)


@pytest.mark.parametrize(
    ("new", "test", "noticed"),
    [
        ("2", "test_number", True),
        ("2", "test_nothing", False),
        ("1  # the same", "test_number", False),
        ("1 / 0", "test_number", False),  # it cannot even be collected: pytest's exit code is not 1
        ("2", "test_none", False),
    ],
)
def test_only_a_test_that_fails_has_noticed(small: Path, tmp_path: Path, new: str, test: str, noticed: bool) -> None:
    tree = Tree.made(tmp_path / "copy", small)
    verdict = judged(tree, _mutation(new, f"tests/test_small.py::{test}"))
    assert verdict.noticed == noticed
    assert verdict.by.endswith("::test_number") == noticed
    assert (small / "drivers/__init__.py").read_text("utf-8") == "NUMBER = 1\n"
    tree.remove()
    assert not tree.root.exists()


def test_a_proof_that_fails_unbroken_is_told(small: Path, tmp_path: Path) -> None:
    tree = Tree.made(tmp_path / "copy", small)
    assert unbroken(tree, ["tests/test_small.py"]) == ""
    tree.write("drivers/__init__.py", "NUMBER = 2\n")
    assert "1 failed" in unbroken(tree, ["tests/test_small.py"])
    assert "exit code 4" in unbroken(tree, ["tests/none.py"])


def test_a_proof_that_takes_too_long_is_ended(small: Path, tmp_path: Path) -> None:
    tree = Tree.made(tmp_path / "copy", small)
    assert tree.run(["python", "-c", "import time; time.sleep(60)"], limit_s=0.5).code is None


def test_the_copy_is_what_its_programs_import(tmp_path: Path) -> None:
    tree = Tree.made(tmp_path / "copy")
    tree.write("lined/cli/__init__.py", "def main() -> None:\n    print('the copy')\n")
    for words in (["lined"], ["python", "-m", "lined"], ["python", "-P", "-c", "import lined.cli as c; c.main()"]):
        assert tree.run(words, limit_s=30).output == "the copy\n"
