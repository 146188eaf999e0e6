"""The common part of all models of the OPEN API: the text's names, unknown members kept, everything bounded.

Guarantees: a text, number or code that has passed a model can be stored, logged and shown (see `bounds`), also where it
stands in a member that no model knows. What cannot be read raises pydantic's ValidationError and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, NamedTuple, Self, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from lined.regulator import bounds
from lined.regulator.redaction import MASK

M = TypeVar("M")
B = TypeVar("B")
SENT = {"sent": True}
"""The context in which a request is validated."""
_WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]{5,20}(?:Z|[+-]\d\d:\d\d)")

DEEPEST_UNKNOWN = 12  # levels of a member that no model knows; the deepest that the text has is 8
LONGEST_BASE64 = 64 * 1024  # of a signature


class Dictionary(NamedTuple):
    """Marks a field whose words are those of a dictionary of the profile (API 1.21.1 §13). `open`: an answer may have
    others, which the text does not list.
    """

    name: str
    open: bool = False


class Place(NamedTuple):
    """Marks where a field stands in a request, if not where its method puts the others."""

    name: str


QUERY, ENVELOPE = Place("query"), Place("envelope")


class Hidden:
    """Marks a credential: it is shown nowhere."""


class Part(BaseModel):
    """An object of a request or an answer. Unknown members are kept: `model_extra`."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,  # a daemon needs few of them, and building all would hold its loop for 10 ms
    )

    @model_validator(mode="after")
    def _bound_what_is_unknown(self, info: ValidationInfo) -> Self:
        extra = self.__pydantic_extra__ or {}
        for name, value in list(extra.items()):
            del extra[name]
            extra[_kept(name, bounds.code(name), info)] = _kept(value, bounds.plain(value, DEEPEST_UNKNOWN), info)
        return self

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            info = type(self).model_fields.get(name or "")
            yield name, MASK if info is not None and marked(info, Hidden) is not None else value


def marked(info: FieldInfo, kind: type[M]) -> M | None:
    """The mark of this kind that a field has, itself or within a list or an alternative."""
    todo = [*info.metadata, info.annotation]
    while todo:
        one = todo.pop()
        if isinstance(one, kind):
            return one
        todo += get_args(one)
    return None


def kinds_of(info: FieldInfo) -> set[object]:
    """The plain types that a field is made of: `{tuple, str}`, `{int, NoneType}`."""
    found: set[object] = set()
    todo: list[object] = [info.annotation]
    while todo:
        one = todo.pop()
        found.add(get_origin(one) or one)
        todo += [inner for inner in get_args(one) if isinstance(inner, type) or get_args(inner)]
    return found


def fields_of(part: Part, before: str = "") -> Iterator[tuple[str, FieldInfo, object]]:
    """Every field that has a value, those of the parts inside too: its place in the text's names (`products[0].gtin`),
    what it is, the value.
    """
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        if value is None:
            continue
        here = f"{before}{info.alias or name}"
        yield here, info, value
        if isinstance(value, Part):
            yield from fields_of(value, f"{here}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], Part):
            for number, inner in enumerate(value):
                yield from fields_of(inner, f"{here}[{number}].")


def unknown_of(part: Part, before: str = "") -> Iterator[str]:
    """The places of members that no model knows."""
    yield from (f"{before}{name}" for name in part.model_extra or {})
    for here, _, value in fields_of(part, before):
        for number, inner in enumerate(value) if isinstance(value, tuple) else ((-1, value),):
            if isinstance(inner, Part):
                place = f"{here}[{number}]" if number >= 0 else here
                yield from (f"{place}.{name}" for name in inner.model_extra or {})


class Request(Part):
    """What a method is asked: the places of its path, its query and its body in one."""


class Answer(Part):
    """What a method answers, where that is an object."""


def _whole(value: object) -> int:
    found = bounds.whole(value)
    if found is None:
        raise ValueError("no whole number")
    return found


def _when(value: str) -> str:
    found = bounds.moment(value)
    if found is None or not _WITH_ZONE.fullmatch(value):
        raise ValueError("must be a date and time with a zone, such as 2026-01-31T08:00:00+05:00")
    return value


def _anything(value: object) -> object:
    return bounds.plain(value, DEEPEST_UNKNOWN)


def _kept(value: B, bounded: B, info: ValidationInfo) -> B:
    """Of an answer what is bounded. What is sent goes out as it was written, or not at all (see SENT)."""
    if info.context == SENT and bounded != value:
        raise ValueError("is too long, or holds characters that would not arrive as they are")
    return bounded


def _text(value: str, info: ValidationInfo) -> str:
    return _kept(value, bounds.text(value), info)


def _word(value: str, info: ValidationInfo) -> str:
    return _kept(value, bounds.text(value, bounds.LONGEST_WORD), info)


def _code(value: str, info: ValidationInfo) -> str:
    return _kept(value, bounds.code(value), info)


Text = Annotated[str, AfterValidator(_text)]
Word = Annotated[str, AfterValidator(_word)]
Id = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_word)]
Code = Annotated[str, Field(min_length=1), AfterValidator(_code)]
Whole = Annotated[int, BeforeValidator(_whole)]
Secret = Annotated[str, Field(min_length=1, max_length=4096), Hidden()]
Signature = Annotated[str, Field(min_length=1, max_length=LONGEST_BASE64)]
Moment = Word
"""A date and time of an answer, as it came: `bounds.moment` reads it."""
When = Annotated[str, AfterValidator(_when)]
"""A date and time of a request: ISO 8601 with a zone."""
Anything = Annotated[Any, AfterValidator(_anything)]
"""A value whose shape the text leaves open."""
Names = dict[Word, Text]
"""A name in each language, by the language's code."""
Gtin = Annotated[str, Field(pattern=r"^\d{14}$")]
"""A GTIN of a request, leading zeros included."""

Group = Annotated[Word, Dictionary("product_group")]
GroupId = Annotated[Whole, Dictionary("product_group_id")]
Country = Annotated[Word, Dictionary("country")]
Package = Annotated[Word, Dictionary("package_type")]
Template = Annotated[Word, Dictionary("template")]
CodeStatus = Annotated[Word, Dictionary("code_status")]
ExtendedStatus = Annotated[Word, Dictionary("extended_status")]
ReleaseType = Annotated[Word, Dictionary("release_type")]
DocumentStatus = Annotated[Word, Dictionary("document_status")]
# API 1.21.1 §13.12 has no word for corrections and disaggregations, whose documents have a type all the same.
DocumentType = Annotated[Word, Dictionary("document_type", open=True)]
PrintClass = Annotated[Word, Dictionary("print_quality")]
Purpose = Annotated[Word, Dictionary("emission_type")]


class Registered(Answer):
    """The number under which a document was registered (API 1.21.1 §5.2.2 and its like)."""

    document_id: Id
