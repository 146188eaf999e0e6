"""Every field of the configuration, fed with everything that is wrong: an error with its place, or a bounded value.

The fields are those of the models, so a new one is covered without a new test.
"""

from __future__ import annotations

import copy
import datetime
import itertools
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from drivers.parts.generic_options import OPTIONS
from lined.config import Config, from_tables, load
from lined.vocabulary.errors import SettingsError
from tests.monsters import TEXTS

EXAMPLE = Path(__file__).parents[2] / "config" / "lined.toml"
MESSAGE_CHARACTERS = 2_000
TEXT_BYTES = 1_000  # of what is accepted: no setting is longer

Place = tuple[str | int, ...]


def nested(depth: int, *, table: bool = False) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value} if table else [value]
    return value


ZONES = [datetime.timezone(datetime.timedelta(hours=sign * 23, minutes=sign * 59)) for sign in (1, -1)]
MONSTERS: dict[str, Any] = {
    **TEXTS,
    "half a pair": "bad \ud800",
    "the other half": "\udc00",
    "true": True,
    "false": False,
    "zero": 0,
    "minus one": -1,
    "number 2^63": 2**63,
    "number -2^63-1": -(2**63) - 1,
    "number of 4,000 digits": 10**4_000,
    "number of 5,000 digits": 10**5_000,
    "number 1e400": float("inf"),
    "number -1e400": float("-inf"),
    "number NaN": float("nan"),
    "number 1e308": 1e308,
    "number 5e-324": 5e-324,
    **{f"year {year}, {zone}": datetime.datetime(year, 1, 1, tzinfo=zone) for year in (1, 9999) for zone in ZONES},
    "a day": datetime.date(9999, 12, 31),
    "a time": datetime.time(23, 59, 59),
    "empty list": [],
    "empty table": {},
    "list": ["\ud800", 1, {"\ud800": "\ud800"}],
    "table": {"\ud800": ["\ud800"], "x" * 100_000: 1},
    "deep list": nested(400),
    "deep table": nested(400, table=True),
    "long list": ["x"] * 10_000,
    "long list of tables": [{}] * 1_000,
}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def fields(model: type[BaseModel], place: Place = ()) -> Iterator[Place]:
    """The place of each field, tables and lists of tables included, as the example file numbers them."""
    for name, field in model.model_fields.items():
        here = (*place, field.alias or name)
        yield here
        for table in models_in(field.annotation):
            listed = any(get_origin(part) is tuple for part in (field.annotation, *get_args(field.annotation)))
            yield from fields(table, (*here, 0) if listed else here)


FIELDS = [*fields(Config), *(("device", 0, "options", name) for name in sorted(OPTIONS))]


def example() -> dict[str, Any]:
    tables: dict[str, Any] = tomllib.loads(EXAMPLE.read_text("utf-8"))
    return tables


def with_value(tables: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    at: Any = tables
    for part, following in itertools.pairwise(place):
        at = at[part] if isinstance(part, int) else at.setdefault(part, [{}] if isinstance(following, int) else {})
    at[place[-1]] = value
    return tables


def longest(value: Any) -> int:
    if isinstance(value, BaseModel):
        return max((longest(getattr(value, name)) for name in type(value).model_fields), default=0)
    if isinstance(value, dict):
        return max((max(longest(key), longest(one)) for key, one in value.items()), default=0)
    if isinstance(value, list | tuple):
        return max(map(longest, value), default=0)
    return len(str(value))


def judged(tables: dict[str, Any], folder: Path) -> Config | SettingsError:
    try:
        return from_tables(tables, folder, secrets=False)
    except SettingsError as caught:
        return caught


def path_text(place: Place) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


NAMED_BY = {"device": "station", "product": "printer", "station": "printer"}  # where a name of it is missed


def test_the_fields_are_all_there() -> None:
    assert len(FIELDS) > 100
    assert {("product", 0, "package", 0, "capacity"), ("mqtt", "topics"), ("notify", 0, "kinds")} <= set(FIELDS)


@pytest.mark.parametrize("place", FIELDS, ids=path_text)
def test_a_field_takes_every_monster_or_names_it(place: Place, tmp_path: Path) -> None:
    for name, monster in MONSTERS.items():
        found = judged(with_value(example(), place, copy.deepcopy(monster)), tmp_path)
        if isinstance(found, Config):
            assert longest(found) <= TEXT_BYTES, name
            continue
        assert found.problems, name
        for problem in found.problems:
            assert problem.message, name
            assert len(problem.path) + len(problem.message) <= MESSAGE_CHARACTERS, name
            problem.message.encode()
            problem.path.encode()
        told = (str(place[0]), NAMED_BY.get(str(place[0]), str(place[0])))
        assert any(problem.path.startswith(told) for problem in found.problems), (name, found)


@pytest.mark.parametrize("name", ["long", "lines", "controls", "number of 4,000 digits", "deep list"])
def test_a_key_that_nobody_knows_is_named_shortly(name: str, tmp_path: Path) -> None:
    key = str(MONSTERS[name]) if name != "number of 4,000 digits" else "9" * 4_000
    for tables in ({key: 1}, {**example(), key: {key: key}}, {"line": {"id": "a", key: key}}, {"device": [{key: 1}]}):
        found = judged(tables, tmp_path)
        assert isinstance(found, SettingsError)
        assert all(len(one.path) + len(one.message) <= MESSAGE_CHARACTERS for one in found.problems)
        str(found).encode()


def toml(value: Any) -> str | None:
    """The value as TOML writes it; None where TOML has no words for it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            text = json.dumps(value).replace("\x7f", "\\u007f")
            return text if value.isprintable() and value.isascii() and len(value) < 500_000 else None
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case float():
            return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(repr(value), repr(value))
        case int():
            return str(value) if abs(value) < 10**4_000 else "9" * 5_000
        case list():
            inner = [toml(one) for one in value[:1_000]] if not value or value[0] != [1] else None
            return None if inner is None or None in inner else f"[{', '.join(map(str, inner))}]"
    return None


@pytest.mark.parametrize("name", [name for name, value in MONSTERS.items() if toml(value) is not None])
def test_a_file_with_a_monster_in_it_is_an_error_with_its_place(name: str, tmp_path: Path) -> None:
    file = tmp_path / "lined.toml"
    for line in ("id = {}", '"{}" = 1', "{} = {}"):
        text = str(toml(MONSTERS[name]))
        file.write_text(f"[line]\n{line.format(text, text)}\n", "utf-8")
        with pytest.raises(SettingsError) as caught:
            load(file)
        assert all(len(one.path) + len(one.message) <= MESSAGE_CHARACTERS for one in caught.value.problems)
