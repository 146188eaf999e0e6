"""Strict reading of request bodies: every field's presence and type, nothing beyond the text, all faults at once."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from lined.sandbox.answers import Fault, Rejection, bad_request

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")  # 5.1.1 "ISO 8601", with its zone
_MAX_FAULTS = 20


class Fields:
    """The fields of one JSON object. Each reader returns a value of its type and notes what is wrong; `done` raises."""

    def __init__(self, fields: Mapping[str, object], path: str = "$", faults: list[Fault] | None = None) -> None:
        self._fields = fields
        self._path = path
        self.faults: list[Fault] = [] if faults is None else faults

    def wrong(self, name: str, text: str, value: object = "") -> None:
        if len(self.faults) < _MAX_FAULTS:
            self.faults.append(Fault(text, "body", f"{self._path}.{name}", str(value)[:200]))

    def done(self) -> None:
        """Raise a 400 with everything noted."""
        if self.faults:
            raise Rejection(400, "invalid-parameter", self.faults)

    def only(self, *known: str) -> None:
        """No field that the text does not have: a misspelt optional one would be lost without a word."""
        for name in self._fields:
            if name not in known:
                self.wrong(name, f"unknown parameter {name}")

    def has_any(self, names: Collection[str]) -> bool:
        """True where at least one of these fields has a value."""
        return any(self._fields.get(name) is not None for name in names)

    def _value(self, name: str, kind: type, required: bool) -> Any | None:
        value = self._fields.get(name)
        if value is None:
            if required:
                self.wrong(name, f"parameter {name} is required")
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.wrong(name, f"parameter {name} has a wrong type", value)
            return None
        return value

    def text(self, name: str, *, required: bool = True, max_chars: int = 255) -> str:
        """A string of 1 to `max_chars` characters; "" where it is missing."""
        value = self._value(name, str, required)
        if value is None:
            return ""
        if not 1 <= len(value) <= max_chars:
            self.wrong(name, f"parameter {name} must have 1 to {max_chars} characters", value)
        return str(value)

    def word(self, name: str, among: Collection[str], *, required: bool = True) -> str:
        """A string out of a dictionary."""
        value = self.text(name, required=required)
        if value and value not in among:
            self.wrong(name, f"invalid value [{value}] of parameter {name}", value)
        return value

    def integer(self, name: str, *, required: bool = True, low: int = 0, high: int | None = None) -> int:
        value = self._value(name, int, required)
        if value is None:
            return low
        if value < low or (high is not None and value > high):
            self.wrong(name, f"parameter {name} is out of range", value)
        return int(value)

    def boolean(self, name: str) -> bool:
        return bool(self._value(name, bool, required=False))

    def instant(self, name: str, *, required: bool = True) -> datetime | None:
        """A moment in ISO 8601 with its zone."""
        value = self.text(name, required=required)
        moment = parse_instant(value) if value else None
        if value and moment is None:
            self.wrong(name, f"parameter {name} is not a date and time with a zone", value)
        return moment

    def objects(self, name: str, *, max_items: int) -> list[Fields]:
        """A list of 1 to `max_items` objects, sharing this one's list of faults."""
        items = self._list(name, max_items)
        found = []
        for place, item in enumerate(items):
            if isinstance(item, dict):
                found.append(Fields(item, f"{self._path}.{name}[{place}]", self.faults))
            else:
                self.wrong(f"{name}[{place}]", "must be an object")
        return found

    def part(self, name: str) -> Fields:
        """An object inside this one."""
        value = self._value(name, dict, required=True)
        return Fields(value or {}, f"{self._path}.{name}", self.faults)

    def texts(self, name: str, *, max_items: int) -> list[str]:
        """A list of 1 to `max_items` different non-empty strings."""
        items = self._list(name, max_items)
        if all(type(item) is str and item for item in items):
            if len(set(items)) != len(items):
                self._name_repeats(name, items)
            return items
        for place, item in enumerate(items):
            if not isinstance(item, str) or not item:
                self.wrong(f"{name}[{place}]", "must be a non-empty string", item)
        return []

    def _list(self, name: str, max_items: int) -> list[Any]:
        items: list[Any] = self._value(name, list, required=True) or []
        if len(items) > max_items:
            self.wrong(name, f"the number of items exceeds {max_items}", len(items))
            return []
        if not items and isinstance(self._fields.get(name), list):
            self.wrong(name, f"parameter {name} must not be empty")
        return items

    def _name_repeats(self, name: str, items: list[str]) -> None:
        seen: set[str] = set()
        for place, item in enumerate(items):
            if item in seen:
                self.wrong(f"{name}[{place}]", "the code is repeated in the report", item)
            seen.add(item)


def parse_instant(value: str) -> datetime | None:
    """An ISO 8601 moment with zone, or None."""
    if not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # the 31st of February
        return None


def parse_json(body: bytes, path: str = "$") -> Any:
    """The JSON value of a body in UTF-8. Raises Rejection."""
    try:
        return json.loads(body.decode())
    except ValueError as error:
        raise bad_request(f"the body is not JSON in UTF-8: {error}", path) from error


def parse_object(body: bytes, path: str = "$") -> dict[str, Any]:
    """The JSON object of a body in UTF-8. Raises Rejection."""
    content = parse_json(body, path)
    if not isinstance(content, dict):
        raise bad_request("the body must be a JSON object", path)
    return content


def open_envelope(body: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON object inside `documentBody` and its bytes. Raises Rejection.

    The text's own samples carry line breaks and a leading blank inside the base64: white space is taken out, no more.
    """
    envelope = Fields(parse_object(body))
    envelope.only("documentBody", "signature")
    encoded = envelope.text("documentBody", max_chars=len(body))
    envelope.text("signature", required=False, max_chars=len(body))
    envelope.done()
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_request(f"documentBody is not base64: {error}", "$.documentBody") from error
    return parse_object(content, "$.documentBody"), content


def is_sorted(value: object) -> bool:
    """True where the keys of every object stand in A-Z order (API 1.21.1 §5.4, §5.5), as they came."""
    if isinstance(value, dict):
        names = list(value)
        return names == sorted(names) and all(is_sorted(item) for item in value.values())
    if isinstance(value, list):
        return all(is_sorted(item) for item in value if isinstance(item, dict | list))
    return True
