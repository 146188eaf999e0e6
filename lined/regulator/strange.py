"""Differences between an answer and the regulator's text: a new member, a new word, another type.

The text moves every few days; a line should hear of it from its engineer and not from a refused report. No I/O here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from lined.regulator import bounds
from lined.regulator.models.base import Dictionary, Part, fields_of, marked, unknown_of
from lined.regulator.profile import Profile

MOST = 20  # told of one answer
_INDEX = re.compile(r"\[\d+\]|(?<=\.)\d+(?=\.|$)")
_ROW = re.compile(r"^\d+\.")


class Kind(StrEnum):
    FIELD = "field"  # a member that the text does not know
    WORD = "word"  # one that is in none of its dictionaries
    TYPE = "type"  # a value of another type, or none where there has to be one


class Strange(NamedTuple):
    """One difference. `place`: in the text's names, `[]` for every element of a list; `what`: the word, or what is
    wrong with the value.
    """

    kind: Kind
    place: str
    what: str = ""

    def short(self) -> str:
        """The same in the text's own names, as a difference is written."""
        match self.kind:
            case Kind.FIELD:
                return f"+{self.place}"
            case Kind.WORD:
                return f"{self.place} = {self.what}"
            case Kind.TYPE:
                return f"{self.place or '.'} ?"

    def __str__(self) -> str:
        match self.kind:
            case Kind.FIELD:
                return f"{self.place}: the text does not know this field"
            case Kind.WORD:
                return f"{self.place}: {self.what} is in no dictionary of the text"
            case Kind.TYPE:
                return f"{self.place}: not as the text says: {self.what}"


def strange_of(value: object, adapter: TypeAdapter[Any], profile: Profile) -> tuple[Strange, ...]:
    """What is strange in an answer as it came."""
    try:
        found = adapter.validate_python(value)
    except ValidationError as error:
        return unreadable(error)
    return strange_in(found if isinstance(found, tuple) else (found,), profile)


def strange_in(parts: Iterable[object], profile: Profile) -> tuple[Strange, ...]:
    """What is strange in an answer that could be read, each difference once: `parts` are its objects."""
    found = (one for part in parts if isinstance(part, Part) for one in _of(part, profile))
    return tuple(dict.fromkeys(found))[:MOST]


def unreadable(error: ValidationError) -> tuple[Strange, ...]:
    """The same of one that could not be read."""
    found = (
        Strange(Kind.TYPE, _every(".".join(map(str, one["loc"]))), bounds.text(str(one["msg"])))
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return tuple(dict.fromkeys(found))[:MOST]


def _of(part: Part, profile: Profile) -> Iterator[Strange]:
    for place in unknown_of(part):
        yield Strange(Kind.FIELD, _every(place))
    for place, info, value in fields_of(part):
        dictionary = marked(info, Dictionary)
        if dictionary is None or dictionary.open:
            continue
        known = {word.upper() for word in profile.words(dictionary.name)}
        for word in value if isinstance(value, tuple) else (value,):
            if str(word).upper() not in known:  # countries come in lower case (docs/regulator.md, Slips in the texts)
                yield Strange(Kind.WORD, _every(place), str(word))


def _every(place: str) -> str:
    """The same place in every element of a list; of an answer that is a list, in every row."""
    return _INDEX.sub("[]", _ROW.sub("", place)).replace(".[]", "[]")
