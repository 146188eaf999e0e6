"""The shape of every message (docs/contract.md, MQTT) as JSON Schema: what commands are checked against before the line
sees them, and what the AsyncAPI document publishes.

`faults` knows the part of JSON Schema that the shapes here use: type, enum, pattern, minLength, maxLength, minimum,
maximum, required, properties, additionalProperties: false, items. Anything else in a shape is a KeyError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lined.vocabulary.errors import Problem

Shape = Mapping[str, Any]

SEQ_MOST = 2**53 - 1  # what every JSON reader takes as a whole number
COUNT_MOST = 1_000_000_000  # one increment; no counter of a PLC reaches it between two messages

_SHORT = {"type": "string", "maxLength": 200}
_NEEDED = {"type": "string", "minLength": 1, "maxLength": 200}
_CODE = {"type": "string", "minLength": 1, "maxLength": 500}
_TEXT_OR_NONE = {"type": ["string", "null"]}
_MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"}
_MOMENT_OR_NONE = {**_MOMENT, "type": ["string", "null"]}
_NUMBER = {"type": "integer", "minimum": 0}
_INCREMENT = {"type": "integer", "minimum": 0, "maximum": COUNT_MOST}
_PACKAGES = {"enum": ["keep", "close", "dissolve"]}
_ATTRIBUTE = {"type": ["string", "null"], "maxLength": 200}
_ATTRIBUTES = dict.fromkeys(("order", "series", "production_date", "expiration_date"), _ATTRIBUTE)
_KIND = {"enum": ["utilisation", "validation", "aggregation", "disaggregation", "correction"]}
_SEQ = {"type": "integer", "minimum": 1, "maximum": SEQ_MOST}
_FAULT = {"path": {"type": "string"}, "message": {"type": "string"}}


def _object(properties: Shape, *required: str, closed: bool = True) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "properties": dict(properties), "required": list(required)}
    return {**shape, "additionalProperties": False} if closed else shape


def _command(properties: Shape, *required: str) -> dict[str, Any]:
    """A command's body: the HTTP body of the same command, with an `id` that is not optional here."""
    return _object({"id": _NEEDED, "by": _ATTRIBUTE, **properties}, "id", *required)


COMMANDS: dict[str, Shape] = {
    "job-start": _command(
        {
            "gtin": {"type": "string", "pattern": "^[0-9]{8,14}$"},
            **_ATTRIBUTES,
            "mode": {"enum": ["normal", "test"]},
            "replace": {"type": "boolean"},
            "packages": _PACKAGES,
        },
        "gtin",
    ),
    "job-stop": _command({"packages": _PACKAGES}),
    "job-correct": _command(_ATTRIBUTES),
    "seal": _command({"kind": {"enum": [*_KIND["enum"], None]}}),
    "package-close": _command({"station": _NEEDED, "parent": {**_CODE, "type": ["string", "null"]}}, "station"),
    "withdraw": _command(
        {"code": _CODE, "reason": {"enum": ["sample", "scrap", "damaged", "other"]}}, "code", "reason"
    ),
    "read": _command({"station": _NEEDED, "code": _CODE, "reason": _SHORT}, "station", "code"),
    "reject-confirm": _command({"session": _NEEDED, "seq": _SEQ}, "session", "seq"),
    "count": _command({"station": _NEEDED, "triggers": _INCREMENT, "ejected": _INCREMENT}, "station"),
}

REASONS = (
    *(
        "not-durable",
        "defect",
        "no-read",
        "malformed",
        "wrong-level",
        "no-job",
        "wrong-product",
        "unknown-code",
        "duplicate",
    ),
    *("low-grade", "not-applied", "already-packed", "mixed-lot", "parent-used", "over-capacity", "parent-expected"),
    *("child-expected", "repeat"),
)

AVAILABILITY: Shape = {"type": "string", "enum": ["online", "offline"]}

STATUS: Shape = _object(
    {
        "line": {"type": "string"},
        "version": {"type": "string"},
        "state": {"enum": ["running", "degraded", "stopped"]},
        "problems": {"type": "array", "items": {"type": "object"}},
        "job": {"type": ["object", "null"]},
        "reads": {"type": "object"},
        "codes": {"type": "object"},
        "reports": {"type": "object"},
        "devices": {"type": "array", "items": {"type": "object"}},
        "regulator": {"type": "object"},
        "mqtt": {"type": "object"},
        "journal": {"type": "object"},
    },
    *("line", "version", "state", "problems", "job", "reads", "codes", "reports"),
    *("devices", "regulator", "mqtt", "journal"),
    closed=False,
)

