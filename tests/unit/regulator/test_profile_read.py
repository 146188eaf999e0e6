"""Every key of the profile has a reader: what nothing listens to would be a promise that changing it does something."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from lined.regulator.methods import CALLS
from lined.regulator.profile import Dictionaries, Limits, Methods, Profile, Reports
from lined.vocabulary.reports import ReportKind

LINED = Path(__file__).parents[3] / "lined"
HOME = LINED / "regulator" / "profile.py"


def models(model: type[BaseModel] = Profile, name: str = "profile") -> Iterator[tuple[str, type[BaseModel]]]:
    """Each table of the profile with the name of the field that holds it, or several of it."""
    yield name, model
    for field, info in model.model_fields.items():
        for inner in (info.annotation, *get_args(info.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from models(inner, field)


TABLES = {model: name for name, model in models() if model not in (Methods, Reports, Dictionaries)}
KEYS = [(model, field) for model in TABLES for field in model.model_fields]


@functools.cache
def trees() -> dict[Path, ast.Module]:
    sandbox = LINED / "sandbox"
    return {path: ast.parse(path.read_text("utf-8")) for path in LINED.rglob("*.py") if sandbox not in path.parents}


def last(node: ast.AST | None) -> str:
    """The name that an expression ends with: `self.profile.limits` is `limits`, and `methods[x]` is `methods`."""
    if isinstance(node, ast.Subscript):
        return last(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr.lstrip("_")
    return node.id.lstrip("_") if isinstance(node, ast.Name) else ""


@functools.cache
def names_of(model: type[BaseModel]) -> frozenset[str]:
    """What values of this table are called: as in the profile, as parameters of its type, as variables of one."""
    places = {name for name, found in models() if found is model}
    if model.__name__ == "Method":
        places |= {"methods"}
    if model.__name__ == "ReportRules":
        places |= {"reports"}
    names = set(places)
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.arg | ast.AnnAssign) and last(node.annotation) == model.__name__:
                names.add(node.arg if isinstance(node, ast.arg) else last(node.target))
            elif isinstance(node, ast.Assign) and last(node.value) in places:
                names |= {last(target) for target in node.targets}
            elif isinstance(node, ast.comprehension) and any(last(inner) in places for inner in ast.walk(node.iter)):
                names |= {last(inner) for inner in ast.walk(node.target) if isinstance(inner, ast.Name)}
    return frozenset(names - {""})


def by_name() -> Iterator[str]:
    """The limits that the table of methods names. Dictionaries are named by models: test_methods."""
    for call in CALLS.values():
        yield from call.most.values()
        if call.paging is not None:
            yield call.paging.limit


NAMED_LIMITS = frozenset(by_name())


def is_read(model: type[BaseModel], field: str) -> bool:
    if model is Limits and field in NAMED_LIMITS:
        return True
    names = names_of(model)
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == field
        and isinstance(node.ctx, ast.Load)
        and (last(node.value) in names or (path == HOME and last(node.value) == "self" and field in HOME_READS[model]))
        for path, tree in trees().items()
        for node in ast.walk(tree)
    )


def home_reads() -> dict[type[BaseModel], set[str]]:
    """What the methods of each table read of it, where the method itself is used by another file."""
    found: dict[type[BaseModel], set[str]] = {model: set() for _, model in models()}
    by_name = {model.__name__: model for model in found}
    used = {
        node.attr
        for path, tree in trees().items()
        if path != HOME
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    home = {node.name: node for node in ast.walk(trees()[HOME]) if isinstance(node, ast.FunctionDef)}
    inner = {one.attr for name in used & home.keys() for one in ast.walk(home[name]) if isinstance(one, ast.Attribute)}
    used |= inner  # a method that another one uses
    for node in trees()[HOME].body:
        for method in node.body if isinstance(node, ast.ClassDef) and node.name in by_name else []:
            if isinstance(method, ast.FunctionDef) and method.name in used:
                assert isinstance(node, ast.ClassDef)
                found[by_name[node.name]] |= {one.attr for one in ast.walk(method) if isinstance(one, ast.Attribute)}
    return found


HOME_READS = home_reads()


@pytest.mark.parametrize(("model", "field"), KEYS, ids=[f"{TABLES[model]}.{field}" for model, field in KEYS])
def test_the_key_has_a_reader(model: type[BaseModel], field: str) -> None:
    assert is_read(model, field), (
        f"nothing reads {TABLES[model]}.{field} of the profile: strike it, or give it a reader"
    )


@pytest.mark.parametrize("name", Methods.model_fields)
def test_the_method_is_called(name: str) -> None:
    """By its name, or as the one of a kind of report."""
    regulator = [tree for path, tree in trees().items() if path.parent == HOME.parent and path != HOME]
    literals = {node.value for tree in regulator for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert name in literals or name in set(ReportKind)


def test_there_are_rules_for_each_kind_of_report() -> None:
    assert set(Reports.model_fields) == set(ReportKind) <= set(Methods.model_fields)


def test_what_is_not_read_would_be_found() -> None:
    assert not is_read(Profile, "extends")
    for model in TABLES:
        assert not is_read(model, "nobody_reads_this")
