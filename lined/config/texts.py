"""Sentences for what pydantic found, as people write the file: the path in TOML's words, what is wrong, what to
write.
"""

from __future__ import annotations

import datetime
import difflib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from lined.config.values import shown
from lined.vocabulary.errors import Problem

Place = tuple[str | int, ...]
"""Where a value stands: ("device", 1, "url")."""

KEYS_SHOWN = 12
PATH_SHOWN = 200
MESSAGE_SHOWN = 1_000
ARRAYS = {
    "device": "[[device]]",
    "station": "[[station]]",
    "product": "[[product]]",
    "package": "[[product.package]]",
    "notify": "[[notify]]",
}


def path_of(place: Place) -> str:
    """`("device", 1, "url")` as `device[1].url`; a key that TOML would want in quotes gets them."""
    path = ""
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            key = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part)
            path += f".{key}" if path else key
    return path


def problems_of(errors: Sequence[ErrorDetails], root: type[BaseModel]) -> list[Problem]:
    """A list that is too short only because an entry is wrong is one problem, not two. Of a table that is missing, each
    key that it must have is one: else its first line would only bring the next problems.
    """
    lists = {error["loc"][:-1] for error in errors if isinstance(error["loc"][-1], int)}
    told = [error for error in errors if not (error["type"] == "too_short" and error["loc"] in lists)]
    return [
        Problem(path_of(place), _message(error, root))
        for error in told
        for place in ([error["loc"]] if error["type"] != "missing" else _missing(error["loc"], root))
    ]


def _missing(place: Place, root: type[BaseModel]) -> list[Place]:
    """The place of a missing key, or of the keys that a missing table has to have."""
    field = next(field for name, field in _fields(root, place[:-1]).items() if (field.alias or name) == place[-1])
    try:
        table = _table_in(field.annotation)
    except TypeError:
        return [place]
    return [(*place, field.alias or name) for name, field in table.model_fields.items() if field.is_required()]


def _message(error: ErrorDetails, root: type[BaseModel]) -> str:
    kind, limits, found = error["type"], error.get("ctx", {}), error["input"]
    if kind == "value_error":
        return str(limits["error"])
    if kind == "extra_forbidden":
        return _unknown_key(error["loc"], root)
    if kind in {"tuple_type", "list_type"}:
        array = ARRAYS.get(str(error["loc"][-1]))
        wanted = f"is written as {array}, once for each" if array else "must be a list: [ … ]"
        return f"{wanted}; here it is {_kind(found)}"
    sentence = _SENTENCES.get(kind)
    if sentence is None:
        return error["msg"]
    return sentence.format(found=_kind(found), **limits)


_SENTENCES = {
    "missing": "is required: add it",
    "string_type": "must be text in quotes, not {found}",
    "string_unicode": "must be readable text",
    "string_too_long": "may have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number, not {found}",
    "int_from_float": "must be a whole number, not {found}",
    "float_type": "must be a number, not {found}",
    "finite_number": "must be a finite number, not {found}",
    "bool_type": "must be true or false, not {found}",
    "model_type": "must be a table, not {found}",
    "dict_type": "must be a table, not {found}",
    "literal_error": "must be {expected}, not {found}",
    "enum": "must be {expected}, not {found}",
    "greater_than": "must be more than {gt:g}, not {found}",
    "greater_than_equal": "must be at least {ge}, not {found}",
    "less_than": "is too large: {found}",
    "less_than_equal": "must be at most {le:g}, not {found}",
    "too_long": "may have at most {max_length} entries, and has {actual_length}",
    "too_short": "must have at least {min_length} entry",
}


def _kind(found: object) -> str:
    """A value in TOML's words."""
    match found:
        case bool():
            return "true" if found else "false"
        case str() | int() | float():
            return shown(found)
        case dict() | BaseModel():
            return "a table"
        case list() | tuple():
            return "a list"
        case datetime.date() | datetime.time():
            return f"the time {found.isoformat()} (write it in quotes where text is meant)"
        case _:
            return shown(found)


def _unknown_key(place: Place, root: type[BaseModel]) -> str:
    known = known_keys(root, place[:-1])
    close = difflib.get_close_matches(str(place[-1]), known, n=1)
    if close:
        return f"there is no such key; {close[0]} is close to it"
    listed = ", ".join(known) if len(known) <= KEYS_SHOWN else ", ".join(known[:KEYS_SHOWN]) + ", …"
    return f"there is no such key; here are known: {listed}"


def known_keys(root: type[BaseModel], place: Place) -> list[str]:
    """The keys of the table at `place`, as TOML writes them."""
    return [field.alias or name for name, field in _fields(root, place).items()]


def _fields(root: type[BaseModel], place: Place) -> dict[str, FieldInfo]:
    table: type[BaseModel] = root
    for part in place:
        if isinstance(part, str):
            names = {field.alias or name: field.annotation for name, field in table.model_fields.items()}
            table = _table_in(names[part])
    return table.model_fields


def _table_in(annotation: Any) -> type[BaseModel]:
    """The table's model inside `T`, `T | None` or `tuple[T, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
    raise TypeError(f"no table in {annotation}")


def readable(problem: Problem) -> Problem:
    """The problem as any terminal and log can show it, whatever the file's keys and values are made of."""
    return Problem(_printable(problem.path, PATH_SHOWN), _printable(problem.message, MESSAGE_SHOWN))


def _printable(text: str, most: int) -> str:
    short = text if len(text) <= most else text[: most - 1] + "…"
    return short if short.isprintable() else "".join(one if one.isprintable() else "\ufffd" for one in short)


def in_file_order(problems: Sequence[Problem], sections: Sequence[str]) -> list[Problem]:
    """Sections in the contract's order, entries by their number; otherwise as found. Each only once."""
    rank: Mapping[str, int] = {name: number for number, name in enumerate(sections)}

    def key(problem: Problem) -> tuple[int, list[int]]:
        section = re.split(r"[.\[]", problem.path, maxsplit=1)[0]
        return rank.get(section, len(rank)), [int(number) for number in re.findall(r"\[(\d+)\]", problem.path)]

    return sorted(dict.fromkeys(problems), key=key)
