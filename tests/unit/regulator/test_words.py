"""No word of a regulator stands outside its profile and its codec: what moves with the next text moves there alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.regulator.codec import FORMATS
from lined.regulator.methods import CALLS
from lined.regulator.models.base import Part
from lined.regulator.profiles import load_profile, profile_names

LINED = Path(__file__).parents[3] / "lined"
ELSEWHERE = ("regulator", "sandbox")  # the sandbox is the regulator's stand-in, and has read the text for itself
CAMEL = re.compile(r"[a-z]+(?:[A-Z][A-Za-z0-9]*)+")
WHOLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
# Words of our own interface too: what kinds of codes there are, and the levels of packages.
OURS = {"SSCC", "UNIT", "GROUP", "BOX_LV_1", "BOX_LV_2"}
OTHERWISE = {
    "codes/marking.py": {"GS1_AISTR_SHORT", "GS1_AISTR_ASYM_SHORT", "GS1_AISTR", "TOBACCO"},  # what a label may hold
    "codes/__init__.py": {"TOBACCO"},
    "vocabulary/facts/malformed.py": {"TOBACCO"},
    "vocabulary/verdicts.py": {"REJECTED"},  # what people are told; an order's state is spelled the same
    "cli/demo.py": {"VALIDATION"},  # asks the sandbox's books
}


def profile_words() -> Iterator[str]:
    for name in profile_names():
        profile = load_profile(name)
        for words in profile.statuses.model_dump().values():
            yield from words
        yield from profile.release.types
        yield from profile.codes.templates
        yield from (rules["document_type"] for rules in profile.reports.model_dump().values())
        yield from (method["path"] for method in profile.methods.model_dump().values())
        yield profile.credential.denied_code


def codec_words() -> Iterator[str]:
    """Names of members in whatever is written or read."""
    for format_ in FORMATS.values():
        yield from (name for name in (format_.codes_in, *format_.names.values()) if name != "codes")
    yield from (alias for alias in aliases() if CAMEL.fullmatch(alias))
    for path in (LINED / "regulator").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CAMEL.fullmatch(node.value):
                yield node.value


def aliases() -> Iterator[str]:
    """The text's names of members in whatever is asked or answered."""
    models: list[type[Part]] = [Part]
    for model in models:
        models += model.__subclasses__()
        yield from (info.alias or "" for info in model.model_fields.values())


WORDS = frozenset({*profile_words(), *codec_words()}) - OURS - {""}


def constants(tree: ast.Module) -> Iterator[ast.Constant]:
    """All but documentation."""
    texts = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            yield node


def attribute_texts(tree: ast.Module) -> set[int]:
    """Texts that stand behind an attribute to document it."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def spelled(tree: ast.Module) -> Iterator[tuple[int, str]]:
    documentation = attribute_texts(tree)
    for node in constants(tree):
        if id(node) not in documentation:
            assert isinstance(node.value, str)
            found = {*WHOLE.findall(node.value), node.value} & WORDS
            yield from ((node.lineno, word) for word in found)


def sources() -> list[Path]:
    return [path for path in sorted(LINED.rglob("*.py")) if path.relative_to(LINED).parts[0] not in ELSEWHERE]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(LINED)))
def test_no_other_file_spells_a_word_of_a_regulator(path: Path) -> None:
    name = str(path.relative_to(LINED))
    known = OTHERWISE.get(name, set())
    found = list(spelled(ast.parse(path.read_text("utf-8"))))
    assert [f"{name}:{line} {word}" for line, word in found if word not in known] == []
    assert known == {word for _, word in found}, f"{name} has no need of its exception any more"


def test_the_words_are_those_of_statuses_fields_types_and_paths() -> None:
    assert {"SUCCESS", "PARTIALLY_PROCESSED", "sntins", "UTILISATION", "/api/utilisation", "accessToken"} <= WORDS
    assert {"leftInBuffer", "aggregatedCustomsCode", "eventPaymentShortResponse", "hasNextPage"} <= WORDS
    assert len(CALLS) > 30 and len(WORDS) > 200
