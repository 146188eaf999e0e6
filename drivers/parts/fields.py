"""Fields of a payload: where its code, its grade and the rest stand, by pattern, in JSON or in XML.

A place in JSON is a path such as `results[0].text`, or `results[].text` for the texts of all results. One in XML is
`general/full_string` or `.//GradeInfo/FormalGrade`, as ElementTree knows them, with `/@name` for an attribute. Behind
either `|base64` may stand; an XML element with `encoding="base64"` is decoded anyway.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple
from xml.etree import ElementTree as Xml

CODE = "code"
FIELDS = frozenset({CODE, "grade", "at", "image", "symbology", "trigger"})
SHOWN_MOST = 100  # characters of a grade, a time, an image's name

_SHOWN = dict.fromkeys([*range(0x20), *range(0x7F, 0xA1), 0xAD], "\ufffd")
_BASE64 = "|base64"
_STEP = re.compile(r"(?P<name>[^.\[\]]+)|\[(?P<index>[0-9]{1,4})?\]|\.")
_RAW = 0xE000  # a private character for each control character, which XML does not allow


class Found(NamedTuple):
    """What a payload holds. Several codes where JSON or XML has several."""

    codes: Sequence[bytes]
    grade: str | None = None
    at: str | None = None
    image: str | None = None
    symbology: str | None = None
    trigger: str | None = None


Extract = Callable[[bytes], Found | str]
"""Finds the fields of a payload, or says what is wrong with it. Never raises."""


def shown(field: bytes | None) -> str | None:
    """As the device wrote it, in a length and in characters that anything can show."""
    return field[:SHOWN_MOST].decode("latin-1").translate(_SHOWN) if field else None


def by_pattern(pattern: re.Pattern[bytes]) -> Extract:
    """`pattern` has the named group `code`, and others of FIELDS."""

    def extract(payload: bytes) -> Found | str:
        match = pattern.fullmatch(payload)
        if match is None:
            return "the payload does not match the pattern"
        groups = match.groupdict()
        code = groups.pop(CODE)
        if not code:
            return "the pattern found no code"
        return Found((code,), **{name: shown(group) for name, group in groups.items()})

    return extract


def by_json(places: Mapping[str, Sequence[str]]) -> Extract:
    """An empty text, or null, where a code should stand is a code that was not read."""

    def extract(payload: bytes) -> Found | str:
        try:  # numbers stay as they are written: a grade of 3.0 is not 3; a GS may stand in a text as it is
            document = json.loads(payload, parse_int=str, parse_float=str, strict=False)
        except (ValueError, RecursionError):
            return "the payload is no JSON"
        return _found(places, lambda place: _json_values(document, place))

    return extract


def by_xml(places: Mapping[str, Sequence[str]]) -> Extract:
    """As `by_json`. Control characters, which XML forbids and scripts of readers put into it, come through, as they are
    or as `&#29;`.
    """

    def extract(payload: bytes) -> Found | str:
        root = _document(payload)
        if root is None:
            return "the payload is no XML"
        return _found(places, lambda place: _xml_values(root, place))

    return extract


def xml_problem(place: str) -> str:
    """Why ElementTree does not take a place; empty where it does."""
    path, _ = _path_and_attribute(place.removesuffix(_BASE64))
    try:
        Xml.Element("x").find(path or ".")
    except (SyntaxError, KeyError, ValueError, TypeError) as wrong:
        return f"is no place in XML: {wrong}"
    return ""


def json_problem(place: str) -> str:
    """Why a place in JSON cannot be read; empty where it can."""
    path = place.removesuffix(_BASE64)
    end = 0
    for step in _STEP.finditer(path):
        if step.start() != end:
            break
        end = step.end()
    return "" if end == len(path) else "is no place in JSON, such as results[0].text"


def _found(places: Mapping[str, Sequence[str]], values: Callable[[str], list[bytes]]) -> Found | str:
    def first(name: str) -> list[bytes]:
        return next((found for place in places.get(name, ()) if (found := values(place))), [])

    codes = first(CODE)
    if not codes:
        return "there is no code where one should stand"
    rest = {name: shown(next(iter(first(name)), None)) for name in FIELDS - {CODE}}
    return Found(tuple(codes), **rest)


def _json_values(document: object, place: str) -> list[bytes]:
    here = [document]
    for step in _STEP.finditer(place.removesuffix(_BASE64)):
        if step["name"] is not None:
            here = [one[step["name"]] for one in here if isinstance(one, dict) and step["name"] in one]
        elif step["index"] is not None:
            at = int(step["index"])
            here = [one[at] for one in here if isinstance(one, list) and at < len(one)]
        elif step[0] == "[]":
            here = [inner for one in here if isinstance(one, list) for inner in one]
    texts = ("" if one is None else one for one in here)
    raw = [text.encode("utf-8", "replace") for text in texts if isinstance(text, str)]
    return [_decoded(one) for one in raw] if place.endswith(_BASE64) else raw


def _xml_values(root: Xml.Element, place: str) -> list[bytes]:
    path, attribute = _path_and_attribute(place.removesuffix(_BASE64))
    return list(_values(root.findall(path) if path else [root], attribute, is_base64=place.endswith(_BASE64)))


def _values(elements: Sequence[Xml.Element], attribute: str, *, is_base64: bool) -> Iterator[bytes]:
    for element in elements:
        text = element.get(attribute) if attribute else element.text or ""
        if text is not None:
            raw = _bytes(text)
            encoded = is_base64 or (not attribute and element.get("encoding") == "base64")
            yield _decoded(raw) if encoded else raw


def _path_and_attribute(place: str) -> tuple[str, str]:
    path, _, attribute = place.rpartition("@")
    return (path.rstrip("/"), attribute) if "@" in place and "]" not in attribute else (place, "")


def _decoded(text: bytes) -> bytes:
    """Of base64; empty where it is none."""
    try:
        return base64.b64decode(text.translate(None, b" \t\r\n"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _document(payload: bytes) -> Xml.Element | None:
    """A document type would let the device define entities, and with them fill the memory: nobody needs one."""
    if b"<!DOCTYPE" in payload or b"<!ENTITY" in payload:
        return None
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = payload.decode("latin-1")
    if _PRIVATE.search(text):
        return None
    text = _REFERENCE.sub(lambda found: chr(_RAW + int(found[1] or found[2], 10 if found[1] else 16)), text)
    try:
        return Xml.fromstring(text.translate(_TO_PRIVATE).lstrip())  # noqa: S314 - without entities
    except (Xml.ParseError, ValueError, RecursionError):
        return None


def _bytes(text: str) -> bytes:
    return text.strip("\t\r\n ").translate(_FROM_PRIVATE).encode("utf-8", "replace")


_TO_PRIVATE = {code: _RAW + code for code in range(0x20) if code not in b"\t\r\n"}
_PRIVATE = re.compile(f"[{chr(_RAW)}-{chr(_RAW + 0x1F)}]")
_REFERENCE = re.compile(r"&#(?:0{0,4}([12]?[0-9]|3[01])|x0{0,4}(1?[0-9A-Fa-f]));")  # to a control character
_FROM_PRIVATE = {private: code for code, private in _TO_PRIVATE.items()}
