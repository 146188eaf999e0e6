"""Profiles: found by name or file, what the configuration overrides put over them, and checked as a whole.

A profile is a TOML file beside this module, or one of the user's. One that `extends` another says only what differs. It
guarantees that what is in it is known, complete and of the right kind, and that whatever is wrong is told with its
place; it knows nothing of HTTP.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lined.regulator.profile import Profile
from lined.vocabulary.errors import Problem, SettingsError

MAX_BYTES = 200_000  # some twenty times a profile
Keys = tuple[str, ...]
"""Where a value stands in a profile: ("limits", "search_page")."""


def profile_names() -> list[str]:
    """The profiles that come with this package."""
    files = resources.files(__package__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def is_file(name: str) -> bool:
    """Whether a profile's name is that of a file of the user's."""
    return "/" in name or name.endswith(".toml")


def load_profile(
    name: str, limits: Mapping[str, Any] | None = None, overrides: Mapping[str, Any] | None = None
) -> Profile:
    """The profile of that name or file, with single keys overridden. Raises SettingsError with every problem."""
    tables = profile_tables(name)
    places: dict[Keys, str] = {}
    for keys, value in flat(overrides or {}):
        _put(tables, keys, value, f"regulator.overrides.{'.'.join(keys)}")
        places[keys] = f"regulator.overrides.{'.'.join(keys)}"
    for limit, value in (limits or {}).items():
        _put(tables, ("limits", limit), value, f"regulator.limits.{limit}")
        places[("limits", limit)] = f"regulator.limits.{limit}"
    return checked(tables, name, places)


def profile_tables(name: str) -> dict[str, Any]:
    """The tables of a profile as they stand in its file, put over those that it extends. Raises SettingsError."""
    if not is_file(name):
        if name not in profile_names():
            known = ", ".join(profile_names())
            message = f"unknown; known are {known}, and files of your own such as ./my.toml"
            raise SettingsError([Problem("regulator.profile", message)])
        return tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))
    own = _read(Path(name))
    about = own.get("profile")
    base = about.pop("extends", None) if isinstance(about, dict) else None
    if base is None:
        return own
    if not isinstance(base, str) or base not in profile_names():
        raise SettingsError([Problem(f"{name}: profile.extends", f"must be one of {', '.join(profile_names())}")])
    tables = profile_tables(base)
    for keys, value in flat(own):
        _put(tables, keys, value, f"{name}: {'.'.join(keys)}")
    return tables


def checked(tables: Mapping[str, Any], name: str, places: Mapping[Keys, str] | None = None) -> Profile:
    """A profile of these tables. Raises SettingsError: each problem where its value came from (`places`), else where it
    stands in the profile.
    """
    try:
        return Profile.model_validate(tables)
    except ValidationError as error:
        found = [_problem(detail, name, places or {}) for detail in error.errors(include_url=False)]
        raise SettingsError(sorted(found, key=lambda problem: problem.path.startswith(name))) from None


def entries(profile: Profile) -> dict[str, object]:
    """Every key of the profile with its value, as it would be overridden."""
    return {".".join(keys): value for keys, value in flat(profile.model_dump(by_alias=True))}


def differences(one: Profile, other: Profile) -> list[tuple[str, object, object]]:
    """The keys in which the second differs from the first, with both values; None: it has no such key."""
    before, after = entries(one), entries(other)
    return [
        (key, before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def origin_of(profile: Profile) -> Profile | None:
    """The shipped profile of that name, which this one may differ from; None where there is none."""
    return load_profile(profile.about.name) if profile.about.name in profile_names() else None


def flat(tables: Mapping[str, Any], before: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Each value with the keys that lead to it, whether they are written as tables or with dots in between."""
    for key, value in tables.items():
        keys = (*before, *key.split("."))
        if isinstance(value, Mapping) and value:
            yield from flat(value, keys)
        else:
            yield keys, value


def _put(tables: dict[str, Any], keys: Keys, value: Any, place: str) -> None:
    """Raises SettingsError where what leads there is no table."""
    for key in keys[:-1]:
        below = tables.setdefault(key, {})
        if not isinstance(below, dict):
            raise SettingsError([Problem(place, f"there is nothing below {key}, which is a value")])
        tables = below
    if value != {} or not isinstance(tables.get(keys[-1]), dict):  # an empty table takes nothing away
        tables[keys[-1]] = value


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise SettingsError([Problem(str(file), f"is larger than {MAX_BYTES} bytes: this is no profile")])
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError([Problem(str(file), f"cannot be read: {error.strerror or error}")]) from None
    except RecursionError:
        raise SettingsError([Problem(str(file), "is nested too deeply")]) from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise SettingsError([Problem(str(file), f"is not TOML in UTF-8: {error}")]) from None


def _problem(detail: ErrorDetails, name: str, places: Mapping[Keys, str]) -> Problem:
    at = detail["ctx"]["at"].split(".") if detail["type"] == "misfit" else []
    keys = tuple(str(part) for part in (*detail["loc"], *at))
    return Problem(_place(keys, name, places), _message(detail, keys))


def _place(keys: Keys, name: str, places: Mapping[Keys, str]) -> str:
    """Of what is overridden where it is overridden: the value, a table above it, or what that table lacks."""
    above = [known for known in places if known == keys[: len(known)]]
    if above:
        return places[max(above, key=len)]
    beside = any(known[: len(keys)] == keys or known[:2] == keys[:2] for known in places)
    return f"regulator.overrides.{'.'.join(keys)}" if beside else f"{name}: {'.'.join(keys)}"


def _message(detail: ErrorDetails, keys: Keys) -> str:
    match detail["type"]:
        case "extra_forbidden":
            known = _known(keys[:-1])
            close = difflib.get_close_matches(keys[-1], known, n=1)
            hint = f"{close[0]} is close to it" if close else f"there are: {', '.join(known)}"
            return f"a profile has no such key; {hint}"
        case "missing":
            return "is required: add it"
        case "misfit":
            return detail["msg"]
        case _:
            return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, not {detail['input']!r:.60}"


def _known(keys: Keys) -> list[str]:
    """The keys of a profile's table."""
    table: type[BaseModel] = Profile
    for key in keys:
        fields = {field.alias or name: field.annotation for name, field in table.model_fields.items()}
        inner = fields.get(key)
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        table = inner
    return [field.alias or name for name, field in table.model_fields.items()]