VERDICT: Shape = _object(
    {
        "seq": _SEQ,
        "session": {"type": "string", "minLength": 1},
        "station": {"type": "string"},
        "device": {"type": "string"},
        "verdict": {"enum": ["accept", "reject"]},
        "reason": {"enum": [*REASONS, None]},
        "code": _TEXT_OR_NONE,
        "at": _MOMENT,
    },
    *("seq", "session", "station", "device", "verdict", "reason", "code", "at"),
)

REPORT: Shape = _object(
    {
        "id": {"type": "string"},
        "kind": _KIND,
        "state": {
            "enum": [
                *("open", "sealed", "sending", "in_doubt", "submitted", "succeeded", "partial", "refused", "held"),
                *("released", "void"),
            ]
        },
        "codes": _NUMBER,
        "document_id": _TEXT_OR_NONE,
        "job": _TEXT_OR_NONE,
        "problem": _TEXT_OR_NONE,
        "waits_for": _TEXT_OR_NONE,
        "at": _MOMENT,
    },
    *("id", "kind", "state", "codes", "document_id", "job", "problem", "waits_for", "at"),
)

PACKAGE: Shape = _object(
    {"parent": {"type": "string"}, "level": {"type": "string"}, "count": _NUMBER, "at": _MOMENT},
    *("parent", "level", "count", "at"),
)

ALARM: Shape = _object(
    {
        "id": {"type": "string"},
        "kind": {"type": "string"},
        "severity": {"type": "string"},
        "text": {"type": ["string", "object"]},
        "raised_at": _MOMENT,
        "acknowledged_by": _TEXT_OR_NONE,
        "cleared_at": _MOMENT_OR_NONE,
    },
    *("id", "kind", "severity", "text", "raised_at", "acknowledged_by", "cleared_at"),
)

REPLY: Shape = _object(
    {
        "id": _TEXT_OR_NONE,
        "ok": {"type": "boolean"},
        "error": {
            **_object(
                {
                    "code": {"type": "string", "minLength": 1},
                    "message": {"type": "string"},
                    "details": {"type": "array", "items": _object(_FAULT, "path", "message")},
                },
                *("code", "message", "details"),
            ),
            "type": ["object", "null"],
        },
        "job": {"type": "string"},
    },
    *("id", "ok", "error"),
    closed=False,
)

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
}
_ASIDE = {"type", "description"}


def faults(shape: Shape, value: Any, path: str = "") -> Iterator[Problem]:
    """What is wrong with a value read from JSON. The texts name the place, not the value: it may be a code."""
    if "type" in shape and not _is(value, shape["type"]):
        wanted = shape["type"] if isinstance(shape["type"], str) else " or ".join(shape["type"])
        yield Problem(path, f"must be of the type {wanted}")
        return
    for word in shape:
        if word not in _ASIDE and not (word == "items" and not isinstance(value, list)):
            yield from _RULES[word](shape, value, path)


def _is(value: Any, wanted: str | list[str]) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    return any(
        isinstance(value, _TYPES[name]) and not (name == "integer" and isinstance(value, bool)) for name in names
    )


def _enum(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    if not any(type(value) is type(one) and value == one for one in shape["enum"]):
        known = ", ".join("null" if one is None else str(one) for one in shape["enum"])
        yield Problem(path, f"must be one of {known}")


def _pattern(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    ours = re.sub(r"\$$", r"\\Z", shape["pattern"])  # Python's $ lets a line end pass, JSON Schema's does not
    if isinstance(value, str) and re.search(ours, value, re.ASCII) is None:
        yield Problem(path, f"does not fit {shape['pattern']}")


def _length(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, str):
        if len(value) < shape.get("minLength", 0):
            yield Problem(path, "must not be empty")
        elif "maxLength" in shape and len(value) > shape["maxLength"]:
            yield Problem(path, f"must have at most {shape['maxLength']} characters")


def _range(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, int):
        if value < shape.get("minimum", value):
            yield Problem(path, f"must not be less than {shape['minimum']}")
        elif value > shape.get("maximum", value):
            yield Problem(path, f"must not be more than {shape['maximum']}")


def _properties(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key, inner in shape["properties"].items():
            if key in value:
                yield from faults(inner, value[key], _joined(path, key))


def _required(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        yield from (Problem(_joined(path, key), "is required") for key in shape["required"] if key not in value)


def _closed(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        unknown = [key for key in value if key not in shape["properties"]]
        yield from (Problem(_joined(path, key[:50]), "is not known here") for key in unknown)


def _items(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    for number, item in enumerate(value):
        yield from faults(shape["items"], item, f"{path}[{number}]")


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


_RULES = {
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _length,
    "maxLength": lambda shape, value, path: _length(shape, value, path) if "minLength" not in shape else iter(()),
    "minimum": _range,
    "maximum": lambda shape, value, path: _range(shape, value, path) if "minimum" not in shape else iter(()),
    "properties": _properties,
    "required": _required,
    "additionalProperties": _closed,
    "items": _items,
}
