"""Contract profiles: what a regulator's text says today, as data with the version of the text it was read from.

A profile is a TOML file beside this module. It guarantees that names in it are known and complete; it knows nothing of
HTTP or of what we do with its numbers. Only `limits` can be changed by the configuration.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from types import MappingProxyType
from typing import Any

from lined.vocabulary.errors import Problem, SettingsError


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the API. `limited`: counts against requests_per_minute; `business`: closed to technical users;
    `role`: what the user needs for it, in the regulator's words.
    """

    verb: str
    path: str
    limited: bool = False
    business: bool = False
    role: str = ""


@dataclass(frozen=True, slots=True)
class ReportKind:
    """How one kind of report is sent. `form` is "full" or "identification"; `document_type` is None where the
    regulator's dictionary has no type for it, so that it can only be searched without one.
    """

    method: Method
    document_type: str | None
    answer_id: str
    form: str
    envelope: bool
    codes_at: tuple[str, ...]
    group_in_query: bool = False


@dataclass(frozen=True, slots=True)
class ProductGroup:
    """`demands`: the fields of a utilisation report without which this group's are refused."""

    id: int
    demands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Release:
    types: tuple[str, ...]
    home_country: str
    home: str
    foreign: str
    no_country: str


@dataclass(frozen=True, slots=True)
class Statuses:
    """Of documents, of codes in a document (`code_…`), and of codes that count as applied (`applied`)."""

    pending: frozenset[str]
    final: frozenset[str]
    succeeded: frozenset[str]
    partial: frozenset[str]
    refused: frozenset[str]
    code_accepted: frozenset[str]
    code_refused: frozenset[str]
    applied: frozenset[str]


@dataclass(frozen=True, slots=True)
class CredentialRules:
    """How a dead token shows in an answer that says `denied_code`, and how long tokens live."""

    denied_code: str
    dead_token: tuple[str, ...]
    token_life_s: int
    refresh_life_s: int


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    version: str
    texts: tuple[str, ...]
    limits: Mapping[str, int]
    methods: Mapping[str, Method]
    reports: Mapping[str, ReportKind]
    statuses: Statuses
    groups: Mapping[str, ProductGroup]
    release: Release
    templates: tuple[str, ...]
    station_templates: tuple[str, ...]
    package_levels: tuple[str, ...]
    print_quality: tuple[str, ...]
    errors: Mapping[str, str]
    credential: CredentialRules
    countries: frozenset[str]
    documents_without_type: frozenset[str] = field(default_factory=frozenset)

    def with_limits(self, overrides: Mapping[str, int]) -> Profile:
        """The same profile with these limits; raises SettingsError for unknown names and values that are no limit."""
        problems = []
        for name, value in overrides.items():
            path = f"regulator.limits.{name}"
            if name not in self.limits:
                problems.append(Problem(path, f"unknown limit; known are {', '.join(sorted(self.limits))}"))
            elif isinstance(value, bool) or not isinstance(value, int) or value < 1:
                problems.append(Problem(path, f"must be a whole number of at least 1, not {value!r}"))
        if problems:
            raise SettingsError(problems)
        return replace(self, limits=MappingProxyType({**self.limits, **overrides}))

    def release_problem(self, release_type: str, country: str) -> str | None:
        """Why this country cannot go with this release type; None where it can. The country's own card is not known."""
        if release_type not in self.release.types:
            return f"unknown release type; known are {', '.join(self.release.types)}"
        home = country.upper() == self.release.home_country
        if home and release_type != self.release.home:
            return f"country {self.release.home_country} goes with {self.release.home}, not with {release_type}"
        if not home and release_type == self.release.home:
            return f"{release_type} goes with country {self.release.home_country}; {country} is {self.release.foreign}"
        return None


def profile_names() -> list[str]:
    """The profiles that come with this package."""
    files = resources.files(__package__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_profile(name: str, limits: Mapping[str, int] | None = None) -> Profile:
    """The profile of that name, with the limits overridden. Raises SettingsError: unknown profile or limit."""
    if name not in profile_names():
        raise SettingsError([Problem("regulator.profile", f"unknown; known are {', '.join(profile_names())}")])
    table = tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))
    return _profile(table).with_limits(limits or {})


def _profile(table: dict[str, Any]) -> Profile:
    methods = {name: Method(**row) for name, row in table["methods"].items()}
    reports = {name: _report_kind(methods[name], row) for name, row in table["reports"].items()}
    codes = table["codes"]
    return Profile(
        name=table["profile"]["name"],
        version=table["profile"]["version"],
        texts=tuple(table["profile"]["texts"]),
        limits=MappingProxyType(table["limits"]),
        methods=MappingProxyType(methods),
        reports=MappingProxyType(reports),
        statuses=Statuses(**{name: frozenset(words) for name, words in table["statuses"].items()}),
        groups=MappingProxyType({name: _group(row) for name, row in table["groups"].items()}),
        release=Release(**{**table["release"], "types": tuple(table["release"]["types"])}),
        templates=tuple(codes["templates"]),
        station_templates=tuple(name for name in codes["templates"] if name not in codes["not_at_stations"]),
        package_levels=tuple(codes["package_levels"]),
        print_quality=tuple(codes["print_quality"]),
        errors=MappingProxyType(table["errors"]),
        credential=CredentialRules(**{**table["credential"], "dead_token": tuple(table["credential"]["dead_token"])}),
        countries=frozenset(table["countries"]["codes"]),
        documents_without_type=frozenset(name for name, kind in reports.items() if kind.document_type is None),
    )


def _report_kind(method: Method, row: dict[str, Any]) -> ReportKind:
    return ReportKind(
        method=method,
        document_type=row["document_type"] or None,
        **{name: value for name, value in row.items() if name not in {"document_type", "codes_at"}},
        codes_at=tuple(row["codes_at"]),
    )


def _group(row: dict[str, Any]) -> ProductGroup:
    return ProductGroup(row["id"], tuple(row["demands"]))
