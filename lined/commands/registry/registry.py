"""The registry: every command there is, and bodies judged by it."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from lined import commands
from lined.commands.registry.command import DECLARED, Body, Command, Source
from lined.vocabulary.errors import Invalid, NotFound, Problem, Unreadable, clause
from lined.vocabulary.facts import Fact, FieldFact

PROBLEMS_MAX = 20  # named in one refusal
READING = ("jobs", "reports", "packages", "codes", "plc")
"""The files of commands that people read first; any other comes after them."""
NOT_JSON = "The body is not JSON; where there is nothing to say, send {}."

_FACTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "enum": lambda ctx: Fact(FieldFact.MUST_BE, expected=str(ctx["expected"])),
    "extra_forbidden": lambda _: Fact(FieldFact.UNKNOWN),
    "value_error": lambda ctx: clause(ctx["error"]),
    "missing": lambda _: Fact(FieldFact.REQUIRED),
    "model_attributes_type": lambda _: Fact(FieldFact.JSON_OBJECT),
    "model_type": lambda _: Fact(FieldFact.JSON_OBJECT),
    "string_type": lambda _: Fact(FieldFact.TEXT_IN_QUOTES),
    "string_unicode": lambda _: Fact(FieldFact.HALF_CHARACTER),
    "bool_type": lambda _: Fact(FieldFact.TRUE_OR_FALSE),
    "int_type": lambda _: Fact(FieldFact.WHOLE_NUMBER),
    "int_parsing": lambda _: Fact(FieldFact.WHOLE_NUMBER),
    "int_from_float": lambda _: Fact(FieldFact.WHOLE_NUMBER),
    "string_too_short": lambda _: Fact(FieldFact.NOT_EMPTY),
    "string_too_long": lambda ctx: Fact(FieldFact.CHARACTERS, n=int(ctx["max_length"])),
    "too_long": lambda ctx: Fact(FieldFact.ITEMS, n=int(ctx["max_length"])),
    "literal_error": lambda ctx: Fact(FieldFact.MUST_BE, expected=str(ctx["expected"])),
    "greater_than_equal": lambda ctx: Fact(FieldFact.AT_LEAST, n=int(ctx["ge"])),
    "less_than_equal": lambda ctx: Fact(FieldFact.AT_MOST, n=int(ctx["le"])),
}
"""Kinds of pydantic's findings as facts."""

_loaded: list[bool] = []
_in_order: dict[str, Command] = {}


def every() -> dict[str, Command]:
    """All commands, by name, in the order of READING."""
    if not _loaded:
        for found in pkgutil.iter_modules(commands.__path__):
            if not found.ispkg:
                importlib.import_module(f"{commands.__name__}.{found.name}")
        _loaded.append(True)
    if _in_order.keys() != DECLARED.keys():
        _in_order.clear()
        _in_order.update((one.name, one) for one in sorted(DECLARED.values(), key=_place))
    return _in_order


def _place(command: Command) -> tuple[int, str, int]:
    module = command.handler.__module__.rpartition(".")[2]
    known = READING.index(module) if module in READING else len(READING)
    return known, module, command.handler.__code__.co_firstlineno


def from_source(source: Source) -> dict[str, Command]:
    """Those that may come from there."""
    return {name: one for name, one in every().items() if source in one.sources}


def get(name: str) -> Command:
    """Raises KeyError."""
    return every()[name]


def path_of(name: str, subject: object = "") -> str:
    """The path of a command over HTTP, about a subject where it has one. Raises KeyError."""
    return get(name).path_of(quote(str(subject), safe=""))


def read_json(raw: bytes) -> Any:
    """What a body says. Raises Unreadable: no JSON in UTF-8, or nothing said."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unreadable("not-json", NOT_JSON) from None
    if value is None:
        raise Unreadable("not-json", NOT_JSON)
    return value


def accepted(name: str, value: Any, source: Source | None = None) -> tuple[Command, Body]:
    """The command and its body, if it may come from there (None: from anywhere). Raises NotFound, Invalid."""
    known = every() if source is None else from_source(source)
    if name not in known:
        raise NotFound("unknown-command", f"There is no such command (there are {', '.join(known)}).")
    try:
        body = known[name].body_from(source).model_validate(value)
    except ValidationError as error:
        raise wrong_values(problems_in(error.errors())) from None
    return known[name], body


def problems_in(errors: Iterable[Mapping[str, Any]], skipped: int = 0) -> list[Problem]:
    """What a model found, each with its place below the first `skipped` steps. The value is never repeated: it may be a
    code.
    """
    return [_problem(one, skipped) for one in errors][:PROBLEMS_MAX]


def wrong_values(problems: list[Problem]) -> Invalid:
    return Invalid("wrong-values", "; ".join(f"{one.path}: {one.message}" for one in problems), problems)


def _problem(one: Mapping[str, Any], skipped: int) -> Problem:
    steps = [str(part).encode("utf-8", "replace").decode()[:50] for part in one["loc"]]
    place = ".".join(steps[skipped:]) or (steps[0] if steps else "body")
    fact = _FACTS.get(one["type"])
    return Problem(place, fact(one.get("ctx", {})) if fact is not None else str(one["msg"]))
