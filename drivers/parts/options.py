"""Options of drivers: declared once, with default and meaning; read with all problems at once.

Texts are Latin-1: U+0000 to U+00FF stand for the bytes 00 to FF.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

TEXT_MOST = 1_000  # characters of an option
TEXTS_MOST = 100  # entries of a list

_NAME = re.compile(r"[.\[]")  # what follows a name in a path
OptionKind = Literal["text", "texts", "text or texts", "pattern", "patterns", "number", "choice", "choices", "fields"]


class OptionProblem(NamedTuple):
    """One wrong option: `path` is its name, with an index for an element of a list (`no_read[1]`)."""

    path: str
    message: str


class DriverOptionError(ValueError):
    """Options that a driver cannot work with; `problems` names all of them."""

    def __init__(self, problems: Sequence[OptionProblem]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = list(problems)


class Option(NamedTuple):
    """One option. `default` is as TOML would give it; None where without it there is nothing."""

    name: str
    kind: OptionKind
    about: str
    default: object = None
    least: float = 0
    most: float = 0
    choices: tuple[str, ...] = ()
    empty_is_none: bool = False
    """An empty text stands for none; otherwise it is a mistake."""


class Options:
    """Reads options and collects what is wrong with them. After a problem the value returned means nothing.

    `preset`: what holds where nothing is given, before the option's own default.
    """

    def __init__(
        self, declared: Sequence[Option], given: Mapping[str, object], preset: Mapping[str, object] | None = None
    ) -> None:
        self._declared = {option.name: option for option in declared}
        self._given = given
        self._preset = preset or {}
        self.problems: list[OptionProblem] = []
        for name in given:
            if name not in self._declared:
                self.complain(name[:TEXT_MOST], f"unknown option; there are: {', '.join(sorted(self._declared))}")

    def given(self, names: Iterable[str]) -> set[str]:
        """Those of the names that are given; where none is, those that the preset has."""
        wanted = list(names)
        return {name for name in wanted if name in self._given} or {name for name in wanted if name in self._preset}

    def complain(self, path: str, message: str) -> None:
        self.problems.append(OptionProblem(path, message))

    def close(self) -> None:
        """Raises DriverOptionError where anything was wrong: unknown options first, then as they are declared."""
        order = {name: number for number, name in enumerate(self._declared)}
        if self.problems:
            raise DriverOptionError(sorted(self.problems, key=lambda one: order.get(_NAME.split(one.path)[0], -1)))

    def text(self, name: str) -> bytes:
        """Empty where there is none."""
        value = self._value(name)
        return b"" if value is None else self._bytes(name, value, self._declared[name].empty_is_none)

    def texts(self, name: str) -> list[bytes]:
        return [self._bytes(f"{name}[{index}]", value) for index, value in enumerate(self._list(name))]

    def text_or_texts(self, name: str) -> list[bytes]:
        """Empty where there is none."""
        value = self._value(name)
        if value is None:
            return []
        return self.texts(name) if isinstance(value, list | tuple) else [self._bytes(name, value)]

    def number(self, name: str) -> float:
        """A whole number, unless the option's bounds are fractions; 0 where there is none."""
        option, value = self._declared[name], self._value(name)
        if value is None:
            return 0
        fractions = isinstance(option.least, float)
        wanted = int | float if fractions else int
        if not isinstance(value, wanted) or isinstance(value, bool) or not option.least <= value <= option.most:
            kind = "number" if fractions else "whole number"
            self.complain(name, f"must be a {kind} from {option.least:g} to {option.most:.0f}")
            return option.least
        return value

    def choice(self, name: str) -> str:
        """Empty where there is none."""
        option, value = self._declared[name], self._value(name)
        if value is None:
            return ""
        if value not in option.choices:
            self.complain(name, f"must be one of {', '.join(option.choices)}")
            return ""
        return str(value)

    def choices(self, name: str) -> list[str]:
        """A list of choices, in the order given."""
        option, found = self._declared[name], list[str]()
        for index, value in enumerate(self._list(name)):
            if value in option.choices and value not in found:
                found.append(str(value))
            else:
                self.complain(f"{name}[{index}]", f"must be one of {', '.join(option.choices)}, each once")
        return found

    def pattern(self, name: str, groups: frozenset[str], needed: str) -> re.Pattern[bytes] | None:
        """A regular expression with named groups, of which one is needed."""
        pattern = self._compiled(name, self.text(name))
        if pattern is None:
            return None
        if needed not in pattern.groupindex:
            self.complain(name, f"needs the named group (?P<{needed}>...)")
        for group in sorted(pattern.groupindex.keys() - groups):
            self.complain(name, f"unknown group {group!r}; there are: {', '.join(sorted(groups))}")
        return pattern

    def patterns(self, name: str) -> re.Pattern[bytes] | None:
        """All of a list as one."""
        sources = [b"(?:%b)" % source for source in self.texts(name)]
        each = [self._compiled(f"{name}[{index}]", source) for index, source in enumerate(sources)]
        return self._compiled(name, b"|".join(sources)) if all(each) else None

    def pattern_list(self, name: str, groups: frozenset[str]) -> list[re.Pattern[bytes]]:
        """Each of a list by itself, with these named groups at most."""
        found, known = list[re.Pattern[bytes]](), ", ".join(sorted(groups)) or "none"
        for index, source in enumerate(self.texts(name)):
            pattern = self._compiled(f"{name}[{index}]", source)
            if pattern is not None:
                found.append(pattern)
                for group in sorted(pattern.groupindex.keys() - groups):
                    self.complain(f"{name}[{index}]", f"unknown group {group!r}; there are: {known}")
        return found

    def fields(self, name: str, known: frozenset[str], needed: str) -> dict[str, list[str]]:
        """A table: for each name where it is found, one place or several of which the first that is there counts."""
        value = self._value(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.complain(name, "must be a table")
            return {}
        if needed not in value:
            self.complain(name, f"needs {needed}")
        found: dict[str, list[str]] = {}
        for key, places in value.items():
            each = list(places) if isinstance(places, list | tuple) else [places]
            if key not in known:
                self.complain(f"{name}.{str(key)[:TEXT_MOST]}", f"unknown; there are: {', '.join(sorted(known))}")
            elif not each or len(each) > TEXTS_MOST or not all(_is_place(place) for place in each):
                self.complain(f"{name}.{key}", "must be a string that is not empty, or a list of them")
            else:
                found[key] = each
        return found

    def without(self, name: str, texts: Iterable[bytes], ends: Sequence[bytes]) -> None:
        """`texts` must not hold what ends a frame."""
        if any(end in text for text in texts for end in ends):
            self.complain(name, "holds the suffix, so it would never be seen")

    def _value(self, name: str) -> object:
        default = self._preset.get(name, self._declared[name].default)
        return self._given.get(name, default)

    def _list(self, name: str) -> Sequence[object]:
        values = self._value(name) or []
        if not isinstance(values, list | tuple):
            self.complain(name, "must be a list of strings")
            return []
        if len(values) > TEXTS_MOST:
            self.complain(name, f"may have at most {TEXTS_MOST} entries, and has {len(values)}")
            return []
        return values

    def _compiled(self, path: str, source: bytes) -> re.Pattern[bytes] | None:
        if not source:
            return None
        try:
            return re.compile(source)
        except (re.error, OverflowError, RecursionError) as broken:
            self.complain(path, f"is no regular expression: {broken}")
            return None

    def _bytes(self, path: str, value: object, empty_is_none: bool = False) -> bytes:
        if not isinstance(value, str):
            self.complain(path, "must be a string")
        elif not value and not empty_is_none:
            self.complain(path, "must not be empty")
        elif len(value) > TEXT_MOST:
            self.complain(path, f"may have at most {TEXT_MOST} characters, and has {len(value)}")
        elif not value.isascii() and max(value) > "\u00ff":
            self.complain(path, "holds a character above U+00FF, which stands for no byte")
        else:
            return value.encode("latin-1")
        return b""


def _is_place(place: object) -> bool:
    return isinstance(place, str) and 0 < len(place) <= TEXT_MOST
