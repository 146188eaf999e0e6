"""A request of any method, made of values by the text's names: judged by its model and the profile, then encoded.

Guarantees: what is wrong with the values is told at once, all of it, each with its place, and nothing is sent. It does
no I/O.
"""

from __future__ import annotations

import base64
import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from lined.regulator.account import Account
from lined.regulator.codec import ENVELOPE_BEGINS, ENVELOPE_ENDS
from lined.regulator.lookups import path_of
from lined.regulator.methods import CALLS, Body, Call
from lined.regulator.models.base import (
    ENVELOPE,
    QUERY,
    SENT,
    Dictionary,
    Hidden,
    Part,
    Place,
    fields_of,
    marked,
    unknown_of,
)
from lined.regulator.profile import Profile
from lined.regulator.redaction import MASK
from lined.regulator.wire import Request
from lined.vocabulary.errors import CallError, Problem

MOST_WORDS = 8  # of a dictionary are named in a problem
FORM = "application/x-www-form-urlencoded"
_INDEX = re.compile(r"\[\d+\]")


class Asked(NamedTuple):
    """One call, ready to be sent. `shown`: its body as people read it: without credentials, an envelope opened."""

    name: str
    call: Call
    request: Request
    shown: object


def asked(name: str, values: Mapping[str, object], account: Account, *, unknown: bool = False) -> Asked:
    """The request of this method with these values. The participant's number and business place are the account's and
    the size of a page the profile's, where they are not given. `unknown`: members that the text does not know are sent
    too. Raises CallError.
    """
    name = method_named(name)
    call, rule, profile = CALLS[name], account.profile.methods[name], account.profile
    fields = field_names(call)
    own: dict[str, object] = {"tin": account.tin}
    if "contractorInfo" not in values:  # then the order is carried out at another's place (API 1.21.1 §4.1.1)
        own["businessPlaceId"] = account.business_place_id
    if call.paging is not None:
        own["limit"] = profile.limits[call.paging.limit]
    given = {key: value for key, value in own.items() if key in fields} | dict(values)
    try:
        model = call.request.model_validate(given, context=SENT)
    except ValidationError as error:
        raise _wrong(name, call, [_problem(detail) for detail in error.errors(include_url=False)]) from None
    problems = [*_wrong_words(model, profile), *_too_many(model, call, profile)]
    if not unknown:
        problems += [_unknown(place, model) for place in unknown_of(model)]
    if problems:
        raise _wrong(name, call, problems)
    told = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    path = path_of(rule.path, {place: str(told.pop(place)) for place in sorted(rule.places)})
    in_query = {key for key in told if call.body is Body.NONE or place_of(call, key) == QUERY}
    query = tuple(pair for key in told if key in in_query for pair in _pairs(key, told[key]))
    rest = {key: value for key, value in told.items() if key not in in_query}
    body, kind = _body(call, rest)
    request = Request(rule.verb, path, query, body)
    return Asked(name, call, request._replace(content_type=kind) if kind else request, _shown(call, rest))


def method_named(name: str) -> str:
    """The name of a method in the table, which may be written with hyphens. Raises CallError."""
    wanted = name.strip().lower().replace("-", "_")
    if wanted in CALLS:
        return wanted
    close = difflib.get_close_matches(wanted, CALLS, 1)
    hint = f"; {close[0].replace('_', '-')} is close" if close else ""
    raise CallError(f"The regulator has no method {name}{hint}. lined api lists them.")


def field_names(call: Call) -> dict[str, FieldInfo]:
    """The fields of a method's request by the text's names."""
    return {info.alias or name: info for name, info in call.request.model_fields.items()}


def place_of(call: Call, field: str) -> Place | None:
    """Where a field stands, if not where the method puts the others."""
    return marked(field_names(call)[field], Place) if field in field_names(call) else None


def _wrong(name: str, call: Call, problems: Sequence[Problem]) -> CallError:
    shown = name.replace("_", "-")
    how = f"lined api {shown} --fields tells how (section {call.section} of the text)."
    return CallError(f"Nothing was sent: {shown} is asked otherwise; {how}", problems)


def _problem(detail: Mapping[str, Any]) -> Problem:
    place = ""
    for step in detail["loc"]:
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else str(step)
    message = str(detail["msg"]).removeprefix("Value error, ")
    return Problem(place, {"missing": "is required"}.get(detail["type"], message[:1].lower() + message[1:]))


def _wrong_words(model: Part, profile: Profile) -> Iterator[Problem]:
    for place, info, value in fields_of(model):
        dictionary = marked(info, Dictionary)
        if dictionary is None:
            continue
        words = profile.words(dictionary.name)
        for word in value if isinstance(value, tuple) else (value,):
            if str(word) not in words:
                told = ", ".join(sorted(words)[:MOST_WORDS]) + (", …" if len(words) > MOST_WORDS else "")
                yield Problem(place, f"{word} is none of {told}")


def _too_many(model: Part, call: Call, profile: Profile) -> Iterator[Problem]:
    for place, _, value in fields_of(model):
        limit = call.most.get(_INDEX.sub("", place))
        count = len(value) if isinstance(value, tuple) else value
        if limit is not None and isinstance(count, int) and count > profile.limits[limit]:
            yield Problem(place, f"{count} is more than the {profile.limits[limit]} of limits.{limit}")


def _unknown(place: str, model: Part) -> Problem:
    last = place.rpartition(".")[2]
    known = {here.rpartition(".")[2] for here, _, _ in fields_of(model)}
    known |= {info.alias or "" for info in type(model).model_fields.values()}
    close = difflib.get_close_matches(last, known, 1)
    return Problem(place, "the text knows no such field" + (f"; {close[0]} is close" if close else ""))


def _pairs(key: str, value: object) -> Iterator[tuple[str, str]]:
    """A list is repeated (API 1.21.1 §11.2.1 "Array of Strings")."""
    for one in value if isinstance(value, list) else [value]:
        if one is not None:
            yield key, str(one).lower() if isinstance(one, bool) else str(one)


def _body(call: Call, rest: Mapping[str, Any]) -> tuple[bytes | None, str]:
    match call.body:
        case Body.NONE:
            return None, ""
        case Body.PLAIN:
            return _json(rest), ""
        case Body.BARE:
            (only,) = rest.values()
            return _json(only), ""
        case Body.FORM:
            return urlencode(rest).encode(), FORM
        case Body.ENVELOPE:
            beside = {key: value for key, value in rest.items() if place_of(call, key) == ENVELOPE}
            inside = {key: value for key, value in rest.items() if key not in beside}
            document = base64.b64encode(_json(inside)).decode()
            signature = "".join(f",{json.dumps(key)}:{json.dumps(value)}" for key, value in beside.items())
            return f"{ENVELOPE_BEGINS}{document}{ENVELOPE_ENDS[:-1]}{signature}}}".encode(), ""


def _json(value: object) -> bytes:
    """Keys sorted on every level: the text asks for it where there is an envelope (API 1.21.1 §5.4)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _shown(call: Call, rest: Mapping[str, Any]) -> object:
    if not rest:
        return None
    fields = field_names(call)
    hidden = {key for key in rest if key in fields and marked(fields[key], Hidden) is not None}
    shown = {key: MASK if key in hidden else value for key, value in rest.items()}
    if call.body is Body.BARE:
        return next(iter(shown.values()))
    return shown
