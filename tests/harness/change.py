"""One place of the program changed on purpose, anchored to a function and to the shape of its code.

`Change("lined/journal/writer.py::Writer._look_at_room", "free < self._floor_bytes", "False")`: layout, comments, quotes
and where in the function it stands do not matter. An anchor that is gone, or is there twice, is an error: what changes
nothing would prove nothing.
"""

from __future__ import annotations

import ast
import copy
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Change(NamedTuple):
    """`place`: a file, or `file::name`, qualified, of a function or a class in it, or of what it assigns. `old` and
    `new`: an expression each, or statements (`new` may be none). A lone string stands for that part of a longer one,
    where `new` is a string too. In a file that is not Python both are plain text.
    """

    place: str
    old: str
    new: str

    @property
    def file(self) -> str:
        return self.place.partition("::")[0]

    def text(self, root: Path = ROOT) -> str:
        """The file's text with the change made. Raises ValueError where `old` is not at its place exactly once."""
        whole = (root / self.file).read_text("utf-8")
        if self.file.endswith(".py"):
            return self._in_python(whole)
        self._once(whole.count(self.old))
        return whole.replace(self.old, self.new)

    def _in_python(self, whole: str) -> str:
        tree = ast.parse(whole)
        scope = self._scope(tree)
        old, new = _parsed(self.old), _parsed(self.new)
        if _text(old) is not None and _text(new) is not None:
            self._in_strings(scope, _text(old) or "", _text(new) or "")
        elif _expression(old) is not None and (_expression(new) is not None or not new):
            self._replace_expression(scope, old[0].value, new)  # type: ignore[attr-defined]
        else:
            self._replace_statements(scope, old, new)
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n"

    def _scope(self, tree: ast.Module) -> ast.AST:
        found: list[ast.AST] = [tree]
        for name in self.place.partition("::")[2].split("."):
            if name:
                found = [node for one in found for node in ast.iter_child_nodes(one) if name in _names(node)]
        if len(found) != 1:
            raise ValueError(f"{self.place} is there {len(found)} times")
        return found[0]

    def _in_strings(self, scope: ast.AST, old: str, new: str) -> None:
        strings = [node for node in ast.walk(scope) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        self._once(sum(str(node.value).count(old) for node in strings))
        for node in strings:
            node.value = str(node.value).replace(old, new)

    def _replace_expression(self, scope: ast.AST, old: ast.expr, new: list[ast.stmt]) -> None:
        value = new[0].value if new else ast.Constant(None)  # type: ignore[attr-defined]
        places: list[tuple[ast.AST, str, int | None]] = []
        for node in ast.walk(scope):
            for name, child in ast.iter_fields(node):
                if isinstance(child, list):
                    places += [(node, name, at) for at, one in enumerate(child) if _same(one, old)]
                elif _same(child, old):
                    places.append((node, name, None))
        self._once(len(places))
        node, name, at = places[0]
        if at is None:
            setattr(node, name, value)
        else:
            getattr(node, name)[at] = value

    def _replace_statements(self, scope: ast.AST, old: list[ast.stmt], new: list[ast.stmt]) -> None:
        places = []
        for node in ast.walk(scope):
            for _, child in ast.iter_fields(node):
                if isinstance(child, list):
                    ends = range(len(old), len(child) + 1)
                    places += [(child, end - len(old)) for end in ends if _all_same(child[end - len(old) : end], old)]
        self._once(len(places))
        body, at = places[0]
        body[at : at + len(old)] = copy.deepcopy(new) or [ast.Pass()]

    def _once(self, times: int) -> None:
        if times != 1:
            raise ValueError(f"{self.place} holds {times} times: {self.old}")


def _parsed(code: str) -> list[ast.stmt]:
    return ast.parse(textwrap.dedent(code).strip()).body


def _expression(code: list[ast.stmt]) -> ast.expr | None:
    return code[0].value if len(code) == 1 and isinstance(code[0], ast.Expr) else None


def _text(code: list[ast.stmt]) -> str | None:
    found = _expression(code)
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else None


def _names(node: ast.AST) -> set[str]:
    """What a statement defines or assigns."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    names = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return {one.id for one in names if isinstance(one, ast.Name)}


def _same(one: object, other: ast.AST) -> bool:
    return isinstance(one, ast.AST) and type(one) is type(other) and ast.dump(one) == ast.dump(other)


def _all_same(some: list[object], others: list[ast.stmt]) -> bool:
    return all(_same(one, other) for one, other in zip(some, others, strict=True))
