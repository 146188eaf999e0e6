"""Whatever stands in the file: a configuration, or problems with paths. Nothing else ever comes out."""

from __future__ import annotations

import copy
import datetime
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lined.config import from_tables, load
from lined.vocabulary.errors import Problem, SettingsError

EXAMPLE = tomllib.loads((Path(__file__).parents[2] / "config" / "lined.toml").read_text("utf-8"))
BASE = Path(tempfile.gettempdir())

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.sampled_from(sorted({*EXAMPLE, *EXAMPLE["line"], *EXAMPLE["device"][0], "gtin", "package"})) | texts
scalars = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
    st.sampled_from(["credential:x", "tcp://[::1", "serial:///dev/x", "asl-belgisi", "generic", "pack", "2026-01-01"]),
    st.datetimes(timezones=st.none() | st.just(datetime.UTC)),
    st.dates(),
    st.times(),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


def _problems(judging: Callable[[], object]) -> list[Problem]:
    """The problems, or a stand-in for none: what must not come out is an empty list, or another error."""
    try:
        judging()
    except SettingsError as error:
        return error.problems
    return [Problem("none", "right")]


def _judged(tables: dict[str, Any]) -> None:
    before = copy.deepcopy(tables)
    problems = _problems(lambda: from_tables(tables, BASE, secrets=False))
    assert problems
    assert all(problem.path and problem.message for problem in problems)
    assert repr(tables) == repr(before)


@given(st.dictionaries(keys, values, max_size=5))
def test_any_tables_are_judged(tables: dict[str, Any]) -> None:
    _judged(tables)


def _places(at: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    rows = at.items() if isinstance(at, dict) else enumerate(at) if isinstance(at, list) else ()
    return [found for key, value in rows for found in ((*place, key), *_places(value, (*place, key)))]


def _owner(tables: Any, place: tuple[str | int, ...]) -> Any:
    for part in place[:-1]:
        tables = tables[part]
    return tables


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_line_with_anything_changed_is_judged(data: st.DataObject) -> None:
    tables = copy.deepcopy(EXAMPLE)
    for _ in range(data.draw(st.integers(1, 4))):
        places = _places(tables)
        place = data.draw(st.sampled_from(places))
        owner = _owner(tables, place)
        match data.draw(st.sampled_from(["change", "remove", "add"])):
            case "change":
                owner[place[-1]] = data.draw(values)
            case "remove":
                del owner[place[-1]]
            case _ if isinstance(owner, dict):
                owner[data.draw(keys)] = data.draw(values)
            case _:
                owner.append(data.draw(values))
        if not tables:
            break
    _judged(tables)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_file_is_judged(content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        assert _problems(lambda: load(file.name))
